import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { UploadRequest } from '../../../drivers/driver.js';
import { buildSlicedFile } from '../../fixtures/sliced-file.js';
import { SessionRig, startRequest, type Watched } from './session-rig.js';

let rig: SessionRig | null = null;
let folder: string | null = null;
afterEach(async () => {
  await rig?.stop();
  rig = null;
  if (folder !== null) await rm(folder, { recursive: true, force: true });
  folder = null;
});

async function start(options: Parameters<typeof SessionRig.start>[0]): Promise<SessionRig> {
  rig = await SessionRig.start(options);
  return rig;
}

/** A local sliced file for the printer, ready to be sent. */
async function fileFor(farm: SessionRig, changes: Partial<UploadRequest> = {}): Promise<UploadRequest> {
  folder ??= await mkdtemp(join(tmpdir(), 'printfarmd-session-'));
  const localPath = join(folder, 'cube.gcode.3mf');
  const filament = { id: 1, type: 'PLA', color: '#FFFFFF', infoIdx: 'GFL99', usedGrams: 12, usedMeters: 4 };
  const bytes = await buildSlicedFile({
    model: farm.printer().modelCode,
    plates: [{ index: 1, predictionSeconds: 600, weightGrams: 12, filaments: [filament], layers: 20 }],
  });
  await writeFile(localPath, bytes);
  return {
    localPath,
    sizeBytes: bytes.length,
    remoteName: 'cube-4711.gcode.3mf',
    signal: new AbortController().signal,
    ...changes,
  };
}

/** Online, with the file on the printer. */
async function loaded(farm: SessionRig): Promise<Watched> {
  const printer = await farm.watch().online();
  await printer.session.upload(await fileFor(farm));
  return printer;
}

describe('a print', () => {
  it.each(['X1C', 'P1S', 'A1', 'H2D'])('pain-21: on a %s starts, pauses, resumes, stops', async (model) => {
    const farm = await start({ printers: [{ model }], speed: 60 });
    const printer = await loaded(farm);
    const extruder = model === 'H2D' ? 0 : null;
    const source = { unitId: 0, slotIndex: 0, external: false, extruder };
    await expect(printer.session.startPrint(startRequest({ filaments: [source] }))).resolves.toEqual({
      kind: 'accepted',
    });
    const running = await printer.state((state) => state.activity === 'RUNNING', 'a running print');
    expect(running.state.print.identity).toMatchObject({
      taskId: '4711',
      subtaskId: '4711',
      name: 'cube-4711',
    });
    expect(running.state.print.remainingMinutes).not.toBeNull();
    await expect(printer.session.command({ kind: 'pause' })).resolves.toEqual({ kind: 'accepted' });
    await printer.state((state) => state.activity === 'PAUSE', 'a paused print');
    const seen = printer.reports.length;
    await expect(printer.session.command({ kind: 'resume' })).resolves.toEqual({ kind: 'accepted' });
    await printer.state((state) => state.activity === 'RUNNING', 'a resumed print', seen);
    await expect(printer.session.command({ kind: 'stop' })).resolves.toEqual({ kind: 'accepted' });
    await printer.state((state) => state.activity === 'FAILED', 'an ended print');
    const cancelled = printer.reports.some((report) => report.state.print.errorCode === '0300_400C');
    expect(cancelled).toBe(true);
    expect(printer.session.lastReport?.state.health).toEqual([]);
    expect(farm.starts()).toBe(1);
  });

  it('keeps its number of layers to the end', async () => {
    const farm = await start({ printers: [{ model: 'P1S' }], speed: 600 });
    const printer = await loaded(farm);
    await printer.session.startPrint(startRequest());
    const { state } = await printer.state((candidate) => candidate.activity === 'FINISH', 'a finished print');
    expect(state.print).toMatchObject({ percent: 100, totalLayers: 20, layer: 20, remainingMinutes: null });
  });

  it('fact-09, fault-18: is not started on a busy printer: nothing is sent', async () => {
    const farm = await start({ printers: [{}], speed: 60 });
    const printer = await loaded(farm);
    farm.printer().startExternalJob('of somebody else', 600);
    await printer.state((state) => state.activity === 'RUNNING', 'a running print');
    await expect(printer.session.startPrint(startRequest())).resolves.toMatchObject({
      kind: 'unsent',
      error: { kind: 'busy' },
    });
    expect(farm.starts()).toBe(0);
  });

  it('is not started before a full report came', async () => {
    const farm = await start({ printers: [{}] });
    farm.printer().addFault('report.omit', { keys: ['home_flag'] });
    const printer = farm.watch();
    printer.session.start();
    await printer.report(() => true, 'a report');
    await expect(printer.session.startPrint(startRequest())).resolves.toMatchObject({
      kind: 'unsent',
      error: { kind: 'unreachable' },
    });
    expect(farm.starts()).toBe(0);
  });

  it('without a source for its filament is not sent', async () => {
    const farm = await start({ printers: [{}] });
    const printer = await farm.watch().online();
    await expect(printer.session.startPrint(startRequest({ filaments: [null] }))).resolves.toMatchObject({
      kind: 'unsent',
      error: { kind: 'rejected' },
    });
    expect(farm.starts()).toBe(0);
  });

  it('fact-09: is not started twice at the same time', async () => {
    const farm = await start({ printers: [{}], speed: 60 });
    const printer = await loaded(farm);
    const [first, second] = await Promise.all([
      printer.session.startPrint(startRequest()),
      printer.session.startPrint(startRequest({ token: 4712 })),
    ]);
    expect(first).toEqual({ kind: 'accepted' });
    expect(second).toMatchObject({ kind: 'unsent', error: { kind: 'busy' } });
    expect(farm.starts()).toBe(1);
  });

  it('fact-07, pain-08, fault-21: started over a connection that breaks is unanswered, and never sent again', async () => {
    const farm = await start({ printers: [{}], speed: 60 });
    const printer = await loaded(farm);
    farm.printer().addFault('net.dropAfterStart', { times: 1 });
    await expect(printer.session.startPrint(startRequest())).resolves.toEqual({ kind: 'unanswered' });
    await printer.status('offline');
    const seen = printer.reports.length;
    await printer.state((state) => state.activity === 'RUNNING', 'the print all the same', seen);
    expect(farm.starts()).toBe(1);
    // The next connection neither repeats it after further cuts.
    for (let cut = 0; cut < 3; cut += 1) {
      const before = printer.reports.length;
      farm.printer().addFault('net.drop');
      await printer.report((report) => report.complete, 'a full report', before);
    }
    expect(farm.starts()).toBe(1);
  });

  it('whose acknowledgement is lost is unanswered', async () => {
    const farm = await start({ printers: [{}], speed: 60, timing: { startAcknowledgementMs: 200 } });
    const printer = await loaded(farm);
    farm.printer().addFault('mqtt.noAck', { command: 'project_file' });
    await expect(printer.session.startPrint(startRequest())).resolves.toEqual({ kind: 'unanswered' });
    await printer.state((state) => state.activity === 'RUNNING', 'the print all the same');
    expect(farm.starts()).toBe(1);
  });
});

describe('Developer Mode', () => {
  it.each(['verify-failed', 'bare'])(
    'switched off shows in a refusal (%s) and keeps later prints at home',
    async (shape) => {
      const farm = await start({ printers: [{ model: 'A1', firmware: '01.05.00.00' }], speed: 60 });
      const printer = await loaded(farm);
      expect(printer.session.lastReport?.state.developerMode).not.toBe('off');
      farm.printer().addFault('dev.modeOff', { shape });
      const outcome = await printer.session.startPrint(startRequest());
      expect(outcome).toMatchObject({ kind: 'refused', error: { kind: 'developer-mode' } });
      await printer.state((state) => state.developerMode === 'off', 'the mode');
      await expect(printer.session.startPrint(startRequest({ token: 4712 }))).resolves.toMatchObject({
        kind: 'unsent',
        error: { kind: 'developer-mode' },
      });
    },
  );

  it('switched on shows in an accepted command where the firmware does not tell', async () => {
    const farm = await start({ printers: [{ model: 'A1', firmware: '01.05.00.00' }] });
    const printer = await farm.watch().online();
    await printer.state(
      (state) => state.firmware !== null && state.developerMode === 'unknown',
      'an unknown mode',
    );
    await printer.session.command({ kind: 'stop' });
    await printer.state((state) => state.developerMode === 'on', 'the mode');
  });

  it('fact-03: is seen the other way round after the switch and a restart, whatever was learned before', async () => {
    const farm = await start({ printers: [{ model: 'A1', firmware: '01.05.00.00' }], speed: 60 });
    const printer = await farm.watch().online();
    farm.printer().addFault('dev.modeOff');
    await printer.session.command({ kind: 'stop' });
    const off = await printer.state((state) => state.developerMode === 'off', 'the mode');
    expect(off.state.health[0]).toMatchObject({
      code: '0500_0500_0001_0007',
      message: expect.stringMatching(/LAN Only Mode.*Developer Mode.*restart/),
    });
    farm.printer().clearFaults();
    await farm.printer().power(false);
    await farm.printer().power(true);
    const seen = printer.reports.length;
    await printer.state((state) => state.developerMode === 'unknown', 'nothing known', seen);
    await printer.session.command({ kind: 'stop' });
    await printer.state((state) => state.developerMode === 'on', 'the mode', seen);
  });

  it('that only an answer told of is asked anew after a refresh', async () => {
    const farm = await start({ printers: [{ model: 'X1C' }], timing: { refreshFloorMs: 0 } });
    farm.printer().addFault('report.omit', { keys: ['fun'] });
    const printer = await farm.watch().online();
    farm.printer().addFault('dev.modeOff', { shape: 'bare' });
    await printer.session.command({ kind: 'stop' });
    expect(printer.session.lastReport?.state.developerMode).toBe('off');
    farm.printer().clearFaults();
    const seen = printer.reports.length;
    await printer.session.command({ kind: 'refresh' });
    await printer.state((state) => state.developerMode !== 'off', 'the mode', seen);
  });

  it('flips with the firmware that tells it, within a connection', async () => {
    const farm = await start({ printers: [{ model: 'H2D' }] });
    const printer = await farm.watch().online();
    expect(printer.session.lastReport?.state.developerMode).toBe('on');
    farm.printer().addFault('dev.modeOff');
    await printer.state((state) => state.developerMode === 'off', 'off');
    farm.printer().clearFaults();
    const seen = printer.reports.length;
    await printer.state((state) => state.developerMode === 'on', 'on', seen);
  });

  it('is told by the firmware where it can', async () => {
    const farm = await start({ printers: [{ model: 'H2D' }, { model: 'H2D', developerMode: false }] });
    const on = await farm.watch(0).online();
    const off = await farm.watch(1).online();
    expect(on.session.lastReport?.state.developerMode).toBe('on');
    expect(off.session.lastReport?.state.developerMode).toBe('off');
  });
});

describe('other commands', () => {
  it('switch a light', async () => {
    const farm = await start({ printers: [{}] });
    const printer = await farm.watch().online();
    await expect(
      printer.session.command({ kind: 'light', node: 'chamber_light', on: false }),
    ).resolves.toEqual({ kind: 'accepted' });
    await printer.state((state) => state.lights.chamber_light === 'off', 'a dark chamber');
  });

  it('to a light the machine does not have are not sent', async () => {
    const farm = await start({ printers: [{ model: 'A1' }] });
    const printer = await farm.watch().online();
    await expect(printer.session.command({ kind: 'light', node: 'disco', on: true })).resolves.toMatchObject({
      kind: 'unsent',
      error: { kind: 'unsupported' },
    });
  });

  it('refresh brings a full report', async () => {
    const farm = await start({ printers: [{ model: 'H2D' }], timing: { refreshFloorMs: 0 } });
    const printer = await farm.watch().online();
    await expect(printer.session.command({ kind: 'refresh' })).resolves.toEqual({ kind: 'accepted' });
  });

  it('refresh is unanswered when the full report stays away', async () => {
    const timing = { refreshFloorMs: 0, acknowledgementMs: 150 };
    const farm = await start({ printers: [{ model: 'H2D' }], timing });
    const printer = await farm.watch().online();
    farm.printer().addFault('report.omit', { keys: ['home_flag'] });
    await expect(printer.session.command({ kind: 'refresh' })).resolves.toEqual({ kind: 'unanswered' });
  });

  it('refresh is not sent when the printer was asked a moment ago', async () => {
    const farm = await start({ printers: [{ model: 'P1S' }] });
    const printer = await farm.watch().online();
    await expect(printer.session.command({ kind: 'refresh' })).resolves.toMatchObject({
      kind: 'unsent',
      error: { kind: 'busy', message: expect.stringMatching(/again in \d+ s/) },
    });
  });

  it('answered without a result prove nothing', async () => {
    const farm = await start({ printers: [{}] });
    const printer = await farm.watch().online();
    farm.printer().addFault('mqtt.ackWithoutResult');
    await expect(printer.session.command({ kind: 'stop' })).resolves.toEqual({ kind: 'unanswered' });
  });

  it('fault-13: that vanish twice in a row bring a new connection', async () => {
    const farm = await start({ printers: [{}], timing: { acknowledgementMs: 150 } });
    const printer = await farm.watch().online();
    farm.printer().addFault('mqtt.halfOpen');
    await expect(printer.session.command({ kind: 'stop' })).resolves.toEqual({ kind: 'unanswered' });
    expect(printer.session.connection.status).toBe('online');
    await expect(printer.session.command({ kind: 'stop' })).resolves.toEqual({ kind: 'unanswered' });
    expect((await printer.status('offline')).error?.message).toContain('answers no commands');
    farm.printer().clearFaults();
    await printer.until(() => printer.connections.at(-1)?.status === 'online', 'online again');
    await expect(printer.session.command({ kind: 'stop' })).resolves.toEqual({ kind: 'accepted' });
  });

  it('fault-13: that vanish right after a start do not: it could lose the file', async () => {
    const farm = await start({ printers: [{}], speed: 60, timing: { acknowledgementMs: 150 } });
    const printer = await loaded(farm);
    farm.printer().addFault('job.slowStart', { seconds: 600 });
    await expect(printer.session.startPrint(startRequest())).resolves.toEqual({ kind: 'accepted' });
    farm.printer().addFault('mqtt.halfOpen');
    for (let turn = 0; turn < 3; turn += 1) await printer.session.command({ kind: 'stop' });
    expect(printer.connections.map((connection) => connection.status)).toEqual(['connecting', 'online']);
  });

  it('without a connection are not sent', async () => {
    const farm = await start({ printers: [{}] });
    const printer = await farm.watch().online();
    await farm.printer().power(false);
    await printer.status('offline');
    for (const kind of ['pause', 'resume', 'stop', 'refresh'] as const) {
      await expect(printer.session.command({ kind })).resolves.toMatchObject({
        kind: 'unsent',
        error: { kind: 'unreachable' },
      });
    }
  });
});

describe('files', () => {
  it('fact-12: go to the printer, are measured and removed', async () => {
    const farm = await start({ printers: [{}] });
    const printer = await farm.watch().online();
    const file = await fileFor(farm);
    await expect(printer.session.upload(file)).resolves.toMatchObject({ remoteBytes: file.sizeBytes });
    const { signal } = new AbortController();
    await expect(printer.session.remoteSize(file.remoteName, signal)).resolves.toBe(file.sizeBytes);
    await printer.session.remove(file.remoteName, signal);
    await expect(printer.session.remoteSize(file.remoteName, signal)).resolves.toBeNull();
  });

  it('stop with the session', async () => {
    const farm = await start({ printers: [{}] });
    const printer = await farm.watch().online();
    farm.printer().addFault('ftp.slow', { bytesPerSecond: 100 });
    let begin: () => void = () => {};
    const begun = new Promise<void>((resolve) => {
      begin = resolve;
    });
    const upload = printer.session.upload(await fileFor(farm, { onProgress: () => begin() }));
    const aborted = expect(upload).rejects.toMatchObject({ kind: 'aborted' });
    await begun;
    await printer.session.stop();
    await aborted;
    const { signal } = new AbortController();
    await expect(printer.session.remoteSize('any.gcode.3mf', signal)).rejects.toMatchObject({
      kind: 'aborted',
    });
  });

  it('wait for the first certificate where it is to be trusted', async () => {
    const farm = await start({ printers: [{}] });
    farm.printer().addFault('net.refuse');
    const printer = farm.watch(0, { trust: 'tofu' });
    printer.session.start();
    await printer.status('offline');
    const file = await fileFor(farm);
    await expect(printer.session.upload(file)).rejects.toMatchObject({ kind: 'certificate' });
    farm.printer().clearFaults();
    await printer.status('online');
    await expect(printer.session.upload(file)).resolves.toMatchObject({ remoteBytes: file.sizeBytes });
  });
});
