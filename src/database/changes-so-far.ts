import { type Kysely, sql } from 'kysely';

/**
 * How many rows were written through this connection, whoever wrote them and by whatever way, undone ones too: while the
 * number stays, every query answers the same. All writing is done through one connection.
 */
export async function changesSoFar<T>(db: Kysely<T>): Promise<number> {
  const { rows } = await sql<{ changes: number }>`select total_changes() as "changes"`.execute(db);
  return rows[0]?.changes ?? Number.NaN;
}
