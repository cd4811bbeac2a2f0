/** What people have asked things to become since the last look, by the id of the thing: it may have been any of it. */
export class Asked<T> {
  readonly #values = new Map<string, T[]>();

  add(id: string, value: T): void {
    this.#values.set(id, [...this.of(id), value]);
  }

  of(id: string): readonly T[] {
    return this.#values.get(id) ?? [];
  }

  clear(): void {
    this.#values.clear();
  }
}
