import { expect, it, vi } from 'vitest';
import { CommandChannel } from '../../../drivers/bambu/command-channel.js';
import { Control } from '../../../drivers/bambu/control.js';
import { PrinterView } from '../../../drivers/bambu/printer-view.js';
import { SESSION_TIMING, type SessionTiming } from '../../../drivers/bambu/timing.js';
import type { PrinterReport, PrinterState } from '../../../drivers/driver.js';
import { Replay } from './reports.js';

const DEVICES = { x1c: 'BL-P001', p1p: 'C11', a1: 'N2S', h2d: 'O1D' } as const;
const UNKNOWN_FUNCTION = 0x0502_4004;

interface Sent {
  readonly command: string;
  readonly [field: string]: unknown;
}

/** A control over a line that answers as it is told. */
function control(
  name: keyof typeof DEVICES,
  options: {
    readonly answer?: (sent: Sent) => object | null;
    readonly changes?: Partial<PrinterState>;
    readonly timing?: Partial<SessionTiming>;
  } = {},
) {
  const sent: Sent[] = [];
  let wanted = 0;
  const channel = new CommandChannel(() => {});
  const view = new PrinterView({
    serial: '000000000000000',
    host: '127.0.0.1',
    mqttPort: 1,
    ftpPort: 1,
    accessCode: '',
    trust: 'ca',
    extraCa: [],
    pinnedFingerprint: null,
    modelCode: DEVICES[name],
  });
  let state: PrinterState = {
    ...new Replay(name).full(),
    activity: 'IDLE',
    developerMode: 'on',
    ...options.changes,
  };
  const report = (): PrinterReport => ({ receivedAt: 0, sequence: 1, complete: true, state });
  const tested = new Control({
    channel,
    view,
    timing: { ...SESSION_TIMING, ...options.timing },
    status: () => 'online',
    report,
    wantEverything: () => {
      wanted += 1;
    },
  });
  channel.attach({
    publish(payload) {
      for (const [type, fields] of Object.entries<Sent>(JSON.parse(payload))) {
        sent.push(fields);
        const answer = (options.answer ?? (() => ({ result: 'success' })))(fields);
        if (answer !== null) queueMicrotask(() => channel.offer(type, { ...fields, ...answer }));
      }
      return true;
    },
  });
  return {
    sent,
    tested,
    wanted: () => wanted,
    show(changes: Partial<PrinterState>): void {
      state = { ...state, ...changes };
      tested.observe(state);
    },
  };
}

const bed = (celsius: number) =>
  ({ kind: 'set-temperature', heater: 'bed', celsius, extruder: null }) as const;
const chamber = (celsius: number) =>
  ({ kind: 'set-temperature', heater: 'chamber', celsius, extruder: null }) as const;

it('says what it changed of a command', async () => {
  const { tested, sent } = control('p1p');
  expect(await tested.perform(bed(130))).toEqual({
    kind: 'accepted',
    note: 'Bed limited from 130 to 100 °C',
  });
  expect(await tested.perform(bed(55))).toEqual({ kind: 'accepted' });
  expect(sent.map((one) => one.param)).toEqual(['M140 S100\n', 'M140 S55\n']);
});

it('says it in older words to firmware that does not know a command', async () => {
  const { tested, sent } = control('h2d', {
    answer: ({ command }) => (command === 'set_ctt' ? { err_code: UNKNOWN_FUNCTION } : { result: 'success' }),
  });
  expect(await tested.perform(chamber(45))).toEqual({ kind: 'accepted' });
  expect(sent).toMatchObject([
    { command: 'set_ctt', ctt_val: 45 },
    { command: 'gcode_line', param: 'M145 P1\nM141 S45\n' },
  ]);
});

it('does not try other words when a command was refused for what it asks', async () => {
  const { tested, sent } = control('h2d', { answer: () => ({ errno: -2 }) });
  expect(await tested.perform(chamber(45))).toMatchObject({ kind: 'refused', error: { kind: 'rejected' } });
  expect(sent).toHaveLength(1);
});

it('sends nothing that the state of the printer forbids', async () => {
  const running = control('a1', { changes: { activity: 'RUNNING' } });
  const cold = control('a1', { changes: { nozzles: [] } });
  const loaded = control('x1c', { changes: { activeTray: 0 } });
  const locked = control('a1', { changes: { developerMode: 'off' } });
  const home = { kind: 'home', axes: { x: true, y: true, z: true } } as const;
  const outcomes = await Promise.all([
    running.tested.perform(home),
    cold.tested.perform({ kind: 'extrude', mm: 5 }),
    loaded.tested.perform({ kind: 'read-spool', slot: { unitId: 0, slotIndex: 0 } }),
    locked.tested.perform(bed(60)),
    control('x1c').tested.perform({ kind: 'skip-objects', objectIds: [1] }),
  ]);
  expect(outcomes.map((outcome) => [outcome.kind, 'error' in outcome ? outcome.error.kind : null])).toEqual([
    ['unsent', 'busy'],
    ['unsent', 'rejected'],
    ['unsent', 'busy'],
    ['unsent', 'developer-mode'],
    ['unsent', 'rejected'],
  ]);
  expect([running, cold, loaded, locked].flatMap(({ sent }) => sent)).toEqual([]);
});

it('fault-37: goes by a report when the answer proves nothing', async () => {
  const { tested, show, wanted, sent } = control('p1p', { answer: () => ({}) });
  const outcome = tested.perform(bed(61));
  await vi.waitFor(() => expect(wanted()).toBe(1));
  show({ bedTarget: 0 });
  show({ bedTarget: 61 });
  expect(await outcome).toEqual({ kind: 'accepted' });
  expect(sent).toHaveLength(1);
});

it('takes nothing for an effect that showed before', async () => {
  const { tested } = control('p1p', { answer: () => ({}), changes: { bedTarget: 61 } });
  expect(await tested.perform(bed(61))).toEqual({ kind: 'unanswered' });
});

it('waits for an effect as long as for an answer, and not beyond its connection', async () => {
  const timing = { acknowledgementMs: 50 };
  const slow = control('p1p', { answer: () => ({}), timing, changes: { bedTarget: 0 } });
  expect(await slow.tested.perform(bed(61))).toEqual({ kind: 'unanswered' });
  const cut = control('p1p', { answer: () => ({}), changes: { bedTarget: 0 } });
  const outcome = cut.tested.perform(bed(61));
  await vi.waitFor(() => expect(cut.wanted()).toBe(1));
  cut.tested.abandon();
  expect(await outcome).toEqual({ kind: 'unanswered' });
});
