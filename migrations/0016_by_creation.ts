import { type Kysely, sql } from 'kysely';
import type { Migration } from '../src/database/migrate.js';

/**
 * Everything that is listed by pages is found by the time at which it was made, which is also the order of most lists.
 * Rows that change leave these indexes alone. Tables of a handful of rows do without.
 */
export const byCreation: Migration = { name: '0016_by_creation', up };

const INDEXES: readonly (readonly [name: string, table: string])[] = [
  ['api_key_by_created', 'apiKey'],
  ['folder_by_created', 'folder'],
  ['integration_by_created', 'integration'],
  ['material_by_created', 'material'],
  ['variant_by_created', 'materialVariant'],
  ['instance_by_created', 'materialInstance'],
  ['material_profile_by_created', 'materialProfileAssignment'],
  ['part_material_by_created', 'partMaterialAssignment'],
  ['printer_by_created', 'printer'],
  ['slot_by_created', 'printerSlot'],
  ['profile_by_created', 'profile'],
  ['user_permission_by_created', 'userPermission'],
];

async function up(db: Kysely<unknown>): Promise<void> {
  for (const [name, table] of INDEXES) {
    const columns = sql`"storeId", "createdAt", "id"`;
    await sql`create index ${sql.ref(name)} on ${sql.table(table)} (${columns})`.execute(db);
  }
}
