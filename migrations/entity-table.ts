import type { CreateTableBuilder, Kysely } from 'kysely';

/**
 * What every entity has in front of its own columns. Steps that have been released were made with it as it is: it is
 * never edited, and a step that needs another beginning writes its own.
 */
export function begun(db: Kysely<unknown>, name: string): CreateTableBuilder<string, string> {
  return db.schema
    .createTable(name)
    .addColumn('id', 'text', (c) => c.primaryKey().notNull())
    .addColumn('storeId', 'text', (c) => c.notNull().references('store.id').onDelete('cascade'));
}

/** What every entity has behind its own columns; makes the table. Never edited either. */
export function ended(table: CreateTableBuilder<string, string>): Promise<void> {
  return table
    .addColumn('createdAt', 'text', (c) => c.notNull())
    .addColumn('updatedAt', 'text', (c) => c.notNull())
    .execute();
}
