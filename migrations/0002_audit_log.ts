import { type Kysely, sql } from 'kysely';
import type { Migration } from '../src/database/migrate.js';

/** Who did what. One index beside the key: rows are written far more often than they are read. */
export const auditLog: Migration = { name: '0002_audit_log', up };

async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('auditLog')
    .addColumn('id', 'text', (c) => c.primaryKey().notNull())
    .addColumn('storeId', 'text', (c) => c.notNull().references('store.id').onDelete('cascade'))
    .addColumn('source', 'text', (c) => c.notNull())
    .addColumn('entityType', 'text', (c) => c.notNull())
    .addColumn('entityId', 'text')
    .addColumn('entityIds', 'text')
    .addColumn('action', 'text')
    .addColumn('detailedAction', 'text')
    .addColumn('changes', 'text')
    .addColumn('metadata', 'text')
    .addColumn('actorId', 'text', (c) => c.notNull())
    .addColumn('actorType', 'text', (c) => c.notNull())
    .addColumn('actorEmail', 'text')
    .addColumn('apiKeyId', 'text')
    .addColumn('impersonatedBy', 'text')
    .addColumn('correlationId', 'text', (c) => c.notNull())
    .addColumn('ipAddress', 'text')
    .addColumn('userAgent', 'text')
    .addColumn('reason', 'text')
    .addColumn('createdAt', 'text', (c) => c.notNull())
    .addColumn('updatedAt', 'text', (c) => c.notNull())
    .execute();
  await sql`create index "audit_by_created" on "auditLog" ("storeId", "createdAt" desc, "id")`.execute(db);
}
