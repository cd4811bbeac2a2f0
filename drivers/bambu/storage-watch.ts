import { type JsonObject, readBoolean } from './coerce.js';
import { readStorage, readStorageHealth, type Storage } from './report-machine.js';

const CONFIRMATION_MS = 10_000;

/**
 * Believes in a missing card only when it stays missing: some reports clear its bits for a moment with a card in
 * place (docs/protocol.md §5.5). The health list knows more of a card that is there, and confirms one that is not.
 */
export class StorageWatch {
  #believed: Storage | null = null;
  #missingSince: number | null = null;

  get storage(): Storage | null {
    return this.#believed;
  }

  observe(print: JsonObject, now: number): void {
    const flagged = readStorage(print);
    const health = readStorageHealth(print);
    const shown = flagged === 'ok' && health !== null && health !== 'none' ? health : flagged;
    if (shown === null) return;
    if (shown !== 'none') {
      this.#missingSince = null;
      this.#believed = shown;
      return;
    }
    this.#missingSince ??= now;
    const contradicted = readBoolean(print.sdcard) === true && health !== 'none';
    if (!contradicted || now - this.#missingSince >= CONFIRMATION_MS) this.#believed = 'none';
  }
}
