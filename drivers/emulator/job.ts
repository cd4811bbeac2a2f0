/** One print on the machine and where it stands on its own time axis, which halts while it pauses. */
import type { Feed, PrintOrder } from './print-order.js';
import { PrintPlan } from './print-plan.js';

export class Job {
  readonly plan: PrintPlan;
  /** Keys of the events that have happened. */
  readonly done = new Set<string>();
  /** It has been RUNNING. */
  begun = false;
  ended = false;
  /** Share of the filament that was taken off the spools, 0 to 1. */
  consumed = 0;
  /** Job time when it last started, halted or changed its rate. */
  #elapsedMs = 0;
  /** Virtual time of that moment, null while it halts. */
  #runningSince: number | null;

  /** Runs from now on, at a rate of job time per virtual time. */
  constructor(
    readonly order: PrintOrder,
    openingStages: readonly number[],
    nowMs: number,
    private rate: number,
  ) {
    this.plan = new PrintPlan(order, openingStages);
    this.#runningSince = nowMs;
  }

  get running(): boolean {
    return this.#runningSince !== null;
  }

  /** Milliseconds of job time, at most the whole print. */
  elapsed(nowMs: number): number {
    if (this.#runningSince === null) return this.#elapsedMs;
    return Math.min(this.plan.endMs, this.#elapsedMs + (nowMs - this.#runningSince) * this.rate);
  }

  halt(nowMs: number): void {
    this.#elapsedMs = this.elapsed(nowMs);
    this.#runningSince = null;
  }

  run(nowMs: number): void {
    this.#elapsedMs = this.elapsed(nowMs);
    this.#runningSince = nowMs;
  }

  setRate(rate: number, nowMs: number): void {
    const { running } = this;
    this.halt(nowMs);
    this.rate = rate;
    if (running) this.run(nowMs);
  }

  /** Virtual milliseconds until a moment of job time. */
  untilMs(atMs: number, nowMs: number): number {
    return (atMs - this.elapsed(nowMs)) / this.rate;
  }

  /** Puts it at a moment of job time, running or halted as it is. */
  moveTo(atMs: number, nowMs: number): void {
    this.#elapsedMs = atMs;
    if (this.#runningSince !== null) this.#runningSince = nowMs;
  }

  /** What feeds it at this moment: one feed after the other. */
  feed(nowMs: number): Feed | null {
    const { feeds } = this.order;
    if (!this.begun || feeds.length === 0) return null;
    const index = Math.floor(this.plan.used(this.elapsed(nowMs)) * feeds.length);
    return feeds[Math.min(feeds.length - 1, index)] ?? null;
  }

  stage(nowMs: number): number {
    const elapsed = this.elapsed(nowMs);
    return this.plan.steps.findLast((step) => step.atMs <= elapsed)?.stage ?? 0;
  }
}
