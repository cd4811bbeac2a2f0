/** What every machine takes for a file in its root folder. */
const USUAL_PREFIX = 'ftp://';
/** "Path not accepted" and "card not readable", which is what some firmware says instead. */
const PATH_ERRORS: ReadonlySet<string> = new Set(['0500_4002', '0500_C010']);

/**
 * The form of url a printer takes (docs/protocol.md §6.2). Sources disagree for some models, so a start that fails
 * over its path makes the next start use the next form. The failed one is never sent again from here.
 */
export class UrlForm {
  readonly #prefixes: () => readonly string[];
  #index = 0;
  #awaiting = false;
  #present: string | null = null;

  /** @param prefixes forms the model may take, the likeliest first */
  constructor(prefixes: () => readonly string[]) {
    this.#prefixes = prefixes;
  }

  get prefix(): string {
    const prefixes = this.#prefixes();
    return prefixes[this.#index % Math.max(1, prefixes.length)] ?? USUAL_PREFIX;
  }

  /** A start command was sent; the next new error tells of it. */
  noteStart(): void {
    this.#awaiting = true;
  }

  /** The print began: the form was right. */
  noteSuccess(): void {
    this.#awaiting = false;
  }

  /** @param code of a print error or of a refusal; null when there is none */
  noteError(code: string | null): void {
    const isNew = code !== this.#present;
    this.#present = code;
    if (!isNew || !this.#awaiting || code === null || !PATH_ERRORS.has(code)) return;
    this.#awaiting = false;
    this.#index += 1;
  }
}
