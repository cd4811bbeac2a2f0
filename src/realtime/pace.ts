export interface PaceOptions {
  readonly tell: (topics: readonly string[]) => void;
  /** How many were told last time. */
  readonly clients: () => number;
  /** Milliseconds of a clock that is never set back. */
  readonly now: () => number;
}

/** So few are told each state as it comes. */
const FEW_CLIENTS = 8;
const LONGEST_GAP_MS = 100;

/**
 * When states are told. Each telling costs every client a TLS record and a system call, so many clients are told together
 * what changed in a millisecond for each of them, a tenth of a second at most; the first after a pause at once.
 */
export class Pace {
  private readonly waiting = new Set<string>();
  private timer: NodeJS.Timeout | null = null;
  private toldAt = Number.NEGATIVE_INFINITY;

  constructor(private readonly options: PaceOptions) {}

  /** The state of a topic is another; what waits under its name is told as it is when its turn comes. */
  changed(topic: string): void {
    this.waiting.add(topic);
    if (this.timer !== null) return;
    const leftMs = this.toldAt + this.gapMs - this.options.now();
    if (leftMs <= 0) this.tell();
    else this.timer = setTimeout(() => this.tell(), leftMs);
  }

  /** What waits is not told any more. */
  stop(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.waiting.clear();
  }

  private get gapMs(): number {
    const clients = this.options.clients();
    return clients <= FEW_CLIENTS ? 0 : Math.min(LONGEST_GAP_MS, clients);
  }

  private tell(): void {
    this.timer = null;
    this.toldAt = this.options.now();
    const topics = [...this.waiting];
    this.waiting.clear();
    this.options.tell(topics);
  }
}
