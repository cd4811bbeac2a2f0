/** Publishes a printer's reports: periodic, on change, whole or changes only (docs/protocol.md §5.1, §4.3). */
import { changes } from './delta.js';
import { FAULTS } from './faults.js';
import type { JsonObject } from './json.js';
import type { Machine } from './machine.js';
import type { Outbox } from './outbox.js';
import { fullReport } from './report.js';
import { encode, spoil } from './report-faults.js';

/** Changes within this real time go out in one report. */
const COALESCE_MS = 50;
/** An idle delta printer speaks every so many periods, of its radio. */
const IDLE_PERIODS = 10;
/** The number that firmware with a constant sequence_id sends. */
const CONSTANT_SEQUENCE = '2021';

export class Reporter {
  #periodic: NodeJS.Timeout | undefined;
  #coalescing: NodeJS.Timeout | undefined;
  #lastPushMs = Number.NEGATIVE_INFINITY;
  #lastSent: JsonObject | null = null;
  #periods = 0;
  #sequence = 1;

  constructor(
    private readonly machine: Machine,
    private readonly outbox: Outbox,
    private readonly intervalMs: number,
  ) {}

  start(): void {
    this.#periodic = setInterval(() => this.#period(), this.intervalMs);
  }

  stop(): void {
    clearInterval(this.#periodic);
    clearTimeout(this.#coalescing);
    this.#coalescing = undefined;
    this.#lastSent = null;
  }

  /** Something that reports show has changed: it goes out at once, or with what else changes within 50 ms. */
  changed(): void {
    if (this.#coalescing !== undefined || this.#periodic === undefined) return;
    const wait = Math.max(0, COALESCE_MS - (performance.now() - this.#lastPushMs));
    this.#coalescing = setTimeout(() => {
      this.#coalescing = undefined;
      this.#push();
    }, wait);
  }

  /** The whole object, as an answer to pushall. */
  pushAll(): void {
    if (!this.outbox.open) return;
    const report = fullReport(this.machine);
    this.#lastSent = report;
    this.#send(report, 0);
  }

  #period(): void {
    this.#periods++;
    if (this.machine.profile.reports === 'delta') {
      const due = this.machine.engine.busy || this.#periods % IDLE_PERIODS === 0;
      if (!due) return;
    }
    this.machine.jitterWifi();
    this.#push();
  }

  #push(): void {
    if (!this.outbox.open) return;
    this.#lastPushMs = performance.now();
    const report = fullReport(this.machine);
    const before = this.#lastSent;
    this.#lastSent = report;
    if (this.machine.profile.reports === 'full') {
      this.#send(report, 0);
      return;
    }
    // Before anybody asked for everything, a small machine speaks of what it measures only.
    const changed = changes(before ?? { ...report, wifi_signal: '' }, report);
    if (changed !== null) this.#send({ ...changed, command: 'push_status' }, 1);
  }

  #send(report: JsonObject, msg: 0 | 1): void {
    const { faults } = this.machine;
    const message = { print: spoil({ ...report, msg, sequence_id: this.#nextSequence() }, this.machine) };
    const payload = encode(message, this.machine);
    this.outbox.publish(payload);
    if (faults.take(FAULTS.mqttDupReports) !== null) this.outbox.publish(payload);
  }

  #nextSequence(): string {
    const { profile, faults } = this.machine;
    if (profile.reportSequence === 'constant' || faults.has(FAULTS.reportSeqConstant))
      return CONSTANT_SEQUENCE;
    return String(this.#sequence++);
  }
}
