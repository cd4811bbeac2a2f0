import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ALL_RESOURCES } from '../../src/resources/index.js';
import { type TestDatabase, testDatabase } from '../fixtures/database.js';

interface TableColumn {
  readonly name: string;
  readonly type: string;
  readonly notnull: number;
}
interface ForeignKey {
  readonly from: string;
  readonly table: string;
  readonly on_delete: string;
}

let farm: TestDatabase;
beforeAll(async () => {
  farm = await testDatabase();
});
afterAll(() => farm.close());

describe.each(ALL_RESOURCES.map((resource) => [resource.name, resource] as const))(
  'the migrated table of %s',
  (_name, resource) => {
    it('has exactly the declared columns, types and nullability', async () => {
      const table = await sql<TableColumn>`select * from pragma_table_info(${resource.name})`.execute(
        farm.db.read,
      );
      const found = table.rows.map(
        (row) => `${row.name} ${row.type.toLowerCase()} ${row.notnull ? 'not null' : 'null'}`,
      );
      const declared = Object.entries(resource.columns).map(
        ([name, column]) => `${name} ${column.sql} ${column.nullable ? 'null' : 'not null'}`,
      );
      expect(found.sort()).toEqual(declared.sort());
    });

    it('has exactly the declared references', async () => {
      const keys = await sql<ForeignKey>`select * from pragma_foreign_key_list(${resource.name})`.execute(
        farm.db.read,
      );
      const found = keys.rows.map((key) => `${key.from} -> ${key.table} ${key.on_delete.toLowerCase()}`);
      const declared = Object.entries(resource.columns).flatMap(([name, column]) =>
        column.references && column.references.by === undefined && resource.name !== 'store'
          ? [`${name} -> ${column.references.resource} ${column.references.onDelete}`]
          : [],
      );
      expect(found.sort()).toEqual(declared.sort());
    });
  },
);
