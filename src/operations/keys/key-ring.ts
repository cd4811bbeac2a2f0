import { isPermission, type Permission } from '../../contract/permissions.js';
import type { WriteContext } from '../../database/change.js';
import type { Database } from '../../database/database.js';
import { decodeRow } from '../../database/rows.js';
import { type ApiKey, createKey } from '../../domain/api-keys.js';
import { systemContext } from '../../domain/stores.js';
import { apiKey } from '../../resources/index.js';
import type { KeyRing, ListedKey } from '../../telemetry/control-methods.js';
import { ControlError } from '../../telemetry/control-protocol.js';

interface Options {
  readonly database: Database;
  readonly storeId: string;
}

/** API keys for the command line, with the owner's rights: whoever may use the socket owns the machine. */
export function keyRing({ database, storeId }: Options): KeyRing {
  const context = (action: string): WriteContext => ({
    ...systemContext(storeId),
    actor: { type: 'cli', id: null },
    request: { action, userAgent: null, reason: null },
  });
  return {
    async create(params) {
      const permissions = params.permissions.map(known);
      const { row, key } = await database.write(context('apiKey.create'), (tx) =>
        createKey(tx, {
          name: params.name,
          fullAccess: params.fullAccess,
          permissions,
          expiresAt: params.expiresAt === null ? null : new Date(params.expiresAt).toISOString(),
        }),
      );
      return { id: row.id, storeId, name: row.name, key };
    },

    async list() {
      const rows = await database.read
        .selectFrom('apiKey')
        .selectAll()
        .where('storeId', '=', storeId)
        .orderBy('createdAt')
        .execute();
      return rows.map((row) => listed(decodeRow(apiKey, row)));
    },

    async revoke({ id }) {
      const row = await database.write(context('apiKey.delete'), async (tx) => {
        const found = await tx.find(apiKey, id);
        if (!found) throw new ControlError('not-found', `There is no API key with id ${id}`);
        if (found.managed)
          throw new ControlError('conflict', `The key "${found.name}" belongs to an integration`);
        return tx.remove(apiKey, id);
      });
      return listed(row);
    },
  };
}

function known(permission: string): Permission {
  if (isPermission(permission)) return permission;
  throw new ControlError('invalid', `There is no permission ${permission}`);
}

function listed(row: ApiKey): ListedKey {
  const { id, name, active, fullAccess, createdAt, lastUsedAt, expiresAt } = row;
  return { id, name, active, fullAccess, createdAt, lastUsedAt, expiresAt };
}
