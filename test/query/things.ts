import { sql } from 'kysely';
import { newId } from '../../src/contract/ids.js';
import { insertStatement } from '../../src/database/rows.js';
import { compileCondition } from '../../src/query/compile.js';
import type { Condition, ListQuery } from '../../src/query/condition.js';
import { runList } from '../../src/query/run-list.js';
import {
  choice,
  date,
  flag,
  id,
  integer,
  json,
  nullable,
  real,
  text,
  words,
} from '../../src/resources/column.js';
import { resource } from '../../src/resources/resource.js';
import { record } from '../../src/resources/shapes.js';
import { type TestDatabase, testDatabase } from '../fixtures/database.js';

export const COLOURS = ['red', 'green', 'blue'] as const;

/** An entity with a column of every kind, nullable and not. */
export const thing = resource({
  name: 'thing',
  label: 'thing',
  columns: {
    title: text(),
    note: nullable(text()),
    colour: choice(COLOURS),
    shade: nullable(choice(COLOURS)),
    count: integer(),
    weight: nullable(real()),
    open: flag(),
    seen: nullable(flag()),
    bornAt: date(),
    goneAt: nullable(date()),
    tags: words(),
    labels: nullable(words()),
    owner: nullable(id()),
    data: nullable(json(record)),
    settings: nullable(json(record, { byPlace: true })),
    pin: text({ hidden: true }),
    code: text({ secret: true }),
  },
  masked: ['hash'],
  omit: ['updatedAt'],
});

export interface Thing {
  readonly title: string;
  readonly note: string | null;
  readonly colour: (typeof COLOURS)[number];
  readonly shade: (typeof COLOURS)[number] | null;
  readonly count: number;
  readonly weight: number | null;
  readonly open: boolean;
  readonly seen: boolean | null;
  readonly bornAt: string;
  readonly goneAt: string | null;
  readonly tags: readonly string[];
  readonly labels: readonly string[] | null;
  readonly data?: Readonly<Record<string, unknown>> | null;
  /** Left out: a second after the one before. */
  readonly createdAt?: string;
}

export const EXAMPLE: Thing = {
  title: 'Bracket',
  note: null,
  colour: 'red',
  shade: null,
  count: 1,
  weight: null,
  open: true,
  seen: null,
  bornAt: '2026-03-01T10:00:00.000Z',
  goneAt: null,
  tags: [],
  labels: null,
};

const EVERYTHING: ListQuery = {
  filter: { kind: 'and', of: [] },
  sort: [],
  limit: 10_000,
  offset: 0,
  fields: null,
  include: [],
  meta: false,
};

/** A table of things beside the daemon's own. */
export class Things {
  private constructor(private readonly farm: TestDatabase) {}

  static async open(): Promise<Things> {
    const farm = await testDatabase();
    const columns = Object.entries(thing.columns).map(
      ([name, column]) => sql`${sql.ref(name)} ${sql.raw(column.sql)}`,
    );
    await sql`create table "thing" (${sql.join(columns)})`.execute(farm.db.read);
    return new Things(farm);
  }

  async fill(rows: readonly Thing[]): Promise<void> {
    await sql`delete from "thing"`.execute(this.farm.db.read);
    for (const [index, row] of rows.entries()) {
      const at = new Date(Date.UTC(2026, 0, 1, 0, 0, index)).toISOString();
      const rest = { owner: null, pin: '1', code: '2', createdAt: at, updatedAt: at };
      const whole = { ...rest, data: null, settings: null, ...row, id: newId(), storeId: this.farm.storeId };
      await this.farm.db.read.executeQuery(insertStatement(thing, whole));
    }
  }

  async list(query: Partial<ListQuery>) {
    const presenter = { fileUrl: (uri: string) => uri };
    return runList(this.farm.db.read, thing, this.farm.storeId, { ...EVERYTHING, ...query }, presenter);
  }

  /** Titles of what a query finds, in its order. */
  async titles(query: Partial<ListQuery>): Promise<readonly unknown[]> {
    return (await this.list(query)).data.map((row) => row.title);
  }

  /** The SQL of a condition, and what it binds. */
  compile(condition: Condition) {
    return compileCondition(thing, condition).compile(this.farm.db.read);
  }

  close(): Promise<void> {
    return this.farm.close();
  }
}
