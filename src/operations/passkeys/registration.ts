import { z } from 'zod';
import { addPasskey } from '../../domain/passkeys.js';
import { requireUser } from '../access/signed-in.js';
import { type Operation, operation } from '../operation.js';
import { noParams } from '../schemas.js';
import { challengeOf, newCredential } from './credential.js';
import type { PasskeyDoor } from './door.js';
import { registrationOptions, verifyRegistration } from './webauthn.js';

/** A further passkey for a user who is signed in. */
export function registrationOperations(door: PasskeyDoor): Operation[] {
  const { database, log } = door.deps;

  const options = operation({
    id: 'passkeys.registrationOptions',
    method: 'GET',
    path: '/v1/passkeys/registration/options',
    status: 200,
    summary: 'What a browser needs to make a further passkey for the user who calls',
    permissions: [],
    usersOnly: true,
    params: noParams,
    body: null,
    answer: () => optionsSchema,
    async run(_input, { caller }) {
      const userId = requireUser(caller);
      const site = door.site();
      const existing = await door.passkeysOf(userId);
      // Always the same, so that a device knows that it has one already.
      const handle = existing[0]?.userHandle ?? userId;
      const account = await door.account(caller.storeId, userId, handle);
      const challenge = door.challenges.issue(userId, { kind: 'registration', userId, handle });
      const name = await door.storeName(caller.storeId);
      return { options: await registrationOptions(site, name, challenge, account, existing) };
    },
  });

  const verify = operation({
    id: 'passkeys.register',
    method: 'POST',
    path: '/v1/passkeys/registration/verify',
    status: 201,
    summary: 'Register the passkey that the browser made',
    permissions: [],
    usersOnly: true,
    params: noParams,
    body: z.object({ credential: newCredential, name: z.string().trim().min(1).max(100).optional() }),
    answer: () => z.object({ verified: z.boolean(), credentialId: z.string().optional() }),
    async run({ body }, { caller, write }) {
      const userId = requireUser(caller);
      const site = door.site();
      const challenge = challengeOf(body.credential);
      const purpose = challenge === null ? null : door.challenges.take(challenge);
      if (challenge === null || purpose?.kind !== 'registration' || purpose.userId !== userId)
        return { verified: false };
      const made = await verifyRegistration(site, challenge, body.credential, log);
      if (!made) return { verified: false };
      const row = await database.write(write, (tx) =>
        addPasskey(tx, {
          ...made,
          userId,
          userHandle: purpose.handle,
          rpId: site.id,
          name: body.name ?? null,
        }),
      );
      return { verified: true, credentialId: row.credentialId };
    },
  });

  return [options, verify];
}

export const optionsSchema = z.object({ options: z.record(z.string(), z.unknown()) });
