import { timingSafeEqual } from 'node:crypto';
import { isSessionToken, tokenBody } from '../../domain/sessions.js';
import type { Known } from './known.js';

interface Kept {
  readonly known: Known;
  readonly secret: Buffer;
  /** What is shown is written here to be compared. */
  readonly shown: Buffer;
}

const ID_LENGTH = 24;

/**
 * Whole keys and tokens that were right once, found by the id they begin with and compared in constant time. They are kept as
 * they are, in memory alone: a hash of each would be the dearest part of a request.
 */
export class Remembered {
  readonly #kept = new Map<string, Kept>();

  constructor(private readonly most: number) {}

  get(secret: string): Known | null {
    const kept = this.#kept.get(idOf(secret));
    if (kept === undefined || kept.secret.length !== secret.length) return null;
    // What takes more than one byte may not have been written whole: then the end is still what was shown before.
    if (kept.shown.write(secret, 'utf8') !== kept.secret.length) return null;
    return timingSafeEqual(kept.shown, kept.secret) ? kept.known : null;
  }

  set(secret: string, known: Known): void {
    if (this.#kept.size >= this.most) this.#kept.clear();
    const bytes = Buffer.from(secret, 'utf8');
    this.#kept.set(idOf(secret), { known, secret: bytes, shown: Buffer.alloc(bytes.length) });
  }

  /** Forgets whatever rests on a row. */
  forget(rowId: string): void {
    for (const [id, { known }] of this.#kept) if (known.restsOn.includes(rowId)) this.#kept.delete(id);
  }
}

/** Keys and tokens have ids of their own kinds, so that the mark of a token belongs to it. */
function idOf(secret: string): string {
  const mark = isSessionToken(secret) ? secret.length - tokenBody(secret).length : 0;
  return secret.slice(0, mark + ID_LENGTH);
}
