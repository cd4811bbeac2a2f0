/**
 * Makes a machine print: delay, PREPARE, SLICING, RUNNING with stages, layers and pauses, and an end that stands
 * until somebody acknowledges it (docs/protocol.md §7).
 */
import { type EngineParts, type Outcome, recordBegun, recordEnded, SPEED_PERCENT } from './engine-parts.js';
import { FAULTS } from './faults.js';
import { Feeding, isExternal } from './feeding.js';
import { Job } from './job.js';
import { type JobActs, upcomingEvents } from './job-events.js';
import { noticeable, ShownError } from './print-error.js';
import type { Feed, PrintOrder } from './print-order.js';
import type { Activity, PlanStep, PrintPlan } from './print-plan.js';
import { PRINT_ERROR } from './profiles.js';
import { StartDelay } from './start-delay.js';
import type { ClockTimer } from './virtual-clock.js';

const STANDARD_LEVEL = 2;
const STAGE_USER_PAUSE = 16;
const STAGE_RUNOUT = 6;
const STAGE_AMS_LOST = 26;
/** A resume that meets the same fault pauses again after this. */
const RECHECK_MS = 1_500;

export class PrintEngine implements JobActs {
  activity: Activity = 'IDLE';
  stage: number;
  /** print_error of the last failure, 0 is none. */
  failReason = 0;
  speedLevel = STANDARD_LEVEL;
  /** The last print was cancelled: its progress no longer shows. */
  cancelled = false;
  readonly #parts: EngineParts;
  readonly error: ShownError;
  readonly #feeding: Feeding;
  readonly #delay: StartDelay;
  #job: Job | null = null;
  #timer: ClockTimer | null = null;
  #recheck: ClockTimer | null = null;

  constructor(parts: EngineParts) {
    this.#parts = parts;
    this.error = new ShownError(parts.clock, parts.onChange);
    this.#feeding = new Feeding(parts.ams, parts.faults);
    this.#delay = new StartDelay(parts.profile, parts.clock, parts.random, parts.faults);
    this.stage = parts.profile.idleStage;
  }

  /** Unsigned 32 bit, 0 is none. */
  get printError(): number {
    return this.error.code;
  }

  /** PREPARE to PAUSE. */
  get printing(): boolean {
    return ['PREPARE', 'SLICING', 'RUNNING', 'PAUSE'].includes(this.activity);
  }

  /** Printing, or about to. */
  get busy(): boolean {
    return this.printing || this.#delay.order !== null;
  }

  /** The print on the machine, or the last one. */
  get order(): PrintOrder | null {
    return this.#job?.order ?? null;
  }

  /** Accepted and waiting for PREPARE. */
  get waitingOrder(): PrintOrder | null {
    return this.#delay.order;
  }

  get plan(): PrintPlan | null {
    return this.#job?.plan ?? null;
  }

  /** Job time of the print on the machine, in milliseconds. */
  get elapsedMs(): number {
    return this.#job?.elapsed(this.#now) ?? 0;
  }

  /** What feeds the print just now. */
  get feed(): Feed | null {
    return this.printing ? (this.#job?.feed(this.#now) ?? null) : null;
  }

  /** Takes an order; PREPARE follows after the model's delay. The caller has made sure that nothing is busy. */
  start(order: PrintOrder): void {
    this.#delay.begin(order, (due) => this.startNow(due));
    this.#parts.onChange();
  }

  /** A print that begins at once, as from the screen. */
  startNow(order: PrintOrder): void {
    this.#delay.cancel();
    this.error.show(0);
    this.failReason = 0;
    this.cancelled = false;
    this.#job = new Job(order, this.#parts.profile.openingStages, this.#now, this.#rate);
    this.#advance();
  }

  pause(stage = STAGE_USER_PAUSE, code = 0): void {
    if (this.activity === 'RUNNING') this.#halt(stage, code);
  }

  resume(): void {
    const job = this.#job;
    if (job === null || this.activity !== 'PAUSE' || this.#recheck !== null) return;
    const fault = this.#standingFault(job);
    this.error.show(0);
    if (fault !== null) {
      // The machine tries again and finds the same fault.
      this.#enter(job.begun ? 'RUNNING' : 'PREPARE', this.stage);
      this.#recheck = this.#parts.clock.after(noticeable(this.#parts.clock, RECHECK_MS), () => {
        this.#recheck = null;
        this.#halt(fault.stage, fault.code);
      });
      return;
    }
    job.run(this.#now);
    this.#enter('RUNNING', job.stage(this.#now));
    this.#advance();
  }

  /** Cancels, over the network or on the screen. */
  stop(): void {
    const waiting = this.#delay.cancel();
    if (waiting === null) {
      this.abort(PRINT_ERROR.cancelled);
      return;
    }
    recordEnded(this.#parts.record, waiting, 'cancelled');
    this.error.flash(PRINT_ERROR.cancelled);
  }

  /** The running print dies as if cancelled, with this print_error. */
  abort(code: number): void {
    if (this.printing) this.#end(code, 'cancelled');
  }

  /** Somebody acknowledges the end on the screen. */
  dismiss(): void {
    if (this.activity !== 'FINISH' && this.activity !== 'FAILED') return;
    this.error.show(0);
    this.#enter('IDLE', this.#parts.profile.idleStage);
  }

  /** 1 silent, 2 standard, 3 sport, 4 ludicrous. */
  setSpeedLevel(level: number): void {
    this.speedLevel = level;
    this.#job?.setRate(this.#rate, this.#now);
    this.#parts.onChange();
    this.#advance();
  }

  /** A slot ran empty: the print pauses when it is fed from there. */
  onSlotEmpty(unitId: number, slot: number): void {
    if (this.feed?.unitId === unitId && this.feed.slot === slot) this.checkSpools();
  }

  /** The AMS left the bus: a print fed from it pauses. */
  onAmsLost(): void {
    if (this.feed !== null && !isExternal(this.feed)) this.pause(STAGE_AMS_LOST, PRINT_ERROR.amsLost);
  }

  /** Faults were added: some act at a layer that is near or past. */
  reconsider(): void {
    this.#advance();
  }

  /** Everything in memory is gone; the ground truth learns how the print ended. */
  powerCut(): void {
    this.#timer?.cancel();
    this.#recheck?.cancel();
    const waiting = this.#delay.cancel();
    if (waiting !== null) recordEnded(this.#parts.record, waiting, 'power-cut');
    if (this.#job !== null && this.printing) this.#finishJob(this.#job, 'power-cut');
    this.error.show(0);
    this.#timer = null;
    this.#recheck = null;
    this.#job = null;
    this.activity = 'IDLE';
    this.stage = this.#parts.profile.idleStage;
    this.failReason = 0;
    this.cancelled = false;
    this.speedLevel = STANDARD_LEVEL;
  }

  // What the course of a job makes the machine do.

  step(step: PlanStep): void {
    const job = this.#job;
    if (job !== null && step.activity === 'RUNNING' && !job.begun) {
      job.begun = true;
      this.#parts.faults.end(FAULTS.reportStaleFinish);
      this.#parts.onHeat(job.order);
      recordBegun(this.#parts.record, job.order);
    }
    this.#enter(step.activity, step.activity === 'RUNNING' ? step.stage : this.#parts.profile.idleStage);
  }

  fail(code: number): void {
    this.#end(code, 'failed');
  }

  hold(code: number): void {
    this.#halt(this.#parts.profile.idleStage, code);
  }

  checkSpools(): void {
    const code = this.#feeding.missingSpool(this.feed);
    if (code !== null) this.pause(STAGE_RUNOUT, code);
  }

  finish(): void {
    const job = this.#job;
    if (job === null) return;
    job.halt(this.#now);
    this.#finishJob(job, 'finished');
    this.#enter('FINISH', this.#parts.profile.idleStage);
  }

  /** Lets everything happen that is due, in order, and sets the timer for what comes next. */
  #advance(): void {
    this.#timer?.cancel();
    this.#timer = null;
    for (;;) {
      const job = this.#job;
      if (job === null || job.ended || !job.running) return;
      const next = upcomingEvents(job, this.#parts.faults, this)[0];
      if (next === undefined) return;
      const now = this.#now;
      const elapsed = job.elapsed(now);
      if (next.atMs > elapsed) {
        this.#feeding.consume(job, elapsed);
        this.#timer = this.#parts.clock.after(job.untilMs(next.atMs, now), () => this.#advance());
        return;
      }
      job.done.add(next.key);
      // What happens at this moment sees the job exactly there, however late the timer came.
      job.moveTo(next.atMs, now);
      this.#feeding.consume(job, next.atMs);
      next.run();
      if (job.running) job.moveTo(elapsed, now);
    }
  }

  #halt(stage: number, code: number): void {
    this.#job?.halt(this.#now);
    this.error.show(code);
    this.#enter('PAUSE', stage);
  }

  #end(code: number, outcome: Outcome): void {
    const job = this.#job;
    if (job === null) return;
    job.halt(this.#now);
    this.#recheck?.cancel();
    this.#recheck = null;
    this.failReason = code;
    this.cancelled = outcome === 'cancelled';
    this.#finishJob(job, outcome);
    if (this.cancelled) this.error.flash(code);
    else this.error.show(code);
    this.#enter('FAILED', this.#parts.profile.idleStage);
  }

  #finishJob(job: Job, outcome: Outcome): void {
    if (job.ended) return;
    job.ended = true;
    this.#parts.onHeat(null);
    recordEnded(this.#parts.record, job.order, outcome);
  }

  #enter(activity: Activity, stage: number): void {
    const from = this.activity;
    this.activity = activity;
    this.stage = stage;
    if (from !== activity) {
      const taskId = this.order?.taskId ?? '0';
      this.#parts.record('state', activity, { from, taskId, printError: this.printError });
    }
    this.#parts.onChange();
  }

  /** The fault that a resume would meet again, null when the print can go on. */
  #standingFault(job: Job): { code: number; stage: number } | null {
    const { finding } = job.order;
    if (finding.kind === 'holds' && !job.begun) {
      return { code: finding.code, stage: this.#parts.profile.idleStage };
    }
    const code = this.#feeding.missingSpool(this.feed);
    return code === null ? null : { code, stage: STAGE_RUNOUT };
  }

  get #now(): number {
    return this.#parts.clock.now();
  }

  get #rate(): number {
    return (SPEED_PERCENT[this.speedLevel] ?? 100) / 100;
  }
}
