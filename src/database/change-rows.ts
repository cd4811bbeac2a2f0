import { type Kysely, type RawBuilder, sql } from 'kysely';
import { z } from 'zod';
import type { Tables } from '../resources/index.js';

/** What one transaction changed, or a part of it, as it is kept until everybody who follows the farm has it. */
export interface ChangeRow {
  /** Counts up in commit order; numbers of transactions that were undone are left out. */
  readonly sequence: number;
  readonly storeId: string;
  /** Time of the transaction, epoch milliseconds. */
  readonly at: number;
  /** By name, up to which sequence each follower had everything when the row was written. */
  readonly cursors: Readonly<Record<string, number>>;
  readonly changes: readonly StoredChange[];
}

/**
 * Resource, what was done to it, its id, and what it held before: of an update the values that it replaced, of a delete
 * all of them. What it holds after is in its own table, or in what a later change says it held before.
 */
const storedChange = z.union([
  z.tuple([z.string(), z.literal('I'), z.string()]),
  z.tuple([z.string(), z.enum(['U', 'D']), z.string(), z.record(z.string(), z.unknown())]),
]);
export type StoredChange = z.infer<typeof storedChange>;

const row = z.object({ sequence: z.int(), storeId: z.string(), at: z.number() });
const sequences = z.tuple([z.object({ sequence: z.int() })]);
const cursorsOf = z.record(z.string(), z.int());
const changesOf = z.array(storedChange);

type Db = Kysely<Tables>;
type Sql = RawBuilder<unknown>;

/**
 * Adds one behind the newest, and behind `last` where that is gone already.
 *
 * @returns its sequence
 */
export async function addChangeRow(
  db: Db,
  last: number,
  { storeId, at, cursors, changes }: Omit<ChangeRow, 'sequence'>,
): Promise<number> {
  const { rows } = await sql<{ sequence: number }>`
    insert into "entityChange" ("sequence", "storeId", "at", "cursors", "changes")
    select max(${last}, coalesce(max("sequence"), 0)) + 1,
      ${storeId}, ${at}, ${JSON.stringify(cursors)}, ${JSON.stringify(changes)} from "entityChange"
    returning "sequence"`.execute(db);
  return sequences.parse(rows)[0].sequence;
}

/** Characters of changes that are read at once, unless a single row has more. */
const MAX_READ = 512 * 1024;

/** Those after `sequence`, oldest first, the first of them where that is much. */
export function changeRowsAfter(db: Db, sequence: number, limit: number): Promise<ChangeRow[]> {
  return some(db, sql`"sequence" > ${sequence}`, sql`"sequence"`, limit);
}

/** Those between `after` and `before`, both left out, newest first, the first of them where that is much. */
export function changeRowsBack(db: Db, after: number, before: number, limit: number): Promise<ChangeRow[]> {
  const between = sql`"sequence" > ${after} and "sequence" < ${before}`;
  return some(db, between, sql`"sequence" desc`, limit);
}

export async function newestChangeRow(db: Db): Promise<ChangeRow | null> {
  const [newest] = await read(db, sql`select * from "entityChange" order by "sequence" desc limit 1`);
  return newest ?? null;
}

/** Removes those up to `sequence`. @returns how many */
export async function dropChangeRows(db: Db, sequence: number): Promise<number> {
  return dropped(await sql`delete from "entityChange" where "sequence" <= ${sequence}`.execute(db));
}

export async function dropAllChangeRows(db: Db): Promise<void> {
  await sql`delete from "entityChange"`.execute(db);
}

/** Removes those of transactions before `at`. @returns how many */
export async function dropChangeRowsBefore(db: Db, at: number): Promise<number> {
  return dropped(await sql`delete from "entityChange" where "at" < ${at}`.execute(db));
}

export async function setCursors(db: Db, sequence: number, cursors: ChangeRow['cursors']): Promise<void> {
  await sql`update "entityChange" set "cursors" = ${JSON.stringify(cursors)}
    where "sequence" = ${sequence}`.execute(db);
}

function some(db: Db, where: Sql, order: Sql, limit: number): Promise<ChangeRow[]> {
  const first = sql`select * from "entityChange" where ${where} order by ${order} limit ${limit}`;
  const size = sql`length("changes")`;
  const summed = sql`select *, sum(${size}) over (order by ${order}) - ${size} as "before" from (${first})`;
  return read(db, sql`select * from (${summed}) where "before" < ${MAX_READ} order by ${order}`);
}

async function read(db: Db, query: Sql): Promise<ChangeRow[]> {
  const { rows } = await query.execute(db);
  return rows.map((raw) => {
    const { cursors, changes } = texts.parse(raw);
    return {
      ...row.parse(raw),
      cursors: cursorsOf.parse(JSON.parse(cursors)),
      changes: changesOf.parse(JSON.parse(changes)),
    };
  });
}

const texts = z.object({ cursors: z.string(), changes: z.string() });

function dropped({ numAffectedRows }: { readonly numAffectedRows?: bigint }): number {
  return Number(numAffectedRows ?? 0n);
}
