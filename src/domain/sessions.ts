import { newId } from '../contract/ids.js';
import { timestamp } from '../contract/time.js';
import type { Transaction } from '../database/transaction.js';
import { userSession } from '../resources/index.js';
import type { Row } from '../resources/resource.js';
import { newSecret } from './secrets.js';

export type UserSession = Row<typeof userSession>;

/** What tells a session's token from an API key; the rest is an id and a secret as in a key. */
const PREFIX = 'pfs-';
/** Sessions of one user at a time; more end the oldest. */
const MAX_PER_USER = 50;

export interface NewSession {
  readonly userId: string;
  /** The passkey that opened it. */
  readonly passkeyId: string;
  readonly lifetimeMs: number;
  readonly userAgent: string | null;
}

/** Opens a session. The whole token is in the answer and nowhere else, ever. */
export async function openSession(
  tx: Transaction,
  { userId, passkeyId, lifetimeMs, userAgent }: NewSession,
): Promise<{ readonly row: UserSession; readonly token: string }> {
  await makeRoom(tx, userId);
  const id = newId();
  const { secret, stored } = newSecret();
  const row = await tx.insert(userSession, {
    id,
    storeId: tx.context.storeId,
    userId,
    passkeyId,
    ...stored,
    address: tx.context.address,
    userAgent,
    expiresAt: timestamp(tx.at + lifetimeMs),
  });
  return { row, token: `${PREFIX}${id}${secret}` };
}

export function isSessionToken(secret: string): boolean {
  return secret.startsWith(PREFIX);
}

/** Id and secret of a token or a key, without what tells them apart. */
export function tokenBody(secret: string): string {
  return isSessionToken(secret) ? secret.slice(PREFIX.length) : secret;
}

/** Ends the sessions that a passkey opened, but the one that is kept. */
export async function endSessionsOf(tx: Transaction, passkeyId: string, kept: string | null): Promise<void> {
  const rows = await tx.db
    .selectFrom('userSession')
    .select('id')
    .where('passkeyId', '=', passkeyId)
    .execute();
  for (const { id } of rows) if (id !== kept) await tx.remove(userSession, id);
}

/** Forgets sessions that are over. @returns how many went */
export async function forgetEnded(tx: Transaction): Promise<number> {
  const rows = await tx.db
    .selectFrom('userSession')
    .select('id')
    .where('storeId', '=', tx.context.storeId)
    .where('expiresAt', '<=', tx.now)
    .limit(500)
    .execute();
  for (const { id } of rows) await tx.remove(userSession, id);
  return rows.length;
}

async function makeRoom(tx: Transaction, userId: string): Promise<void> {
  const rows = await tx.db
    .selectFrom('userSession')
    .select('id')
    .where('userId', '=', userId)
    .orderBy('createdAt', 'desc')
    .offset(MAX_PER_USER - 1)
    .limit(MAX_PER_USER)
    .execute();
  for (const { id } of rows) await tx.remove(userSession, id);
}
