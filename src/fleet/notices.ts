/** Why a person should look at a printer. */
export type NoticeCode =
  /** It has not been reached for longer than a printer takes to boot. */
  | 'away'
  /** It refuses the access code, or cannot prove its identity. */
  | 'refused'
  /** It refuses commands: LAN Only Mode or Developer Mode is off. */
  | 'developer-mode'
  /** It prints a file of ours that nobody asked it to print. */
  | 'ghost-print'
  /** It called a print finished long before its last layer. */
  | 'ended-early'
  /** Continuous printing went off by itself. */
  | 'continuous-off'
  /** It is given no more jobs until somebody has looked. */
  | 'set-aside';

export interface Notice {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly code: NoticeCode;
  readonly message: string;
}

const MOST_KEPT = 20;

/** What was noticed on one printer since the daemon began, the newest last. The log has it for good. */
export class Notices {
  readonly #kept: Notice[] = [];

  get all(): readonly Notice[] {
    return this.#kept;
  }

  add(notice: Notice): void {
    this.#kept.push(notice);
    if (this.#kept.length > MOST_KEPT) this.#kept.shift();
  }
}
