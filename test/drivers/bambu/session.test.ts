import { afterEach, describe, expect, it } from 'vitest';
import { quietLog, recordingLog, SessionRig, startRequest } from './session-rig.js';

let rig: SessionRig | null = null;
afterEach(async () => {
  await rig?.stop();
  rig = null;
});

async function start(options: Parameters<typeof SessionRig.start>[0]): Promise<SessionRig> {
  rig = await SessionRig.start(options);
  return rig;
}

/** MQTT events of one printer in the ground truth. */
function mqtt(of: SessionRig, event: string, index = 0) {
  const { serial } = of.printer(index);
  return of.emulator.log.entries.filter(
    (entry) => entry.serial === serial && entry.kind === 'mqtt' && entry.event === event,
  );
}

const commandNames = (of: SessionRig) => mqtt(of, 'command').map((entry) => entry.command);

describe('coming online', () => {
  it('pain-28: brings a full state of every model, with more printers than places for attempts', async () => {
    const models = [
      'X1C',
      'X1',
      'X1E',
      'P1P',
      'P1S',
      'P2S',
      'A1M',
      'A1',
      'A2L',
      'H2D',
      'H2DPRO',
      'H2S',
      'H2C',
      'X2D',
    ];
    const farm = await start({ printers: models.map((model) => ({ model })), maxConnecting: 2 });
    const watched = models.map((_model, index) => farm.watch(index));
    await Promise.all(watched.map((printer) => printer.online()));
    for (const [index, printer] of watched.entries()) {
      const emulated = farm.printer(index);
      await printer.state((state) => state.firmware !== null, 'the firmware');
      expect(printer.session.connection).toMatchObject({ status: 'online', error: null });
      expect(printer.session.capabilities?.modelCode).toBe(emulated.modelCode);
      expect(printer.capabilities.at(-1)).toBe(printer.session.capabilities);
      const state = printer.session.lastReport?.state;
      expect(state).toMatchObject({ activity: 'IDLE', storage: 'ok', health: [], upgrading: false });
      expect(state?.slots.filter((slot) => slot.amsIndex === 0).map((slot) => slot.type)).toEqual([
        'PLA',
        'PLA',
        'PETG',
        'PLA',
      ]);
      expect(state?.nozzles).toHaveLength(printer.session.capabilities?.nozzles ?? 0);
      expect(state?.address).toBe(emulated.host);
    }
  });

  it('asks for the firmware and for everything, once', async () => {
    const farm = await start({ printers: [{ model: 'P1S' }] });
    const printer = await farm.watch().online();
    await printer.state((state) => state.firmware !== null, 'the firmware');
    expect(commandNames(farm)).toEqual(['info.get_version', 'pushing.pushall']);
  });

  it('tells that it connects, then that it is online, and nothing between', async () => {
    const farm = await start({ printers: [{}] });
    const printer = await farm.watch().online();
    expect(printer.connections.map((connection) => connection.status)).toEqual(['connecting', 'online']);
  });

  it('counts reports from one without a gap', async () => {
    const farm = await start({ printers: [{}] });
    const printer = await farm.watch().online();
    await printer.report((report) => report.sequence >= 5, 'five reports');
    expect(printer.reports.map((report) => report.sequence)).toEqual(
      printer.reports.map((_r, index) => index + 1),
    );
  });
});

describe('refusals', () => {
  it('fact-02, fault-16: a wrong access code: says where to look, and does not try again soon', async () => {
    const { log, text } = recordingLog();
    const farm = await start({ printers: [{}], log });
    const printer = farm.watch(0, { accessCode: 'wrong-code-77' }, log);
    printer.session.start();
    const { error } = await printer.status('refused');
    expect(error).toMatchObject({ kind: 'auth' });
    expect(error?.message).toMatch(/access code .* Settings > LAN only/);
    expect(error?.message).not.toContain('wrong-code-77');
    expect(text()).not.toContain('wrong-code-77');
    expect(mqtt(farm, 'refused')).toHaveLength(1);
    // The right one is tried at once.
    printer.session.retarget(farm.target());
    await printer.status('online');
  });

  it('fact-01: a certificate of another serial: nobody hears the access code', async () => {
    const farm = await start({ printers: [{}] });
    farm.printer().addFault('tls.wrongCn');
    const printer = farm.watch();
    printer.session.start();
    expect((await printer.status('refused')).error).toMatchObject({ kind: 'certificate' });
    expect(farm.emulator.log.entries.filter((entry) => entry.kind === 'mqtt')).toEqual([]);
  });

  it('an unknown authority, unless the first certificate is to be trusted', async () => {
    const farm = await start({ printers: [{}] });
    const printer = farm.watch(0, { extraCa: [] });
    printer.session.start();
    expect((await printer.status('refused')).error).toMatchObject({ kind: 'certificate' });
    printer.session.retarget(farm.target(0, { extraCa: [], trust: 'tofu' }));
    await printer.status('online');
    expect(printer.pinned).toHaveLength(1);
  });

  it('a changed certificate after the first was pinned, until the pin is forgotten', async () => {
    const farm = await start({ printers: [{}] });
    const printer = await farm.watch(0, { trust: 'tofu' }).online();
    const [first] = printer.pinned;
    farm.printer().addFault('tls.rotated');
    farm.printer().addFault('net.drop');
    const { error } = await printer.status('refused');
    expect(error).toMatchObject({ kind: 'certificate' });
    expect(error?.message).toContain(first);
    expect(printer.pinned).toHaveLength(1);
    printer.session.retarget(farm.target(0, { trust: 'tofu', pinnedFingerprint: null }));
    await printer.until(() => printer.pinned.length === 2, 'another pin');
    expect(printer.pinned[1]).not.toBe(first);
  });

  it('warns when nobody is to be checked', async () => {
    const { log, text } = recordingLog();
    const farm = await start({ printers: [{}] });
    farm.printer().addFault('tls.wrongCn');
    await farm.watch(0, { trust: 'insecure' }, log).online();
    expect(text()).toContain('insecure');
    expect(text()).not.toContain(farm.printer().accessCode);
  });
});

describe('a connection that ends', () => {
  it('fault-03, fault-21: is made anew with another client id, and counts for nothing until a full report', async () => {
    const farm = await start({ printers: [{ model: 'P1S' }] });
    const printer = await farm.watch().online();
    const seen = printer.reports.length;
    farm.printer().addFault('report.omit', { keys: ['home_flag'] });
    farm.printer().addFault('net.drop');
    await printer.status('offline');
    await printer.until(() => printer.connections.at(-1)?.status === 'online', 'online again');
    await printer.report((report) => !report.complete, 'a report that is not full', seen);
    expect(printer.reports.slice(seen).every((report) => !report.complete)).toBe(true);
    farm.printer().clearFaults();
    farm.printer().addFault('net.drop');
    await printer.report((report) => report.complete, 'a full report', seen);
    const ids = mqtt(farm, 'connect').map((entry) => entry.clientId);
    expect(ids.length).toBeGreaterThanOrEqual(3);
    expect(new Set(ids).size).toBe(ids.length);
    expect(printer.reports.map((report) => report.sequence)).toEqual(
      printer.reports.map((_r, index) => index + 1),
    );
  });

  it('is tried again until the printer is back', async () => {
    const farm = await start({ printers: [{}] });
    await farm.printer().power(false);
    const printer = farm.watch();
    printer.session.start();
    expect((await printer.status('offline')).error).toMatchObject({ kind: 'unreachable' });
    await farm.printer().power(true);
    await printer.status('online');
  });
});

describe('silence', () => {
  const timing = { firstReportMs: 150, staleMs: 500, staleGraceMs: 400 };

  it('pain-25, pain-26, fault-14: makes a session stale, then asks, then connects anew', async () => {
    const farm = await start({ printers: [{}], timing });
    const printer = await farm.watch().online();
    farm.printer().addFault('mqtt.silent');
    await printer.status('stale');
    expect(printer.session.lastReport).not.toBeNull();
    const { error } = await printer.status('offline');
    expect(error).toMatchObject({ kind: 'timeout' });
    expect(commandNames(farm)).toContain('pushing.start');
    farm.printer().clearFaults();
    await printer.until(() => printer.connections.at(-1)?.status === 'online', 'online again');
    expect(mqtt(farm, 'connect').length).toBeGreaterThanOrEqual(2);
  });

  it('is broken by asking, where that helps', async () => {
    const farm = await start({ printers: [{}], timing: { ...timing, staleGraceMs: 10_000 } });
    const printer = await farm.watch().online();
    farm.printer().addFault('mqtt.silent', { wakesOnStart: true, times: 1 });
    await printer.status('stale');
    await printer.until(() => printer.connections.at(-1)?.status === 'online', 'online again');
    expect(mqtt(farm, 'connect')).toHaveLength(1);
  });

  it('pain-24, fault-17: from the beginning is told with its likely causes', async () => {
    const farm = await start({ printers: [{}], timing });
    farm.printer().addFault('mqtt.silent');
    const printer = farm.watch();
    printer.session.start();
    const { error } = await printer.status('offline');
    expect(error).toMatchObject({ kind: 'timeout' });
    expect(error?.message).toMatch(/never reported.*serial/);
  });
});

describe('moving a session', () => {
  it('to the address the printer has now', async () => {
    const farm = await start({ printers: [{}, {}] });
    const printer = await farm.watch().online();
    const before = farm.printer().host;
    await farm.printer().power(false);
    await printer.status('offline');
    await farm.printer().power(true);
    // Somebody else has the address for a while: another serial must not be taken for ours.
    const other = farm.printer(1);
    printer.session.retarget(farm.target(0, { host: other.host, mqttPort: other.mqttPort }));
    const { error } = await printer.status('refused');
    expect(error).toMatchObject({ kind: 'certificate' });
    expect(error?.message).toContain(other.serial);
    printer.session.retarget(farm.target(0, { host: before }));
    await printer.until(() => printer.connections.at(-1)?.status === 'online', 'online again');
  });

  it('fault-38: tells of a refusal again although it reads like the one before', async () => {
    const farm = await start({ printers: [{}, {}] });
    const { host, mqttPort } = farm.printer(1);
    const printer = farm.watch(0, { host, mqttPort });
    printer.session.start();
    const first = await printer.status('refused');
    printer.session.retarget(farm.target(0, { host, mqttPort, accessCode: 'another1' }));
    const refusals = () => printer.connections.filter(({ status }) => status === 'refused');
    await printer.until(() => refusals().length === 2, 'the second refusal');
    expect(refusals()[1]?.error?.message).toBe(first.error?.message);
  });

  it('with nothing changed does nothing', async () => {
    const farm = await start({ printers: [{}] });
    const printer = await farm.watch().online();
    printer.session.retarget(farm.target());
    printer.session.retarget(farm.target(0, { ftpPort: 1, modelCode: farm.printer().modelCode }));
    const { sequence } = printer.reports.at(-1) ?? { sequence: 0 };
    await printer.report((report) => report.sequence > sequence + 1, 'further reports');
    expect(mqtt(farm, 'connect')).toHaveLength(1);
  });

  it('to another serial is a mistake', async () => {
    const farm = await start({ printers: [{}] });
    expect(() => farm.watch().session.retarget(farm.target(0, { serial: '00M09X000000009' }))).toThrow();
  });
});

describe('stopping', () => {
  it('says goodbye, is told, and nothing follows', async () => {
    const farm = await start({ printers: [{}] });
    const printer = await farm.watch().online();
    await printer.session.stop();
    expect(printer.session.connection.status).toBe('stopped');
    await farm.emulator.log.waitFor(
      (entry) => entry.kind === 'mqtt' && entry.event === 'disconnect',
      5_000,
      'goodbye',
    );
    const told = printer.connections.length + printer.reports.length;
    await expect(printer.session.command({ kind: 'stop' })).resolves.toMatchObject({ kind: 'unsent' });
    await expect(printer.session.startPrint(startRequest())).resolves.toMatchObject({ kind: 'unsent' });
    await printer.session.stop();
    expect(printer.connections.length + printer.reports.length).toBe(told);
  });

  it('and starting again works, even in one breath', async () => {
    const farm = await start({ printers: [{}] });
    const printer = await farm.watch().online();
    const seen = printer.reports.length;
    const stopped = printer.session.stop();
    printer.session.start();
    await stopped;
    await printer.report((report) => report.complete, 'a full report', seen);
    expect(printer.session.connection.status).toBe('online');
  });

  it('ends an attempt and a wait at once', async () => {
    const farm = await start({ printers: [{}] });
    await farm.printer().power(false);
    const printer = farm.watch();
    printer.session.start();
    await printer.session.stop();
    printer.session.start();
    await printer.status('offline');
    await printer.session.stop();
    expect(printer.session.connection.status).toBe('stopped');
  });
});

describe('one printer is no other printer’s concern', () => {
  it('fault-07: whatever it sends, and whatever a listener does', async () => {
    const farm = await start({ printers: [{}, {}, {}] });
    const bad = farm.watch(0);
    const failing = farm.watch(1);
    const good = farm.watch(2);
    failing.onReport = () => {
      throw new Error('listener broke');
    };
    await Promise.all([bad, failing, good].map((printer) => printer.online()));
    for (const fault of ['report.truncated', 'mqtt.dupReports']) farm.printer(0).addFault(fault);
    const goodSeen = good.reports.length;
    const failingSeen = failing.reports.length;
    await bad.status('offline');
    await good.report((report) => report.sequence > goodSeen + 3, 'reports of the good one');
    await failing.report((report) => report.sequence > failingSeen + 3, 'reports of the failing one');
    expect(good.connections.map((connection) => connection.status)).toEqual(['connecting', 'online']);
    expect(failing.connections.map((connection) => connection.status)).toEqual(['connecting', 'online']);
    expect(bad.connections.find((connection) => connection.status === 'offline')?.error).toMatchObject({
      kind: 'protocol',
    });
  });

  it.each([
    'report.nonUtf8',
    'report.badTypes',
    'report.trailingNul',
    'report.seqConstant',
    'mqtt.reorder',
    'mqtt.dupReports',
  ])('lives with %s', async (fault) => {
    const farm = await start({ printers: [{}] });
    const printer = await farm.watch(0, {}, quietLog).online();
    const expected = printer.session.lastReport?.state.slots;
    const seen = printer.reports.length;
    farm.printer().addFault(fault);
    await printer.report((report) => report.sequence > seen + 5, 'further reports', seen);
    expect(printer.session.connection.status).toBe('online');
    expect(printer.session.lastReport?.state.activity).toBe('IDLE');
    expect(printer.session.lastReport?.state.slots).toEqual(expected);
  });
});
