import type { HealthNote } from '../resources/printer-news.js';

/** What was last told of one printer. */
export interface Told {
  /** ISO time; null while it is there. */
  readonly awaySince: string | null;
  readonly health: readonly HealthNote[];
}

export const NOTHING_TOLD: Told = { awaySince: null, health: [] };

export interface NewsTiming {
  /** So long a printer has to be away, or there, before that is told. Milliseconds. */
  readonly stableMs: number;
  /** A message that comes back within this time never went. Milliseconds. */
  readonly sameMessageMs: number;
}

export const NEWS_TIMING: NewsTiming = { stableMs: 10_000, sameMessageMs: 60_000 };

/** A moment on two clocks: one that never jumps, and the wall's as an ISO time. */
export interface Moment {
  readonly mono: number;
  readonly at: string;
}

/** As many messages as one printer may have standing; more are not told before others have gone. */
const MOST_MESSAGES = 64;

/**
 * What there is to tell of one printer: that it went or came back once that has lasted, and each of its messages once
 * until it has gone. It begins with what an earlier process told, and knows nothing of timers and of writing.
 */
export class NewsMemory {
  #seen: (Moment & { readonly online: boolean }) | null = null;
  #present: ReadonlyMap<string, HealthNote> | null = null;
  /** Told messages that are not there now, by when that was first seen. */
  readonly #gone = new Map<string, number>();

  constructor(
    private told: Told,
    private readonly timing: NewsTiming,
  ) {}

  noteConnection(online: boolean, now: Moment): void {
    if (this.#seen?.online === online) return;
    this.#seen = { ...now, online };
    // What it said before it went away counts for nothing now.
    if (online) for (const key of this.#gone.keys()) this.#gone.set(key, now.mono);
  }

  /** @param notes every message that the printer has at this moment */
  noteHealth(notes: readonly HealthNote[], now: Moment): void {
    if (notes.length === 0 && this.told.health.length === 0 && this.#gone.size === 0) {
      this.#present = null;
      return;
    }
    const present = new Map(notes.map((note) => [keyOf(note), note]));
    this.#present = present;
    for (const note of this.told.health) {
      const key = keyOf(note);
      if (present.has(key)) this.#gone.delete(key);
      else if (!this.#gone.has(key)) this.#gone.set(key, now.mono);
    }
  }

  /** What is to be told now, and known to have been told from then on; null when that has not changed. */
  news(mono: number): Told | null {
    const awaySince = this.#awaySince(mono);
    const health = this.#health(mono);
    if (awaySince === this.told.awaySince && health === this.told.health) return null;
    return { awaySince, health };
  }

  /** It was told, and written down. */
  written(told: Told): void {
    this.told = told;
    const standing = new Set(told.health.map(keyOf));
    for (const key of this.#gone.keys()) if (!standing.has(key)) this.#gone.delete(key);
  }

  /** When to ask again, on the clock that never jumps, even if nothing is heard; null for never. */
  get dueAt(): number | null {
    const times = this.#isSettled ? [] : [(this.#seen?.mono ?? 0) + this.timing.stableMs];
    if (this.#seen?.online !== false)
      for (const since of this.#gone.values()) times.push(since + this.timing.sameMessageMs);
    return times.length === 0 ? null : Math.min(...times);
  }

  /** What is seen of its connection is what was told. */
  get #isSettled(): boolean {
    return this.#seen === null || this.#seen.online === (this.told.awaySince === null);
  }

  #awaySince(mono: number): string | null {
    const seen = this.#seen;
    if (seen === null || this.#isSettled || mono - seen.mono < this.timing.stableMs)
      return this.told.awaySince;
    return seen.online ? null : seen.at;
  }

  /** The very list that was told while it stays the same. */
  #health(mono: number): readonly HealthNote[] {
    const { told, timing } = this;
    if (this.#present === null && this.#gone.size === 0) return told.health;
    const isGone = (note: HealthNote) => {
      const since = this.#gone.get(keyOf(note));
      // While it is away nobody knows what it says.
      return since !== undefined && this.#seen?.online !== false && mono - since >= timing.sameMessageMs;
    };
    const standing = told.health.filter((note) => !isGone(note));
    const known = new Set(told.health.map(keyOf));
    const fresh = [...(this.#present?.values() ?? [])].filter((note) => !known.has(keyOf(note)));
    const added = fresh.slice(0, Math.max(0, MOST_MESSAGES - standing.length));
    if (added.length === 0 && standing.length === told.health.length) return told.health;
    return [...standing, ...added];
  }
}

function keyOf({ level, code }: HealthNote): string {
  return `${level} ${code}`;
}
