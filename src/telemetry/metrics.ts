import type { Exposition } from './exposition.js';
import type { LoopDelay } from './loop-delay.js';
import { Count, type Sample, Spreads, Tally } from './tally.js';

/** A figure as it is shown: its name without the prefix, what it is, and where its values come from. */
export type Figure = {
  readonly name: string;
  /** One sentence for people. */
  readonly help: string;
  readonly labels: readonly string[];
} & (
  | {
      readonly type: 'counter' | 'gauge';
      /** Asked at each scrape: what is not in memory already should be one query. */
      readonly read: () => Iterable<Sample> | Promise<Iterable<Sample>>;
    }
  | { readonly type: 'histogram'; readonly spreads: Spreads }
);

/** Seconds. */
const DELAY_BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

interface MetricsLog {
  warn(fields: object, message: string): void;
}

/**
 * All figures of the daemon, for Prometheus. Parts add to counts; everything else is looked up when somebody scrapes.
 * The library that puts them into words is loaded then, too: a farm that nobody watches pays for none of it.
 */
export class Metrics {
  readonly #figures = new Map<string, Figure>();
  #exposition: Promise<Exposition> | null = null;
  #scrape: Promise<string> | null = null;
  readonly #delays: Spreads;
  #loop: LoopDelay | null = null;
  #stopped = false;

  constructor(private readonly log: MetricsLog) {
    const help = 'How late the event loop came to what was due, looked at since the first scrape.';
    this.#delays = this.histogram('event_loop_delay_seconds', help, [], DELAY_BOUNDS);
  }

  /** Ends what was begun with the first scrape. */
  stop(): void {
    this.#stopped = true;
    this.#loop?.stop();
  }

  /** A single number that only grows; its name ends in `_total`. */
  count(name: string, help: string): Count {
    const count = new Count();
    this.counter(name, help, [], () => [[[], count.value]]);
    return count;
  }

  /**
   * Numbers that only grow, by labels; the name ends in `_total`.
   *
   * @param words values of a single label that are shown from the start, at 0: who sees a counter for the first time
   * when it is 1 already does not know that it grew
   */
  tally(name: string, help: string, labels: readonly string[], words: readonly string[] = []): Tally {
    const tally = new Tally();
    for (const word of words) tally.of(word);
    this.counter(name, help, labels, () => tally.samples);
    return tally;
  }

  counter(name: string, help: string, labels: readonly string[], read: () => Iterable<Sample>): void {
    this.#add({ name, help, labels, type: 'counter', read });
  }

  gauge(
    name: string,
    help: string,
    labels: readonly string[],
    read: () => Iterable<Sample> | Promise<Iterable<Sample>>,
  ): void {
    this.#add({ name, help, labels, type: 'gauge', read });
  }

  /** How often values lay within bounds, by labels; base units stand in the name (`_seconds`). `words` as above. */
  histogram(
    name: string,
    help: string,
    labels: readonly string[],
    bounds: readonly number[],
    words: readonly string[] = [],
  ): Spreads {
    const spreads = new Spreads(bounds);
    for (const word of words) spreads.of(word);
    this.#add({ name, help, labels, type: 'histogram', spreads });
    return spreads;
  }

  /** Everything in Prometheus' text format, version 0.0.4. Whoever asks meanwhile gets the same. */
  text(): Promise<string> {
    this.#scrape ??= this.#read().finally(() => {
      this.#scrape = null;
    });
    return this.#scrape;
  }

  async #read(): Promise<string> {
    this.#exposition ??= this.#begin();
    return (await this.#exposition).text();
  }

  async #begin(): Promise<Exposition> {
    const [{ Exposition }, { LoopDelay }] = await Promise.all([
      import('./exposition.js'),
      import('./loop-delay.js'),
    ]);
    this.#loop = new LoopDelay(this.#delays.of());
    if (!this.#stopped) this.#loop.start();
    return new Exposition([...this.#figures.values()], this.log);
  }

  #add(figure: Figure): void {
    if (this.#exposition !== null) throw new Error(`the figure ${figure.name} comes after the first scrape`);
    if (this.#figures.has(figure.name)) throw new Error(`there are two figures ${figure.name}`);
    this.#figures.set(figure.name, figure);
  }
}
