import type { SessionTiming } from './timing.js';

export interface SilenceActions {
  /** Ask the printer to report. */
  wake(): void;
  /** The last report is too old to speak for the present. */
  becameStale(): void;
  /** @param heard whether any report came on this connection */
  giveUp(heard: boolean): void;
}

/**
 * Watches how long ago the last report came (docs/protocol.md §4.2). A broker may stop publishing while its
 * connection lives on, so that silence is the only sign.
 */
export class SilenceWatch {
  readonly #timing: SessionTiming;
  readonly #actions: SilenceActions;
  #heard = false;
  #stale = false;
  #timer: NodeJS.Timeout | null = null;

  constructor(timing: SessionTiming, actions: SilenceActions) {
    this.#timing = timing;
    this.#actions = actions;
  }

  start(): void {
    this.#after(this.#timing.firstReportMs, () => {
      this.#actions.wake();
      this.#after(this.#timing.staleMs - this.#timing.firstReportMs, () => this.#actions.giveUp(false));
    });
  }

  /** A report came. */
  heard(): void {
    if (this.#heard && !this.#stale) {
      this.#timer?.refresh();
      return;
    }
    this.#heard = true;
    this.#stale = false;
    this.#after(this.#timing.staleMs, () => {
      this.#stale = true;
      this.#actions.becameStale();
      this.#actions.wake();
      this.#after(this.#timing.staleGraceMs, () => this.#actions.giveUp(true));
    });
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #after(ms: number, action: () => void): void {
    this.stop();
    this.#timer = setTimeout(action, Math.max(0, ms));
  }
}
