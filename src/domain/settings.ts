import type { Kysely } from 'kysely';
import { notFound } from '../contract/errors.js';
import type { Transaction } from '../database/transaction.js';
import { store, storeSettings, type Tables, userSettings } from '../resources/index.js';
import type { Values } from '../resources/inputs.js';
import type { Row } from '../resources/resource.js';
import { updateEntity } from './entities.js';
import { requireProfiles } from './profiles.js';

/** Pairs of which one is the farm's own profile and the other the slicer's. */
const PROFILES = [
  ['defaultPrinterUserProfileId', 'defaultPrinterSystemProfileId'],
  ['defaultProcessUserProfileId', 'defaultProcessSystemProfileId'],
  ['defaultFallbackFilamentUserProfileId', 'defaultFallbackFilamentSystemProfileId'],
] as const;

/** Changes the settings of the store; what is left out stays, also within nested ones. */
export async function writeStoreSettings(tx: Transaction, given: Values): Promise<Row<typeof storeSettings>> {
  const { id } = await tx.db
    .selectFrom('storeSettings')
    .select('id')
    .where('storeId', '=', tx.context.storeId)
    .executeTakeFirstOrThrow();
  const before = await tx.get(storeSettings, id);
  const values: Record<string, unknown> = { ...given };
  for (const name of ['experimentalFeatures', 'generalSettings'] as const) {
    const value = given[name];
    if (typeof value === 'object' && value !== null) values[name] = { ...before[name], ...value };
  }
  // Naming one of a pair takes the other away, as everywhere.
  for (const [own, system] of PROFILES) {
    if (typeof given[own] === 'string') values[system] = null;
    else if (typeof given[system] === 'number') values[own] = null;
  }
  await requireProfiles(tx, given, {
    defaultPrinterUserProfileId: 'machine',
    defaultProcessUserProfileId: 'process',
    defaultFallbackFilamentUserProfileId: 'filament',
  });
  await updateEntity(tx, storeSettings, id, values);
  return tx.get(storeSettings, id);
}

/** Changes what the actor of the write has set for itself. @throws ApiError not_found for another store */
export async function writeOwnSettings(
  tx: Transaction,
  { defaultStoreId }: { readonly defaultStoreId?: string | null | undefined },
): Promise<void> {
  if (defaultStoreId === undefined) return;
  const { storeId, actor } = tx.context;
  if (defaultStoreId !== null && !(await tx.find(store, defaultStoreId)))
    throw notFound(store.label, defaultStoreId);
  const actorId = actor.id ?? actor.type;
  const row = await tx.db
    .selectFrom('userSettings')
    .select('id')
    .where('storeId', '=', storeId)
    .where('actorId', '=', actorId)
    .executeTakeFirst();
  if (row) await tx.update(userSettings, row.id, { defaultStoreId });
  else await tx.insert(userSettings, { storeId, actorId, defaultStoreId });
}

/** What of the store's settings decides where jobs go. */
export interface QueueSettings {
  /** Whether jobs of low priority may fill printers that no waiting job of normal priority fits. */
  readonly lowPriorityFills: boolean;
  /** What slots with a bare type are sliced with; one of the two, or none. */
  readonly fallbackFilament: { readonly userId: string | null; readonly systemId: number | null };
}

export async function queueSettings(db: Kysely<Tables>, storeId: string): Promise<QueueSettings> {
  const row = await db
    .selectFrom('storeSettings')
    .select([
      'processLowPriorityJobs',
      'defaultFallbackFilamentUserProfileId',
      'defaultFallbackFilamentSystemProfileId',
    ])
    .where('storeId', '=', storeId)
    .executeTakeFirst();
  return {
    lowPriorityFills: row?.processLowPriorityJobs === 1,
    fallbackFilament: {
      userId: row?.defaultFallbackFilamentUserProfileId ?? null,
      systemId: row?.defaultFallbackFilamentSystemProfileId ?? null,
    },
  };
}
