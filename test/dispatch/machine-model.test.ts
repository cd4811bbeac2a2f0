import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { DispatchTiming, Effect, Ending } from '../../src/dispatch/machine-types.js';
import { FORMER, Life, NAME, NOBODY, TOKEN } from './life.js';
import { type Firmware, ModelPrinter, type StartBehaviour } from './model-printer.js';

/** In moments of the model; a printer begins within 20 of them, or never. */
const TIMING: DispatchTiming = {
  settleMs: 0,
  returnMs: 40,
  firstSignMs: 9,
  confirmMs: 30,
  lastLookMs: 2,
  reasonMs: 1,
  refusalMs: 3,
  strangeMs: 8,
  stopAgainMs: 3,
  maxTransferAttempts: 3,
  transferBackoffMs: [1],
};
const SECOND_TOKEN = 815;

type Action =
  | { readonly kind: 'pass'; readonly moments: number }
  | { readonly kind: 'lose' | 'reconnect' | 'crash' | 'cancel' | 'screen-cancel' | 'screen-pause' }
  | { readonly kind: 'dismiss' | 'power-off' | 'power-on' | 'fail' }
  | { readonly kind: 'stranger'; readonly moments: number }
  | { readonly kind: 'ghost-error'; readonly code: string }
  | { readonly kind: 'set-clock'; readonly by: number };

interface Course {
  readonly firmware: Firmware;
  readonly before: 'blank' | 'IDLE' | 'FINISH' | 'FAILED';
  readonly starts: readonly [StartBehaviour, StartBehaviour];
  readonly duration: number;
  readonly actions: readonly Action[];
}

const behaviour: fc.Arbitrary<StartBehaviour> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('begins' as const),
      delay: fc.integer({ min: 1, max: 20 }),
      acked: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.constant({ kind: 'never' as const }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('refuses' as const), begins: fc.boolean() }) },
);

const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.integer({ min: 1, max: 45 }).map((moments) => ({ kind: 'pass' as const, moments })),
  },
  {
    weight: 6,
    arbitrary: fc
      .constantFrom(
        ...(['lose', 'reconnect', 'crash', 'cancel', 'screen-cancel', 'screen-pause'] as const),
        ...(['dismiss', 'power-off', 'power-on', 'power-on', 'fail', 'reconnect'] as const),
      )
      .map((kind) => ({ kind })),
  },
  {
    weight: 1,
    arbitrary: fc.integer({ min: 1, max: 20 }).map((moments) => ({ kind: 'stranger' as const, moments })),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom('0500_4004', '0300_8001', '0300_4006')
      .map((code) => ({ kind: 'ghost-error' as const, code })),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom(-86_400_000, -1, 1_000, 40 * 365 * 86_400_000)
      .map((by) => ({ kind: 'set-clock' as const, by })),
  },
);

const course: fc.Arbitrary<Course> = fc.record({
  firmware: fc
    .record({
      marks: fc.constantFrom('ids' as const, 'ids' as const, 'name' as const),
      echoesEarly: fc.boolean(),
      marksLate: fc.constantFrom('never' as const, 'blank' as const, 'stale' as const),
      afterPower: fc.constantFrom('blank' as const, 'keeps' as const, 'failed' as const),
      ghost: fc.boolean(),
    })
    // Without ids nothing tells a print that goes on after a gap from one that began anew by itself.
    .map((firmware) => ({ ...firmware, ghost: firmware.ghost && firmware.marks === 'ids' })),
  before: fc.constantFrom('blank' as const, 'IDLE' as const, 'FINISH' as const, 'FAILED' as const),
  starts: fc.tuple(behaviour, behaviour),
  duration: fc.integer({ min: 3, max: 60 }),
  actions: fc.array(action, { maxLength: 14 }),
});

/** One dispatch from its start on, with a printer that may do anything, and what was true when it ended. */
class Simulation {
  readonly printer: ModelPrinter;
  readonly life: Life;
  readonly sent: number[] = [];
  online = true;
  cancelAsked = false;
  screenCancelled = false;
  powerCycled = false;
  #strangers = 70_000;
  #lastGap = 0;

  constructor(readonly course: Course) {
    this.printer = new ModelPrinter(course.firmware);
    if (course.before !== 'blank') this.printer.showFormer(course.before, FORMER);
    this.life = new Life({ phase: 'transferred' }, TIMING);
    const before = this.printer.report(this.life.wall);
    this.#carryOut(this.life.on({ kind: 'start-cleared', before, wasReady: true }).effects);
  }

  get done(): boolean {
    return this.life.endings.length > 0;
  }

  do(happening: Action): void {
    const { printer, life } = this;
    switch (happening.kind) {
      case 'pass':
        for (let i = 0; i < happening.moments; i++) this.#moment();
        return;
      case 'lose':
        this.#lose();
        return;
      case 'reconnect':
        this.online = printer.powered;
        this.#report();
        return;
      case 'crash':
        this.#lastGap = life.mono;
        this.#tell(life.on({ kind: 'restarted' }).effects);
        return;
      case 'cancel':
        this.cancelAsked = true;
        this.#tell(life.on({ kind: 'cancel' }).effects);
        this.#report();
        return;
      case 'screen-cancel':
        this.screenCancelled ||= printer.printing || printer.waiting;
        printer.stop();
        this.#report();
        return;
      case 'screen-pause':
        printer.pause();
        this.#report();
        return;
      case 'dismiss':
        printer.dismiss();
        this.#report();
        return;
      case 'power-off':
        this.powerCycled = true;
        printer.powerOff();
        this.#lose();
        return;
      case 'power-on':
        printer.powerOn(NAME);
        return;
      case 'fail':
        printer.fail('0300_4006');
        this.#report();
        return;
      case 'stranger':
        printer.startStranger(this.#strangers++, happening.moments);
        this.#report();
        return;
      case 'ghost-error':
        printer.errorCode = happening.code;
        this.#report();
        return;
      case 'set-clock':
        life.wall += happening.by;
    }
  }

  /** The printer is on, reachable, left alone and lets prints run to their end. */
  settle(): void {
    this.printer.powerOn(NAME);
    this.online = true;
    for (let i = 0; i < 400 && !this.done; i++) {
      if (this.printer.activity === 'PAUSE') this.printer.pause();
      this.#moment();
    }
  }

  #moment(): void {
    this.printer.step();
    this.life.after(1);
    this.#report();
    this.#tell(this.life.on({ kind: 'tick' }).effects);
  }

  #lose(): void {
    this.online = false;
    this.#lastGap = this.life.mono;
    this.#tell(this.life.on({ kind: 'connection-lost' }).effects);
  }

  #report(): void {
    if (!this.online || !this.printer.powered) return;
    this.#tell(this.life.on({ kind: 'observed', observation: this.printer.report(this.life.wall) }).effects);
  }

  #tell(effects: readonly Effect[]): void {
    this.#check();
    this.#carryOut(effects);
  }

  #carryOut(effects: readonly Effect[]): void {
    for (const effect of effects) {
      if (effect.kind === 'send-start') this.#sendStart();
      else if (effect.kind === 'send-stop' && this.online) this.printer.stop();
      else if (effect.kind === 'refresh') this.#report();
    }
  }

  #sendStart(): void {
    const { life, printer, course: plan } = this;
    const again = this.sent.length > 0;
    if (again) {
      demand(this.sent.length === 1, 'more than one second start');
      demand(printer.begun.length === 0, 'a second start although the first had begun');
      demand(!printer.waiting, 'a second start while the first was about to begin');
      demand(!printer.printing, 'a second start into a print');
      demand(life.mono - this.#lastGap >= TIMING.confirmMs, 'a second start after a gap in the window');
      const { journal } = life.state;
      life.state = {
        ...life.state,
        journal: { ...journal, token: SECOND_TOKEN, previousToken: journal.token },
      };
    }
    if (!this.online || !printer.powered) {
      life.on({ kind: 'start-unsent', message: 'no connection', exclude: false });
      return;
    }
    const token = again ? SECOND_TOKEN : TOKEN;
    this.sent.push(token);
    const answer = printer.start(token, NAME, plan.starts[again ? 1 : 0], plan.duration);
    if (answer === 'refused') {
      life.on({ kind: 'start-refused', message: 'refused', elsewhere: true, busy: false });
    } else {
      life.on({ kind: 'start-answered' });
    }
  }

  /** What must be true at any time, and the moment a dispatch has ended. */
  #check(): void {
    const { life } = this;
    const last = life.moves.at(-1);
    demand(life.endings.length < 2, 'a dispatch ended twice');
    const ending = life.ending;
    if (!ending) {
      demand(!last || last.to === 'printing' || last.to === 'paused', 'a job moved back after its start');
      return;
    }
    demand((last?.to === 'pending') === (ending.outcome === 'released'), 'queued again without release');
    demand(ending.ready !== 'keep', 'readiness kept after a start');
    this.#checkBed(ending);
    this.#checkOutcome(ending);
  }

  #checkBed({ ready }: Ending): void {
    if (ready !== 'restore') return;
    demand(!this.printer.bedUsed, 'the bed was called clear after something was printed');
    demand(!this.printer.waiting, 'the bed was called clear while a print was about to begin');
  }

  #checkOutcome({ outcome, ready, message }: Ending): void {
    const { printer } = this;
    const began = printer.begun.length > 0 || printer.waiting;
    const broken = printer.failed.length + printer.cut.length + printer.cancelled.length;
    switch (outcome) {
      case 'completed':
        demand(printer.finished.length > 0, 'completed without a finished print');
        break;
      case 'failed':
        demand(broken > 0, 'failed without a failure');
        break;
      case 'cancelled':
        demand(this.cancelAsked || this.screenCancelled, 'cancelled by nobody');
        break;
      case 'released':
        demand(!began, 'queued again although it began');
        break;
      case 'not-started':
        // Switched off and on, a printer may look as if nothing ever happened; then at least the bed is in doubt.
        demand(
          this.powerCycled ? ready === 'clear' || !began : !began,
          'called not started although it began',
        );
        break;
      case 'unknown':
        demand(message?.startsWith('outcome unknown: ') === true, 'unknown in other words');
    }
    if (printer.finished.length === 0 || this.powerCycled) return;
    const honest = outcome === 'completed' || outcome === 'unknown' || outcome === 'cancelled';
    demand(honest, 'a finished print was lost');
  }
}

/** Cheaper than `expect` where it is asked a million times. */
function demand(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise);
}

test('whatever a printer does, a job is never printed twice, never lost, and never told wrongly', () => {
  const outcomes = new Map<string, number>();
  fc.assert(
    fc.property(course, (plan) => {
      const simulation = new Simulation(plan);
      for (const happening of plan.actions) {
        if (simulation.done) break;
        simulation.do(happening);
      }
      simulation.settle();
      expect(simulation.life.endings, 'the dispatch has no end').toHaveLength(1);
      const outcome = simulation.life.ending?.outcome ?? 'none';
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }),
    // As many as a busy computer plays in that time.
    { numRuns: 8_000, interruptAfterTimeLimit: 12_000, markInterruptAsFailure: false },
  );
  // A model in which something never happens would prove nothing about it.
  for (const outcome of ['completed', 'failed', 'cancelled', 'released', 'not-started', 'unknown']) {
    expect(outcomes.get(outcome) ?? 0, outcome).toBeGreaterThan(0);
  }
});

test('left alone, every print that begins is completed, whatever the firmware', () => {
  fc.assert(
    fc.property(course, (plan) => {
      const [first] = plan.starts;
      fc.pre(first.kind === 'begins');
      const simulation = new Simulation({ ...plan, actions: [] });
      simulation.settle();
      expect(simulation.life.ending?.outcome).toBe('completed');
      expect(simulation.sent).toEqual([TOKEN]);
    }),
    { numRuns: 1_500 },
  );
});

test('with nothing but crashes and lost connections, a print that began is followed to its end', () => {
  const interruption = fc.oneof(
    fc.constantFrom('lose' as const, 'reconnect' as const, 'crash' as const).map((kind) => ({ kind })),
    fc.integer({ min: 1, max: 25 }).map((moments) => ({ kind: 'pass' as const, moments })),
  );
  fc.assert(
    fc.property(course, fc.array(interruption, { maxLength: 12 }), (plan, actions) => {
      fc.pre(plan.starts[0].kind === 'begins' && plan.firmware.marks === 'ids');
      const simulation = new Simulation({ ...plan, before: 'FINISH', actions: [] });
      for (const happening of actions) if (!simulation.done) simulation.do(happening);
      simulation.settle();
      expect(simulation.life.ending?.outcome).toBe('completed');
    }),
    { numRuns: 1_500 },
  );
});

test('a start that is never answered and never begins costs one more start, no more', () => {
  const course: Course = {
    firmware: { marks: 'ids', echoesEarly: false, marksLate: 'never', afterPower: 'blank', ghost: false },
    before: 'FINISH',
    starts: [{ kind: 'never' }, { kind: 'never' }],
    duration: 5,
    actions: [],
  };
  const simulation = new Simulation(course);
  simulation.settle();
  expect(simulation.sent).toEqual([TOKEN, SECOND_TOKEN]);
  expect(simulation.life.ending).toMatchObject({ outcome: 'not-started', ready: 'restore' });
  expect(simulation.printer.shown).not.toEqual(NOBODY);
});
