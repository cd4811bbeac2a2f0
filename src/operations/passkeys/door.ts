import { decodeRow } from '../../database/rows.js';
import { memberOf, requireMember } from '../../domain/members.js';
import type { Passkey } from '../../domain/passkeys.js';
import { passkey } from '../../resources/index.js';
import type { Deps } from '../deps.js';
import { Challenges } from './challenges.js';
import { type RelyingParty, relyingParty } from './relying-party.js';
import type { Account } from './webauthn.js';

/** What signing in stands on. */
export interface PasskeyDeps extends Pick<Deps, 'database' | 'clock' | 'log' | 'failedLogins' | 'baseUrl'> {
  readonly settings: Pick<Deps['settings'], 'sessionLifetimeMs'>;
}

/** What a challenge was given out for. */
export type Purpose =
  | { readonly kind: 'sign-in' }
  | { readonly kind: 'registration'; readonly userId: string; readonly handle: string }
  | {
      readonly kind: 'sign-up';
      readonly email: string;
      readonly handle: string;
      /** Null while the invitation is still to be shown. */
      readonly invitationId: string | null;
    };

/** What the passkey operations share: the site, the open challenges, and who has which passkey. */
export class PasskeyDoor {
  readonly challenges: Challenges<Purpose>;

  constructor(readonly deps: PasskeyDeps) {
    this.challenges = new Challenges(deps.clock);
  }

  /** @throws ApiError invalid_state where browsers have no passkeys for the address that was called */
  site(): RelyingParty {
    return relyingParty(this.deps.baseUrl());
  }

  async storeName(storeId: string): Promise<string> {
    const row = await this.deps.database.read
      .selectFrom('store')
      .select('name')
      .where('id', '=', storeId)
      .executeTakeFirst();
    return row?.name ?? '';
  }

  async account(storeId: string, userId: string, handle: string): Promise<Account> {
    const { user } = await requireMember(this.deps.database.read, storeId, userId);
    const email = user.email ?? user.id;
    return { handle, email, displayName: user.displayName ?? email };
  }

  async isMember(storeId: string, userId: string): Promise<boolean> {
    return (await memberOf(this.deps.database.read, storeId, userId)) !== null;
  }

  async passkeysOf(userId: string): Promise<readonly Passkey[]> {
    const rows = await this.deps.database.read
      .selectFrom('passkey')
      .selectAll()
      .where('userId', '=', userId)
      .orderBy('createdAt')
      .orderBy('id')
      .execute();
    return rows.map((row) => decodeRow(passkey, row));
  }

  /** By the name that its device gave it. */
  async passkeyNamed(storeId: string, credentialId: string): Promise<Passkey | null> {
    const row = await this.deps.database.read
      .selectFrom('passkey')
      .selectAll()
      .where('credentialId', '=', credentialId)
      .where('storeId', '=', storeId)
      .executeTakeFirst();
    return row ? decodeRow(passkey, row) : null;
  }
}
