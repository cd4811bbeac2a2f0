/** A temperature that follows its target with a first-order lag, read at any virtual moment. */
export class Heater {
  #value: number;
  #target = 0;
  #since = 0;

  constructor(
    private readonly ambient: number,
    private readonly tauMs: number,
  ) {
    this.#value = ambient;
  }

  get target(): number {
    return this.#target;
  }

  setTarget(target: number, nowMs: number): void {
    this.#value = this.read(nowMs);
    this.#since = nowMs;
    this.#target = target;
  }

  /** °C. */
  read(nowMs: number): number {
    const goal = this.#target > 0 ? this.#target : this.ambient;
    return goal + (this.#value - goal) * Math.exp(-Math.max(0, nowMs - this.#since) / this.tauMs);
  }
}
