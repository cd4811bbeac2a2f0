import type { StartsLeft } from '../matching/input.js';
import { nextOpening, parseHours, type WorkingHours } from './working-hours.js';

export interface StartPolicyOptions {
  /** Printers that may be warming up at once; null is no limit. */
  readonly maxHeating: number | null;
  /** Such as `mon-fri 07:00-19:00`, on the clock of this machine; none is always. */
  readonly workingHours: readonly string[];
  readonly continuous: {
    /** What the bed must have cooled to before the next print, degrees Celsius; null does not wait for it. */
    readonly bedBelowC: number | null;
    /** How long a printer rests between two prints, seconds. */
    readonly waitSeconds: number;
  };
}

export const NO_POLICY: StartPolicyOptions = {
  maxHeating: null,
  workingHours: [],
  continuous: { bedBelowC: null, waitSeconds: 0 },
};

/** When prints may begin, whatever printers and jobs are free: the hours of people, and what the mains can bear. */
export class StartPolicy {
  #options = NO_POLICY;
  #hours: readonly WorkingHours[] = [];

  constructor(options: StartPolicyOptions = NO_POLICY) {
    this.configure(options);
  }

  get continuous(): StartPolicyOptions['continuous'] {
    return this.#options.continuous;
  }

  configure(options: StartPolicyOptions): void {
    this.#options = options;
    this.#hours = options.workingHours.map(parseHours);
  }

  /** Why no print may begin at this time, in words; null when one may. @param at epoch milliseconds */
  closed(at: number): string | null {
    const opens = nextOpening(this.#hours, new Date(at));
    if (opens === null) return null;
    const hours = this.#options.workingHours.join(', ');
    return `Outside the working hours (${hours}) no print begins; they begin again on ${localText(opens)}.`;
  }

  /**
   * How many prints may begin now; null is no limit.
   *
   * @param at epoch milliseconds
   * @param countHeating printers that are warming up, or are about to
   */
  startsLeft(at: number, countHeating: () => number): StartsLeft | null {
    const closed = this.closed(at);
    if (closed !== null) return { count: 0, because: closed };
    const { maxHeating } = this.#options;
    if (maxHeating === null) return null;
    const heating = countHeating();
    return {
      count: Math.max(0, maxHeating - heating),
      because: `${heating} of at most ${maxHeating} printers are warming up or about to; the next one begins when one is warm.`,
    };
  }
}

const DAY_NAMES = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

function localText(time: Date): string {
  const two = (value: number) => String(value).padStart(2, '0');
  return `${DAY_NAMES[time.getDay()]} at ${two(time.getHours())}:${two(time.getMinutes())}`;
}
