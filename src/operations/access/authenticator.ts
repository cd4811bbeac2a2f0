import type { Logger } from 'pino';
import { ApiError } from '../../contract/errors.js';
import type { Permission } from '../../contract/permissions.js';
import type { Clock } from '../../contract/time.js';
import type { Database } from '../../database/database.js';
import { splitSecret } from '../../domain/secrets.js';
import { isSessionToken, tokenBody } from '../../domain/sessions.js';
import { systemContext } from '../../domain/stores.js';
import type { Caller } from '../operation.js';
import { findKey } from './key-login.js';
import { type Credentials, isAllowedFrom, type Known } from './known.js';
import { Remembered } from './remembered.js';
import { findSession } from './session-login.js';
import { staleIds } from './stale.js';

/** Who came in by a door that stays open, and until when. */
export interface Admitted {
  /** Null for a person's session. */
  readonly keyId: string | null;
  readonly storeId: string;
  readonly permissions: ReadonlySet<Permission>;
  /** A change of any of these rows ends what was admitted. */
  readonly restsOn: readonly string[];
  readonly expiresAtMs: number | null;
}

interface Options {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Logger;
}

const MAX_KNOWN = 2_000;
const LAST_USED_EVERY_MS = 60_000;

/**
 * Says who a key or a session is. Those that were right once are remembered until anything about them changes; wrong ones
 * are never remembered.
 */
export class Authenticator {
  readonly #known = new Remembered(MAX_KNOWN);
  readonly #watchers = new Set<(id: string) => void>();
  /** Counts what would make a remembered key stale. */
  #changes = 0;

  constructor(private readonly options: Options) {
    options.database.feed.on(({ changes }) => {
      for (const id of staleIds(changes)) this.#forget(id);
    });
  }

  /** Tells of every row that credentials rest on and that was changed: what rests on it must be looked at again. */
  onStale(watcher: (id: string) => void): void {
    this.#watchers.add(watcher);
  }

  /** Whether the whole key or token was right before and nothing about it has changed since. */
  knows(secret: string): boolean {
    return this.#known.get(secret) !== null;
  }

  /** Who it is, at once, if the whole key or token was right before and is still; null for all others. */
  recall(credentials: Credentials): Caller | null {
    const known = this.#known.get(credentials.secret);
    if (!known || !this.#isRight(known, credentials) || !isAllowedFrom(known, credentials.address))
      return null;
    this.#noteUse(known);
    return known.caller;
  }

  /** @throws ApiError unauthorized, ip_not_allowed */
  async authenticate(credentials: Credentials): Promise<Caller> {
    return (await this.#admit(credentials)).caller;
  }

  /** The same for doors that only say yes or no. */
  async admit(credentials: Credentials): Promise<Admitted | null> {
    try {
      const { caller, restsOn, expiresAtMs } = await this.#admit(credentials);
      const { storeId, actor, permissions } = caller;
      return {
        keyId: actor.type === 'api_key' ? actor.id : null,
        storeId,
        permissions,
        restsOn,
        expiresAtMs,
      };
    } catch (error) {
      if (error instanceof ApiError) return null;
      throw error;
    }
  }

  async #admit(credentials: Credentials): Promise<Known> {
    const known = await this.#lookUp(credentials.secret);
    if (!known || !this.#isRight(known, credentials)) throw unauthorized();
    if (!isAllowedFrom(known, credentials.address))
      throw new ApiError('ip_not_allowed', 'This key may not be used from this address');
    this.#noteUse(known);
    return known;
  }

  #isRight({ active, expiresAtMs, caller }: Known, { storeId }: Credentials): boolean {
    if (!active || (storeId ?? caller.storeId) !== caller.storeId) return false;
    return expiresAtMs === null || this.options.clock.now() < expiresAtMs;
  }

  async #lookUp(secret: string): Promise<Known | null> {
    const known = this.#known.get(secret);
    if (known) return known;
    const changes = this.#changes;
    const found = await this.#find(secret);
    // Changed while it was read: what was read may be of yesterday, so it must not be remembered.
    if (!found || changes !== this.#changes) return found;
    this.#known.set(secret, found);
    return found;
  }

  async #find(secret: string): Promise<Known | null> {
    const { database } = this.options;
    const parts = splitSecret(tokenBody(secret));
    if (!parts) return null;
    return isSessionToken(secret) ? findSession(database, parts) : findKey(database, parts);
  }

  #forget(id: string): void {
    this.#changes += 1;
    this.#known.forget(id);
    for (const watcher of this.#watchers) watcher(id);
  }

  /** At most once a minute: an idle dashboard that polls must not wear out an SD card. */
  #noteUse(known: Known): void {
    const { clock, database, log } = this.options;
    if (clock.now() - known.lastUsedMs < LAST_USED_EVERY_MS) return;
    known.lastUsedMs = clock.now();
    database
      .write(systemContext(known.caller.storeId), (tx) => known.noteUse(tx))
      .catch((error: unknown) => log.warn({ err: error }, 'the time of the last use could not be written'));
  }
}

export function unauthorized(): ApiError {
  return new ApiError('unauthorized', 'Unauthorized');
}
