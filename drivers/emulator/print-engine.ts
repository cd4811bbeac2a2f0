/**
 * Makes a machine print: delay, PREPARE, SLICING, RUNNING with stages, layers and pauses, and an end that stands
 * until somebody acknowledges it (docs/protocol.md §7).
 */
import type { AmsBay, Spool } from './ams.js';
import { FAULTS, type FaultSet } from './faults.js';
import type { TruthRecorder } from './ground-truth.js';
import type { Feed, PrintOrder } from './print-order.js';
import { type Activity, PrintPlan } from './print-plan.js';
import { PRINT_ERROR, type Profile } from './profiles.js';
import type { Random } from './random.js';
import type { ClockTimer, VirtualClock } from './virtual-clock.js';

export type Outcome = 'finished' | 'failed' | 'cancelled' | 'power-cut';

export interface EngineParts {
  readonly profile: Profile;
  readonly clock: VirtualClock;
  readonly random: Random;
  readonly ams: AmsBay;
  readonly faults: FaultSet;
  readonly record: TruthRecorder;
  /** The print begins to heat, or the machine cools down. */
  readonly onHeat: (order: PrintOrder | null) => void;
  /** Something that reports show has changed. */
  readonly onChange: () => void;
}

interface Job {
  readonly order: PrintOrder;
  readonly plan: PrintPlan;
  /** Job time when the clock last started or stopped for it. */
  elapsedMs: number;
  /** Virtual time of that moment while running, null while it stands. */
  runningSince: number | null;
  readonly done: Set<string>;
  begun: boolean;
  ended: boolean;
  consumed: number;
}

interface Waiting {
  readonly order: PrintOrder;
  readonly timer: ClockTimer;
}

interface Event {
  readonly key: string;
  readonly atMs: number;
  readonly run: () => void;
}

/** Print speed by level 1-4: silent, standard, sport, ludicrous. */
export const SPEED_PERCENT = [100, 50, 100, 124, 166] as const;

const PULSE_MS = 2_000;
const RECHECK_MS = 1_500;
/** What shows for a moment only must outlive the coalescing of reports however fast the time runs. */
const SHORTEST_REAL_MS = 250;

export class PrintEngine {
  activity: Activity = 'IDLE';
  stage: number;
  /** Unsigned 32 bit, 0 is none. */
  printError = 0;
  /** print_error of the last failure, 0 is none. */
  failReason = 0;
  speedLevel = 2;
  /** The last print was cancelled: its progress no longer shows. */
  cancelled = false;
  readonly #parts: EngineParts;
  #job: Job | null = null;
  #waiting: Waiting | null = null;
  #timer: ClockTimer | null = null;
  #pulse: ClockTimer | null = null;
  #recheck: ClockTimer | null = null;

  constructor(parts: EngineParts) {
    this.#parts = parts;
    this.stage = parts.profile.idleStage;
  }

  /** PREPARE to PAUSE. */
  get printing(): boolean {
    return ['PREPARE', 'SLICING', 'RUNNING', 'PAUSE'].includes(this.activity);
  }

  /** Printing, or about to. */
  get busy(): boolean {
    return this.printing || this.#waiting !== null;
  }

  /** The print on the machine, or the last one. */
  get order(): PrintOrder | null {
    return this.#job?.order ?? null;
  }

  /** Accepted and waiting for PREPARE. */
  get waitingOrder(): PrintOrder | null {
    return this.#waiting?.order ?? null;
  }

  get plan(): PrintPlan | null {
    return this.#job?.plan ?? null;
  }

  /** Job time of the print on the machine, in milliseconds. */
  get elapsedMs(): number {
    const job = this.#job;
    return job === null ? 0 : this.#elapsed(job);
  }

  /** What feeds the print just now. */
  get feed(): Feed | null {
    const job = this.#job;
    if (job === null || !this.printing || !job.begun || job.order.feeds.length === 0) return null;
    const used = job.plan.used(this.#elapsed(job));
    const index = Math.min(job.order.feeds.length - 1, Math.floor(used * job.order.feeds.length));
    return job.order.feeds[index] ?? null;
  }

  /** Takes an order; PREPARE follows after the model's delay. The caller has made sure that nothing is busy. */
  start(order: PrintOrder): void {
    const { clock, faults, profile, random } = this.#parts;
    if (faults.take(FAULTS.jobNeverStart) !== null) return;
    const [low, high] = profile.startDelaySeconds;
    const slow = faults.take(FAULTS.jobSlowStart);
    const delay = slow?.seconds ?? random.between(low, high);
    this.#waiting = { order, timer: clock.after(delay * 1000, () => this.#prepare(order)) };
    this.#parts.onChange();
  }

  /** A print that begins at once, as from the screen. */
  startNow(order: PrintOrder): void {
    this.#waiting?.timer.cancel();
    this.#prepare(order);
  }

  pause(stage = 16, code = 0): void {
    const job = this.#job;
    if (job === null || this.activity !== 'RUNNING') return;
    this.#halt(job);
    this.#show(code);
    this.#enter('PAUSE', stage);
  }

  resume(): void {
    const job = this.#job;
    if (job === null || this.activity !== 'PAUSE' || this.#recheck !== null) return;
    const fault = this.#standingFault(job);
    this.#show(0);
    if (fault !== null) {
      // The machine tries again and finds the same fault.
      this.#enter(job.begun ? 'RUNNING' : 'PREPARE', this.stage);
      this.#recheck = this.#parts.clock.after(this.#visible(RECHECK_MS), () => {
        this.#recheck = null;
        this.#show(fault.code);
        this.#enter('PAUSE', fault.stage);
      });
      return;
    }
    job.runningSince = this.#parts.clock.now();
    this.#enter('RUNNING', this.#stageAt(job));
    this.#advance();
  }

  /** Cancels, over the network or on the screen. */
  stop(): void {
    const waiting = this.#waiting;
    if (waiting !== null) {
      waiting.timer.cancel();
      this.#waiting = null;
      this.#ended(waiting.order, 'cancelled');
      this.pulse(PRINT_ERROR.cancelled);
      return;
    }
    if (this.printing) this.#fail(PRINT_ERROR.cancelled, 'cancelled');
  }

  /** The running print dies of a start command that came while busy. */
  abort(code: number): void {
    if (this.printing) this.#fail(code, 'cancelled');
  }

  /** Somebody acknowledges the end on the screen. */
  dismiss(): void {
    if (this.activity !== 'FINISH' && this.activity !== 'FAILED') return;
    this.clearError();
    this.#enter('IDLE', this.#parts.profile.idleStage);
  }

  clearError(): void {
    this.#show(0);
    this.#parts.onChange();
  }

  /** Shows a print_error for about two seconds, then what stood there before. */
  pulse(code: number): void {
    const before = this.#pulse === null ? this.printError : 0;
    this.#show(code);
    this.#parts.onChange();
    this.#pulse = this.#parts.clock.after(this.#visible(PULSE_MS), () => {
      this.#show(before);
      this.#parts.onChange();
    });
  }

  /** 1 silent, 2 standard, 3 sport, 4 ludicrous. */
  setSpeedLevel(level: number): void {
    const job = this.#job;
    if (job !== null) this.#fold(job);
    this.speedLevel = level;
    this.#parts.onChange();
    this.#advance();
  }

  /** A slot ran empty: the print pauses when it is fed from there. */
  onSlotEmpty(unitId: number, slot: number): void {
    const feed = this.feed;
    if (feed === null || feed.unitId !== unitId || feed.slot !== slot) return;
    this.pause(6, runoutCode(feed));
  }

  /** The AMS left the bus: a print fed from it pauses. */
  onAmsLost(): void {
    const feed = this.feed;
    if (feed !== null && feed.unitId < 254) this.pause(26, PRINT_ERROR.amsLost);
  }

  /** Faults were added: some act at a layer that is near or past. */
  reconsider(): void {
    this.#advance();
  }

  /** Everything in memory is gone; the ground truth learns how the print ended. */
  powerCut(): void {
    for (const timer of [this.#timer, this.#pulse, this.#recheck, this.#waiting?.timer]) timer?.cancel();
    const waiting = this.#waiting;
    const job = this.#job;
    if (waiting !== null) this.#ended(waiting.order, 'power-cut');
    if (job !== null && this.printing) this.#endJob(job, 'power-cut');
    this.#timer = null;
    this.#pulse = null;
    this.#recheck = null;
    this.#waiting = null;
    this.#job = null;
    this.activity = 'IDLE';
    this.stage = this.#parts.profile.idleStage;
    this.printError = 0;
    this.failReason = 0;
    this.cancelled = false;
    this.speedLevel = 2;
  }

  /** A lasting print_error takes the place of one that is only flashed. */
  #show(code: number): void {
    this.#pulse?.cancel();
    this.#pulse = null;
    this.printError = code;
  }

  #prepare(order: PrintOrder): void {
    this.#waiting = null;
    this.#show(0);
    this.failReason = 0;
    this.cancelled = false;
    this.#job = {
      order,
      plan: new PrintPlan(order, this.#parts.profile.openingStages),
      elapsedMs: 0,
      runningSince: this.#parts.clock.now(),
      done: new Set(),
      begun: false,
      ended: false,
      consumed: 0,
    };
    this.#advance();
  }

  /** Lets everything happen that is due, in order, and sets the timer for what comes next. */
  #advance(): void {
    this.#timer?.cancel();
    this.#timer = null;
    for (;;) {
      const job = this.#job;
      if (job === null || job.ended || job.runningSince === null) return;
      const next = this.#upcoming(job)[0];
      if (next === undefined) return;
      const elapsed = this.#elapsed(job);
      if (next.atMs > elapsed) {
        this.#consume(job, elapsed);
        const wait = (next.atMs - elapsed) / this.#rate();
        this.#timer = this.#parts.clock.after(wait, () => this.#advance());
        return;
      }
      job.done.add(next.key);
      // What happens at this moment sees the job exactly there, however late the timer came.
      const now = this.#parts.clock.now();
      const late = elapsed - next.atMs;
      job.elapsedMs = next.atMs;
      job.runningSince = now;
      this.#consume(job, next.atMs);
      next.run();
      if (job.runningSince !== null) job.elapsedMs += late;
    }
  }

  #upcoming(job: Job): Event[] {
    const { faults } = this.#parts;
    const { plan, order } = job;
    const events: Event[] = plan.steps.map((step, i) => ({
      key: `step ${i}`,
      atMs: step.atMs,
      run: () => this.#step(job, step.activity, step.stage),
    }));
    const opened = plan.sliceAtMs - 1;
    const finding = order.finding;
    if (finding.kind === 'fails') {
      events.push({ key: 'finding', atMs: opened, run: () => this.#fail(finding.code, 'failed') });
    }
    if (finding.kind === 'holds') {
      events.push({ key: 'finding', atMs: opened, run: () => this.#hold(job, finding.code) });
    }
    for (const { id, args } of faults.all(FAULTS.jobFailPrepare)) {
      events.push(this.#faultEvent(id, opened, () => this.#fail(args.code, 'failed')));
    }
    for (const { id, args } of faults.all(FAULTS.jobFailAt)) {
      events.push(this.#faultEvent(id, plan.layerAtMs(args.layer), () => this.#fail(args.code, 'failed')));
    }
    for (const { id, args } of faults.all(FAULTS.jobPauseAt)) {
      const run = (): void => this.pause(args.code === undefined ? 16 : 5, args.code ?? 0);
      events.push(this.#faultEvent(id, plan.layerAtMs(args.layer), run));
    }
    for (const { id, args } of faults.all(FAULTS.jobCancelOnScreen)) {
      events.push(this.#faultEvent(id, plan.layerAtMs(args.layer ?? 0), () => this.stop()));
    }
    events.push({ key: 'spools', atMs: plan.layersAtMs, run: () => this.#checkSpools() });
    events.push({ key: 'end', atMs: plan.endMs, run: () => this.#finish(job) });
    return events.filter((event) => !job.done.has(event.key)).sort((a, b) => a.atMs - b.atMs);
  }

  #faultEvent(id: number, atMs: number, act: () => void): Event {
    return {
      key: `fault ${id}`,
      atMs,
      run: () => {
        this.#parts.faults.spend(id);
        act();
      },
    };
  }

  #step(job: Job, activity: Activity, stage: number): void {
    if (activity === 'RUNNING' && !job.begun) {
      job.begun = true;
      this.#parts.onHeat(job.order);
      this.#parts.record('print', 'begun', identity(job.order));
    }
    this.#enter(activity, activity === 'RUNNING' ? stage : this.#parts.profile.idleStage);
  }

  #hold(job: Job, code: number): void {
    this.#halt(job);
    this.#show(code);
    this.#enter('PAUSE', this.#parts.profile.idleStage);
  }

  #checkSpools(): void {
    const feed = this.feed;
    if (feed !== null && this.spoolOf(feed) === null) this.pause(6, runoutCode(feed));
  }

  #finish(job: Job): void {
    this.#halt(job);
    this.#endJob(job, 'finished');
    this.#enter('FINISH', this.#parts.profile.idleStage);
  }

  #fail(code: number, outcome: Outcome): void {
    const job = this.#job;
    if (job === null) return;
    this.#halt(job);
    this.#recheck?.cancel();
    this.#recheck = null;
    this.failReason = code;
    this.#endJob(job, outcome);
    this.cancelled = outcome === 'cancelled';
    if (this.cancelled) this.pulse(code);
    else this.#show(code);
    this.#enter('FAILED', this.#parts.profile.idleStage);
  }

  #endJob(job: Job, outcome: Outcome): void {
    if (job.ended) return;
    job.ended = true;
    this.#parts.onHeat(null);
    this.#ended(job.order, outcome);
  }

  #ended(order: PrintOrder, outcome: Outcome): void {
    this.#parts.record('print', 'ended', { ...identity(order), outcome });
  }

  #enter(activity: Activity, stage: number): void {
    const from = this.activity;
    this.activity = activity;
    this.stage = stage;
    if (from !== activity) {
      const taskId = this.#job?.order.taskId ?? '0';
      this.#parts.record('state', activity, { from, taskId, printError: this.printError });
    }
    this.#parts.onChange();
  }

  /** The fault that a resume would meet again, null when the print can go on. */
  #standingFault(job: Job): { code: number; stage: number } | null {
    if (job.order.finding.kind === 'holds' && !job.begun) {
      return { code: job.order.finding.code, stage: this.#parts.profile.idleStage };
    }
    const feed = this.feed;
    if (feed !== null && this.spoolOf(feed) === null) return { code: runoutCode(feed), stage: 6 };
    return null;
  }

  /** The spool in the place a print is fed from, null when it is empty. */
  spoolOf(feed: Feed): Spool | null {
    const { ams, faults } = this.#parts;
    if (feed.unitId === 254 || feed.unitId === 255)
      return ams.external.get(ams.externalId(feed.unitId)) ?? null;
    if (faults.has(FAULTS.amsDisconnect)) return null;
    return ams.units.find((u) => u.id === feed.unitId)?.slots[feed.slot] ?? null;
  }

  #consume(job: Job, elapsedMs: number): void {
    const used = job.plan.used(elapsedMs);
    const count = job.order.feeds.length;
    for (const [i, feed] of job.order.feeds.entries()) {
      const share = (at: number): number => Math.min(1, Math.max(0, at * count - i));
      const spool = this.spoolOf(feed);
      if (spool !== null) this.#parts.ams.consume(spool, (share(used) - share(job.consumed)) * feed.grams);
    }
    job.consumed = used;
  }

  #stageAt(job: Job): number {
    const elapsed = this.#elapsed(job);
    return job.plan.steps.findLast((step) => step.atMs <= elapsed)?.stage ?? 0;
  }

  #halt(job: Job): void {
    this.#fold(job);
    job.runningSince = null;
    this.#timer?.cancel();
    this.#timer = null;
  }

  #fold(job: Job): void {
    job.elapsedMs = this.#elapsed(job);
    if (job.runningSince !== null) job.runningSince = this.#parts.clock.now();
  }

  #elapsed(job: Job): number {
    if (job.runningSince === null) return job.elapsedMs;
    const passed = (this.#parts.clock.now() - job.runningSince) * this.#rate();
    return Math.min(job.plan.endMs, job.elapsedMs + passed);
  }

  /** So many virtual milliseconds, or as many as it takes to be seen. */
  #visible(virtualMs: number): number {
    return Math.max(virtualMs, SHORTEST_REAL_MS * this.#parts.clock.speed);
  }

  #rate(): number {
    return (SPEED_PERCENT[this.speedLevel] ?? 100) / 100;
  }
}

function identity(order: PrintOrder): Record<string, unknown> {
  return { taskId: order.taskId, subtaskName: order.subtaskName, remoteName: order.remoteName };
}

/** Runout as the unit reports it: the second byte names the unit (docs/protocol.md §5.4). */
function runoutCode(feed: Feed): number {
  if (feed.unitId === 255) return PRINT_ERROR.externalRunout;
  if (feed.unitId === 254) return 0x07fe_8011;
  const module = feed.unitId >= 128 ? 0x18 : 0x07;
  return ((module << 24) | ((feed.unitId & 0x07) << 16) | 0x8011) >>> 0;
}
