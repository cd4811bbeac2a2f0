import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { textAt, valueAt } from '../fixtures/farm.js';
import { QUICK_SESSION, ShopFloor } from './shop-floor.js';

let floor: ShopFloor;

beforeAll(async () => {
  floor = await ShopFloor.open(
    Array.from({ length: 16 }, () => 'X1C'),
    {
      sessionTiming: {
        ...QUICK_SESSION,
        firstReportMs: 300,
        staleMs: 1_200,
        staleGraceMs: 400,
        refusedRetryMs: 300,
        startConfirmationMs: 0,
      },
      awayGraceMs: 4_000,
    },
  );
});
afterAll(() => floor.close());

const reason = (wanted: string) => (live: unknown) => valueAt(live, 'connection', 'reason') === wanted;

describe.concurrent('a printer that is not believed', () => {
  it.each(['tls.wrongCn', 'tls.unknownCa', 'tls.expired'])(
    'fact-01: %s: is refused, and the words say why',
    async (fault) => {
      const printer = floor.next();
      printer.addFault(fault);
      printer.addFault('net.drop');
      const live = await floor.live(printer, reason('certificate'));
      expect(valueAt(live, 'connection', 'status')).toBe('refused');
      expect(textAt(live, 'connection', 'message')).toMatch(/certificate|authority/i);
      expect(await floor.notices(printer)).toEqual(['refused']);
      expect(floor.logged(printer, '"refused"')).toHaveLength(1);
      await floor.online(printer, false);
      expect(JSON.stringify(live)).not.toContain(printer.accessCode);
    },
  );

  it('with another certificate of a known authority is believed: nothing was pinned', async () => {
    const printer = floor.next();
    printer.addFault('tls.rotated');
    printer.addFault('net.drop');
    await floor.happened(printer, 'mqtt', 'connect', 2);
    await floor.online(printer);
    expect(await floor.notices(printer)).toEqual([]);
  });
});

describe.concurrent('an access code that counts no more', () => {
  it('fault-16: mqtt.rotateCode: is told once with where to look, and the new one works at once', async () => {
    const printer = floor.next();
    printer.addFault('mqtt.rotateCode', { code: 'fresh123' });
    printer.addFault('net.drop');
    const live = await floor.live(printer, reason('auth'));
    expect(textAt(live, 'connection', 'message')).toMatch(/access code.*Settings > LAN only/);
    // It is tried again, and told no second time.
    await floor.happened(printer, 'mqtt', 'refused', 3);
    expect(await floor.notices(printer)).toEqual(['refused']);
    await floor.farm.ok('PATCH', `/v1/printers/${floor.id(printer)}`, { accessCode: 'fresh123' });
    await floor.online(printer);
  });

  it('fault-16: mqtt.refuseAuth: jobs wait and say so', async () => {
    const printer = floor.next();
    printer.addFault('mqtt.refuseAuth');
    printer.addFault('net.drop');
    await floor.live(printer, reason('auth'));
    const id = await floor.queue(printer);
    const why = await floor.farm.ok('GET', `/v1/print-jobs/${id}/matching-troubleshoot`);
    expect(JSON.stringify(why)).toMatch(/The printer is offline.*access code/);
    printer.clearFaults();
    await floor.job(id, 'completed');
    expect(floor.starts(printer)).toHaveLength(1);
  });
});

describe.concurrent('a connection that does not hold', () => {
  it('fault-15: mqtt.dropAfter: too many clients are suspected, in words', async () => {
    const printer = floor.next();
    printer.addFault('mqtt.dropAfter', { n: 1 });
    printer.addFault('net.drop');
    await floor.live(printer, (live) => JSON.stringify(live).includes('too many clients'));
    printer.clearFaults();
    await floor.online(printer);
  });

  it('fault-15: one printer is registered once, so that no two sessions throw each other out', async () => {
    const printer = floor.next();
    const { serial, host, mqttPort, ftpPort, accessCode } = printer;
    const again = { provider: 'Bambu', serial: serial.toLowerCase(), host, mqttPort, ftpPort, accessCode };
    const answer = await floor.farm.api('POST', '/v1/printers', again);
    expect(answer.status).toBe(409);
    expect(floor.truth(printer, 'mqtt', 'connect')).toHaveLength(1);
  });

  it('pain-12: mqtt.flap: a print goes through it, and is started once', async () => {
    const printer = floor.next();
    const id = await floor.queue(printer);
    await floor.job(id, 'printing');
    printer.addFault('mqtt.flap', { period: 600 });
    await floor.happened(printer, 'mqtt', 'connect', 4);
    printer.clearFaults();
    await floor.job(id, 'completed');
    expect(floor.starts(printer)).toHaveLength(1);
  });

  it('fault-13: mqtt.halfOpen: two commands without answer or effect bring a new connection', async () => {
    const printer = floor.next();
    printer.addFault('mqtt.halfOpen');
    const light = { command: 'led-control', light: 'chamber_light', state: 'off' };
    await Promise.all([floor.command(printer, light), floor.command(printer, light)]);
    await floor.happened(printer, 'mqtt', 'connect', 2);
    expect(floor.logged(printer, 'printer is offline').join()).toMatch(/command/);
    printer.clearFaults();
    await floor.online(printer);
    expect(await floor.command(printer, light)).toBe(true);
    await floor.stat(printer, (stat) => valueAt(stat, 'data', 'lights', 'chamber') === 'off');
  });
});

describe.concurrent('a printer that falls silent', () => {
  it('fault-14, pain-25: mqtt.silent: what it said last is shown with its age, until a new connection', async () => {
    const printer = floor.next();
    await floor.stat(printer, (stat) => valueAt(stat, 'isOnline') === true);
    printer.addFault('mqtt.silent');
    await floor.online(printer, false);
    const stat = await floor.stat(printer, (told) => valueAt(told, 'isOnline') === false);
    expect(valueAt(stat, 'state')).toBeNull();
    const live = await floor.live(printer, (told) => Number(valueAt(told, 'lastReport', 'ageSeconds')) >= 1);
    expect(valueAt(live, 'lastReport', 'activity')).toBe('IDLE');
    await floor.happened(printer, 'mqtt', 'connect', 2);
    expect(floor.truth(printer, 'mqtt', 'command').map((entry) => entry.command)).toContain('pushing.start');
    printer.clearFaults();
    await floor.online(printer);
  });

  it('fault-17, pain-24: one that never reported is told with its likely causes', async () => {
    const printer = floor.next();
    printer.addFault('mqtt.silent');
    printer.addFault('net.drop');
    const live = await floor.live(printer, reason('timeout'));
    expect(textAt(live, 'connection', 'message')).toMatch(/never reported.*serial/);
  });
});

describe.concurrent('a printer that boots', () => {
  it('fault-39: net.refuse: is tried again, and nobody is alarmed', async () => {
    const printer = floor.next();
    printer.addFault('net.refuse', { times: 5 });
    printer.addFault('net.drop');
    await floor.happened(printer, 'mqtt', 'connect', 2);
    await floor.online(printer);
    expect(await floor.notices(printer)).toEqual([]);
    expect(floor.logged(printer, '"level":"warn"')).toEqual([]);
    expect(floor.logged(printer, 'printer is offline')).toHaveLength(1);
  });

  it('fault-39, pain-27: power.cut: an absence that lasts is told once, whatever is tried meanwhile', async () => {
    const printer = floor.next();
    printer.addFault('power.cut');
    await floor.live(printer, (live) => JSON.stringify(live).includes('"away"'));
    await printer.power(true);
    await floor.online(printer);
    expect(await floor.notices(printer)).toEqual(['away']);
    expect(floor.logged(printer, '"away"')).toHaveLength(1);
    expect(floor.logged(printer, 'printer is offline')).toHaveLength(1);
  });
});
