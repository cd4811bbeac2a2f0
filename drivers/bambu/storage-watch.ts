import { type JsonObject, readBoolean } from './coerce.js';
import { readStorage, type Storage } from './report-machine.js';

const CONFIRMATION_MS = 10_000;

/**
 * Believes in a missing card only when it stays missing: some reports clear its bits for a moment with a card in
 * place (docs/protocol.md §5.5).
 */
export class StorageWatch {
  #believed: Storage | null = null;
  #missingSince: number | null = null;

  get storage(): Storage | null {
    return this.#believed;
  }

  observe(print: JsonObject, now: number): void {
    const shown = readStorage(print);
    if (shown === null) return;
    if (shown !== 'none') {
      this.#missingSince = null;
      this.#believed = shown;
      return;
    }
    this.#missingSince ??= now;
    const contradicted = readBoolean(print.sdcard) === true;
    if (!contradicted || now - this.#missingSince >= CONFIRMATION_MS) this.#believed = 'none';
  }
}
