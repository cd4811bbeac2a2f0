import { connect as connectTls } from 'node:tls';
import { afterEach, describe, expect, test } from 'vitest';
import {
  createEmulatorCa,
  type EmulatedPrinter,
  Emulator,
  FAULT_NAMES,
} from '../../../drivers/emulator/index.js';
import { freshHost } from '../../fixtures/fresh-host.js';
import {
  type Listener,
  listen,
  listenFully,
  only,
  slicedFor,
  startCommand,
  startEmulator,
  upload,
} from './clients.js';

let emulator: Emulator;
afterEach(() => emulator.stop());

async function farm(model = 'X1C', spec: Record<string, unknown> = {}): Promise<EmulatedPrinter> {
  emulator = await startEmulator({ printers: [{ model, ...spec }], speed: 100, reportIntervalMs: 30 });
  return only(emulator);
}

function closed(client: Listener): Promise<void> {
  return new Promise((resolve) => client.client.once('close', () => resolve()));
}

describe('injecting a fault', () => {
  test('of an unknown name lists the known ones', async () => {
    const printer = await farm();

    expect(() => printer.addFault('ftp.explode')).toThrow(/no fault "ftp.explode"; known are .*ftp\.dropAt/);
    expect(FAULT_NAMES).toHaveLength(new Set(FAULT_NAMES).size);
  });

  test('with wrong arguments says which', async () => {
    const printer = await farm();

    expect(() => printer.addFault('ftp.dropAt', { byte: 5 })).toThrow(/ftp\.dropAt .*byte/s);
    expect(() => printer.addFault('job.failAt', { layer: 1, code: 'ouch' })).toThrow(/job\.failAt/);
  });

  test('is written into the ground truth', async () => {
    const printer = await farm();

    printer.addFault('mqtt.noAck', { times: 2 });
    printer.clearFaults();

    const faults = emulator.log.entries.filter((e) => e.kind === 'fault');
    expect(faults).toMatchObject([{ event: 'mqtt.noAck', args: { times: 2 } }, { event: 'cleared' }]);
  });
});

describe('faults of the session', () => {
  test('refuse so many connections, then take the next', async () => {
    const printer = await farm();
    printer.addFault('net.refuse', { times: 2 });

    await expect(listen(emulator, printer)).rejects.toThrow();
    await expect(listen(emulator, printer)).rejects.toThrow();
    const client = await listen(emulator, printer);
    await client.close();
  });

  test('cut the session now, after so many messages, or right after a start command', async () => {
    const printer = await farm();
    const first = await listenFully(emulator, printer);
    const firstGone = closed(first);
    printer.addFault('net.drop');
    await firstGone;

    printer.addFault('mqtt.dropAfter', { n: 3, times: 1 });
    const second = await listen(emulator, printer);
    await closed(second);
    expect(second.messages.length).toBe(3);

    await upload(emulator, printer, 'cube.gcode.3mf', await slicedFor('BL-P001'));
    const third = await listenFully(emulator, printer);
    printer.addFault('net.dropAfterStart', { times: 1 });
    const thirdGone = closed(third);
    third.client.publish(
      `device/${printer.serial}/request`,
      JSON.stringify({
        print: { sequence_id: '1', command: 'project_file', ...startCommand('cube.gcode.3mf', 7) },
      }),
    );
    await thirdGone;
    expect(third.messages.some(({ json }) => JSON.stringify(json).includes('"project_file"'))).toBe(false);
    await emulator.log.waitFor((e) => e.event === 'begun' && e.taskId === '7', 8_000, 'the print');
  });

  test('refuse right credentials, or change the code', async () => {
    const printer = await farm();
    printer.addFault('mqtt.refuseAuth', { times: 1 });
    await expect(listen(emulator, printer)).rejects.toMatchObject({ code: 5 });
    const before = printer.accessCode;

    printer.addFault('mqtt.rotateCode', { code: '99999999' });

    expect(printer.accessCode).toBe('99999999');
    await expect(listen(emulator, printer, { password: before })).rejects.toMatchObject({ code: 5 });
    const client = await listen(emulator, printer);
    await client.close();
  });

  test('leave a command without ack, without result, or without effect', async () => {
    const printer = await farm();
    const client = await listenFully(emulator, printer);
    const light = (seq: string, mode: string) =>
      client.send({
        system: { sequence_id: seq, command: 'ledctrl', led_node: 'chamber_light', led_mode: mode },
      });
    const shown = (mode: string) =>
      client.report((p) => JSON.stringify(p.lights_report).includes(`"mode":"${mode}"`), `light ${mode}`);

    printer.addFault('mqtt.noAck', { command: 'ledctrl', times: 1 });
    await light('31', 'off');
    await shown('off');
    printer.addFault('mqtt.ackWithoutResult', { times: 1 });
    await light('32', 'on');
    const bare = await client.ack('ledctrl');
    expect(bare).toMatchObject({ sequence_id: '32' });
    expect(bare).not.toHaveProperty('result');
    printer.addFault('mqtt.halfOpen', { times: 1 });
    await light('33', 'flashing');
    const ignored = await emulator.log.waitFor((e) => e.ignored === true, 5_000, 'the lost command');
    expect(ignored).toMatchObject({ command: 'system.ledctrl', sequenceId: '33' });
    expect(client.messages.some(({ json }) => JSON.stringify(json).includes('"33"'))).toBe(false);
    await client.close();
  });

  test('go silent and wake when asked to start', async () => {
    const printer = await farm();
    const client = await listenFully(emulator, printer);
    printer.addFault('mqtt.silent', { wakesOnStart: true });
    // What was on its way before the fault has arrived when this is acknowledged: one connection keeps its order.
    await client.send({ pushing: { sequence_id: '1', command: 'pushall' } });
    client.clear();

    await client.send({ pushing: { sequence_id: '2', command: 'pushall' } });
    await emulator.log.waitFor((e) => e.sequenceId === '2', 5_000, 'the command');
    expect(client.messages).toEqual([]);
    await client.send({ pushing: { sequence_id: '3', command: 'start' } });

    await client.report((p) => p.msg === 0, 'a report');
    await client.close();
  });
});

describe('faults of reports', () => {
  test('spoil one report and leave the next alone', async () => {
    const printer = await farm();
    const client = await listenFully(emulator, printer);

    printer.addFault('report.empty', { times: 1 });
    await client.raw((raw) => raw.length === 0, 'an empty report');
    printer.addFault('report.truncated', { times: 1 });
    await client.raw((raw) => raw.length > 1000 && raw.at(-1) !== 0x7d, 'a cut report');
    printer.addFault('report.trailingNul', { times: 1 });
    await client.raw((raw) => raw.length > 1000 && raw.at(-1) === 0, 'a report with NULs');
    printer.addFault('report.nonUtf8', { times: 1 });
    const odd = await client.raw((raw) => raw.includes(0xff), 'a report that is no UTF-8');
    expect(() => new TextDecoder('utf-8', { fatal: true }).decode(odd)).toThrow();
    expect(() => JSON.parse(odd.toString('utf8'))).not.toThrow();
    printer.addFault('report.omit', { keys: ['gcode_state', 'ams'], times: 1 });
    await client.report(
      (p) => p.msg === 0 && p.gcode_state === undefined && p.ams === undefined,
      'omitted keys',
    );
    printer.addFault('hms.raise', { key: '0500_0600_0002_0070' });
    printer.addFault('report.badTypes', { times: 1 });
    const bad = await client.report((p) => p.layer_num === 'n/a', 'bad types');
    expect(bad).toMatchObject({ mc_percent: '0', task_id: 0, hms: [{ attr: '05000600', code: '00020070' }] });
    client.clear();
    await client.report((p) => p.gcode_state === 'IDLE' && p.layer_num === 0, 'a whole report again');
    await client.close();
  });

  test('repeat every report', async () => {
    const printer = await farm();
    const client = await listenFully(emulator, printer);
    printer.addFault('mqtt.dupReports', { times: 1 });

    await client.next(() => {
      const numbers = client.reports.map((p) => p.sequence_id);
      return numbers.some((n, i) => numbers.indexOf(n) !== i) ? true : undefined;
    }, 'a repeated report');
    await client.close();
  });

  test('speak nonsense of the AMS while the spools are in place', async () => {
    const printer = await farm('H2D', {
      ams: [
        { id: 0, slots: [{ type: 'PLA', color: 'FFFFFFFF' }] },
        { id: 128, slots: [{ type: 'PLA', color: 'FFFFFFFF' }] },
      ],
    });
    const client = await listenFully(emulator, printer);
    const ids = ['0', '1', '2', '3'].map((id) => ({ id }));

    printer.addFault('ams.idOnlyDelta', { times: 1 });
    await client.report(
      (p) =>
        p.msg === 1 &&
        JSON.stringify(p.ams) ===
          JSON.stringify({
            ams: [
              { id: '0', tray: ids },
              { id: '128', tray: [{ id: '0' }] },
            ],
          }),
      'trays by id only',
    );
    printer.addFault('ams.htState9', { times: 1 });
    await client.report(
      (p) => JSON.stringify(p.ams) === '{"ams":[{"id":"128","tray":[{"id":"0","state":9}]}]}',
      'state 9',
    );
    printer.addFault('ams.zeroBitsShutdown', { times: 1 });
    const zero = await client.report(
      (p) => JSON.stringify(p.ams)?.includes('"tray_exist_bits":"0"'),
      'zero bits',
    );
    expect(zero).toMatchObject({ ams: { ams_exist_bits: '0', power_on_flag: false } });
    await client.close();
  });

  test('show an error that means nothing, HMS messages, a missing card and a closed mode', async () => {
    const printer = await farm();
    const client = await listenFully(emulator, printer);

    printer.addFault('error.ghost', { code: 0x0300_0010 });
    printer.addFault('ftp.550NoCard');
    printer.addFault('dev.modeOff', { shape: 'bare' });
    printer.addFault('hms.raise', { key: '0C00030000030007' });

    const spoilt = await client.report(
      (p) => p.print_error === 0x0300_0010 && p.sdcard === false,
      'the errors',
    );
    expect(spoilt).toMatchObject({ hms: [{ attr: 0x0c00_0300, code: 0x0003_0007 }] });
    expect((BigInt(`0x${String(spoilt.fun)}`) >> 29n) & 1n).toBe(1n);
    await client.print('pause');
    expect(await client.ack('pause')).toEqual({ command: 'pause', sequence_id: '20001', err_code: 84033543 });
    client.clear();
    printer.addFault('hms.clear');
    printer.clearFaults();
    await client.report(
      (p) => p.print_error === 0 && p.sdcard === true && JSON.stringify(p.hms) === '[]',
      'none',
    );
    await client.close();
  });
});

describe('faults of identity', () => {
  function peer(
    printer: EmulatedPrinter,
  ): Promise<{ cn: string; authorized: boolean; error: string; fingerprint: string }> {
    return new Promise((resolve, reject) => {
      const socket = connectTls({
        host: printer.host,
        port: printer.mqttPort,
        servername: printer.serial,
        ca: emulator.caPem,
        rejectUnauthorized: false,
        checkServerIdentity: () => undefined,
      });
      socket.once('error', reject);
      socket.once('secureConnect', () => {
        const cert = socket.getPeerCertificate();
        resolve({
          cn: String(cert.subject.CN),
          authorized: socket.authorized,
          error: String(socket.authorizationError),
          fingerprint: cert.fingerprint256,
        });
        expect(cert.subjectaltname).toBeUndefined();
        expect(socket.getProtocol()).toBe('TLSv1.2');
        socket.destroy();
      });
    });
  }

  test('show another name, an unknown authority, an expired or a new certificate', async () => {
    const printer = await farm();
    const own = await peer(printer);
    expect(own).toMatchObject({ cn: printer.serial, authorized: true });

    printer.addFault('tls.wrongCn');
    expect((await peer(printer)).cn).not.toBe(printer.serial);
    printer.addFault('tls.unknownCa');
    expect(await peer(printer)).toMatchObject({ cn: printer.serial, authorized: false });
    printer.addFault('tls.expired');
    expect(await peer(printer)).toMatchObject({ authorized: false, error: 'CERT_HAS_EXPIRED' });
    printer.clearFaults();
    expect((await peer(printer)).fingerprint).toBe(own.fingerprint);
    printer.addFault('tls.rotated');
    const rotated = await peer(printer);
    expect(rotated).toMatchObject({ cn: printer.serial, authorized: true });
    expect(rotated.fingerprint).not.toBe(own.fingerprint);
  });

  test('an authority that is given outlives the emulator', async () => {
    const ca = await createEmulatorCa();
    emulator = new Emulator({ ca, printers: [{ model: 'A1', host: freshHost(), mqttPort: 0, ftpPort: 0 }] });
    await emulator.start();

    expect(emulator.caPem).toBe(ca.certificatePem);
    expect(await peer(only(emulator))).toMatchObject({ authorized: true });
  });
});
