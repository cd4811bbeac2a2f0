import { z } from 'zod';
import { decodeRow } from '../../database/rows.js';
import { ownPasskey, type Passkey, removePasskey } from '../../domain/passkeys.js';
import { passkey } from '../../resources/index.js';
import { requireUser } from '../access/signed-in.js';
import type { Deps } from '../deps.js';
import { NOTHING, type Operation, operation } from '../operation.js';
import { noParams } from '../schemas.js';

/** Listing, naming and deleting the caller's own passkeys. */
export function ownPasskeyOperations({ database }: Pick<Deps, 'database'>): Operation[] {
  const anyId = z.object({ id: z.string().min(1).max(128) });

  const list = operation({
    id: 'passkeys.list',
    method: 'GET',
    path: '/v1/passkeys',
    status: 200,
    summary: 'The passkeys of the user who calls',
    permissions: [],
    usersOnly: true,
    params: noParams,
    body: null,
    answer: () => z.array(summarySchema),
    async run(_input, { caller }) {
      const rows = await database.read
        .selectFrom('passkey')
        .selectAll()
        .where('storeId', '=', caller.storeId)
        .where('userId', '=', requireUser(caller))
        .orderBy('createdAt')
        .orderBy('id')
        .execute();
      return rows.map((row) => summary(decodeRow(passkey, row)));
    },
  });

  const rename = operation({
    id: 'passkeys.rename',
    method: 'PATCH',
    path: '/v1/passkeys/{id}',
    status: 200,
    summary: 'Give one of your passkeys another name',
    permissions: [],
    usersOnly: true,
    params: anyId,
    body: z.object({ name: z.string().trim().min(1).max(100) }),
    answer: null,
    async run({ params, body }, { caller, write }) {
      const userId = requireUser(caller);
      await database.write(write, async (tx) => {
        const { id } = await ownPasskey(tx, userId, params.id);
        await tx.update(passkey, id, { name: body.name });
      });
      return NOTHING;
    },
  });

  const remove = operation({
    id: 'passkeys.delete',
    method: 'DELETE',
    path: '/v1/passkeys/{id}',
    status: 200,
    summary: 'Delete one of your passkeys; sessions that it opened end, but for the one that asks',
    permissions: [],
    usersOnly: true,
    params: anyId,
    body: null,
    answer: null,
    async run({ params }, { caller, write }) {
      const userId = requireUser(caller);
      await database.write(write, (tx) => removePasskey(tx, userId, params.id, caller.sessionId ?? null));
      return NOTHING;
    },
  });

  return [list, rename, remove];
}

const summarySchema = z.object({
  id: z.string(),
  name: z.string().nullable(),
  credentialDeviceType: z.string(),
  credentialBackedUp: z.boolean(),
  transports: z.array(z.string()).nullable(),
  createdAt: z.string(),
  lastUsedAt: z.string().nullable(),
});

function summary(row: Passkey): z.output<typeof summarySchema> {
  const { id, name, credentialDeviceType, credentialBackedUp, transports, createdAt, lastUsedAt } = row;
  return {
    id,
    name,
    credentialDeviceType,
    credentialBackedUp,
    transports: transports === null ? null : [...transports],
    createdAt,
    lastUsedAt,
  };
}
