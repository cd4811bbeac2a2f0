import { sql } from 'kysely';
import { type ChangeRow, changeRowsAfter, changeRowsBack } from '../database/change-rows.js';
import type { Database } from '../database/database.js';
import { isOneOf } from '../database/json-sql.js';
import { decodeRow, type RawRecord } from '../database/rows.js';
import type { EntityRow } from './entities.js';
import { type EntityBatch, toldEntity } from './entity-events.js';
import { entityKey, PastStates } from './entity-states.js';

type Read = Pick<Database, 'read'>;

/**
 * What was committed after `sequence`, up to `head`, oldest first; the first of it where that is much. Read from what is
 * kept: each entity as it was then is the one of now, without what was done to it since.
 *
 * @param portion transactions that are put together at once, and that are read at once of those after them
 */
export async function pendingBatches(
  { read }: Read,
  { sequence, head, portion }: { readonly sequence: number; readonly head: number; readonly portion: number },
): Promise<readonly EntityBatch[]> {
  // Entities and the newest row are read as of the same moment; rows do not change, so that the others may be read later.
  const { window, newest, states } = await read.transaction().execute(async (db) => {
    const rows = (await changeRowsAfter(db, sequence, portion)).filter((row) => row.sequence <= head);
    const [last] = await changeRowsBack(db, sequence, Number.MAX_SAFE_INTEGER, 1);
    return { window: rows, newest: last?.sequence ?? sequence, states: await statesOf(db, rows) };
  });
  const last = window.at(-1);
  if (!last) return [];
  const past = new PastStates(states);
  let reached = newest + 1;
  while (reached > last.sequence + 1) {
    const later = await changeRowsBack(read, last.sequence, reached, portion);
    for (const row of later) past.undo(row);
    reached = later.at(-1)?.sequence ?? last.sequence + 1;
  }
  return window
    .toReversed()
    .map((row) => past.unfold(row))
    .toReversed();
}

async function statesOf(
  db: Database['read'],
  rows: readonly ChangeRow[],
): Promise<Map<string, EntityRow | null>> {
  const ids = new Map<string, Set<string>>();
  const states = new Map<string, EntityRow | null>();
  for (const [name, , id] of rows.flatMap(({ changes }) => changes)) {
    states.set(entityKey(name, id), null);
    ids.set(name, (ids.get(name) ?? new Set()).add(id));
  }
  for (const [name, some] of ids) {
    const entity = toldEntity(name);
    if (!entity) continue;
    const found = await sql<RawRecord>`
      select * from ${sql.table(name)} where ${isOneOf(sql.ref('id'), [...some])}
    `.execute(db);
    for (const raw of found.rows) {
      const row: EntityRow = decodeRow(entity.resource, raw);
      states.set(entityKey(name, row.id), row);
    }
  }
  return states;
}
