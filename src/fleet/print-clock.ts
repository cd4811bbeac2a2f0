import { isPrinting, type PrinterReport } from '../../drivers/driver.js';

/** A print that goes on: up to when it is counted, and what it still had before it then. */
export interface OpenStretch {
  /** Epoch milliseconds. */
  readonly since: number;
  /** Null while the printer has not told. */
  readonly minutesLeft: number | null;
}

/** What is to be written down: time of printing that no counter has yet, and what goes on counting. */
export interface Printed {
  /** Milliseconds. */
  readonly ms: number;
  readonly open: OpenStretch | null;
}

interface Seen {
  /** Milliseconds that never jump; null for what an earlier process saw. */
  readonly mono: number | null;
  readonly at: number;
  readonly minutesLeft: number | null;
}

/** Reports that follow one another so closely leave no room for anything between them. Milliseconds. */
const GLANCE_MS = 120_000;
const MINUTE_MS = 60_000;
/** Longest gap that is counted at all: no print takes longer. */
const LONGEST_GAP_MS = 21 * 24 * 60 * MINUTE_MS;

/**
 * How long one printer prints, whoever asked it to: from report to report, pauses left out. Where nobody looked for a
 * while, as after a restart or without a network, the time counts up to what the print still had before it, so that
 * neither a clock that was set nor a print that ended meanwhile adds hours that were none.
 */
export class PrintClock {
  #ms = 0;
  #last: Seen | null;
  #known: boolean;

  /** @param open what an earlier process wrote down of a print that went on */
  constructor(open: OpenStretch | null = null) {
    this.#last = open && { mono: null, at: open.since, minutesLeft: open.minutesLeft };
    this.#known = open !== null && open.minutesLeft !== null;
  }

  /** The time that the print under way takes is known, so that it is worth writing down. */
  get isTimed(): boolean {
    return this.#known;
  }

  /** @param mono milliseconds that never jump, of when the report came */
  note(report: PrinterReport, mono: number): void {
    if (!report.complete || report.state.activity === null) return;
    const { activity, print } = report.state;
    const prints = isPrinting(activity) && activity !== 'PAUSE';
    if (this.#last) this.#ms += counted(this.#last, report.receivedAt, mono);
    if (!prints) {
      this.#last = null;
      this.#known = false;
      return;
    }
    // The last minute is told as 0, and some firmware begins with it.
    const told = Math.ceil(print.remainingMinutes ?? 0);
    const minutesLeft = told > 0 ? told : (this.#last?.minutesLeft ?? null);
    this.#last = { mono, at: report.receivedAt, minutesLeft };
    this.#known ||= minutesLeft !== null;
  }

  /** Hands over what is to be written; `giveBack` if it could not be. */
  take(): Printed {
    const ms = this.#ms;
    this.#ms = 0;
    return { ms, open: this.#last && { since: this.#last.at, minutesLeft: this.#last.minutesLeft } };
  }

  giveBack({ ms }: Printed): void {
    this.#ms += ms;
  }
}

function counted(before: Seen, at: number, mono: number): number {
  const gap = Math.max(0, before.mono === null ? at - before.at : mono - before.mono);
  if (gap <= GLANCE_MS) return gap;
  return Math.min(gap, (before.minutesLeft ?? 0) * MINUTE_MS, LONGEST_GAP_MS);
}
