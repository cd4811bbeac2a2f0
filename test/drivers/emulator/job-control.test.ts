import { afterEach, describe, expect, test } from 'vitest';
import type { EmulatedPrinter, Emulator, TruthEntry } from '../../../drivers/emulator/index.js';
import {
  type Listener,
  listenFully,
  only,
  slicedFor,
  startCommand,
  startEmulator,
  upload,
} from './clients.js';

let emulator: Emulator;
let client: Listener;
let printer: EmulatedPrinter;
afterEach(async () => {
  await client.close();
  await emulator.stop();
});

async function ready(model: string, speed = 100, spec: Record<string, unknown> = {}): Promise<void> {
  emulator = await startEmulator({ printers: [{ model, ...spec }], speed });
  printer = only(emulator);
  await upload(emulator, printer, 'cube.gcode.3mf', await slicedFor(printer.modelCode));
  client = await listenFully(emulator, printer);
}

async function running(model: string, speed = 100): Promise<void> {
  await ready(model, speed);
  await client.print('project_file', startCommand('cube.gcode.3mf', 77));
  await client.report((p) => p.gcode_state === 'RUNNING', 'RUNNING');
}

function ended(): TruthEntry | undefined {
  return emulator.log.entries.find((e) => e.kind === 'print' && e.event === 'ended');
}

describe('a running print', () => {
  test('pauses and goes on where it stood', async () => {
    await running('X1C', 300);
    await client.report((p) => Number(p.layer_num) >= 5, 'a few layers');

    await client.print('pause', { param: '' });
    const paused = await client.report((p) => p.gcode_state === 'PAUSE', 'PAUSE');
    expect(paused).toMatchObject({ stg_cur: 16, subtask_id: '77' });
    client.clear();
    const still = await client.report(() => client.reports.length >= 3, 'more reports');
    expect(still.layer_num).toBe(paused.layer_num);
    expect(still.mc_percent).toBe(paused.mc_percent);
    await client.print('resume', { param: '' });

    await client.report((p) => p.gcode_state === 'RUNNING' && p.stg_cur === 0, 'RUNNING again');
    await client.report((p) => p.gcode_state === 'FINISH', 'FINISH');
    expect(ended()).toMatchObject({ outcome: 'finished' });
    expect(emulator.log.entries.filter((e) => e.event === 'begun')).toHaveLength(1);
  });

  test('is stopped with a flash of 0300_400C, then FAILED with nothing left of its progress', async () => {
    await running('X1C');
    await client.report((p) => Number(p.mc_percent) > 0, 'progress');

    await client.print('stop', { param: '' });

    const failed = await client.report((p) => p.gcode_state === 'FAILED', 'FAILED');
    expect(failed).toMatchObject({
      print_error: 0x0300_400c,
      fail_reason: '50348044',
      mc_percent: 0,
      layer_num: 0,
      subtask_id: '77',
    });
    await client.report((p) => p.gcode_state === 'FAILED' && p.print_error === 0, 'the end of the flash');
    expect(ended()).toMatchObject({ outcome: 'cancelled', taskId: '77' });
  });

  test('reports time left in minutes, temperatures and fans', async () => {
    await running('P1S', 300);

    const seen = await client.report((p) => p.cooling_fan_speed === '15', 'the fan');

    expect(seen.msg).toBe(1);
    const minutes = client.reports.flatMap((p) =>
      typeof p.mc_remaining_time === 'number' ? [p.mc_remaining_time] : [],
    );
    expect(Math.max(...minutes)).toBe(10);
    expect(client.reports.some((p) => p.nozzle_target_temper === 220)).toBe(true);
    expect(client.reports.some((p) => Number(p.bed_temper) > 50)).toBe(true);
    await client.report((p) => p.gcode_state === 'FINISH', 'FINISH');
    expect(client.reports.some((p) => p.total_layer_num === 0)).toBe(true);
    expect(client.reports.some((p) => p.gcode_file === 'cube.gcode.3mf')).toBe(true);
  });

  test('runs faster at a higher speed level', async () => {
    await running('X1C', 50);

    await client.print('print_speed', { param: '4' });

    const fast = await client.report((p) => p.spd_lvl === 4, 'the level');
    expect(fast.spd_mag).toBe(166);
    expect(Number(fast.mc_remaining_time)).toBeLessThanOrEqual(7);
  });

  test('ends sooner when the time is made to run faster midway', async () => {
    await running('X1C', 20);

    emulator.setSpeed(5_000);

    await client.report((p) => p.gcode_state === 'FINISH', 'FINISH');
  });

  test('waits for a new spool after a runout', async () => {
    await running('X1C');
    await client.report((p) => p.hw_switch_state === 1, 'feeding');

    printer.addFault('ams.runout', { slot: 0 });

    const paused = await client.report((p) => p.gcode_state === 'PAUSE', 'PAUSE');
    expect(paused).toMatchObject({ stg_cur: 6, print_error: 0x0700_8011 });
    client.clear();
    printer.pressResume();
    await client.report((p) => p.gcode_state === 'PAUSE' && p.print_error === 0x0700_8011, 'PAUSE again');
    printer.setSpool(0, 0, { type: 'PLA', color: 'FFFFFFFF' });
    client.clear();
    printer.pressResume();
    await client.report((p) => p.gcode_state === 'RUNNING' && p.print_error === 0, 'RUNNING');
  });

  test('pauses when the AMS leaves the bus', async () => {
    await running('X1C');
    await client.report((p) => p.hw_switch_state === 1, 'feeding');

    printer.addFault('ams.disconnect');

    const paused = await client.report((p) => p.gcode_state === 'PAUSE', 'PAUSE');
    expect(paused).toMatchObject({ stg_cur: 26, ams: { ams: [], ams_exist_bits: '0' } });
  });
});

describe('faults of a job', () => {
  test('fail it at a layer, once, with the error standing until it is cleared', async () => {
    await ready('X1C', 400);
    printer.addFault('job.failAt', { layer: 7, code: '0300_8009', times: 1 });
    await client.print('project_file', startCommand('cube.gcode.3mf', 77));

    const failed = await client.report((p) => p.gcode_state === 'FAILED', 'FAILED');

    expect(failed).toMatchObject({ print_error: 0x0300_8009, layer_num: 7, fail_reason: '50364425' });
    expect(ended()).toMatchObject({ outcome: 'failed' });
    await client.print('clean_print_error', { subtask_id: '77', print_error: 0x0300_8009 });
    await client.report((p) => p.print_error === 0 && p.gcode_state === 'FAILED', 'a clean error');
    await client.print('project_file', startCommand('cube.gcode.3mf', 78));
    await client.report((p) => p.gcode_state === 'FINISH' && p.subtask_id === '78', 'FINISH of the next');
  });

  test('fail it while preparing', async () => {
    await ready('A1');
    printer.addFault('job.failPrepare', { code: '0500_403F' });
    await client.print('project_file', startCommand('cube.gcode.3mf', 77));

    await client.report((p) => p.gcode_state === 'FAILED' && p.print_error === 0x0500_403f, 'FAILED');
    expect(emulator.log.entries.some((e) => e.event === 'begun')).toBe(false);
  });

  test('pause it at a layer with an error, and a resume goes on', async () => {
    await ready('X1C', 400);
    printer.addFault('job.pauseAt', { layer: 3, code: '0300_8014' });
    await client.print('project_file', startCommand('cube.gcode.3mf', 77));

    await client.report((p) => p.gcode_state === 'PAUSE' && p.print_error === 0x0300_8014, 'PAUSE');
    await client.print('resume', { param: '' });
    await client.report((p) => p.gcode_state === 'FINISH', 'FINISH');
  });

  test('never start it', async () => {
    await ready('X1C', 400);
    printer.addFault('job.neverStart', { times: 1 });
    await client.print('project_file', startCommand('cube.gcode.3mf', 77));

    expect(await client.ack('project_file')).toMatchObject({ result: 'success' });
    expect(emulator.log.entries).toContainEqual(
      expect.objectContaining({ verdict: 'accepted', neverStarts: true }),
    );
    expect(printer.activity).toBe('IDLE');
    await client.print('project_file', startCommand('cube.gcode.3mf', 78));
    await client.report((p) => p.gcode_state === 'RUNNING' && p.subtask_id === '78', 'the next one');
  });

  test('cancel it on the screen', async () => {
    await running('P1S');

    printer.addFault('job.cancelOnScreen');

    await client.report((p) => p.gcode_state === 'FAILED', 'FAILED');
    expect(ended()).toMatchObject({ outcome: 'cancelled' });
  });

  test('show the old FINISH while the next one prepares', async () => {
    await ready('H2D', 400);
    printer.addFault('job.slowStart', { seconds: 200, times: 1 });
    await client.print('project_file', startCommand('cube.gcode.3mf', 77));
    await client.report((p) => p.gcode_state === 'FINISH', 'FINISH');
    printer.addFault('report.staleFinish');
    client.clear();

    await client.print('project_file', startCommand('cube.gcode.3mf', 78));

    const early = await client.report((p) => p.subtask_id === '78', 'the new id');
    expect(early).not.toHaveProperty('gcode_state');
    await client.report((p) => p.gcode_state === 'RUNNING', 'RUNNING');
    expect(client.reports.some((p) => p.gcode_state === 'PREPARE')).toBe(false);
    // Of a print that has begun it tells the truth.
    printer.pressPause();
    await client.report((p) => p.gcode_state === 'PAUSE', 'PAUSE');
  });
});

describe('the touchscreen', () => {
  test('starts a print of its own, pauses, resumes and cancels it, and acknowledges the end', async () => {
    await ready('P1S', 10);
    printer.startExternalJob('calibration_cube', 900);

    await client.report(
      (p) => p.gcode_state === 'PREPARE' && p.subtask_name === 'calibration_cube',
      'PREPARE',
    );
    await client.report((p) => p.gcode_state === 'RUNNING', 'RUNNING');
    printer.pressPause();
    await client.report((p) => p.gcode_state === 'PAUSE', 'PAUSE');
    client.clear();
    printer.pressResume();
    await client.report((p) => p.gcode_state === 'RUNNING', 'RUNNING again');
    printer.pressCancel();
    await client.report((p) => p.gcode_state === 'FAILED', 'FAILED');
    printer.dismiss();
    await client.report((p) => p.gcode_state === 'IDLE', 'IDLE');
    expect(printer.activity).toBe('IDLE');
  });
});

describe('without Developer Mode', () => {
  test.each([
    ['X1C', 'verify-failed', { result: 'failed', reason: 'mqtt message verify failed', err_code: 84033543 }],
    ['H2D', 'bare', { err_code: 84033543 }],
  ])('a %s refuses in the shape %s', async (model, _shape, answer) => {
    await ready(model, 100, { developerMode: false });

    await client.print('project_file', startCommand('cube.gcode.3mf', 77));

    expect(await client.ack('project_file')).toMatchObject({ sequence_id: '20001', ...answer });
    expect(emulator.log.entries).toContainEqual(expect.objectContaining({ verdict: 'unauthorised' }));
  });

  test('a P1S answers without a result and raises an HMS message', async () => {
    await ready('P1S', 100, { developerMode: false });

    await client.print('pause', { param: '' });

    const ack = await client.ack('pause');
    expect(ack).not.toHaveProperty('result');
    await client.report(
      (p) => JSON.stringify(p.hms) === '[{"attr":83887360,"code":65543}]',
      'the HMS message',
    );
  });

  test('reading and light stay allowed', async () => {
    await ready('X1C', 100, { developerMode: false });

    await client.send({
      system: { sequence_id: '3', command: 'ledctrl', led_node: 'chamber_light', led_mode: 'off' },
    });

    expect(await client.ack('ledctrl')).toMatchObject({ result: 'success' });
  });
});
