import { type Transaction as KyselyTransaction, type RawBuilder, sql } from 'kysely';
import { notFound } from '../contract/errors.js';
import { newId } from '../contract/ids.js';
import { timestamp } from '../contract/time.js';
import { referencesTo, type Tables } from '../resources/index.js';
import type { Columns, CommonColumns, InsertOf, PatchOf, Resource, RowOf } from '../resources/resource.js';
import type { Change, WriteContext } from './change.js';
import { decodeRow, insertStatement, type RawRecord, selectOne, updateStatement } from './rows.js';

type Entity<C extends Columns> = Resource<C & CommonColumns>;

/** Of so many that lose an id in one transaction the whole rows are told; more would take too long, and too much memory. */
const MAX_RELEASED_WHOLE = 1_000;

/**
 * The one way to write. Every insert, update and removal of an entity goes through here, so that what changed is
 * known without anybody saying it by hand. Reads of the own uncommitted state are allowed; waiting for anything but
 * the database is not.
 */
export class Transaction {
  readonly changes: Change[] = [];
  /** Rows that it has read or written, by table and id: while it lasts, nobody else writes. */
  readonly #known = new Map<string, Readonly<Record<string, unknown>>>();
  #released = 0;

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

  /**
   * With what the database would take along or empty by itself for the sake of the reference, so that it is heard of:
   * what cannot be without it goes too, of what only names it the id.
   *
   * @throws ApiError not_found
   */
  async remove<C extends Columns>(resource: Entity<C>, id: string): Promise<RowOf<C & CommonColumns>> {
    const before = await this.get(resource, id);
    for (const { other, column, onDelete } of referencesTo(resource)) {
      if (onDelete === 'set null') await this.#release(other, column, id);
      if (onDelete !== 'cascade') continue;
      // Two ways may lead to the same row.
      for (const dependent of await this.referring(other, column, id))
        if (await this.find(other, dependent)) await this.remove(other, dependent);
    }
    await sql`delete from ${sql.table(resource.name)} where "id" = ${id}`.execute(this.db);
    this.#known.delete(keyOf(resource, id));
    this.changes.push({ resource: resource.name, action: 'DELETE', id, before, after: null, fields: [] });
    return before;
  }

  /** Ids of those whose column holds the id. */
  async referring({ name }: Resource, column: string, id: string): Promise<string[]> {
    const { rows } = await sql<{ id: string }>`
      select "id" from ${sql.table(name)} where ${sql.ref(column)} = ${id}
    `.execute(this.db);
    return rows.map((row) => row.id);
  }

  /** Empties a column of all that hold the id, in one statement: a farm's whole past may do so. */
  async #release(other: Resource, column: string, id: string): Promise<void> {
    const where = sql`${sql.ref(column)} = ${id}`;
    const read = async (what: RawBuilder<unknown>, limit: number) =>
      sql<RawRecord>`select ${what} from ${sql.table(other.name)} where ${where} limit ${limit}`.execute(
        this.db,
      );
    const left = MAX_RELEASED_WHOLE - this.#released;
    let { rows } = await read(sql`*`, left + 1);
    if (rows.length === 0) return;
    const released = rows.length <= left ? 'whole' : 'ids';
    if (released === 'ids') ({ rows } = await read(sql`"id", ${sql.ref(column)}`, -1));
    else this.#released += rows.length;
    const changed = { [column]: null, updatedAt: this.now };
    await sql`
      update ${sql.table(other.name)} set ${sql.ref(column)} = null, "updatedAt" = ${this.now} where ${where}
    `.execute(this.db);
    for (const raw of rows) {
      const before = decodeRow(other, raw);
      const key = keyOf(other, before.id);
      const known = this.#known.get(key);
      if (known) this.#known.set(key, { ...known, ...changed });
      const after = { ...before, ...changed };
      const told = { resource: other.name, action: 'UPDATE', id: before.id, before, after } as const;
      this.changes.push({ ...told, fields: [column], released });
    }
  }
}

function keyOf({ name }: { readonly name: string }, id: string): string {
  return `${name} ${id}`;
}
