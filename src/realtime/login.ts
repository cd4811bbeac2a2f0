import type { CalmLog } from './calm-log.js';
import { clientIdProblem, loggable, type RealtimeCaller } from './client-id.js';
import type { RealtimeLog } from './log.js';
import type { LoginThrottle } from './login-throttle.js';
import { credentialOf, type Session } from './session.js';

/** What a client presents; `key` is secret. */
export interface Credentials {
  readonly storeId: string;
  readonly key: string;
  readonly clientId: string;
  readonly address: string;
}

/** @returns the caller, or null when store and key do not go together or the caller may not come in. */
export type Authenticate = (credentials: Credentials) => Promise<RealtimeCaller | null>;

/** CONNACK return codes of MQTT 3.1.1 (table 3.1). */
export const REFUSED = { identifier: 2, unavailable: 3, credentials: 4, notAuthorized: 5 } as const;
export type Refusal = { readonly code: (typeof REFUSED)[keyof typeof REFUSED]; readonly why: string };

/** Decides who comes in, and keeps each client id with the credentials that hold it. */
export class Login {
  private readonly holders = new Map<string, Session>();
  private readonly pending = new Set<{ readonly revoked: Set<string> }>();

  constructor(
    private readonly authenticate: Authenticate,
    private readonly throttle: LoginThrottle,
    private readonly log: RealtimeLog,
    private readonly calmLog: CalmLog,
    /** Clients that one key, or one person's session, may have at once. */
    private readonly maxOfOne: number,
  ) {}

  /**
   * Logs a session in.
   *
   * @param clientId the id it will be known by
   * @returns null on success; `session.replaces` is then the one that held the client id with the same credentials.
   */
  async admit(session: Session, clientId: string, storeId: string, key: string): Promise<Refusal | null> {
    if (this.throttle.isBlocked(session.address)) {
      return { code: REFUSED.unavailable, why: 'too many failed logins from this address' };
    }
    if (session.requestedId === '' && !session.requestedClean) {
      return { code: REFUSED.identifier, why: 'a session that is to be kept needs a client id' };
    }
    const attempt = { revoked: new Set<string>() };
    this.pending.add(attempt);
    try {
      const caller = await this.authenticate({ storeId, key, clientId, address: session.address });
      // What was changed while it was being checked may be no longer good.
      if (caller === null || caller.restsOn.some((id) => attempt.revoked.has(id))) {
        this.throttle.noteFailure(session.address);
        return { code: REFUSED.credentials, why: 'store and key do not go together' };
      }
      return this.claim(session, clientId, caller, key);
    } catch (error) {
      this.log.error({ err: error, address: session.address }, 'could not check a realtime login');
      return { code: REFUSED.unavailable, why: 'the login could not be checked' };
    } finally {
      this.pending.delete(attempt);
    }
  }

  /** Every login that rests on this and is still being checked will fail. */
  revoke(id: string): void {
    for (const attempt of this.pending) attempt.revoked.add(id);
  }

  release(session: Session, clientId: string): void {
    if (this.holders.get(clientId) === session) this.holders.delete(clientId);
  }

  private heldBy(credential: string): number {
    let count = 0;
    for (const holder of this.holders.values()) if (holder.credential === credential) count++;
    return count;
  }

  private claim(session: Session, clientId: string, caller: RealtimeCaller, key: string): Refusal | null {
    const problem = clientIdProblem(session.requestedId, caller);
    if (problem !== null) return { code: REFUSED.identifier, why: problem };
    const holder = this.holders.get(clientId);
    if (holder !== undefined && holder.credential !== credentialOf(caller, key)) {
      return { code: REFUSED.identifier, why: 'client id is in use with other credentials' };
    }
    if (holder === undefined && this.heldBy(credentialOf(caller, key)) >= this.maxOfOne) {
      return { code: REFUSED.unavailable, why: 'too many clients with the same key' };
    }
    if (session.stream.destroyed) return { code: REFUSED.unavailable, why: 'the connection was closed' };
    session.logIn(caller, key);
    this.holders.set(clientId, session);
    if (holder !== undefined) {
      // Two that were given the same id end each other's session again and again.
      const who = { address: session.address, olderAddress: holder.address, clientId: loggable(clientId) };
      this.calmLog.info(who, 'a realtime client came again: its older session ends');
      session.replaces = holder;
    }
    return null;
  }
}
