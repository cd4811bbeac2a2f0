import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MODELS, modelByCode, modelBySerial } from '../../../drivers/bambu/models.js';
import { normaliseReport } from '../../../drivers/bambu/report.js';
import { ReportTree } from '../../../drivers/bambu/report-tree.js';
import {
  deltasOf,
  expectedStateOf,
  FIXTURES,
  printOf,
  Replay,
  reportOf,
  serialOf,
  versionOf,
} from './reports.js';

describe('a full report becomes a state', () => {
  it.each(FIXTURES)('%s', (name) => {
    expect(new Replay(name).full()).toEqual(expectedStateOf(name));
  });
});

describe('the changes after a full report', () => {
  it.each(FIXTURES)('%s', (name) => {
    const replay = new Replay(name);
    replay.full();
    const deltas = deltasOf(name);
    expect(deltas.length).toBeGreaterThanOrEqual(3);
    for (const { at, print, expect: expected } of deltas) {
      expect(replay.delta(print, at), `${name} after ${at} s`).toMatchObject(expected);
    }
  });
});

describe('every model', () => {
  it('has a fixture that it is recognised by', () => {
    const found = FIXTURES.map((name) => modelBySerial(serialOf(name))?.code);
    expect(found.toSorted()).toEqual(MODELS.map(({ code }) => code).toSorted());
    for (const name of FIXTURES) {
      const { model } = versionOf(name);
      if (model !== null) expect(model.code, name).toBe(modelBySerial(serialOf(name))?.code);
    }
  });
});

describe('whatever a report holds, reading it never throws', () => {
  const anything = fc.anything({ withBigInt: false, withNullPrototype: false, maxDepth: 3 });

  /** Every path of a tree, as lists of keys. */
  function pathsOf(value: unknown, path: readonly string[] = []): string[][] {
    if (typeof value !== 'object' || value === null) return [[...path]];
    return [[...path], ...Object.entries(value).flatMap(([key, child]) => pathsOf(child, [...path, key]))];
  }

  function replaceAt(root: unknown, path: readonly string[], replacement: unknown): unknown {
    const [key, ...rest] = path;
    if (key === undefined) return replacement;
    if (Array.isArray(root)) {
      return root.map((child, index) =>
        String(index) === key ? replaceAt(child, rest, replacement) : child,
      );
    }
    if (typeof root !== 'object' || root === null) return root;
    return Object.fromEntries(
      Object.entries(root).map(([name, child]) => [
        name,
        name === key ? replaceAt(child, rest, replacement) : child,
      ]),
    );
  }

  it.each(FIXTURES)('%s with any one value replaced', (name) => {
    const print = printOf(name);
    const paths = pathsOf(print).filter((path) => path.length > 0);
    fc.assert(
      fc.property(fc.constantFrom(...paths), anything, (path, replacement) => {
        const replay = new Replay(name);
        const state = replay.apply({ print: replaceAt(print, path, replacement) });
        expect(Object.keys(state)).toEqual(Object.keys(expectedStateOf(name)));
        // And the true report afterwards is read as if nothing had been.
        replay.full(20);
      }),
      { numRuns: 150 },
    );
  });

  it('fault-04, fault-05: an arbitrary tree, for a machine of any model', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), anything),
        fc.constantFrom('BL-P001', 'O1D', 'N9', null),
        (print, code) => {
          const tree = new ReportTree();
          tree.apply({ print }, 0);
          normaliseReport(tree.print, {
            model: code === null ? null : modelByCode(code),
            firmware: null,
            amsKinds: new Map(),
            peaks: tree.peaks,
            storage: null,
            learnedMode: null,
          });
        },
      ),
      { numRuns: 300 },
    );
  });

  it('an arbitrary change after a full report', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...FIXTURES),
        fc.array(fc.dictionary(fc.string(), anything)),
        (name, changes) => {
          const replay = new Replay(name);
          replay.full();
          for (const change of changes) replay.delta(change, 1);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('keeps a prototype from being replaced by a report', () => {
    const replay = new Replay('a1');
    replay.apply(JSON.parse('{"print":{"__proto__":{"polluted":1},"device":{"__proto__":{"polluted":1}}}}'));
    expect(Object.getPrototypeOf(replay.tree.print)).toBe(Object.prototype);
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
  });
});

describe('a state says only what the printer said', () => {
  it('is empty before any report', () => {
    const state = new Replay('p1p').state();
    expect(state).toMatchObject({
      activity: null,
      bedTemp: null,
      chamberTemp: null,
      homed: null,
      doorOpen: null,
      storage: null,
      wifiDbm: null,
      address: null,
      slots: [],
      activeTray: null,
      health: [],
      upgrading: false,
      speedLevel: null,
    });
    expect(state.print).toMatchObject({ percent: null, layer: null, remainingMinutes: null, stage: null });
  });

  it('fault-33: shows a remaining time during a print only, whatever stands there after it', () => {
    const replay = new Replay('x1c');
    replay.full();
    const at = (gcode_state: string) =>
      replay.delta({ gcode_state, mc_remaining_time: 759 }).print.remainingMinutes;
    expect(['RUNNING', 'PAUSE', 'FINISH', 'FAILED', 'IDLE'].map(at)).toEqual([759, 759, null, null, null]);
  });

  it('fault-05: coerces numbers sent as text and text sent as numbers', () => {
    const state = new Replay('p1p').delta({
      bed_temper: '60.5',
      mc_percent: '12',
      gcode_state: 'RUNNING',
      layer_num: '7',
      subtask_id: 42,
      spd_lvl: '4',
      print_error: '50348044',
      home_flag: '-1067070064',
    });
    expect(state.bedTemp).toBe(60.5);
    expect(state.print).toMatchObject({ percent: 12, layer: 7, printError: 50348044 });
    expect(state.print.identity.subtaskId).toBe('42');
    expect(state.speedLevel).toBe(4);
    expect(state.storage).toBe('ok');
  });

  it('keeps the activity when a report brings a word nobody knows', () => {
    const replay = new Replay('x1c');
    replay.full();
    expect(replay.delta({ gcode_state: 'OFFLINE' }).activity).toBe('RUNNING');
    expect(replay.delta({ gcode_state: '' }).activity).toBe('RUNNING');
    expect(replay.delta({ gcode_state: 'pause' }).activity).toBe('PAUSE');
    expect(replay.tree.unknownActivity).toBe('');
  });

  it('does not take a report apart from its state for a change of it', () => {
    const report = reportOf('a1');
    const replay = new Replay('a1');
    const first = replay.apply(structuredClone(report));
    const second = replay.apply(structuredClone(report));
    expect(second).toEqual(first);
  });
});
