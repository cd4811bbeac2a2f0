/** The log of what really happened inside the emulated printers, for tests and people to judge by. */
export interface TruthEntry {
  /** Real time, ISO 8601. */
  readonly time: string;
  readonly serial: string;
  /** `project_file`, `print`, `ftp`, `mqtt`, `camera`, `tls`, `state`, `fault` or `power`. */
  readonly kind: string;
  readonly event: string;
  readonly [field: string]: unknown;
}

export interface GroundTruth {
  readonly entries: readonly TruthEntry[];
  /** Calls the listener for every new entry until the returned function is called. */
  on(listener: (entry: TruthEntry) => void): () => void;
  /**
   * The first entry that fits, past ones included.
   * @throws Error naming `what` after `timeoutMs` real milliseconds.
   */
  waitFor(predicate: (entry: TruthEntry) => boolean, timeoutMs: number, what: string): Promise<TruthEntry>;
}

/** Writes an entry about one printer. */
export type TruthRecorder = (kind: string, event: string, fields?: Record<string, unknown>) => void;

/** Enough for a long soak of a large farm; the oldest entries go first. */
const MAX_ENTRIES = 500_000;

export class TruthLog implements GroundTruth {
  #entries: TruthEntry[] = [];
  #dropped = 0;
  readonly #listeners = new Set<(entry: TruthEntry) => void>();

  get entries(): readonly TruthEntry[] {
    return this.#entries;
  }

  /** Index that the next entry will have, counted from the very first one. */
  get nextIndex(): number {
    return this.#dropped + this.#entries.length;
  }

  /** Entries from an index on; entries that were dropped are missing from the answer. */
  since(index: number): readonly TruthEntry[] {
    return this.#entries.slice(Math.max(0, index - this.#dropped));
  }

  recorder(serial: string): TruthRecorder {
    return (kind, event, fields = {}) => {
      const entry: TruthEntry = { time: new Date().toISOString(), serial, kind, event, ...fields };
      this.#entries.push(entry);
      if (this.#entries.length > MAX_ENTRIES) {
        const surplus = Math.ceil(MAX_ENTRIES / 10);
        this.#entries = this.#entries.slice(surplus);
        this.#dropped += surplus;
      }
      for (const listener of [...this.#listeners]) listener(entry);
    };
  }

  on(listener: (entry: TruthEntry) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  waitFor(predicate: (entry: TruthEntry) => boolean, timeoutMs: number, what: string): Promise<TruthEntry> {
    const past = this.#entries.find(predicate);
    if (past !== undefined) return Promise.resolve(past);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        off();
        reject(new Error(`waited ${timeoutMs} ms for ${what}; last entries: ${this.#tail()}`));
      }, timeoutMs);
      const off = this.on((entry) => {
        if (!predicate(entry)) return;
        clearTimeout(timer);
        off();
        resolve(entry);
      });
    });
  }

  #tail(): string {
    const last = this.#entries.slice(-5).map((entry) => `${entry.serial} ${entry.kind} ${entry.event}`);
    return last.length === 0 ? 'none' : last.join('; ');
  }
}
