import { createHash } from 'node:crypto';
import type { Logger } from 'pino';
import { ApiError } from '../../contract/errors.js';
import type { Permission } from '../../contract/permissions.js';
import type { Clock } from '../../contract/time.js';
import type { Database } from '../../database/database.js';
import { decodeRow } from '../../database/rows.js';
import { type ApiKey, keyPermissions } from '../../domain/api-keys.js';
import { secretFits, splitSecret } from '../../domain/secrets.js';
import { systemContext } from '../../domain/stores.js';
import { apiKey, role } from '../../resources/index.js';
import type { Caller } from '../operation.js';
import { isAllowed } from './address.js';

export interface Credentials {
  readonly storeId: string;
  /** The whole key. */
  readonly key: string;
  readonly address: string;
}

interface Known {
  readonly row: ApiKey;
  readonly permissions: ReadonlySet<Permission>;
  lastUsedMs: number;
}

interface Options {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Logger;
}

const MAX_KNOWN = 2_000;
const LAST_USED_EVERY_MS = 60_000;

/**
 * Says who a key is. Keys that were right once are remembered by their fingerprint until anything about them changes;
 * wrong ones are never remembered.
 */
export class Authenticator {
  readonly #known = new Map<string, Known>();
  /** Counts what would make a remembered key stale. */
  #changes = 0;

  constructor(private readonly options: Options) {
    options.database.feed.on((write) => {
      for (const change of write.changes) {
        if (change.resource === apiKey.name && change.fields.join() !== 'lastUsedAt') this.#forget(change.id);
        // Few roles, changed seldom: whoever holds this one is not looked for.
        if (change.resource === role.name) this.#forgetAll();
      }
    });
  }

  /** Whether the whole key was right before and nothing about it has changed since. */
  knows(key: string): boolean {
    return this.#known.has(fingerprintOf(key));
  }

  /** @throws ApiError unauthorized, ip_not_allowed */
  async authenticate(credentials: Credentials): Promise<Caller> {
    const known = await this.#lookUp(credentials.key);
    const { clock } = this.options;
    const expired = known?.row.expiresAt != null && Date.parse(known.row.expiresAt) <= clock.now();
    if (!known || known.row.storeId !== credentials.storeId || !known.row.active || expired)
      throw unauthorized();
    if (!isAllowed(credentials.address, known.row.ipAllowlist)) {
      throw new ApiError('ip_not_allowed', 'This key may not be used from this address');
    }
    this.#noteUse(known);
    return {
      storeId: known.row.storeId,
      actor: { type: 'api_key', id: known.row.id },
      permissions: known.permissions,
    };
  }

  /** The same for doors that only say yes or no. */
  async admit(
    credentials: Credentials,
  ): Promise<{ keyId: string | null; storeId: string; permissions: Caller['permissions'] } | null> {
    try {
      const { storeId, actor, permissions } = await this.authenticate(credentials);
      return { keyId: actor.id, storeId, permissions };
    } catch (error) {
      if (error instanceof ApiError) return null;
      throw error;
    }
  }

  async #lookUp(key: string): Promise<Known | null> {
    const parts = splitSecret(key);
    if (!parts) return null;
    const fingerprint = fingerprintOf(key);
    const known = this.#known.get(fingerprint);
    if (known) return known;
    const changes = this.#changes;
    const raw = await this.options.database.read
      .selectFrom('apiKey')
      .selectAll()
      .where('id', '=', parts.id)
      .executeTakeFirst();
    if (!raw) return null;
    const row = decodeRow(apiKey, raw);
    if (!secretFits(row, parts.secret)) return null;
    const permissions = await keyPermissions(this.options.database.read, row);
    const found: Known = { row, permissions, lastUsedMs: ms(row.lastUsedAt) };
    // Changed while it was read: what was read may be of yesterday, so it must not be remembered.
    if (changes !== this.#changes) return found;
    if (this.#known.size >= MAX_KNOWN) this.#known.clear();
    this.#known.set(fingerprint, found);
    return found;
  }

  #forgetAll(): void {
    this.#changes += 1;
    this.#known.clear();
  }

  #forget(keyId: string): void {
    this.#changes += 1;
    for (const [fingerprint, known] of this.#known)
      if (known.row.id === keyId) this.#known.delete(fingerprint);
  }

  /** At most once a minute: an idle dashboard that polls must not wear out an SD card. */
  #noteUse(known: Known): void {
    const { clock, database, log } = this.options;
    if (clock.now() - known.lastUsedMs < LAST_USED_EVERY_MS) return;
    known.lastUsedMs = clock.now();
    const { id, storeId } = known.row;
    database
      .write(systemContext(storeId), async (tx) => {
        if (await tx.find(apiKey, id)) await tx.update(apiKey, id, { lastUsedAt: tx.now });
      })
      .catch((error: unknown) =>
        log.warn({ err: error }, "the time of a key's last use could not be written"),
      );
  }
}

export function unauthorized(): ApiError {
  return new ApiError('unauthorized', 'Unauthorized');
}

function fingerprintOf(key: string): string {
  return createHash('sha256').update(key).digest('base64');
}

function ms(time: string | null): number {
  return time === null ? 0 : Date.parse(time);
}
