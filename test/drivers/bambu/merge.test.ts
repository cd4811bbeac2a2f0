import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../drivers/bambu/coerce.js';
import { DELTA_RULES, mergeObject } from '../../../drivers/bambu/merge.js';
import { FIXTURES, printOf, Replay, reportOf } from './reports.js';

function merged(known: JsonObject, news: JsonObject): JsonObject {
  mergeObject(known, news, DELTA_RULES);
  return known;
}

describe('objects and lists', () => {
  it('pain-29: leaves absent keys as they are and merges objects key by key', () => {
    expect(merged({ a: 1, o: { x: 1, y: { z: 2 } } }, { o: { y: { w: 3 } } })).toEqual({
      a: 1,
      o: { x: 1, y: { z: 2, w: 3 } },
    });
  });

  it('takes null for an object as not fitted, and an object after that as fitted again', () => {
    const tree = merged({ holder: { id: 1 } }, { holder: null });
    expect(tree).toEqual({ holder: null });
    expect(merged(tree, { holder: { id: 2 } })).toEqual({ holder: { id: 2 } });
  });

  it('fact-05: replaces lists as a whole', () => {
    expect(merged({ hms: [{ attr: 1 }], stg: [1, 2] }, { hms: [], stg: [3] })).toEqual({ hms: [], stg: [3] });
  });

  it('keeps raw types', () => {
    expect(merged({ n: 1 }, { n: '2' })).toEqual({ n: '2' });
  });

  it('merges air duct parts by id unless the list is an inventory', () => {
    const parts = (list: JsonObject[]): JsonObject => ({ device: { airduct: { parts: list } } });
    const tree = parts([
      { id: 16, state: 10 },
      { id: 32, state: 20 },
      { id: 48, state: 30 },
    ]);
    merged(tree, parts([{ id: 48, state: 99 }]));
    expect(tree).toEqual(
      parts([
        { id: 16, state: 10 },
        { id: 32, state: 20 },
        { id: 48, state: 99 },
      ]),
    );
    const inventory = [
      { id: 16, state: 1 },
      { id: 32, state: 2 },
    ];
    expect(merged(tree, parts(inventory))).toEqual(parts(inventory));
  });

  it('merges nozzles by id, whether ids are numbers or text', () => {
    const tree = {
      device: {
        nozzle: {
          info: [
            { id: 0, diameter: 0.4 },
            { id: 1, diameter: 0.4 },
          ],
        },
      },
    };
    expect(merged(tree, { device: { nozzle: { info: [{ id: '1', diameter: 0.6 }] } } })).toEqual({
      device: {
        nozzle: {
          info: [
            { id: 0, diameter: 0.4 },
            { id: '1', diameter: 0.6 },
          ],
        },
      },
    });
  });

  it('survives nesting deeper than any stack', () => {
    let deep: JsonObject = {};
    for (let level = 0; level < 100_000; level += 1) deep = { deep };
    const tree = merged({ deep: {} }, deep);
    expect(() => merged(tree, { deep: { deep: 1 } })).not.toThrow();
  });

  const json = fc.jsonValue({ maxDepth: 4 });
  const tree = fc.dictionary(fc.string(), json).map((value): JsonObject => ({ ...value }));

  it('merging the same twice changes nothing more', () => {
    fc.assert(
      fc.property(tree, tree, (known, news) => {
        const once = merged(structuredClone(known), structuredClone(news));
        const twice = merged(structuredClone(once), structuredClone(news));
        expect(twice).toEqual(once);
      }),
    );
  });

  it('whatever was merged last is what is there', () => {
    fc.assert(
      fc.property(
        tree,
        fc.string().filter((key) => key !== '__proto__'),
        json,
        (known, key, value) => {
          const isPlain = typeof value !== 'object' || value === null;
          fc.pre(isPlain);
          const result = merged(structuredClone(known), { [key]: value });
          expect(result[key]).toEqual(value);
        },
      ),
    );
  });
});

describe('a full report followed by changes', () => {
  const SCALARS = [
    'mc_percent',
    'bed_temper',
    'nozzle_temper',
    'wifi_signal',
    'spd_lvl',
    'stg_cur',
    'layer_num',
  ];

  it('fact-05: equals one full report that holds the latest values', () => {
    const changes = fc.array(fc.dictionary(fc.constantFrom(...SCALARS), fc.integer({ min: 1, max: 15 })), {
      maxLength: 12,
    });
    fc.assert(
      fc.property(fc.constantFrom(...FIXTURES), changes, (name, list) => {
        const stepwise = new Replay(name);
        stepwise.full();
        for (const change of list) stepwise.delta(change);
        const atOnce = new Replay(name);
        atOnce.apply({ print: { ...printOf(name), ...Object.assign({}, ...list) } });
        const { print: _left, ...left } = stepwise.state();
        const { print: _right, ...right } = atOnce.state();
        expect(left).toEqual(right);
        expect(stepwise.tree.print).toEqual(atOnce.tree.print);
      }),
      { numRuns: 100 },
    );
  });

  it('a full report is recognised by its contents, with or without a mark', () => {
    for (const name of FIXTURES) {
      const replay = new Replay(name);
      const unmarked: JsonObject = { ...printOf(name) };
      delete unmarked.msg;
      delete unmarked.command;
      expect(replay.tree.apply({ print: unmarked }, 0)).toBe('full');
      expect(replay.tree.apply({ print: { wifi_signal: '-50dBm' } }, 0)).toBe('delta');
    }
  });

  it('a long report without the AMS of a machine that has one is not full', () => {
    const replay = new Replay('a1');
    replay.full();
    const { ams: _ams, ...rest } = printOf('a1');
    expect(replay.tree.apply({ print: rest }, 0)).toBe('delta');
  });
});

describe('what is and is not state', () => {
  it('fact-05: never merges an acknowledgement, though it echoes every request field', () => {
    const replay = new Replay('p1p');
    const before = replay.full();
    for (const command of ['pause', 'extrusion_cali_get', 'project_file', 'ams_filament_setting']) {
      const after = replay.apply({
        print: {
          command,
          sequence_id: '20001',
          nozzle_diameter: '0.8',
          gcode_state: 'RUNNING',
          result: 'success',
        },
      });
      expect(after).toEqual(before);
    }
  });

  it('folds parts that stand beside `print` into the state', () => {
    const replay = new Replay('x1c');
    replay.full();
    const state = replay.apply({ wifi_signal: '-33dBm', ams: { tray_now: '5' }, fun: '41AFFF9CFF' });
    expect(state.wifiDbm).toBe(-33);
    expect(state.developerMode).toBe('off');
    expect(state.slots).toHaveLength(10);
  });

  it('does not take an acknowledgement beside `print` for state', () => {
    const replay = new Replay('x1c');
    expect(
      replay.tree.apply({ xcam: { command: 'xcam_control_set', sequence_id: '1', enable: true } }, 0),
    ).toBe('none');
    expect(replay.tree.apply({ system: { command: 'ledctrl', led_mode: 'on' } }, 0)).toBe('none');
    expect(replay.tree.apply({ mc_print: { command: 'push_info', param: 'log' } }, 0)).toBe('none');
    expect(replay.tree.print).toEqual({});
  });

  it('takes reports for state whether or not they name their command', () => {
    const replay = new Replay('a1');
    expect(replay.tree.apply({ print: { bed_temper: 31 } }, 0)).toBe('delta');
    expect(replay.tree.print.bed_temper).toBe(31);
  });

  it('fault-02: ignores the counter of reports: repeats and resets of it are normal', () => {
    const replay = new Replay('x1c');
    replay.full();
    expect(replay.delta({ sequence_id: '1', mc_percent: 50 }).print.percent).toBe(50);
    expect(replay.delta({ sequence_id: '1', mc_percent: 51 }).print.percent).toBe(51);
  });
});

describe('a new print', () => {
  it('forgets layers and progress of the print before', () => {
    const replay = new Replay('x1c');
    replay.full();
    replay.delta({ gcode_state: 'FINISH', mc_percent: 100, layer_num: 310 });
    const state = replay.delta({ gcode_state: 'PREPARE', subtask_id: '1900000002', subtask_name: 'other' });
    expect(state.print).toMatchObject({ percent: null, layer: null, totalLayers: null });
    expect(replay.delta({ total_layer_num: 55 }).print.totalLayers).toBe(55);
  });

  it('is also seen when no report between the two prints arrived', () => {
    const replay = new Replay('x1c');
    replay.full();
    const state = replay.delta({ subtask_id: '1900000002', task_id: '1900000002' });
    expect(state.print.totalLayers).toBeNull();
  });

  it('keeps what the report that begins it brings along', () => {
    const replay = new Replay('p1p');
    replay.full();
    const state = replay.delta({
      gcode_state: 'RUNNING',
      subtask_name: 'next',
      layer_num: 1,
      total_layer_num: 9,
    });
    expect(state.print).toMatchObject({ layer: 1, totalLayers: 9 });
  });

  it('fault-32: keeps the number of layers when firmware zeroes it at the end', () => {
    const replay = new Replay('a1');
    replay.full();
    replay.delta({ gcode_state: 'RUNNING', layer_num: 1, total_layer_num: 80 });
    const state = replay.delta({ gcode_state: 'FINISH', layer_num: 80, total_layer_num: 0, mc_percent: 100 });
    expect(state.print).toMatchObject({ totalLayers: 80, layer: 80, percent: 100 });
  });

  it('fault-32: keeps how far a cancelled print had come', () => {
    const replay = new Replay('x1c');
    replay.full();
    const state = replay.delta({ gcode_state: 'FAILED', mc_percent: 0, layer_num: 0 });
    expect(state.print).toMatchObject({ percent: 23, layer: 42, totalLayers: 310, remainingMinutes: null });
  });

  it('is not seen in the first report after a connection', () => {
    const replay = new Replay('x1c');
    expect(replay.apply(reportOf('x1c')).print.layer).toBe(42);
  });
});
