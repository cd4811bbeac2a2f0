import { Random } from '../../drivers/emulator/random.js';

/**
 * What chance decides in one step. Every step has a generator of its own, so that a seed plays the same steps whatever
 * the steps before it found.
 */
export class Draw {
  readonly #random: Random;

  constructor(seed: number, part: string) {
    this.#random = Random.of(seed, part);
  }

  /** True so often in a hundred. */
  chance(percent: number): boolean {
    return this.#random.next() * 100 < percent;
  }

  /** Whole number, both ends included. */
  whole(low: number, high: number): number {
    return this.#random.whole(low, high);
  }

  /** @throws Error when there is nothing to choose from */
  one<T>(from: readonly T[]): T {
    const found = from[Math.min(from.length - 1, Math.floor(this.#random.next() * from.length))];
    if (found === undefined) throw new Error('nothing to choose from');
    return found;
  }

  /** Up to so many of them, in their order. */
  some<T>(from: readonly T[], most: number): readonly T[] {
    const wanted = Math.min(from.length, this.whole(1, most));
    const places = new Set<number>();
    while (places.size < wanted) places.add(this.whole(0, from.length - 1));
    return from.filter((_, at) => places.has(at));
  }

  /** Each with its weight. @throws Error when all weights are 0 */
  weighted<T extends { readonly weight: number }>(from: readonly T[]): T {
    let left = this.#random.next() * from.reduce((sum, { weight }) => sum + weight, 0);
    for (const one of from) {
      left -= one.weight;
      if (left < 0) return one;
    }
    return this.one(from);
  }
}
