import type { CompiledQuery, Kysely } from 'kysely';
import { changesSoFar } from '../database/changes-so-far.js';
import type { Tables } from '../resources/index.js';

interface Counted {
  readonly total: number;
  /** How often the database had been changed then. */
  readonly changes: number;
}

const MAX_KNOWN = 500;
const MAX_KEY = 2_000;

const known = new WeakMap<Kysely<Tables>, Map<string, Counted>>();

/**
 * How many rows a query counts. Counting reads every row that matches, so that the same question is counted once for as
 * long as nothing is written: who turns pages, or looks every few seconds, does not make a long past be read each time.
 */
export async function total(db: Kysely<Tables>, query: CompiledQuery<{ total: number }>): Promise<number> {
  const key = `${query.sql}\0${JSON.stringify(query.parameters)}`;
  const counted = known.get(db) ?? new Map<string, Counted>();
  known.set(db, counted);
  const changes = await changesSoFar(db);
  const before = counted.get(key);
  if (before?.changes === changes) return before.total;
  const [row] = (await db.executeQuery(query)).rows;
  const found = row?.total ?? 0;
  // Looked at again: what was written while it was counted may be in it or not.
  if (key.length <= MAX_KEY && changes === (await changesSoFar(db))) {
    if (counted.size >= MAX_KNOWN) counted.clear();
    counted.set(key, { total: found, changes });
  }
  return found;
}
