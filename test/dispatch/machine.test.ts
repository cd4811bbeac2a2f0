import { describe, expect, test } from 'vitest';
import { FILE, FORMER, Life, NAME, NOBODY, OURS, OURS_BY_NAME, STRANGER, TIMING, TOKEN } from './life.js';

describe('before the start', () => {
  test('a reserved dispatch sends its file, then has the start checked, then sends the start', () => {
    const life = new Life();
    life.on({ kind: 'transfer-begun' });
    expect(life.phase).toBe('transferring');
    expect(life.moves).toEqual([{ to: 'sending-to-printer', message: null, excludePrinter: false }]);
    life.on({ kind: 'transferred' });
    expect(life.phase).toBe('transferred');
    const before = life.observation({ activity: 'FINISH', identity: FORMER });
    life.on({ kind: 'start-cleared', before, wasReady: true });
    expect(life.phase).toBe('start-sent');
    expect(life.state.journal).toMatchObject({
      startSentAt: life.wall,
      wasReady: true,
      before: { activity: 'FINISH', identity: FORMER },
    });
    expect(life.effects).toEqual([
      { kind: 'upload', afterMs: 0 },
      { kind: 'check-start' },
      { kind: 'send-start' },
    ]);
  });

  test('a failed upload is tried again with growing waits, then the job looks for another printer', () => {
    const life = new Life();
    life.on({ kind: 'transfer-begun' });
    for (let i = 0; i < 3; i++) {
      life.on({ kind: 'transfer-failed', failure: { message: 'upload failed: cut', retry: true } });
    }
    expect(life.effects).toEqual([0, 5_000, 30_000].map((afterMs) => ({ kind: 'upload', afterMs })));
    expect(life.ending).toEqual({ outcome: 'released', message: 'upload failed: cut', ready: 'keep' });
    expect(life.moves.at(-1)).toEqual({ to: 'pending', message: 'upload failed: cut', excludePrinter: true });
  });

  test('an upload that can never succeed is not tried again', () => {
    const life = new Life();
    life.on({ kind: 'transfer-begun' });
    life.on({ kind: 'transfer-failed', failure: { message: 'no card', retry: false } });
    expect(life.kinds).toEqual(['upload']);
    expect(life.moves.at(-1)).toMatchObject({ to: 'pending', excludePrinter: true });
  });

  test.each(['reserved', 'transferring', 'transferred'] as const)(
    'pain-11: a cancel while %s is at once',
    (phase) => {
      const life = new Life({ phase });
      life.on({ kind: 'cancel' });
      expect(life.ending).toEqual({ outcome: 'cancelled', message: null, ready: 'keep' });
      expect(life.moves).toEqual([{ to: 'cancelled', message: null, excludePrinter: false }]);
      expect(life.kinds).toEqual(['abort-upload']);
      life.on({ kind: 'transferred' });
      life.on({ kind: 'start-cleared', before: life.observation({}), wasReady: true });
      expect(life.kinds).toEqual(['abort-upload']);
      expect(life.phase).toBe('ended');
    },
  );

  test('a restart while reserved releases the job', () => {
    const life = new Life({ phase: 'reserved' });
    life.on({ kind: 'restarted' });
    expect(life.ending).toMatchObject({ outcome: 'released', ready: 'keep' });
    expect(life.moves).toMatchObject([{ to: 'pending', excludePrinter: false }]);
  });

  describe.each(['transferring', 'transferred'] as const)('a restart while %s', (phase) => {
    const restarted = () => {
      const life = new Life({ phase, transferAttempts: 1 });
      life.on({ kind: 'restarted' });
      expect([life.effects, life.endings]).toEqual([[], []]);
      return life;
    };

    test('goes on with the transfer once the printer has told everything and is free', () => {
      const life = restarted();
      life.sees({ activity: 'FINISH', complete: false });
      life.sees({ activity: null });
      expect(life.effects).toEqual([]);
      life.sees({ activity: 'FINISH' });
      expect(life.effects).toEqual([{ kind: 'upload', afterMs: 0 }]);
      expect(life.phase).toBe('transferring');
      // Once is enough.
      life.sees({ activity: 'FINISH' });
      life.on({ kind: 'transferred' });
      expect(life.kinds).toEqual(['upload', 'check-start']);
    });

    test('releases the job when the printer prints something else', () => {
      const life = restarted();
      life.sees({ activity: 'RUNNING' });
      expect(life.ending).toMatchObject({ outcome: 'released', ready: 'keep' });
      expect(life.moves).toMatchObject([{ to: 'pending', excludePrinter: false }]);
    });

    test('releases the job when the printer stays away, or is gone', () => {
      const waiting = restarted();
      waiting.after(89_000).on({ kind: 'tick' });
      expect(waiting.ending).toBeNull();
      waiting.after(1_000).on({ kind: 'tick' });
      expect(waiting.ending).toMatchObject({ outcome: 'released', ready: 'keep' });
      const gone = restarted();
      gone.on({ kind: 'printer-removed' });
      expect(gone.ending).toMatchObject({ outcome: 'released', ready: 'keep' });
    });

    test('pain-11: is cancelled at once', () => {
      const life = restarted();
      life.on({ kind: 'cancel' });
      expect(life.ending).toMatchObject({ outcome: 'cancelled' });
    });
  });

  test('pain-22: a start that is blocked gives the job back', () => {
    const life = new Life({ phase: 'transferred' });
    life.on({ kind: 'start-blocked', reason: 'the filament changed', exclude: false });
    expect(life.ending).toEqual({ outcome: 'released', message: 'the filament changed', ready: 'keep' });
  });

  test('a printer that is removed fails the job', () => {
    const life = new Life({ phase: 'transferring' });
    life.on({ kind: 'printer-removed' });
    expect(life.ending).toEqual({ outcome: 'failed', message: 'printer removed', ready: 'keep' });
    expect(life.kinds).toEqual(['abort-upload']);
  });

  test('what comes in the wrong phase changes nothing', () => {
    for (const phase of ['reserved', 'transferring', 'transferred'] as const) {
      const life = new Life({ phase });
      const before = life.state;
      if (phase !== 'reserved') life.on({ kind: 'transfer-begun' });
      if (phase !== 'transferring') life.on({ kind: 'transferred' });
      life.on({ kind: 'tick' });
      life.on({ kind: 'connection-lost' });
      life.sees({ activity: 'RUNNING', identity: OURS });
      expect(life.state).toEqual(before);
      expect(life.effects).toEqual([]);
    }
  });
});

describe('confirming a start', () => {
  test('our print seen active confirms it', () => {
    const life = Life.started();
    life.after(2_000).sees({ activity: 'PREPARE', identity: OURS });
    expect(life.phase).toBe('printing');
    expect(life.state.journal).toMatchObject({ confirmedAt: life.wall, recognisedBy: 'ids' });
    expect(life.moves).toMatchObject([{ to: 'printing' }]);
  });

  test('firmware without ids is recognised by name, and by file where it shows no name', () => {
    const life = Life.started();
    life.after(2_000).sees({ activity: 'RUNNING', identity: { ...NOBODY, name: NAME } });
    expect(life.state.journal).toMatchObject({ phase: 'printing', recognisedBy: 'name' });
    const other = Life.started();
    other.after(2_000).sees({ activity: 'RUNNING', identity: { ...NOBODY, file: FILE } });
    expect(other.phase).toBe('printing');
  });

  test('fault-20: a printer that takes four minutes to begin is waited for', () => {
    const life = Life.started({ activity: 'FINISH', identity: FORMER });
    life.keepsSeeing({ activity: 'FINISH', identity: FORMER }, 250_000);
    expect(life.endings).toEqual([]);
    expect(life.kinds).toEqual(['refresh']);
    life.sees({ activity: 'PREPARE', identity: OURS });
    expect(life.phase).toBe('printing');
  });

  test('fault-01: an end that stands from the print before, under our id, finishes nothing', () => {
    const early = { ...FORMER, subtaskId: String(TOKEN) };
    for (const activity of ['FINISH', 'FAILED'] as const) {
      const life = Life.started({ activity, identity: FORMER });
      life.after(1_000).keepsSeeing({ activity, identity: early }, 100_000);
      expect(life.endings).toEqual([]);
      expect(life.state.journal.acceptedAt).not.toBeNull();
      life.sees({ activity: 'RUNNING', identity: OURS });
      expect(life.phase).toBe('printing');
    }
  });

  describe('a printer that reports, but not what it is doing', () => {
    const silent = { activity: 'FINISH', identity: OURS, activityAt: 17 } as const;

    test('pain-09: is never taken for one that did not begin', () => {
      const life = Life.started({ activity: 'FINISH', identity: FORMER, activityAt: 17 });
      life.after(2_000).keepsSeeing({ ...silent, activity: 'IDLE' }, 900_000);
      expect(life.kinds).not.toContain('send-start');
      expect(life.ending).toEqual({
        outcome: 'unknown',
        message: 'outcome unknown: the printer reports, but not what it is doing',
        ready: 'clear',
      });
    });

    test('is believed when it says so again', () => {
      const life = Life.started({ activity: 'IDLE', activityAt: 17 });
      life.after(2_000).keepsSeeing({ activity: 'IDLE', activityAt: 17 }, 400_000);
      expect(life.endings).toEqual([]);
      expect(life.kinds).not.toContain('send-start');
      life.keepsSeeing({ activity: 'IDLE' }, 2_000);
      expect(life.kinds).toContain('send-start');
    });
  });

  test('pain-09: taken but never begun is told as such, without a second start', () => {
    const early = { ...FORMER, subtaskId: String(TOKEN) };
    const life = Life.started({ activity: 'FINISH', identity: FORMER });
    life.after(1_000).keepsSeeing({ activity: 'FINISH', identity: early }, 400_000);
    expect(life.kinds).not.toContain('send-start');
    expect(life.ending).toMatchObject({ outcome: 'not-started', ready: 'clear' });
    expect(life.ending?.message).toMatch(/^start_not_confirmed/);
    expect(life.moves.at(-1)).toMatchObject({ to: 'failed' });
  });

  test('pain-08: one second start, only after a whole watched window and one more look', () => {
    const life = Life.started();
    life.after(1_000).keepsSeeing({}, 270_000);
    expect(life.kinds).not.toContain('send-start');
    life.keepsSeeing({}, 20_000);
    expect(life.kinds.filter((kind) => kind === 'send-start')).toHaveLength(1);
    expect(life.state.journal.resentAt).not.toBeNull();
    life.keepsSeeing({}, 400_000);
    expect(life.kinds.filter((kind) => kind === 'send-start')).toHaveLength(1);
    expect(life.ending).toMatchObject({ outcome: 'not-started', ready: 'restore' });
  });

  test('time alone proves nothing: without a fresh report at its end the window stays open', () => {
    const life = Life.started();
    life.after(1_000).keepsSeeing({}, 100_000);
    life.ticks(1_000_000);
    expect(life.endings).toEqual([]);
    expect(life.kinds).not.toContain('send-start');
    expect(life.kinds.filter((kind) => kind === 'refresh').length).toBeGreaterThan(3);
    life.sees({});
    expect(life.kinds.at(-1)).toBe('send-start');
  });

  test('a report that is only told again is not a fresh one', () => {
    const life = Life.started();
    life.after(1_000).keepsSeeing({}, 100_000);
    const last = life.state.watch.last;
    if (!last) throw new Error('nothing was seen');
    life.ticks(400_000);
    life.on({ kind: 'observed', observation: last });
    expect(life.kinds).not.toContain('send-start');
  });

  test('pain-08: a gap in the watch forbids the second start', () => {
    const life = Life.started({ activity: 'FINISH', identity: FORMER });
    life.after(1_000).keepsSeeing({ activity: 'FINISH', identity: FORMER }, 100_000);
    life.loses(2_000).keepsSeeing({ activity: 'FINISH', identity: FORMER }, 400_000);
    expect(life.kinds).not.toContain('send-start');
    // The old print still shows, so none has come since; but the bed was not watched.
    expect(life.ending).toMatchObject({ outcome: 'not-started', ready: 'clear' });
  });

  test('fault-08: a clock that is set ends no wait', () => {
    const life = Life.started();
    life.after(5_000).sees({});
    life.wall += 50 * 365 * 86_400_000;
    life.on({ kind: 'tick' });
    life.sees({}).after(1_000);
    life.on({ kind: 'tick' });
    life.sees({});
    expect(life.effects).toEqual([]);
    life.wall -= 80 * 365 * 86_400_000;
    life.sees({ activity: 'RUNNING', identity: OURS });
    expect(life.phase).toBe('printing');
  });

  test('a print that takes its marks on late is not given up as begun by others', () => {
    const life = Life.started({ activity: 'FINISH', identity: FORMER });
    life.after(10_000).sees({ activity: 'PREPARE', identity: FORMER });
    life.keepsSeeing({ activity: 'PREPARE', identity: NOBODY }, 120_000);
    expect(life.endings).toEqual([]);
    life.sees({ activity: 'RUNNING', identity: OURS });
    expect(life.phase).toBe('printing');
  });

  test('a nameless print that ends is never taken for ours, nor for nothing', () => {
    const life = Life.started();
    life.after(10_000).keepsSeeing({ activity: 'PREPARE', identity: NOBODY }, 100_000);
    life.keepsSeeing({ activity: 'IDLE', identity: NOBODY }, 100_000);
    expect(life.kinds).not.toContain('send-start');
    expect(life.ending).toMatchObject({ outcome: 'unknown', ready: 'clear' });
  });

  test('a nameless print that goes on and on ends the wait', () => {
    const life = Life.started();
    life.after(10_000).keepsSeeing({ activity: 'RUNNING', identity: NOBODY }, 300_000);
    expect(life.ending).toMatchObject({ outcome: 'unknown', ready: 'clear' });
  });

  test('fault-42: a print of others blocks and is never adopted', () => {
    const life = Life.started();
    life.after(10_000).keepsSeeing({ activity: 'RUNNING', identity: STRANGER }, 70_000);
    expect(life.ending).toEqual({
      outcome: 'unknown',
      message: 'outcome unknown: another print runs on the printer',
      ready: 'clear',
    });
  });

  test('a short print of others leaves the bed in doubt', () => {
    const life = Life.started();
    life.after(10_000).keepsSeeing({ activity: 'RUNNING', identity: STRANGER }, 20_000);
    life.keepsSeeing({ activity: 'FINISH', identity: STRANGER }, 400_000);
    expect(life.kinds).not.toContain('send-start');
    expect(life.ending).toMatchObject({ outcome: 'unknown', ready: 'clear' });
  });

  test('marks of a stranger beside one of ours are a stranger', () => {
    const life = Life.printing();
    life
      .after(1_000)
      .keepsSeeing({ activity: 'RUNNING', identity: { ...STRANGER, jobId: String(TOKEN) } }, 70_000);
    expect(life.ending).toMatchObject({ outcome: 'unknown' });
  });

  test('an unsent start puts everything back', () => {
    const life = Life.started();
    life.on({ kind: 'start-unsent', message: 'no connection', exclude: false });
    expect(life.ending).toEqual({ outcome: 'released', message: 'no connection', ready: 'restore' });
    expect(life.moves.at(-1)).toMatchObject({ to: 'pending', excludePrinter: false });
  });

  test('an unsent start whose job was cancelled meanwhile does not go back to the queue', () => {
    const life = Life.started();
    life.on({ kind: 'cancel' });
    life.on({ kind: 'start-unsent', message: 'no connection', exclude: false });
    expect(life.ending).toMatchObject({ outcome: 'cancelled', ready: 'restore' });
    expect(life.moves.at(-1)).toMatchObject({ to: 'cancelled' });
  });

  test('a second start that cannot be sent ends the wait', () => {
    const life = Life.started();
    life.after(1_000).keepsSeeing({}, 290_000);
    life.on({ kind: 'start-unsent', message: 'the filament changed', exclude: false });
    expect(life.ending).toMatchObject({ outcome: 'not-started', ready: 'restore' });
  });

  test('the first token counts after a second start too', () => {
    const life = new Life({
      phase: 'start-sent',
      token: 5_000,
      previousToken: TOKEN,
      startSentAt: 1,
      resentAt: 2,
      before: { activity: 'IDLE', identity: NOBODY },
    });
    life.sees({ activity: 'RUNNING', identity: OURS });
    expect(life.phase).toBe('printing');
  });
});

describe('a refused start', () => {
  const refused = { kind: 'start-refused', message: 'busy', elsewhere: true, busy: false } as const;

  test('is believed after some idleness, and another printer may take the job', () => {
    const life = Life.started();
    life.after(1_000).on(refused);
    life.keepsSeeing({}, 8_000);
    expect(life.endings).toEqual([]);
    life.keepsSeeing({}, 5_000);
    expect(life.ending).toEqual({ outcome: 'released', message: 'busy', ready: 'restore' });
    expect(life.moves.at(-1)).toMatchObject({ to: 'pending', excludePrinter: true });
  });

  test('fails the job when the file is at fault', () => {
    const life = Life.started();
    life.after(1_000).on({ ...refused, message: 'wrong model', elsewhere: false });
    life.keepsSeeing({}, 20_000);
    expect(life.ending).toEqual({ outcome: 'not-started', message: 'wrong model', ready: 'restore' });
  });

  test('by a busy printer does not call the bed clear', () => {
    const life = Life.started();
    life.after(1_000).on({ ...refused, busy: true });
    life.keepsSeeing({}, 20_000);
    expect(life.ending).toMatchObject({ outcome: 'released', ready: 'clear' });
  });

  test('that begins all the same is a print', () => {
    const life = Life.started();
    life.after(1_000).on(refused);
    life.keepsSeeing({}, 5_000);
    life.sees({ activity: 'PREPARE', identity: OURS }).after(20_000);
    life.on({ kind: 'tick' });
    expect(life.phase).toBe('printing');
    expect(life.endings).toEqual([]);
  });

  test('is not believed once a gap came between', () => {
    const life = Life.started();
    life.after(1_000).on(refused);
    life.loses(1_000).keepsSeeing({}, 60_000);
    expect(life.endings).toEqual([]);
  });

  test('whose job is cancelled is cancelled', () => {
    const life = Life.started();
    life.after(1_000).on(refused);
    life.on({ kind: 'cancel' });
    life.keepsSeeing({}, 20_000);
    expect(life.ending).toMatchObject({ outcome: 'cancelled', message: 'busy', ready: 'restore' });
  });

  test('of the second start says nothing about the first', () => {
    const life = Life.started();
    life.after(1_000).keepsSeeing({}, 290_000);
    life.on(refused);
    life.keepsSeeing({}, 60_000);
    expect(life.endings).toEqual([]);
    life.sees({ activity: 'RUNNING', identity: OURS });
    expect(life.phase).toBe('printing');
  });

  test('shows as an error, too', () => {
    const life = Life.started();
    life.after(2_000).sees({ errorCode: '0500_4003' });
    life.after(2_000).keepsSeeing({}, 20_000);
    expect(life.ending).toMatchObject({ outcome: 'not-started', ready: 'restore' });
    expect(life.ending?.message).toContain('0500_4003');
  });

  test('is not read from an error that stood there before', () => {
    const life = Life.started({ errorCode: '0500_4003' });
    life.after(2_000).keepsSeeing({ errorCode: '0500_4003' }, 60_000);
    expect(life.endings).toEqual([]);
  });

  test.each(['0500_4004', '0500_C07F'])(
    'pain-08, fault-18: "busy" (%s) may concern another start than ours',
    (errorCode) => {
      const life = Life.started();
      life.after(2_000).sees({ errorCode });
      life.after(2_000).keepsSeeing({}, 60_000);
      expect(life.endings).toEqual([]);
      life.sees({ activity: 'PREPARE', identity: OURS });
      expect(life.phase).toBe('printing');
    },
  );
});

describe('how a print ends', () => {
  test('FINISH completes it', () => {
    const life = Life.printing();
    life.after(60_000).sees({ activity: 'FINISH', identity: OURS });
    expect(life.ending).toEqual({ outcome: 'completed', message: null, ready: 'clear' });
    expect(life.moves).toEqual([{ to: 'completed', message: null, excludePrinter: false }]);
  });

  test.each([
    [12, 100, /layer 12 of 100/],
    [89, 100, /layer 89 of 100/],
    [90, 100, null],
    [100, 100, null],
    [null, 100, null],
    [12, null, null],
  ])(
    'pain-33: FINISH at layer %s of %s is completed, and an early one is said',
    (layer, totalLayers, words) => {
      const life = Life.printing();
      const progress = { percent: 100, layer, totalLayers };
      life.after(60_000).sees({ activity: 'FINISH', identity: OURS, progress });
      expect(life.ending).toMatchObject({ outcome: 'completed', ready: 'clear' });
      if (words === null) expect(life.ending?.message).toBeNull();
      else expect(life.ending?.message).toMatch(words);
    },
  );

  test('pain-33: an end that nobody watched says nothing of layers', () => {
    const life = Life.printing();
    const progress = { percent: 100, layer: 12, totalLayers: 100 };
    life.loses(60_000).sees({ activity: 'FINISH', identity: OURS, progress });
    expect(life.ending).toMatchObject({ outcome: 'completed', message: null });
  });

  test('FINISH without marks, right after our print, completes it', () => {
    const life = Life.printing();
    life.after(60_000).sees({ activity: 'FINISH', identity: NOBODY });
    expect(life.ending).toMatchObject({ outcome: 'completed' });
  });

  test('pause and resume follow the report', () => {
    const life = Life.printing();
    life.sees({ activity: 'PAUSE', identity: OURS }).sees({ activity: 'RUNNING', identity: OURS });
    expect(life.moves.map((move) => move.to)).toEqual(['paused', 'printing']);
  });

  test('FAILED waits for its reason and names it', () => {
    const life = Life.printing();
    life.sees({ activity: 'FAILED', identity: OURS }).after(2_000);
    life.on({ kind: 'tick' });
    expect(life.endings).toEqual([]);
    life.sees({ activity: 'FAILED', identity: OURS, errorCode: '0300_4006' }).after(4_000);
    life.on({ kind: 'tick' });
    expect(life.ending).toEqual({
      outcome: 'failed',
      message: 'the printer stopped with 0300_4006',
      ready: 'clear',
    });
  });

  test('an error that ends a print outdoes one that only paused it, and the first of its kind counts', () => {
    const life = Life.printing();
    life.sees({ activity: 'PAUSE', identity: OURS, errorCode: '0700_8011' });
    life.sees({ activity: 'RUNNING', identity: OURS });
    life.sees({ activity: 'RUNNING', identity: OURS, errorCode: '0300_400D' });
    life.sees({ activity: 'FAILED', identity: OURS, errorCode: '0500_4008' }).after(6_000);
    life.on({ kind: 'tick' });
    expect(life.ending?.message).toBe('the printer stopped with 0300_400D');
  });

  test('fault-30: the kept reason serves where the error was never seen', () => {
    const life = Life.printing();
    life.sees({ activity: 'FAILED', identity: OURS, failReason: '0300_4006' }).after(6_000);
    life.on({ kind: 'tick' });
    expect(life.ending?.message).toBe('the printer stopped with 0300_4006');
  });

  test.each([
    ['before FAILED', [{ activity: 'RUNNING', errorCode: '0300_400C' }, { activity: 'FAILED' }]],
    ['with FAILED', [{ activity: 'FAILED', errorCode: '0500_400E' }]],
    ['after FAILED', [{ activity: 'FAILED' }, { activity: 'FAILED', errorCode: '0300_400C' }]],
    ['as the kept reason', [{ activity: 'FAILED', failReason: '0300_400C' }]],
  ] as const)('a cancel at the screen is told %s', (_when, reports) => {
    const life = Life.printing();
    for (const report of reports) life.after(500).sees({ identity: OURS, ...report });
    expect(life.ending).toEqual({
      outcome: 'cancelled',
      message: 'cancelled at the printer',
      ready: 'clear',
    });
  });

  test('a cancel that lingers from the print before does not make a failure of ours a cancel', () => {
    const life = Life.started({ errorCode: '0300_400C' });
    life.after(2_000).sees({ activity: 'RUNNING', identity: OURS, errorCode: '0300_400C' });
    life.after(2_000).sees({ activity: 'FAILED', identity: OURS, errorCode: '0300_4006' }).after(6_000);
    life.on({ kind: 'tick' });
    expect(life.ending).toMatchObject({ outcome: 'failed' });
  });

  test('from printing to idle under our eyes, for a while, is a cancel at the machine', () => {
    const life = Life.printing();
    life.sees({ activity: 'IDLE', identity: OURS });
    expect(life.endings).toEqual([]);
    life.keepsSeeing({ activity: 'IDLE', identity: OURS }, 8_000);
    expect(life.ending).toMatchObject({ outcome: 'cancelled', ready: 'clear' });
  });

  test('a print that goes from near its end to idle may have finished, and that is said', () => {
    const life = Life.printing();
    life.sees({
      activity: 'RUNNING',
      identity: OURS,
      progress: { percent: 97, layer: null, totalLayers: null },
    });
    life.keepsSeeing({ activity: 'IDLE', identity: OURS }, 8_000);
    expect(life.ending).toMatchObject({ outcome: 'unknown', ready: 'clear' });
    expect(life.ending?.message).toMatch(/^outcome unknown: .*finished, or cancelled/);
  });

  test('a cancel that is asked for near the end is a cancel', () => {
    const life = Life.printing();
    life.sees({
      activity: 'RUNNING',
      identity: OURS,
      progress: { percent: 97, layer: null, totalLayers: null },
    });
    life.on({ kind: 'cancel' });
    life.keepsSeeing({ activity: 'IDLE', identity: OURS }, 8_000);
    expect(life.ending).toMatchObject({ outcome: 'cancelled' });
  });

  test('a failure before the print was ever seen active is a failure', () => {
    const life = Life.started({ activity: 'FINISH', identity: FORMER });
    life.after(2_000).keepsSeeing({ activity: 'FAILED', identity: OURS, errorCode: '0500_4038' }, 8_000);
    expect(life.ending).toMatchObject({ outcome: 'failed', ready: 'clear' });
    expect(life.ending?.message).toContain('0500_4038');
  });

  test('a failure right after one of the print before is told, once it has lasted', () => {
    const life = Life.started({ activity: 'FAILED', identity: FORMER });
    life.after(2_000).keepsSeeing({ activity: 'FAILED', identity: OURS }, 100_000);
    expect(life.endings).toEqual([]);
    life.keepsSeeing({ activity: 'FAILED', identity: OURS }, 300_000);
    expect(life.ending).toMatchObject({ outcome: 'failed', ready: 'clear' });
  });

  test('a removed printer leaves its print in doubt', () => {
    const life = Life.printing();
    life.on({ kind: 'printer-removed' });
    expect(life.ending).toEqual({
      outcome: 'unknown',
      message: 'outcome unknown: printer removed',
      ready: 'clear',
    });
  });

  test('after the end nothing matters', () => {
    const life = Life.printing();
    life.sees({ activity: 'FINISH', identity: OURS });
    life.forget();
    life.on({ kind: 'cancel' });
    life.on({ kind: 'restarted' });
    life.sees({ activity: 'RUNNING', identity: OURS });
    expect([life.effects, life.moves, life.endings]).toEqual([[], [], []]);
  });
});

describe('cancelling after the start', () => {
  test('stops the print and waits for the report of its end', () => {
    const life = Life.printing();
    life.on({ kind: 'cancel' });
    expect(life.kinds).toEqual(['send-stop']);
    expect(life.endings).toEqual([]);
    life.after(2_000).sees({ activity: 'FAILED', identity: OURS, errorCode: '0300_400C' });
    expect(life.ending).toEqual({ outcome: 'cancelled', message: null, ready: 'clear' });
  });

  test('a stop without effect is repeated', () => {
    const life = Life.printing();
    life.on({ kind: 'cancel' });
    life.keepsSeeing({ activity: 'RUNNING', identity: OURS }, 40_000);
    expect(life.kinds).toEqual(['send-stop', 'send-stop', 'send-stop']);
  });

  test('a stop that came while the file was still being read is repeated once the print begins', () => {
    const life = Life.started();
    life.after(1_000).sees({}).on({ kind: 'cancel' });
    expect(life.kinds).toEqual(['send-stop']);
    life.after(4_000).sees({ activity: 'PREPARE', identity: OURS });
    expect(life.kinds).toEqual(['send-stop', 'send-stop']);
    expect(life.phase).toBe('printing');
    life.after(1_000).sees({ activity: 'PREPARE', identity: OURS });
    expect(life.kinds).toHaveLength(2);
  });

  test('a print that never begins is cancelled after the window, without a second start', () => {
    const life = Life.started();
    life.after(1_000).sees({}).on({ kind: 'cancel' });
    life.keepsSeeing({}, 300_000);
    expect(life.kinds).not.toContain('send-start');
    expect(life.ending).toMatchObject({ outcome: 'cancelled', ready: 'restore' });
  });

  test('a print of others is never stopped', () => {
    const life = Life.printing();
    life.sees({ activity: 'RUNNING', identity: STRANGER });
    life.on({ kind: 'cancel' });
    expect(life.effects).toEqual([]);
    expect(life.state.journal.cancelRequestedAt).not.toBeNull();
  });

  test('without a connection the stop waits until our print is seen', () => {
    const life = Life.printing();
    life.loses(5_000).on({ kind: 'cancel' });
    expect(life.effects).toEqual([]);
    life.sees({ activity: 'RUNNING', identity: OURS });
    expect(life.kinds).toEqual(['send-stop']);
  });

  test('a print that finished before the stop is completed', () => {
    const life = Life.printing();
    life.on({ kind: 'cancel' });
    life.sees({ activity: 'FINISH', identity: OURS });
    expect(life.ending).toMatchObject({ outcome: 'completed' });
  });

  test('a print that is gone after a cancel is cancelled', () => {
    const life = Life.printing();
    life.on({ kind: 'cancel' });
    life.loses(5_000).keepsSeeing({}, 70_000);
    expect(life.ending).toMatchObject({ outcome: 'cancelled', ready: 'clear' });
  });
});

describe('after a gap', () => {
  test('nothing is concluded from a partial report', () => {
    const life = Life.printing();
    life.loses(5_000).keepsSeeing({ complete: false }, 100_000);
    expect(life.endings).toEqual([]);
    life.keepsSeeing({ activity: null }, 100_000);
    expect(life.endings).toEqual([]);
  });

  test('pain-12: a print that goes on goes on', () => {
    const life = Life.printing();
    life.on({ kind: 'restarted' });
    life.after(5_000).sees({ activity: 'RUNNING', identity: OURS });
    expect(life.phase).toBe('printing');
    expect(life.endings).toEqual([]);
  });

  test('pain-12: a print that ended meanwhile is closed by what shows', () => {
    for (const [activity, outcome] of [
      ['FINISH', 'completed'],
      ['FAILED', 'failed'],
    ] as const) {
      const life = Life.printing();
      life.on({ kind: 'restarted' });
      life.after(5_000).keepsSeeing({ activity, identity: OURS }, 10_000);
      expect(life.ending).toMatchObject({ outcome, ready: 'clear' });
    }
  });

  test('pain-13: an idle printer without our print is a question for a person', () => {
    const life = Life.printing();
    life.loses(120_000).keepsSeeing({}, 50_000);
    expect(life.endings).toEqual([]);
    life.keepsSeeing({}, 20_000);
    expect(life.ending).toMatchObject({ outcome: 'unknown', ready: 'clear' });
    expect(life.ending?.message).toMatch(/^outcome unknown: /);
  });

  test('pain-13: idle under our id after a gap proves no cancel', () => {
    const life = Life.printing();
    life.loses(120_000).keepsSeeing({ identity: OURS }, 70_000);
    expect(life.ending).toMatchObject({ outcome: 'unknown' });
  });

  test('a print waiting for somebody after a power loss is still ours', () => {
    const life = Life.printing();
    life.loses(60_000).sees({ activity: 'PAUSE', identity: OURS, errorCode: '0300_8007' });
    expect(life.moves).toMatchObject([{ to: 'paused' }]);
  });

  test('pain-34: a printer that prints our file by itself after a power cycle does not print our job', () => {
    const life = Life.printing();
    life.loses(60_000).keepsSeeing({ activity: 'RUNNING', identity: OURS_BY_NAME }, 70_000);
    expect(life.ending).toMatchObject({ outcome: 'unknown', ready: 'clear' });
    const done = Life.printing();
    done.loses(3_600_000).keepsSeeing({ activity: 'FINISH', identity: OURS_BY_NAME }, 70_000);
    expect(done.ending).toMatchObject({ outcome: 'unknown' });
    const unseen = Life.started();
    unseen.loses(60_000).keepsSeeing({ activity: 'RUNNING', identity: OURS_BY_NAME }, 70_000);
    expect(unseen.ending).toMatchObject({ outcome: 'unknown' });
  });

  test('firmware without ids is still recognised by name after a gap', () => {
    const life = Life.printing(OURS_BY_NAME);
    life.loses(60_000).sees({ activity: 'RUNNING', identity: OURS_BY_NAME });
    life.sees({ activity: 'FINISH', identity: OURS_BY_NAME });
    expect(life.ending).toMatchObject({ outcome: 'completed' });
  });

  test.each([
    ['that is being taken in', { activity: 'PREPARE' }],
    [
      'at an earlier layer',
      { activity: 'RUNNING', progress: { percent: null, layer: 1, totalLayers: null } },
    ],
    ['at a lower percent', { activity: 'PAUSE', progress: { percent: 3, layer: null, totalLayers: null } }],
  ] as const)(
    'pain-34, fault-35: without ids, a print under our name %s was begun meanwhile',
    (_what, shown) => {
      const life = Life.printing(OURS_BY_NAME);
      const progress = { percent: 40, layer: 20, totalLayers: 50 };
      life.after(60_000).sees({ activity: 'RUNNING', identity: OURS_BY_NAME, progress });
      life.loses(60_000).keepsSeeing({ ...shown, identity: OURS_BY_NAME }, 70_000);
      expect(life.ending).toMatchObject({ outcome: 'unknown', ready: 'clear' });
    },
  );

  test('without ids, a print under our name that stands further on is still ours', () => {
    const life = Life.printing(OURS_BY_NAME);
    const progress = { percent: 40, layer: 20, totalLayers: 50 };
    life.after(60_000).sees({ activity: 'RUNNING', identity: OURS_BY_NAME, progress });
    life.loses(60_000).keepsSeeing({ activity: 'RUNNING', identity: OURS_BY_NAME, progress }, 70_000);
    expect(life.endings).toEqual([]);
  });

  test('fault-40: finished while nobody looked, from another state than before the start', () => {
    const life = Life.started();
    life.loses(600_000).sees({ activity: 'FINISH', identity: OURS });
    expect(life.ending).toMatchObject({ outcome: 'completed', ready: 'clear' });
  });

  test('finished while nobody looked, where the print before had finished too: told once it cannot begin any more', () => {
    const life = Life.started({ activity: 'FINISH', identity: FORMER });
    life.loses(600_000).keepsSeeing({ activity: 'FINISH', identity: OURS }, 200_000);
    expect(life.endings).toEqual([]);
    life.keepsSeeing({ activity: 'FINISH', identity: OURS }, 200_000);
    expect(life.ending).toMatchObject({ outcome: 'completed' });
  });

  test('a start that may never have been sent, after a short gap, is not confirmed, and the bed is looked at', () => {
    const life = Life.started();
    life.on({ kind: 'restarted' });
    life.after(4_000).keepsSeeing({}, 300_000);
    expect(life.kinds).not.toContain('send-start');
    expect(life.ending).toMatchObject({ outcome: 'not-started', ready: 'clear' });
  });

  test('after a long gap a printer that shows nothing may have printed and been switched off', () => {
    const life = Life.started();
    life.on({ kind: 'restarted' });
    life.after(3_600_000).keepsSeeing({}, 300_000);
    expect(life.ending).toMatchObject({ outcome: 'unknown', ready: 'clear' });
  });

  test('after a gap another print in the place of the old one may have followed ours', () => {
    const life = Life.started({ activity: 'FINISH', identity: FORMER });
    life.on({ kind: 'restarted' });
    life.after(10_000).keepsSeeing({ activity: 'FINISH', identity: STRANGER }, 300_000);
    expect(life.ending).toMatchObject({ outcome: 'unknown', ready: 'clear' });
  });

  test('without any report nothing ends, however long', () => {
    const life = Life.printing();
    life.loses(0).ticks(10 * TIMING.confirmMs);
    expect(life.endings).toEqual([]);
  });
});
