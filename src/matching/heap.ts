/** A heap: the least of what is in it comes out first. */
export class Heap<T> {
  readonly #items: T[];

  constructor(
    items: readonly T[],
    private readonly compare: (a: T, b: T) => number,
  ) {
    this.#items = [...items];
    for (let at = (this.#items.length >> 1) - 1; at >= 0; at--) this.#sink(at);
  }

  get least(): T | undefined {
    return this.#items[0];
  }

  /** Takes the least out. */
  drop(): void {
    const last = this.#items.pop();
    if (last === undefined || this.#items.length === 0) return;
    this.#items[0] = last;
    this.#sink(0);
  }

  /** To be called when the least has become greater. */
  settle(): void {
    this.#sink(0);
  }

  #sink(from: number): void {
    const items = this.#items;
    let at = from;
    for (;;) {
      let least = at;
      for (const child of [2 * at + 1, 2 * at + 2]) if (this.#isLess(child, least)) least = child;
      if (least === at) return;
      const [one, other] = [items[at], items[least]];
      if (one === undefined || other === undefined) return;
      items[at] = other;
      items[least] = one;
      at = least;
    }
  }

  #isLess(a: number, b: number): boolean {
    const [one, other] = [this.#items[a], this.#items[b]];
    return one !== undefined && other !== undefined && this.compare(one, other) < 0;
  }
}
