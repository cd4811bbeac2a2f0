/** What parts count while they work. Adding costs no more than an addition: figures are made of it when somebody asks. */

/** Values of labels, in the order in which the figure names them. */
export type LabelValues = readonly string[];
export type Sample = readonly [labels: LabelValues, value: number];

/** One number that only grows. */
export class Count {
  value = 0;

  add(by = 1): void {
    this.value += by;
  }
}

/** Numbers that only grow, by the values of labels. Give it words of closed lists only: each value is kept for ever. */
export class Tally {
  readonly #counts = new Map<string, { readonly labels: LabelValues; readonly count: Count }>();

  /** The count of these labels, to be kept by whoever adds to it often. */
  of(...labels: LabelValues): Count {
    const key = labels.join('\0');
    let found = this.#counts.get(key);
    if (!found) {
      found = { labels, count: new Count() };
      this.#counts.set(key, found);
    }
    return found.count;
  }

  get samples(): readonly Sample[] {
    return [...this.#counts.values()].map(({ labels, count }): Sample => [labels, count.value]);
  }
}

/** How often values lay within bounds: what a histogram is made of. */
export class Spread {
  /** How many lay at or below each bound and above the one before; the last holds those above all. */
  readonly counts: number[];
  sum = 0;

  /** @param bounds upper bounds, ascending */
  constructor(readonly bounds: readonly number[]) {
    this.counts = Array.from({ length: bounds.length + 1 }, () => 0);
  }

  add(value: number): void {
    this.sum += value;
    let at = 0;
    while (at < this.bounds.length && value > (this.bounds[at] ?? 0)) at++;
    this.counts[at] = (this.counts[at] ?? 0) + 1;
  }
}

/** Spreads by the values of labels, as `Tally` is for counts. */
export class Spreads {
  readonly #spreads = new Map<string, { readonly labels: LabelValues; readonly spread: Spread }>();

  constructor(readonly bounds: readonly number[]) {}

  of(...labels: LabelValues): Spread {
    const key = labels.join('\0');
    let found = this.#spreads.get(key);
    if (!found) {
      found = { labels, spread: new Spread(this.bounds) };
      this.#spreads.set(key, found);
    }
    return found.spread;
  }

  get all(): readonly { readonly labels: LabelValues; readonly spread: Spread }[] {
    return [...this.#spreads.values()];
  }
}

/** Levels of lines that tell of something wrong. */
const COUNTED = ['warn', 'error', 'fatal'] as const;
/** How a line of our log begins. */
const LEVEL = /^\{"level":"(warn|error|fatal)"/;

/** How many lines were written that somebody should look at, by their level. */
export class LogLines {
  readonly tally = new Tally();

  constructor() {
    for (const level of COUNTED) this.tally.of(level);
  }

  /** @param line as it is written */
  note(line: string): void {
    const level = LEVEL.exec(line)?.[1];
    if (level !== undefined) this.tally.of(level).add();
  }
}
