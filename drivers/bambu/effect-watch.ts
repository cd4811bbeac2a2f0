import type { CommandEffect, PrinterState } from '../driver.js';
import type { SessionTiming } from './timing.js';

export type Shows = (state: PrinterState) => boolean;

export interface EffectWatchParts {
  readonly timing: Pick<SessionTiming, 'effectHoldMs' | 'effectLastLookMs'>;
  state(): PrinterState | null;
  /** Asks for a full report as soon as the printer may be asked. */
  wantEverything(): void;
}

/** What came of waiting; `gone` is the end of the connection. */
export type Sight = 'seen' | 'unseen' | 'gone';

/** Looks for the effects of commands in the reports that follow them (docs/protocol.md §6.4). */
export class EffectWatch {
  readonly #parts: EffectWatchParts;
  readonly #looking = new Set<(state: PrinterState | null) => void>();
  #connection = 0;

  constructor(parts: EffectWatchParts) {
    this.#parts = parts;
  }

  /** A report came. */
  observe(state: PrinterState): void {
    for (const look of [...this.#looking]) look(state);
  }

  /** Names the present connection; what was sent over it shows in no report of another. */
  get connection(): number {
    return this.#connection;
  }

  /** The connection is gone: nothing of it will show any more. */
  abandon(): void {
    this.#connection += 1;
    for (const look of [...this.#looking]) look(null);
  }

  /** Whether it shows now, or in a report within the time. */
  within(shows: Shows, timeoutMs: number, connection: number): Promise<Sight> {
    if (connection !== this.#connection) return Promise.resolve('gone');
    const now = this.#parts.state();
    if (now !== null && shows(now)) return Promise.resolve('seen');
    if (timeoutMs <= 0) return Promise.resolve('unseen');
    return this.#wait(timeoutMs, shows);
  }

  /**
   * Whether reports bear a command out. What showed before it was sent is believed only once reports have had the time
   * to say otherwise; what does not show in time is asked for once more.
   */
  async follow(
    shows: Shows,
    before: PrinterState | null,
    withinMs: number,
    connection: number,
  ): Promise<CommandEffect> {
    const { timing } = this.#parts;
    if (connection !== this.#connection) return 'missing';
    if (before === null || shows(before)) {
      if ((await this.#wait(timing.effectHoldMs)) === 'gone') return 'missing';
    }
    const sight = await this.within(shows, withinMs, connection);
    if (sight !== 'unseen') return sight === 'seen' ? 'shown' : 'missing';
    this.#parts.wantEverything();
    return (await this.#wait(timing.effectLastLookMs, shows)) === 'seen' ? 'shown' : 'missing';
  }

  /** Ends with the first report that shows it, after the time, or with the connection. */
  #wait(ms: number, shows?: Shows): Promise<Sight> {
    return new Promise((resolve) => {
      const settle = (sight: Sight): void => {
        clearTimeout(timer);
        this.#looking.delete(look);
        resolve(sight);
      };
      const look = (state: PrinterState | null): void => {
        if (state === null) settle('gone');
        else if (shows?.(state)) settle('seen');
      };
      const timer = setTimeout(() => settle('unseen'), ms);
      this.#looking.add(look);
    });
  }
}
