import { afterEach, describe, expect, it, vi } from 'vitest';
import { CommandChannel } from '../../../drivers/bambu/command-channel.js';
import { Control } from '../../../drivers/bambu/control.js';
import { PrinterView } from '../../../drivers/bambu/printer-view.js';
import { SESSION_TIMING, type SessionTiming } from '../../../drivers/bambu/timing.js';
import type { CommandEffect, PrinterReport, PrinterState } from '../../../drivers/driver.js';
import { Replay } from './reports.js';

const DEVICES = { x1c: 'BL-P001', p1p: 'C11', a1: 'N2S', h2d: 'O1D', p2s: 'N7' } as const;
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
  const report = (): PrinterReport => ({ receivedAt: 0, activityAt: 0, sequence: 1, complete: true, state });
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

describe('the effect of a command', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  /** A control on a clock that stands still, and what was heard of effects. */
  function watched(...given: Parameters<typeof control>) {
    vi.useFakeTimers();
    const heard: CommandEffect[] = [];
    return { ...control(...given), heard, onEffect: (effect: CommandEffect) => void heard.push(effect) };
  }

  it('is borne out by the first report that shows it', async () => {
    const { tested, show, heard, onEffect } = watched('p1p', { changes: { bedTarget: 0 } });
    expect(await tested.perform(bed(61), onEffect)).toEqual({ kind: 'accepted' });
    show({ bedTarget: 60 });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(heard).toEqual([]);
    show({ bedTarget: 61 });
    await vi.advanceTimersByTimeAsync(0);
    expect(heard).toEqual(['shown']);
  });

  it('of a limited command is the limit', async () => {
    const { tested, show, heard, onEffect } = watched('p1p', { changes: { bedTarget: 0 } });
    await tested.perform(bed(130), onEffect);
    show({ bedTarget: 100 });
    await vi.advanceTimersByTimeAsync(0);
    expect(heard).toEqual(['shown']);
  });

  it('fault-37: that showed before is believed after three seconds of reports, not at once', async () => {
    const { tested, show, heard, onEffect } = watched('p1p', { changes: { bedTarget: 61 } });
    await tested.perform(bed(61), onEffect);
    await vi.advanceTimersByTimeAsync(2_900);
    expect(heard).toEqual([]);
    await vi.advanceTimersByTimeAsync(200);
    expect(heard).toEqual(['shown']);
    const other = watched('p1p', { changes: { bedTarget: 61 } });
    await other.tested.perform(bed(61), other.onEffect);
    other.show({ bedTarget: 0 });
    await vi.advanceTimersByTimeAsync(5_000);
    expect(other.heard).toEqual([]);
    show({});
  });

  it('that does not show is asked for once more, and then missing', async () => {
    const { tested, show, heard, wanted, onEffect } = watched('p1p', { changes: { bedTarget: 0 } });
    await tested.perform(bed(61), onEffect);
    await vi.advanceTimersByTimeAsync(10_000);
    expect([wanted(), heard]).toEqual([1, []]);
    show({ bedTarget: 0 });
    await vi.advanceTimersByTimeAsync(35_000);
    expect(heard).toEqual(['missing']);
    const late = watched('p1p', { changes: { bedTarget: 0 } });
    await late.tested.perform(bed(61), late.onEffect);
    await vi.advanceTimersByTimeAsync(11_000);
    late.show({ bedTarget: 61 });
    await vi.advanceTimersByTimeAsync(0);
    expect(late.heard).toEqual(['shown']);
  });

  it('is missing when the connection ends, and nothing is said of what no report tells', async () => {
    const cut = watched('p1p', { changes: { bedTarget: 0 } });
    await cut.tested.perform(bed(61), cut.onEffect);
    await cut.tested.perform({ kind: 'move', x: 5, y: 0, z: 0, e: 0 }, cut.onEffect);
    cut.tested.abandon();
    await vi.advanceTimersByTimeAsync(0);
    expect(cut.heard).toEqual(['missing']);
    const refused = watched('p1p', { answer: () => ({ result: 'fail' }) });
    await refused.tested.perform(bed(61), refused.onEffect);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(refused.heard).toEqual([]);
  });
});

describe('loading from the only holder of a newer machine', () => {
  const load = {
    kind: 'load-filament',
    slot: { unitId: 255, slotIndex: 0 },
    targetCelsius: 220,
    currentCelsius: 220,
  } as const;
  const changes = { activeTray: null };
  const targets = (sent: readonly Sent[]) => sent.map(({ target }) => target);
  const timing = { filamentAcknowledgementMs: 30 };

  it('is said once more by the other number when nothing comes of the first', async () => {
    const { tested, sent } = control('p2s', { changes, timing });
    expect(await tested.perform(load)).toEqual({ kind: 'accepted' });
    expect(targets(sent)).toEqual([254, 255]);
  });

  it('is said once when the machine begins, and on older machines', async () => {
    const newer = control('p2s', { changes });
    const outcome = newer.tested.perform(load);
    await vi.waitFor(() => expect(newer.sent).toHaveLength(1));
    newer.show({ activeTray: 254 });
    expect(await outcome).toEqual({ kind: 'accepted' });
    const older = control('p1p', { changes, timing });
    await older.tested.perform(load);
    expect([targets(newer.sent), targets(older.sent)]).toEqual([[254], [254]]);
  });

  it('is not said again over another connection, nor to a machine that prints by now', async () => {
    const cut = control('p2s', { changes });
    const first = cut.tested.perform(load);
    await vi.waitFor(() => expect(cut.sent).toHaveLength(1));
    cut.tested.abandon();
    await first;
    const busy = control('p2s', { changes, timing });
    const second = busy.tested.perform(load);
    busy.show({ activity: 'RUNNING' });
    await second;
    expect([targets(cut.sent), targets(busy.sent)]).toEqual([[254], [254]]);
  });
});

it('switches the second bar of a chamber once the first is switched', async () => {
  const both = control('h2d');
  await both.tested.perform({ kind: 'light', node: 'chamber_light', on: true });
  expect(both.sent.map(({ led_node }) => led_node)).toEqual(['chamber_light', 'chamber_light2']);
  const refused = control('h2d', { answer: () => ({ result: 'fail' }) });
  expect(await refused.tested.perform({ kind: 'light', node: 'chamber_light', on: true })).toMatchObject({
    kind: 'refused',
  });
  expect(refused.sent).toHaveLength(1);
});
