import { afterEach, describe, expect, test } from 'vitest';
import type { Emulator } from '../../../drivers/emulator/index.js';
import { listenFully, only, slicedFor, startCommand, startEmulator, upload } from './clients.js';

describe('a print from upload to finish', () => {
  let emulator: Emulator;
  afterEach(() => emulator.stop());

  test('goes through every activity and leaves its story in the ground truth', async () => {
    emulator = await startEmulator({ printers: [{}], speed: 300 });
    const printer = only(emulator);
    await upload(emulator, printer, 'cube.gcode.3mf', await slicedFor('BL-P001'));
    expect(printer.files()).toContainEqual({ name: 'cube.gcode.3mf', bytes: expect.any(Number) });
    const client = await listenFully(emulator, printer);

    await client.print('project_file', startCommand('cube.gcode.3mf', 4711));

    expect(await client.ack('project_file')).toMatchObject({ result: 'success', subtask_id: '4711' });
    const running = await client.report(
      (p) => p.gcode_state === 'RUNNING' && Number(p.layer_num) > 3,
      'layers',
    );
    expect(running).toMatchObject({
      subtask_id: '4711',
      task_id: '4711',
      subtask_name: 'cube',
      gcode_file: '/data/Metadata/plate_1.gcode',
      total_layer_num: 20,
    });
    await client.report((p) => p.gcode_state === 'FINISH' && p.mc_percent === 100, 'FINISH');
    const story = emulator.log.entries.filter((e) => e.kind === 'print' || e.kind === 'project_file');
    expect(story.map((e) => [e.event, e.verdict ?? e.outcome])).toEqual([
      ['received', 'accepted'],
      ['begun', undefined],
      ['ended', 'finished'],
    ]);
    expect(story.every((e) => e.taskId === '4711' && e.remoteName === 'cube.gcode.3mf')).toBe(true);
    const states = emulator.log.entries.filter((e) => e.kind === 'state').map((e) => e.event);
    expect(states).toEqual(['PREPARE', 'SLICING', 'RUNNING', 'FINISH']);
    await client.close();
  });
});
