import { connect } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import type { Emulator } from '../../../drivers/emulator/index.js';
import { freshHost } from '../../fixtures/fresh-host.js';
import { ftp, listenFully, only, slicedFor, startCommand, startEmulator, upload } from './clients.js';

let emulator: Emulator;
afterEach(() => emulator.stop());

function connectError(host: string, port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, host);
    socket.once('connect', () => {
      socket.destroy();
      resolve('connected');
    });
    socket.once('error', (error) => resolve('code' in error ? String(error.code) : error.message));
  });
}

describe('a power cycle', () => {
  test('cuts every socket, ends the print and comes back idle with the files in place', async () => {
    emulator = await startEmulator({ printers: [{}], speed: 200 });
    const printer = only(emulator);
    const ports = [printer.mqttPort, printer.ftpPort];
    await upload(emulator, printer, 'cube.gcode.3mf', await slicedFor('BL-P001'));
    const client = await listenFully(emulator, printer);
    await client.print('project_file', startCommand('cube.gcode.3mf', 77));
    await client.report((p) => p.gcode_state === 'RUNNING', 'RUNNING');
    const gone = new Promise<void>((resolve) => client.client.once('close', () => resolve()));

    await printer.power(false);

    await gone;
    expect(await connectError(printer.host, printer.mqttPort)).toBe('ECONNREFUSED');
    expect(await connectError(printer.host, printer.ftpPort)).toBe('ECONNREFUSED');
    await printer.power(true);

    expect([printer.mqttPort, printer.ftpPort]).toEqual(ports);
    const again = await listenFully(emulator, printer);
    expect(again.reports[0]).toMatchObject({ gcode_state: 'IDLE', task_id: '0', subtask_id: '0' });
    expect(printer.files().map((f) => f.name)).toEqual(['cube.gcode.3mf']);
    const story = emulator.log.entries.filter((e) => e.kind === 'print' || e.kind === 'power');
    expect(story.map((e) => [e.event, e.outcome])).toEqual([
      ['begun', undefined],
      ['off', undefined],
      ['ended', 'power-cut'],
      ['on', undefined],
    ]);
    await again.close();
  });

  test('by fault comes back by itself and may print what was left', async () => {
    emulator = await startEmulator({ printers: [{ model: 'A1' }], speed: 200 });
    const printer = only(emulator);
    await upload(emulator, printer, 'left.gcode.3mf', await slicedFor('N2S'));
    printer.addFault('power.ghostPrint');

    printer.addFault('power.cut', { seconds: 5 });

    await emulator.log.waitFor((e) => e.kind === 'power' && e.event === 'on', 8_000, 'power');
    const begun = await emulator.log.waitFor((e) => e.event === 'begun', 8_000, 'the ghost print');
    expect(begun).toMatchObject({ taskId: '0', remoteName: 'left.gcode.3mf' });
  });

  test('during an upload leaves the part that arrived', async () => {
    emulator = await startEmulator({ printers: [{}], speed: 200 });
    const printer = only(emulator);
    printer.addFault('ftp.slow', { bytesPerSecond: 100_000 });
    const sending = upload(emulator, printer, 'big.gcode.3mf', Buffer.alloc(2_000_000));
    const failed = expect(sending).rejects.toThrow();
    await emulator.log.waitFor((e) => e.kind === 'ftp' && e.event === 'stor', 5_000, 'the upload');

    await printer.power(false);

    await failed;
    await emulator.log.waitFor((e) => e.kind === 'ftp' && e.event === 'cut', 5_000, 'the cut');
    expect(printer.files()[0]?.bytes).toBeLessThan(2_000_000);
  });

  test('by a new address moves the printer', async () => {
    emulator = await startEmulator({ printers: [{}], speed: 200 });
    const printer = only(emulator);
    const before = printer.host;
    const next = freshHost();

    printer.addFault('net.ipChange', { host: next });
    await printer.power(true);

    expect(printer.host).toBe(next);
    expect(await connectError(before, printer.mqttPort)).toBe('ECONNREFUSED');
    const client = await ftp(emulator, printer);
    client.close();
  });
});
