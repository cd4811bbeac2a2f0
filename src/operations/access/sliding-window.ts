/** How much of a limit is used and when it eases. */
export interface WindowState {
  readonly limit: number;
  readonly remaining: number;
  /** Whole seconds: until one more fits when nothing remains, else until the present window ends. */
  readonly resetS: number;
}

/** More than a farm has keys or clients; strangers who come from ever new addresses must not fill the memory. */
const MAX_KEYS = 10_000;

/**
 * Counts events per key over a sliding window, in two counters per key: the last whole window fades out as the
 * present one fills. Memory is bounded: keys unseen for two windows are forgotten, and beyond `MAX_KEYS` the one that
 * began first.
 */
export class SlidingWindow {
  readonly #counts = new Map<string, { window: number; now: number; before: number }>();
  #swept = 0;

  constructor(
    /** 0 means no limit. */
    readonly limit: number,
    private readonly windowMs: number,
  ) {}

  /** Whether nothing was counted lately. */
  get isEmpty(): boolean {
    return this.#counts.size === 0;
  }

  /** Where the key stands, without counting. */
  look(key: string, at: number): WindowState {
    const window = Math.floor(at / this.windowMs);
    const entry = this.#counts.get(key);
    const elapsed = (at % this.windowMs) / this.windowMs;
    const now = entry?.window === window ? entry.now : 0;
    const before = entry?.window === window ? entry.before : entry?.window === window - 1 ? entry.now : 0;
    const used = now + before * (1 - elapsed);
    const remaining = Math.max(0, Math.floor(this.limit - used));
    const windows = remaining > 0 ? 1 - elapsed : this.#untilOneFits(now, before, elapsed);
    return {
      limit: this.limit,
      remaining,
      resetS: Math.max(1, Math.ceil((this.windowMs * windows) / 1000)),
    };
  }

  /** In windows: when what fades of the last window, or then of this one, leaves room for one. */
  #untilOneFits(now: number, before: number, elapsed: number): number {
    const room = this.limit - 1;
    if (now <= room) return 1 - (room - now) / before - elapsed;
    return 1 - elapsed + (1 - room / now);
  }

  count(key: string, at: number): void {
    const window = Math.floor(at / this.windowMs);
    const entry = this.#counts.get(key);
    if (entry?.window === window) {
      entry.now += 1;
      return;
    }
    this.#sweep(window);
    this.#makeRoom(entry !== undefined);
    const before = entry?.window === window - 1 ? entry.now : 0;
    this.#counts.delete(key);
    this.#counts.set(key, { window, now: 1, before });
  }

  #makeRoom(known: boolean): void {
    if (known || this.#counts.size < MAX_KEYS) return;
    const [first] = this.#counts.keys();
    if (first !== undefined) this.#counts.delete(first);
  }

  #sweep(window: number): void {
    if (window === this.#swept) return;
    this.#swept = window;
    for (const [key, entry] of this.#counts) if (entry.window < window - 1) this.#counts.delete(key);
  }
}
