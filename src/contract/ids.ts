import { createId, init } from '@paralleldrive/cuid2';

const PATTERN = /^[a-z0-9]{24}$/;

/** A new 24-character id (cuid2: lower-case letters and digits, a letter first). */
export const newId: () => string = createId;

export function isId(value: unknown): value is string {
  return typeof value === 'string' && PATTERN.test(value);
}

/** Makes ids of another length, for secrets and upload folders. */
export function idMaker(length: number): () => string {
  return init({ length });
}
