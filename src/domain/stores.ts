import { newId } from '../contract/ids.js';
import type { Actor, WriteContext } from '../database/change.js';
import type { Database } from '../database/database.js';
import type { Transaction } from '../database/transaction.js';
import { integration, store, storeSettings, user, userPermission } from '../resources/index.js';
import type { Row } from '../resources/resource.js';
import { writeLocalPlan } from './local-plan.js';
import { ownerIdOf } from './members.js';

export type Store = Row<typeof store>;

/** The daemon acting by itself. */
export const SYSTEM: Actor = { type: 'system', id: null };

export function systemContext(storeId: string, correlationId: string = newId()): WriteContext {
  return { storeId, actor: SYSTEM, address: null, correlationId };
}

/** Makes a store with the integration that its LAN printers belong to; `completeStore` gives it the rest. */
export async function createStore(db: Database, name: string): Promise<Store> {
  const storeId = newId();
  return db.write(systemContext(storeId), async (tx) => {
    const made = await tx.insert(store, { id: storeId, storeId, name });
    await tx.insert(integration, { storeId, type: 'bambulab', publicData: {}, settings: {} });
    return made;
  });
}

/**
 * Gives a store what every store has, where it has not: its owner, its settings, its plan. Stores of earlier versions
 * get it at the first start. Writes nothing when nothing is missing.
 *
 * @param maxConcurrentJobs null is no limit
 */
export async function completeStore(tx: Transaction, maxConcurrentJobs: number | null): Promise<void> {
  const { storeId } = tx.context;
  const { createdAt } = await tx.get(store, storeId);
  if ((await ownerIdOf(tx.db, storeId)) === null) {
    const owner = await tx.insert(user, { storeId, displayName: 'Owner' });
    await tx.insert(userPermission, { storeId, userId: owner.id, permission: 'organization.owner' });
  }
  const settings = await tx.db
    .selectFrom('storeSettings')
    .select('id')
    .where('storeId', '=', storeId)
    .executeTakeFirst();
  if (!settings) await tx.insert(storeSettings, { storeId });
  await writeLocalPlan(tx, createdAt, maxConcurrentJobs);
}

/** The installation's one store, null before `init`. */
export async function installedStoreId(db: Database): Promise<string | null> {
  const row = await db.read.selectFrom('store').select('id').orderBy('createdAt').executeTakeFirst();
  return row?.id ?? null;
}
