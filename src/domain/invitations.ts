import { type Kysely, sql } from 'kysely';
import { ApiError } from '../contract/errors.js';
import { newId } from '../contract/ids.js';
import { isPermission, type Permission } from '../contract/permissions.js';
import { timestamp } from '../contract/time.js';
import { decodeRow } from '../database/rows.js';
import type { Transaction } from '../database/transaction.js';
import { invitation, type Tables, user } from '../resources/index.js';
import type { Row } from '../resources/resource.js';
import { addPermissions, addRoles, type User } from './members.js';
import { newSecret, secretFits, splitSecret } from './secrets.js';

export type Invitation = Row<typeof invitation>;

const DAY_MS = 86_400_000;
const LIFETIME_MS = 7 * DAY_MS;
const RESEND_EVERY_MS = DAY_MS;
/** Open at a time, so that a list of people stays one that people can read. */
const MAX_OPEN = 500;

/** An invitation with what opens it, which is shown this once. */
export interface Invited {
  readonly row: Invitation;
  /** 72 letters and digits: the invitation's id and its secret. */
  readonly token: string;
}

export interface NewInvitation {
  /** Null: whoever holds the token. */
  readonly email: string | null;
  /** An account that it opens, where there is one. */
  readonly userId?: string;
  readonly roleId?: string | null;
  readonly permissions?: readonly Permission[];
  readonly invitedByEmail?: string | null;
}

/**
 * Invites somebody for seven days. An earlier invitation of the same address that has expired is revoked.
 *
 * @throws ApiError conflict for a member, or an address that is invited already
 */
export async function invite(tx: Transaction, given: NewInvitation): Promise<Invited> {
  const { storeId } = tx.context;
  if (given.email !== null) {
    const known = await userWithEmail(tx.db, storeId, given.email);
    if (known && known.removedAt === null)
      throw new ApiError('conflict', `${given.email} belongs to a member already: ${known.id}`);
    const open = await openInvitations(tx.db, storeId);
    if (open.length >= MAX_OPEN)
      throw new ApiError('conflict', `There are ${MAX_OPEN} open invitations; revoke some of them first`);
    for (const other of open) {
      if (other.email?.toLowerCase() !== given.email.toLowerCase()) continue;
      if (other.expiresAt > tx.now)
        throw new ApiError(
          'conflict',
          `${given.email} is invited already by ${other.id}: resend or revoke it`,
        );
      await tx.update(invitation, other.id, { revokedAt: tx.now });
    }
  }
  const id = newId();
  const { secret, stored } = newSecret();
  const row = await tx.insert(invitation, {
    id,
    storeId,
    email: given.email,
    userId: given.userId ?? null,
    roleId: given.roleId ?? null,
    permissions: given.permissions ?? [],
    invitedBy: tx.context.actor.id,
    invitedByEmail: given.invitedByEmail ?? null,
    ...stored,
    sentAt: tx.now,
    expiresAt: timestamp(tx.at + LIFETIME_MS),
  });
  return { row, token: id + secret };
}

/**
 * Makes an invitation good for seven days from now, with a new token; the one before opens nothing any more.
 *
 * @throws ApiError not_found, invalid_state, rate_limited within a day of the last time
 */
export async function resendInvitation(tx: Transaction, id: string): Promise<Invited> {
  const before = await openInvitation(tx, id);
  const next = Date.parse(before.sentAt) + RESEND_EVERY_MS;
  if (tx.at < next) {
    throw new ApiError(
      'rate_limited',
      `This invitation was sent within the last day; it can be sent again from ${timestamp(next)} on`,
    );
  }
  const { secret, stored } = newSecret();
  const row = await tx.update(invitation, id, {
    ...stored,
    sentAt: tx.now,
    expiresAt: timestamp(tx.at + LIFETIME_MS),
  });
  return { row, token: id + secret };
}

/** @throws ApiError not_found, invalid_state */
export async function revokeInvitation(tx: Transaction, id: string): Promise<Invitation> {
  await openInvitation(tx, id);
  return tx.update(invitation, id, { revokedAt: tx.now });
}

/** The invitation that a token opens now; null when there is none, or it is over. */
export async function invitationOf(
  db: Kysely<Tables>,
  storeId: string,
  token: string,
  now: string,
): Promise<Invitation | null> {
  const parts = splitSecret(token);
  if (!parts) return null;
  const raw = await db
    .selectFrom('invitation')
    .selectAll()
    .where('id', '=', parts.id)
    .where('storeId', '=', storeId)
    .executeTakeFirst();
  const row = raw ? decodeRow(invitation, raw) : null;
  if (!row || !secretFits(row, parts.secret)) return null;
  return row.acceptedAt === null && row.revokedAt === null && row.expiresAt > now ? row : null;
}

/**
 * Lets somebody in by an invitation, with what it gives: into the account it names, or one with this address that
 * left the store, or a new one.
 *
 * @throws ApiError invalid_state when it is over; forbidden when it is another address's; conflict when the address is a member's
 */
export async function acceptInvitation(
  tx: Transaction,
  id: string,
  person: { readonly email: string; readonly displayName: string | null },
): Promise<User> {
  const { storeId } = tx.context;
  const row = await openInvitation(tx, id);
  if (row.expiresAt <= tx.now)
    throw new ApiError('invalid_state', 'This invitation has expired; ask for another');
  if (row.email !== null && row.email.toLowerCase() !== person.email.toLowerCase())
    throw new ApiError('forbidden', 'This invitation is for another e-mail address');
  const known = await userWithEmail(tx.db, storeId, person.email);
  if (known && known.id !== row.userId && (known.removedAt === null || row.userId !== null))
    throw new ApiError('conflict', 'This e-mail address belongs to another account of the store');
  const accountId = row.userId ?? known?.id;
  const given = { ...person, removedAt: null };
  const account =
    accountId === undefined
      ? await tx.insert(user, { storeId, ...person })
      : await tx.update(
          user,
          accountId,
          person.displayName === null ? { ...given, displayName: undefined } : given,
        );
  if (row.roleId !== null) await addRoles(tx, account.id, [row.roleId]);
  await addPermissions(tx, account.id, row.permissions.filter(isPermission));
  await tx.update(invitation, id, { acceptedAt: tx.now, userId: account.id });
  return account;
}

/** Those that were neither accepted nor revoked, expired ones among them; the owner's own is not. */
export async function openInvitations(db: Kysely<Tables>, storeId: string): Promise<readonly Invitation[]> {
  const rows = await db
    .selectFrom('invitation')
    .selectAll()
    .where('storeId', '=', storeId)
    .where('acceptedAt', 'is', null)
    .where('revokedAt', 'is', null)
    .where('email', 'is not', null)
    .orderBy('createdAt')
    .orderBy('id')
    .execute();
  return rows.map((raw) => decodeRow(invitation, raw));
}

async function openInvitation(tx: Transaction, id: string): Promise<Invitation> {
  const row = await tx.get(invitation, id);
  if (row.acceptedAt !== null) throw new ApiError('invalid_state', 'This invitation was accepted already');
  if (row.revokedAt !== null) throw new ApiError('invalid_state', 'This invitation was revoked');
  return row;
}

/** The account with an address, whatever the case of its letters; one who left the store too. */
export async function userWithEmail(
  db: Kysely<Tables>,
  storeId: string,
  email: string,
): Promise<User | null> {
  const raw = await db
    .selectFrom('user')
    .selectAll()
    .where('storeId', '=', storeId)
    .where(sql`lower("email")`, '=', email.toLowerCase())
    .executeTakeFirst();
  return raw ? decodeRow(user, raw) : null;
}
