import { randomFillSync } from 'node:crypto';

const PATTERN = /^[a-z0-9]{24}$/;
const ID_LENGTH = 24;
const LETTERS = 26;
const SIGNS = 'abcdefghijklmnopqrstuvwxyz0123456789';
/** Largest multiples of 36 and 26 that a byte holds; what lies beyond would favour the first signs. */
const FAIR_SIGNS = 252;
const FAIR_LETTERS = 234;

/** The system's randomness, fetched for many ids at once. */
const pool = Buffer.alloc(4096);
let used = pool.length;

/** A new id of the contract's form: 24 lower-case letters and digits, a letter first; 123 bits of chance. */
export function newId(): string {
  let id = SIGNS.charAt(below(LETTERS, FAIR_LETTERS));
  while (id.length < ID_LENGTH) id += SIGNS.charAt(below(SIGNS.length, FAIR_SIGNS));
  return id;
}

export function isId(value: unknown): value is string {
  return typeof value === 'string' && PATTERN.test(value);
}

/** @param fair bytes from here on are passed over */
function below(count: number, fair: number): number {
  for (;;) {
    if (used >= pool.length) {
      randomFillSync(pool);
      used = 0;
    }
    const byte = pool[used] ?? fair;
    pool[used] = 0;
    used += 1;
    if (byte < fair) return byte % count;
  }
}
