import type { Kysely } from 'kysely';
import { z } from 'zod';
import { decodeRow } from '../../database/rows.js';
import { writeOwnSettings, writeStoreSettings } from '../../domain/settings.js';
import { answered } from '../../resources/answered.js';
import { storeSettings, type Tables, userSettings } from '../../resources/index.js';
import { updateInput } from '../../resources/inputs.js';
import type { Deps } from '../deps.js';
import { type Caller, type Operation, operation } from '../operation.js';
import { noParams } from '../schemas.js';
import { standardOperations } from '../standard.js';

const STORE = '/v1/settings/store';
const OWN = '/v1/settings/user';

const ownShape = z.object({ defaultStoreId: z.string().nullable() }).meta({ id: 'GetUserSettingsResponse' });

/** How the store works, and what each caller likes for itself. */
export function settingsOperations(deps: Deps): Operation[] {
  const { database, presenter } = deps;

  const get = operation({
    id: 'settings.store',
    method: 'GET',
    path: STORE,
    status: 200,
    summary: 'The settings of the store',
    permissions: ['settings.view'],
    params: noParams,
    body: null,
    answer: () => answered(storeSettings),
    async run(_input, { caller }) {
      const raw = await database.read
        .selectFrom('storeSettings')
        .selectAll()
        .where('storeId', '=', caller.storeId)
        .executeTakeFirstOrThrow();
      return storeSettings.present(decodeRow(storeSettings, raw), presenter);
    },
  });

  const update = operation({
    id: 'settings.updateStore',
    audit: 'settings.update',
    method: 'PATCH',
    path: STORE,
    status: 200,
    summary: 'Change settings of the store; what is left out stays, also within nested ones',
    permissions: ['settings.edit'],
    params: noParams,
    body: updateInput(storeSettings),
    answer: () => answered(storeSettings),
    async run({ body }, { write }) {
      const row = await database.write(write, (tx) => writeStoreSettings(tx, body));
      return storeSettings.present(row, presenter);
    },
  });

  const own = operation({
    id: 'settings.own',
    method: 'GET',
    path: OWN,
    status: 200,
    summary: 'What the caller, a person or a key, has set for itself',
    permissions: [],
    params: noParams,
    body: null,
    answer: () => ownShape,
    run: (_input, { caller }) => ownSettings(database.read, caller),
  });

  const updateOwn = operation({
    id: 'settings.updateOwn',
    audit: 'settings.updateOwn',
    method: 'PATCH',
    path: OWN,
    status: 200,
    summary: 'Change what the caller has set for itself',
    permissions: [],
    params: noParams,
    body: z.object({ defaultStoreId: userSettings.columns.defaultStoreId.schema.optional() }),
    answer: () => ownShape,
    async run({ body }, { caller, write }) {
      await database.write(write, (tx) => writeOwnSettings(tx, body));
      return ownSettings(database.read, caller);
    },
  });

  return [...standardOperations(storeSettings, deps), get, update, own, updateOwn];
}

async function ownSettings(
  db: Kysely<Tables>,
  { storeId, actor }: Caller,
): Promise<{ readonly defaultStoreId: string | null }> {
  const row = await db
    .selectFrom('userSettings')
    .select('defaultStoreId')
    .where('storeId', '=', storeId)
    .where('actorId', '=', actor.id ?? actor.type)
    .executeTakeFirst();
  return { defaultStoreId: row?.defaultStoreId ?? null };
}
