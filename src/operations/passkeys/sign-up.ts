import { z } from 'zod';
import { ApiError } from '../../contract/errors.js';
import { newId } from '../../contract/ids.js';
import { timestamp } from '../../contract/time.js';
import { recordAct } from '../../domain/audit.js';
import { acceptInvitation, type Invitation, invitationOf } from '../../domain/invitations.js';
import { isInvited } from '../../domain/owner-invitation.js';
import { addPasskey, type NewPasskey } from '../../domain/passkeys.js';
import { openSession } from '../../domain/sessions.js';
import { invitation, store, user } from '../../resources/index.js';
import { callerOf } from '../access/address.js';
import { type CallContext, type Operation, operation } from '../operation.js';
import { noParams } from '../schemas.js';
import { challengeOf, newCredential } from './credential.js';
import type { PasskeyDoor, Purpose } from './door.js';
import { optionsSchema } from './registration.js';
import { signedIn } from './sign-in.js';
import { registrationOptions, verifyRegistration } from './webauthn.js';

const email = z.string().trim().max(320).pipe(z.email('an e-mail address'));
/** Not in the contract, which knows an invitation by its e-mail address alone: anybody who guessed it could come in. */
const invitationCode = z.string().max(200).optional();

const completion = z.object({
  email,
  credential: newCredential,
  name: z.string().trim().min(1).max(100).optional(),
  displayName: z.string().trim().min(1).max(255).optional(),
  organizationName: z.string().trim().min(1).max(1024).optional(),
  termsAccepted: z.literal(true, 'true: the terms must be accepted'),
  recaptchaToken: z.string().max(10_000),
  invitation: invitationCode,
});
type Completion = z.output<typeof completion>;

/** The first passkey of somebody who was invited. */
export function signUpOperations(door: PasskeyDoor): Operation[] {
  const { failedLogins } = door.deps;

  const begin = operation({
    id: 'passkeys.signUpBegin',
    method: 'POST',
    path: '/v1/passkeys/signup/begin',
    status: 201,
    summary: 'What a browser needs to make the first passkey of somebody who was invited',
    permissions: [],
    open: true,
    params: noParams,
    body: z.object({ email, invitation: invitationCode }),
    answer: () => optionsSchema,
    async run({ body }, { caller, write }) {
      const address = write.address ?? '';
      failedLogins.check(address);
      const site = door.site();
      const found = await begun(door, caller.storeId, body);
      if (found === null) {
        failedLogins.note(address);
        throw notInvited();
      }
      const handle = found.row?.userId ?? newId();
      const invitationId = found.row?.id ?? null;
      const purpose: Purpose = { kind: 'sign-up', email: body.email, handle, invitationId };
      const challenge = door.challenges.issue(callerOf(address), purpose);
      const account = { handle, email: body.email, displayName: body.email };
      const name = await door.storeName(caller.storeId);
      return { options: await registrationOptions(site, name, challenge, account, []) };
    },
  });

  const complete = operation({
    id: 'passkeys.signUp',
    method: 'POST',
    path: '/v1/passkeys/signup/complete',
    status: 201,
    summary: 'Sign up with the passkey that the browser made; firebaseCustomToken is the token of a session',
    permissions: [],
    open: true,
    params: noParams,
    body: completion,
    answer: () =>
      z.object({
        verified: z.boolean(),
        firebaseCustomToken: z.string().optional(),
        stores: z.array(z.object({ id: z.string(), name: z.string() })).optional(),
      }),
    async run({ body }, { write }) {
      const address = write.address ?? '';
      failedLogins.check(address);
      try {
        const answer = await completed(door, body, write);
        if (!answer.verified) failedLogins.note(address);
        return answer;
      } catch (error) {
        if (error instanceof ApiError && error.code === 'forbidden') failedLogins.note(address);
        throw error;
      }
    },
  });

  return [begin, complete];
}

/** The invitation that was shown, none yet (`row` is null), or null where nobody was invited. */
async function begun(
  { deps: { database, clock } }: PasskeyDoor,
  storeId: string,
  given: { readonly email: string; readonly invitation?: string | undefined },
): Promise<{ readonly row: Invitation | null } | null> {
  const now = timestamp(clock.now());
  if (given.invitation === undefined)
    return (await isInvited(database.read, storeId, given.email, now)) ? { row: null } : null;
  const row = await invitationOf(database.read, storeId, given.invitation, now);
  return row && isFor(row, given.email) ? { row } : null;
}

async function completed(door: PasskeyDoor, body: Completion, write: CallContext['write']) {
  const { database, clock, log } = door.deps;
  const site = door.site();
  const challenge = challengeOf(body.credential);
  // Taken whatever comes of it: each is good for one answer.
  const purpose = challenge === null ? null : door.challenges.take(challenge);
  if (challenge === null || purpose?.kind !== 'sign-up' || !sameAddress(purpose.email, body.email))
    return { verified: false };
  // Clients that know the contract alone have no other place for it than the proof of being human, which nobody asks for.
  const shown = body.invitation ?? body.recaptchaToken;
  const now = timestamp(clock.now());
  const late =
    purpose.invitationId === null ? await invitationOf(database.read, write.storeId, shown, now) : null;
  const invitationId = purpose.invitationId ?? (late && isFor(late, body.email) ? late.id : null);
  if (invitationId === null) throw notInvited();
  const made = await verifyRegistration(site, challenge, body.credential, log);
  if (!made) return { verified: false };
  const key = { ...made, rpId: site.id, userHandle: purpose.handle, name: body.name ?? null };
  return signedUp(door, body, key, invitationId, write);
}

async function signedUp(
  { deps }: PasskeyDoor,
  body: Completion,
  made: NewPasskey,
  invitationId: string,
  write: CallContext['write'],
) {
  const { token, stores } = await deps.database.write(write, async (tx) => {
    const { userId } = await tx.get(invitation, invitationId);
    const before = userId === null ? null : await tx.find(user, userId);
    const account = await acceptInvitation(tx, invitationId, {
      email: body.email,
      displayName: body.displayName ?? null,
    });
    const key = await addPasskey(tx, { ...made, userId: account.id });
    const { row, token } = await openSession(tx, {
      userId: account.id,
      passkeyId: key.id,
      lifetimeMs: deps.settings.sessionLifetimeMs,
      userAgent: write.request?.userAgent ?? null,
    });
    // The owner's first time: the farm gets its name.
    if (before?.email === null && body.organizationName !== undefined)
      await tx.update(store, tx.context.storeId, { name: body.organizationName });
    await recordAct(tx, signedIn(account.id, row.id, key.id));
    const { id, name } = await tx.get(store, tx.context.storeId);
    return { token, stores: [{ id, name }] };
  });
  return { verified: true, firebaseCustomToken: token, stores };
}

function isFor(row: Invitation, address: string): boolean {
  return row.email === null || sameAddress(row.email, address);
}

function sameAddress(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

function notInvited(): ApiError {
  return new ApiError(
    'forbidden',
    'Signing up needs an invitation for this e-mail address that holds; give its code as `invitation`',
    { requiredPermissions: [] },
  );
}
