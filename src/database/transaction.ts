import { type Transaction as KyselyTransaction, sql } from 'kysely';
import { notFound } from '../contract/errors.js';
import { newId } from '../contract/ids.js';
import { timestamp } from '../contract/time.js';
import type { Tables } from '../resources/index.js';
import type { Columns, CommonColumns, InsertOf, PatchOf, Resource, RowOf } from '../resources/resource.js';
import type { Change, WriteContext } from './change.js';
import { decodeRow, insertStatement, selectOne, updateStatement } from './rows.js';

type Entity<C extends Columns> = Resource<C & CommonColumns>;

/**
 * The one way to write. Every insert, update and removal of an entity goes through here, so that what changed is
 * known without anybody saying it by hand. Reads of the own uncommitted state are allowed; waiting for anything but
 * the database is not.
 */
export class Transaction {
  readonly changes: Change[] = [];
  /** Rows that it has read or written, by table and id: while it lasts, nobody else writes. */
  readonly #known = new Map<string, Readonly<Record<string, unknown>>>();

  constructor(
    readonly db: KyselyTransaction<Tables>,
    readonly context: WriteContext,
    /** Epoch milliseconds; the same for the whole transaction. */
    readonly at: number,
  ) {}

  get now(): string {
    return timestamp(this.at);
  }

  async find<C extends Columns>(resource: Entity<C>, id: string): Promise<RowOf<C & CommonColumns> | null> {
    const known = this.#known.get(keyOf(resource, id));
    // Kept by this class alone, under the name of its table.
    if (known) return known as RowOf<C & CommonColumns>;
    const { rows } = await this.db.executeQuery(selectOne(resource, id, this.context.storeId));
    const raw = rows[0];
    if (!raw) return null;
    const row = decodeRow<C & CommonColumns>(resource, raw);
    this.#known.set(keyOf(resource, id), row);
    return row;
  }

  /** To be called after a statement that changes rows of entities past this class. */
  forget(): void {
    this.#known.clear();
  }

  /** @throws ApiError not_found */
  async get<C extends Columns>(resource: Entity<C>, id: string): Promise<RowOf<C & CommonColumns>> {
    const row = await this.find(resource, id);
    if (!row) throw notFound(resource.label, id);
    return row;
  }

  async insert<C extends Columns>(
    resource: Entity<C>,
    given: InsertOf<C & CommonColumns>,
  ): Promise<RowOf<C & CommonColumns>> {
    const row = this.#complete(resource, given);
    await this.db.executeQuery(insertStatement(resource, row));
    const { id } = row;
    if (typeof id !== 'string') throw new TypeError(`The ${resource.label} has no id`);
    this.changes.push({
      resource: resource.name,
      action: 'INSERT',
      id,
      before: null,
      after: row,
      fields: [],
    });
    // Complete by now: what was not given has its fallback, and the database refuses a missing column.
    return row as RowOf<C & CommonColumns>;
  }

  /** Adds a row that tells of the transaction and is itself no change: no recorder and no listener hears of it. */
  async note<C extends Columns>(resource: Entity<C>, given: InsertOf<C & CommonColumns>): Promise<void> {
    await this.db.executeQuery(insertStatement(resource, this.#complete(resource, given)));
  }

  #complete<C extends Columns>(
    resource: Entity<C>,
    given: InsertOf<C & CommonColumns>,
  ): Record<string, unknown> {
    const row: Record<string, unknown> = { id: newId(), ...given, createdAt: this.now, updatedAt: this.now };
    for (const [name, column] of Object.entries(resource.columns)) {
      if (row[name] === undefined && column.fallback) row[name] = column.fallback.value;
    }
    return row;
  }

  /** Writes what differs; nothing differing writes nothing. @throws ApiError not_found */
  async update<C extends Columns>(
    resource: Entity<C>,
    id: string,
    patch: PatchOf<C & CommonColumns>,
  ): Promise<RowOf<C & CommonColumns>> {
    const before = await this.get(resource, id);
    const given: Readonly<Record<string, unknown>> = patch;
    const old: Readonly<Record<string, unknown>> = before;
    const fields = Object.keys(given).filter((name) => {
      const column = resource.columns[name];
      return column && given[name] !== undefined && column.encode(given[name]) !== column.encode(old[name]);
    });
    if (fields.length === 0) return before;
    const changed: Record<string, unknown> = { updatedAt: this.now };
    for (const name of fields) changed[name] = given[name];
    await this.db.executeQuery(updateStatement(resource, id, changed));
    const after = { ...before, ...changed };
    this.#known.set(keyOf(resource, id), after);
    this.changes.push({ resource: resource.name, action: 'UPDATE', id, before, after, fields });
    return after;
  }

  /** @throws ApiError not_found */
  async remove<C extends Columns>(resource: Entity<C>, id: string): Promise<RowOf<C & CommonColumns>> {
    const before = await this.get(resource, id);
    await sql`delete from ${sql.table(resource.name)} where "id" = ${id}`.execute(this.db);
    // The database may have removed others with it.
    this.forget();
    this.changes.push({ resource: resource.name, action: 'DELETE', id, before, after: null, fields: [] });
    return before;
  }
}

function keyOf({ name }: { readonly name: string }, id: string): string {
  return `${name} ${id}`;
}
