import type { RealtimeLog } from './log.js';
import { type PrinterStatInput, printerStatText } from './printer-stat.js';
import type { StatsSink } from './sink.js';
import { statsTopic } from './topics.js';

/** Where the publisher learns of printers. Listeners are called at once and give back how to leave. */
export interface StatsSource {
  printerIds(): Iterable<string>;
  /** Null for a printer that is not known (any more). */
  stat(printerId: string): PrinterStatInput | null;
  onChange(listener: (printerId: string) => void): () => void;
  onRemoved(listener: (printerId: string) => void): () => void;
}

export interface StatsPublisherOptions {
  readonly source: StatsSource;
  readonly sink: StatsSink;
  /** Milliseconds of a clock that is never set back. */
  readonly now: () => number;
  readonly log: RealtimeLog;
}

const SHORTEST_GAP_MS = 1_000;
const HEARTBEAT_MS = 30_000;
const RETAINED = { retain: true, qos: 0 } as const;

interface Published {
  readonly at: number;
  readonly topic: string;
  readonly isOnline: boolean;
}

/** Null is a printer that is not there; what cannot be read is tried again with the next heartbeat. */
type Reading = PrinterStatInput | null | 'unreadable';

/**
 * Keeps a whole picture of every printer on the stats topic: on change, at most once a second for a printer and
 * then the newest; at least every 30 seconds. That a printer went offline is told at once. One timer serves all.
 */
export class StatsPublisher {
  /** By age of the message, oldest first. */
  private readonly published = new Map<string, Published>();
  /** Printers that changed within a second of their last message. */
  private readonly changed = new Set<string>();
  private timer: NodeJS.Timeout | null = null;
  private timerDueAt = Number.POSITIVE_INFINITY;
  private leave: readonly (() => void)[] = [];

  constructor(private readonly options: StatsPublisherOptions) {}

  start(): void {
    if (this.leave.length > 0) return;
    const { source } = this.options;
    this.leave = [
      source.onChange((printerId) => this.onChange(printerId)),
      source.onRemoved((printerId) => this.onRemoved(printerId)),
    ];
    for (const printerId of source.printerIds()) this.publish(printerId, this.read(printerId));
    this.arm();
  }

  /** What was published stays. */
  stop(): void {
    for (const leave of this.leave) leave();
    this.leave = [];
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.timerDueAt = Number.POSITIVE_INFINITY;
    this.published.clear();
    this.changed.clear();
  }

  private onChange(printerId: string): void {
    const last = this.published.get(printerId);
    const input = this.read(printerId);
    const wentOffline =
      last?.isOnline === true && input !== null && input !== 'unreadable' && !input.isOnline;
    if (last === undefined || wentOffline || this.options.now() - last.at >= SHORTEST_GAP_MS) {
      this.publish(printerId, input);
    } else {
      this.changed.add(printerId);
    }
    this.arm();
  }

  private onRemoved(printerId: string): void {
    const last = this.published.get(printerId);
    this.published.delete(printerId);
    this.changed.delete(printerId);
    if (last !== undefined) this.options.sink.publish(last.topic, '', RETAINED);
  }

  private publish(printerId: string, input: Reading): void {
    if (input === null) {
      this.onRemoved(printerId);
      return;
    }
    const last = this.published.get(printerId);
    const next = input === 'unreadable' ? last : toPublished(input);
    this.changed.delete(printerId);
    // Taken out and put in again, so that the oldest stays first.
    this.published.delete(printerId);
    if (next !== undefined) this.published.set(printerId, { ...next, at: this.options.now() });
    if (input === 'unreadable' || next === undefined) return;
    this.options.sink.publishState(next.topic, () => printerStatText(input));
  }

  private read(printerId: string): Reading {
    try {
      return this.options.source.stat(printerId);
    } catch (error) {
      this.options.log.error({ err: error, printerId }, 'could not read the state of a printer');
      return 'unreadable';
    }
  }

  private onTimer(): void {
    this.timer = null;
    this.timerDueAt = Number.POSITIVE_INFINITY;
    for (const printerId of this.due()) this.publish(printerId, this.read(printerId));
    this.arm();
  }

  private due(): string[] {
    const now = this.options.now();
    const due = [...this.changed].filter((printerId) => this.changeDueAt(printerId) <= now);
    for (const [printerId, { at }] of this.published) {
      if (at + HEARTBEAT_MS > now) break;
      due.push(printerId);
    }
    return due;
  }

  private changeDueAt(printerId: string): number {
    return (this.published.get(printerId)?.at ?? 0) + SHORTEST_GAP_MS;
  }

  /** Sets the timer to what is due first; nothing runs while there are no printers. */
  private arm(): void {
    let dueAt = Number.POSITIVE_INFINITY;
    for (const { at } of this.published.values()) {
      dueAt = at + HEARTBEAT_MS;
      break;
    }
    for (const printerId of this.changed) dueAt = Math.min(dueAt, this.changeDueAt(printerId));
    if (dueAt >= this.timerDueAt) return;
    if (this.timer !== null) clearTimeout(this.timer);
    this.timerDueAt = dueAt;
    this.timer = setTimeout(() => this.onTimer(), Math.max(1, Math.ceil(dueAt - this.options.now())));
  }
}

function toPublished(input: PrinterStatInput): Omit<Published, 'at'> {
  return { topic: statsTopic(input.storeId, input.printerId), isOnline: input.isOnline };
}
