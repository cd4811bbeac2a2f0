import { z } from 'zod';
import { recordAct } from '../../domain/audit.js';
import { noteSignature } from '../../domain/passkeys.js';
import { openSession } from '../../domain/sessions.js';
import { callerOf } from '../access/address.js';
import { type CallContext, type Operation, operation } from '../operation.js';
import { noParams } from '../schemas.js';
import { challengeOf, type UsedCredential, usedCredential } from './credential.js';
import type { PasskeyDoor } from './door.js';
import { optionsSchema } from './registration.js';
import { authenticationOptions, verifyUse } from './webauthn.js';

/** Signing in with a passkey that the device finds by itself. */
export function signInOperations(door: PasskeyDoor): Operation[] {
  const { failedLogins } = door.deps;

  const options = operation({
    id: 'passkeys.authenticationOptions',
    method: 'GET',
    path: '/v1/passkeys/authentication/options',
    status: 200,
    summary: 'What a browser needs to sign in with a passkey',
    permissions: [],
    open: true,
    params: noParams,
    body: null,
    answer: () => optionsSchema,
    async run(_input, { write }) {
      const address = write.address ?? '';
      failedLogins.check(address);
      const site = door.site();
      const challenge = door.challenges.issue(callerOf(address), { kind: 'sign-in' });
      return { options: await authenticationOptions(site, challenge) };
    },
  });

  const verify = operation({
    id: 'passkeys.signIn',
    method: 'POST',
    path: '/v1/passkeys/authentication/verify',
    status: 201,
    summary: 'Sign in; firebaseCustomToken is the token of a session of this daemon',
    permissions: [],
    open: true,
    params: noParams,
    body: z.object({ credential: usedCredential }),
    answer: () => z.object({ verified: z.boolean(), firebaseCustomToken: z.string().optional() }),
    async run({ body }, { write }) {
      const address = write.address ?? '';
      failedLogins.check(address);
      const token = await signIn(door, body.credential, write);
      if (token === null) failedLogins.note(address);
      return token === null ? { verified: false } : { verified: true, firebaseCustomToken: token };
    },
  });

  return [options, verify];
}

async function signIn(
  door: PasskeyDoor,
  credential: UsedCredential,
  write: CallContext['write'],
): Promise<string | null> {
  const { database, log, settings } = door.deps;
  const site = door.site();
  const challenge = challengeOf(credential);
  // Taken whatever comes of it: each is good for one answer.
  const purpose = challenge === null ? null : door.challenges.take(challenge);
  if (challenge === null || purpose?.kind !== 'sign-in') return null;
  const known = await door.passkeyNamed(write.storeId, credential.id);
  if (!known || known.rpId !== site.id) return null;
  const { userHandle } = credential.response;
  if (userHandle && Buffer.from(userHandle, 'base64url').toString() !== known.userHandle) return null;
  const used = await verifyUse(site, challenge, credential, known, log);
  if (!used || !(await door.isMember(write.storeId, known.userId))) return null;
  return database.write({ ...write, actor: { type: 'user', id: known.userId } }, async (tx) => {
    if (!(await noteSignature(tx, known.id, used))) return null;
    const { row, token } = await openSession(tx, {
      userId: known.userId,
      passkeyId: known.id,
      lifetimeMs: settings.sessionLifetimeMs,
      userAgent: write.request?.userAgent ?? null,
    });
    await recordAct(tx, signedIn(known.userId, row.id, known.id));
    return token;
  });
}

/** The entry of the audit log. */
export function signedIn(userId: string, sessionId: string, passkeyId: string) {
  return {
    entityType: 'Users',
    ids: [userId],
    action: 'login',
    detailedAction: 'passkey.signIn',
    changes: null,
    metadata: { sessionId, passkeyId },
  } as const;
}
