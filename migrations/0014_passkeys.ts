import { type Kysely, sql } from 'kysely';
import type { Migration } from '../src/database/migrate.js';

/** Passkeys of users, and the sessions that they open. */
export const passkeys: Migration = { name: '0014_passkeys', up };

async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('passkey')
    .addColumn('id', 'text', (c) => c.primaryKey().notNull())
    .addColumn('storeId', 'text', (c) => c.notNull().references('store.id').onDelete('cascade'))
    .addColumn('userId', 'text', (c) => c.notNull().references('user.id').onDelete('cascade'))
    .addColumn('credentialId', 'text', (c) => c.notNull())
    .addColumn('userHandle', 'text', (c) => c.notNull())
    .addColumn('publicKey', 'text', (c) => c.notNull())
    .addColumn('counter', 'integer', (c) => c.notNull())
    .addColumn('transports', 'text')
    .addColumn('credentialDeviceType', 'text', (c) => c.notNull())
    .addColumn('credentialBackedUp', 'integer', (c) => c.notNull())
    .addColumn('rpId', 'text', (c) => c.notNull())
    .addColumn('name', 'text')
    .addColumn('lastUsedAt', 'text')
    .addColumn('createdAt', 'text', (c) => c.notNull())
    .addColumn('updatedAt', 'text', (c) => c.notNull())
    .execute();
  await db.schema
    .createTable('userSession')
    .addColumn('id', 'text', (c) => c.primaryKey().notNull())
    .addColumn('storeId', 'text', (c) => c.notNull().references('store.id').onDelete('cascade'))
    .addColumn('userId', 'text', (c) => c.notNull().references('user.id').onDelete('cascade'))
    .addColumn('passkeyId', 'text', (c) => c.references('passkey.id').onDelete('set null'))
    .addColumn('secretHash', 'text', (c) => c.notNull())
    .addColumn('secretSalt', 'text', (c) => c.notNull())
    .addColumn('address', 'text')
    .addColumn('userAgent', 'text')
    .addColumn('expiresAt', 'text', (c) => c.notNull())
    .addColumn('lastUsedAt', 'text')
    .addColumn('createdAt', 'text', (c) => c.notNull())
    .addColumn('updatedAt', 'text', (c) => c.notNull())
    .execute();
  await sql`create unique index "passkey_credential" on "passkey" ("credentialId")`.execute(db);
  await sql`create index "passkey_by_user" on "passkey" ("userId")`.execute(db);
  await sql`create index "user_session_by_user" on "userSession" ("userId", "createdAt")`.execute(db);
  await sql`create index "user_session_by_passkey" on "userSession" ("passkeyId")`.execute(db);
  await sql`create index "user_session_by_end" on "userSession" ("expiresAt")`.execute(db);
}
