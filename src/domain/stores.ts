import { newId } from '../contract/ids.js';
import type { Actor, WriteContext } from '../database/change.js';
import type { Database } from '../database/database.js';
import { integration, store } from '../resources/index.js';
import type { Row } from '../resources/resource.js';

export type Store = Row<typeof store>;

/** The daemon acting by itself. */
export const SYSTEM: Actor = { type: 'system', id: null };

export function systemContext(storeId: string, correlationId: string = newId()): WriteContext {
  return { storeId, actor: SYSTEM, address: null, correlationId };
}

/** Makes the installation's store with the integration that its LAN printers belong to. */
export async function createStore(db: Database, name: string): Promise<Store> {
  const storeId = newId();
  return db.write(systemContext(storeId), async (tx) => {
    const made = await tx.insert(store, { id: storeId, storeId, name });
    await tx.insert(integration, { storeId, type: 'bambulab', publicData: {}, settings: {} });
    return made;
  });
}

/** The installation's one store, null before `init`. */
export async function installedStoreId(db: Database): Promise<string | null> {
  const row = await db.read.selectFrom('store').select('id').orderBy('createdAt').executeTakeFirst();
  return row?.id ?? null;
}
