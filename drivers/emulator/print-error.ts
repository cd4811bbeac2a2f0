/** The print_error a printer shows: standing until it is cleared, or flashed for two seconds. */
import type { ClockTimer, VirtualClock } from './virtual-clock.js';

const FLASH_MS = 2_000;
/** What shows for a moment only must outlive the coalescing of reports however fast the time runs. */
const SHORTEST_REAL_MS = 250;

/** So many virtual milliseconds, or as many as it takes to be seen in a report. */
export function noticeable(clock: VirtualClock, virtualMs: number): number {
  return Math.max(virtualMs, SHORTEST_REAL_MS * clock.speed);
}

export class ShownError {
  #code = 0;
  #flash: ClockTimer | null = null;

  constructor(
    private readonly clock: VirtualClock,
    private readonly onChange: () => void,
  ) {}

  /** Unsigned 32 bit, 0 is none. */
  get code(): number {
    return this.#code;
  }

  /** Takes the place of whatever shows, a flash included. */
  show(code: number): void {
    this.#flash?.cancel();
    this.#flash = null;
    this.#code = code;
  }

  /** Somebody has taken note of it. */
  clear(): void {
    this.show(0);
    this.onChange();
  }

  /** Shows a code for a moment, then what stood there before. */
  flash(code: number): void {
    const before = this.#flash === null ? this.#code : 0;
    this.show(code);
    this.onChange();
    this.#flash = this.clock.after(noticeable(this.clock, FLASH_MS), () => {
      this.show(before);
      this.onChange();
    });
  }
}
