import { afterEach, describe, expect, test } from 'vitest';
import type { EmulatedPrinter, Emulator, TruthEntry } from '../../../drivers/emulator/index.js';
import type { SlicedFile } from '../../fixtures/sliced-file.js';
import {
  type Listener,
  listenFully,
  only,
  PLA,
  type Print,
  slicedFor,
  startCommand,
  startEmulator,
  upload,
} from './clients.js';

let emulator: Emulator;
let client: Listener;
afterEach(async () => {
  await client.close();
  await emulator.stop();
});

interface Setting {
  readonly model?: string;
  readonly file?: Partial<SlicedFile>;
  readonly command?: Print;
  readonly spec?: Record<string, unknown>;
  readonly speed?: number;
}

/** Uploads a good file for the model and sends a start command with the changes. */
async function tryStart(setting: Setting): Promise<{ printer: EmulatedPrinter; verdict: TruthEntry }> {
  emulator = await startEmulator({
    printers: [{ model: setting.model ?? 'X1C', ...setting.spec }],
    speed: setting.speed ?? 200,
  });
  const printer = only(emulator);
  const file = await slicedFor(printer.modelCode, setting.file ?? {});
  await upload(emulator, printer, 'cube.gcode.3mf', file);
  client = await listenFully(emulator, printer);
  await client.print('project_file', startCommand('cube.gcode.3mf', 77, setting.command ?? {}));
  const verdict = await emulator.log.waitFor((e) => e.kind === 'project_file', 5_000, 'a verdict');
  return { printer, verdict };
}

function printEvents(): TruthEntry[] {
  return emulator.log.entries.filter((e) => e.kind === 'print');
}

describe('a start command that would fail on a real printer', () => {
  test('while busy changes nothing but a flash of 0500_4004', async () => {
    await tryStart({});
    await client.report((p) => p.gcode_state === 'RUNNING', 'RUNNING');

    await client.print('project_file', startCommand('cube.gcode.3mf', 78));

    await client.report((p) => p.print_error === 0x0500_4004, 'the busy error');
    await client.report((p) => p.gcode_state === 'FINISH', 'FINISH');
    expect(emulator.log.entries.filter((e) => e.kind === 'project_file').map((e) => e.verdict)).toEqual([
      'accepted',
      'busy',
    ]);
    expect(printEvents().map((e) => [e.event, e.taskId])).toEqual([
      ['begun', '77'],
      ['ended', '77'],
    ]);
  });

  test('while the accepted one waits is busy as well', async () => {
    await tryStart({ model: 'H2D' });

    await client.print('project_file', startCommand('cube.gcode.3mf', 78));

    await emulator.log.waitFor((e) => e.verdict === 'busy', 5_000, 'busy');
  });

  test('kills the running print of an A1 mini', async () => {
    await tryStart({ model: 'A1M' });
    await client.report((p) => p.gcode_state === 'RUNNING', 'RUNNING');

    await client.print('project_file', startCommand('cube.gcode.3mf', 78));

    await client.report((p) => p.gcode_state === 'FAILED', 'FAILED');
    expect(printEvents().at(-1)).toMatchObject({ event: 'ended', taskId: '77', outcome: 'cancelled' });
  });

  test.each<[string, Setting, string, number]>([
    [
      'a plate that is not in the file',
      { command: { param: 'Metadata/plate_2.gcode' } },
      'bad-plate',
      0x0500_4003,
    ],
    ['a file that was never sliced', { file: { sliced: false } }, 'bad-plate', 0x0500_4003],
    ['a file for another model', { file: { model: 'N1' } }, 'wrong-model', 0x0500_4046],
    ['a file for another nozzle', { file: { nozzle: '0.6' } }, 'wrong-nozzle', 0x0500_4038],
  ])('with %s fails from PREPARE', async (_what, setting, verdict, code) => {
    const tried = await tryStart(setting);

    expect(tried.verdict.verdict).toBe(verdict);
    expect(await client.ack('project_file')).toMatchObject({ result: 'success' });
    await client.report((p) => p.gcode_state === 'FAILED' && p.print_error === code, verdict);
    expect(printEvents()).toMatchObject([{ event: 'ended', outcome: 'failed', taskId: '77' }]);
  });

  test.each<[string, Setting, number]>([
    ['an empty slot', { spec: { ams: [{ id: 0, slots: [null] }] } }, 0x0700_8012],
    ['a slot with another filament', { command: map(2, 0, 2) }, 0x0700_8012],
    ['a tray that is not fitted', { command: map(9, 2, 1) }, 0x0700_8012],
    ['the external number in the flat list', { model: 'H2D', command: map(254, 254, 0) }, 0x0700_8012],
    ['lists that contradict each other', { command: map(0, 0, 3) }, 0x0700_8012],
    ['a used filament mapped nowhere', { command: map(-1, 255, 255, true) }, 0x07ff_8012],
    ['an AMS that is not there', { spec: { ams: [] } }, 0x07ff_8012],
    ['AMS trays and use_ams false', { command: { use_ams: false } }, 0x07ff_8012],
    [
      'a mapping of a filament that the plate does not use',
      {
        command: {
          ams_mapping: [0, 1],
          ams_mapping2: [
            { ams_id: 0, slot_id: 0 },
            { ams_id: 0, slot_id: 1 },
          ],
        },
      },
      0x0700_8012,
    ],
  ])('with %s pauses, and pauses again after a resume', async (_what, setting, code) => {
    const tried = await tryStart(setting);
    expect(tried.verdict.verdict).toBe('bad-mapping');
    await client.report((p) => p.gcode_state === 'PAUSE' && p.print_error === code, 'the mapping error');
    client.clear();

    await client.print('resume', { param: '' });

    await client.report((p) => p.gcode_state === 'PAUSE' && p.print_error === code, 'the error again');
    await client.print('stop', { param: '' });
    await client.report((p) => p.gcode_state === 'FAILED', 'FAILED');
    expect(printEvents()).toMatchObject([{ event: 'ended', outcome: 'cancelled' }]);
  });

  test.each<[string, Setting, string]>([
    ['the id 0', { command: { task_id: '0', subtask_id: '0' } }, 'bad-id'],
    ['an id above 2^31-1', { command: { task_id: '2147483648', subtask_id: '2147483648' } }, 'bad-id'],
    ['a numeric id', { command: { subtask_id: 77 } }, 'bad-id'],
    ['a blank in the url', { command: { url: 'ftp://cube 1.gcode.3mf' } }, 'bad-name'],
  ])('with %s is acknowledged and forgotten', async (_what, setting, verdict) => {
    const tried = await tryStart(setting);

    expect(tried.verdict.verdict).toBe(verdict);
    expect(await client.ack('project_file')).toMatchObject({ result: 'success' });
    expect(tried.printer.activity).toBe('IDLE');
    expect(printEvents()).toEqual([]);
  });

  test('with the id of the last job is acknowledged and forgotten', async () => {
    await tryStart({ speed: 2_000 });
    await client.report((p) => p.gcode_state === 'FINISH', 'FINISH');

    await client.print('project_file', startCommand('cube.gcode.3mf', 77));

    await emulator.log.waitFor((e) => e.verdict === 'repeated-id', 5_000, 'the verdict');
    expect(printEvents()).toHaveLength(2);
  });

  test('with clamped ids repeats the id on a P1S', async () => {
    await tryStart({
      model: 'P1S',
      speed: 2_000,
      command: { task_id: '3000000000', subtask_id: '3000000000' },
    });
    await client.report((p) => p.gcode_state === 'FINISH', 'FINISH');
    expect(client.reports.some((p) => p.subtask_id === '2147483647')).toBe(true);

    const again = { task_id: '3000000001', subtask_id: '3000000001' };
    await client.print('project_file', startCommand('cube.gcode.3mf', 1, again));

    await emulator.log.waitFor((e) => e.verdict === 'repeated-id', 5_000, 'the verdict');
  });

  test.each<[string, string, string, number]>([
    ['X1C', 'ftp:///cube.gcode.3mf', 'bad-url', 0x0500_4002],
    ['P1S', 'ftp://cache/cube.gcode.3mf', 'bad-url', 0x0500_c010],
    ['P2S', 'file:///sdcard/cube.gcode.3mf', 'bad-url', 0x0500_4002],
    ['X1C', 'ftp://other.gcode.3mf', 'missing-file', 0x0500_4002],
  ])('on a %s with the url %s shows %s', async (model, url, verdict, code) => {
    const tried = await tryStart({ model, command: { url } });

    expect(tried.verdict.verdict).toBe(verdict);
    await client.report((p) => p.print_error === code, 'the error');
    expect(tried.printer.activity).toBe('IDLE');
  });

  test('with use_ams as a number is refused outright', async () => {
    const tried = await tryStart({ command: { use_ams: 1 } });

    expect(tried.verdict.verdict).toBe('bad-use-ams');
    expect(await client.ack('project_file')).toMatchObject({ result: 'fail' });
  });

  test('of a file that was cut on the way fails from PREPARE', async () => {
    emulator = await startEmulator({ printers: [{}], speed: 200 });
    const printer = only(emulator);
    const file = await slicedFor('BL-P001');
    await upload(emulator, printer, 'cut.gcode.3mf', file.subarray(0, file.length - 300));
    client = await listenFully(emulator, printer);

    await client.print('project_file', startCommand('cut.gcode.3mf', 5));

    await client.report((p) => p.gcode_state === 'FAILED' && p.print_error === 0x0500_4003, 'unparsable');
    expect(emulator.log.entries).toContainEqual(expect.objectContaining({ verdict: 'bad-file' }));
  });
});

describe('a start command that a real printer takes', () => {
  test.each<[string, Print]>([
    ['X1C', { url: 'file:///sdcard/cube.gcode.3mf' }],
    ['X1', { url: 'file:///mnt/sdcard/cube.gcode.3mf' }],
    ['P1S', { url: 'ftp:///cube.gcode.3mf' }],
    ['A1', {}],
    ['P2S', { url: 'ftp:///cube.gcode.3mf' }],
    ['A2L', { ams_mapping: [0], ams_mapping2: [{ ams_id: 16, slot_id: 0 }] }],
    ['H2S', { job_id: 5, skip_objects: null, ams_mapping2: [{ ams_id: 0, slot_id: 0 }] }],
  ])('runs on a %s', async (model, command) => {
    await tryStart({ model, command });

    await client.report((p) => p.gcode_state === 'RUNNING', 'RUNNING');
    expect(printEvents()).toMatchObject([{ event: 'begun', taskId: '77' }]);
  });

  test('runs from the external holder without AMS', async () => {
    await tryStart({
      model: 'A1',
      speed: 1_000,
      spec: { ams: [], external: { type: 'PLA', color: 'FFFFFFFF' } },
      command: { use_ams: false, ams_mapping: [-1], ams_mapping2: [{ ams_id: 255, slot_id: 0 }] },
    });

    await client.report((p) => p.gcode_state === 'FINISH', 'FINISH');
    const trays = client.reports.flatMap((p) => (hasTray(p.ams) ? [p.ams.tray_now] : []));
    expect(trays).toContain('254');
  });

  test('runs from a one-slot unit on the second extruder', async () => {
    await tryStart({
      model: 'H2D',
      spec: { ams: [{ id: 128, slots: [{ type: 'PLA', color: 'FFFFFFFF' }], extruder: 1 }] },
      file: {
        plates: [{ index: 1, predictionSeconds: 600, weightGrams: 10, filaments: [{ ...PLA, id: 3 }] }],
      },
      command: {
        ams_mapping: [-1, -1, 128],
        ams_mapping2: [
          { ams_id: 255, slot_id: 255 },
          { ams_id: 255, slot_id: 255 },
          { ams_id: 128, slot_id: 0 },
        ],
      },
    });

    const running = await client.report((p) => p.gcode_state === 'RUNNING', 'RUNNING');
    expect(running).toHaveProperty('device.extruder.state', 2 | (1 << 4) | (1 << 8));
    expect(running).toHaveProperty('device.extruder.info.1.snow', 32768);
  });
});

function map(tray: number, unit: number, slot: number, useAms = true): Print {
  return { use_ams: useAms, ams_mapping: [tray], ams_mapping2: [{ ams_id: unit, slot_id: slot }] };
}

function hasTray(ams: unknown): ams is { tray_now: string } {
  return typeof ams === 'object' && ams !== null && 'tray_now' in ams;
}
