import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { inviteOwner } from '../../src/domain/owner-invitation.js';
import { completeStore } from '../../src/domain/stores.js';
import { Authenticator } from '../../src/operations/access/authenticator.js';
import { FailedLogins } from '../../src/operations/access/failed-logins.js';
import type { Caller, Operation } from '../../src/operations/operation.js';
import { passkeyOperations } from '../../src/operations/passkeys/passkeys.js';
import { SoftwareAuthenticator } from '../fixtures/authenticator.js';
import { type TestDatabase, testDatabase } from '../fixtures/database.js';
import { textAt, valueAt } from '../fixtures/farm.js';
import { creationOptions, requestOptions } from '../fixtures/passkeys.js';

const ORIGIN = 'https://farm.example';
const DAY_MS = 86_400_000;

let farm: TestDatabase;
let operations: readonly Operation[];
let authenticator: Authenticator;
let device: SoftwareAuthenticator;
const clock = { at: 0, now: () => clock.at };
const log = pino({ level: 'silent' });

beforeEach(async () => {
  clock.at = Date.UTC(2027, 0, 1);
  farm = await testDatabase({ clock });
  await farm.db.write(farm.context, (tx) => completeStore(tx, null));
  authenticator = new Authenticator({ database: farm.db, clock, log });
  operations = passkeyOperations({
    database: farm.db,
    clock,
    log,
    failedLogins: new FailedLogins(clock),
    baseUrl: () => ORIGIN,
    settings: { sessionLifetimeMs: 30 * DAY_MS },
  });
  device = new SoftwareAuthenticator(ORIGIN);
});
afterEach(() => farm.close());

async function run(id: string, body: unknown = undefined, caller?: Caller): Promise<unknown> {
  const operation = operations.find((one) => one.id === id);
  if (!operation) throw new Error(`There is no operation ${id}`);
  const stranger: Caller = {
    storeId: farm.storeId,
    actor: { type: 'system', id: null },
    permissions: new Set(),
  };
  return operation.run(
    { params: {}, query: [], body: operation.body?.parse(body) },
    {
      caller: caller ?? stranger,
      write: { ...farm.context, address: '127.0.0.1', actor: (caller ?? stranger).actor },
      signal: AbortSignal.timeout(10_000),
    },
  );
}

async function signUp(invitation?: string): Promise<string> {
  const { token } = await farm.db.write(farm.context, inviteOwner);
  const email = 'ann@farm.example';
  const begun = await run('passkeys.signUpBegin', { email, invitation: invitation ?? token });
  const credential = device.create(creationOptions(begun));
  const answer = await run('passkeys.signUp', { email, credential, termsAccepted: true, recaptchaToken: '' });
  return textAt(answer, 'firebaseCustomToken');
}

const callerBy = (token: string) =>
  authenticator.authenticate({ storeId: null, secret: token, address: '127.0.0.1' });

describe('a challenge', () => {
  it('that has expired is refused, at sign-up, at registration and at sign-in', async () => {
    const token = await signUp();
    const caller = await callerBy(token);
    const late = 5 * 60_000;

    const asked = await run('passkeys.authenticationOptions');
    clock.at += late;
    const used = { credential: device.get(requestOptions(asked)) };
    expect(await run('passkeys.signIn', used)).toEqual({ verified: false });

    const wanted = await run('passkeys.registrationOptions', undefined, caller);
    clock.at += late;
    const made = { credential: new SoftwareAuthenticator(ORIGIN).create(creationOptions(wanted)) };
    expect(await run('passkeys.register', made, caller)).toEqual({ verified: false });

    const { token: invitation } = await farm.db.write(farm.context, inviteOwner);
    const begun = await run('passkeys.signUpBegin', { email: 'ann@farm.example', invitation });
    clock.at += late;
    const credential = device.create(creationOptions(begun));
    const body = { email: 'ann@farm.example', credential, termsAccepted: true, recaptchaToken: '' };
    expect(await run('passkeys.signUp', body)).toEqual({ verified: false });
  });

  it('is of no use for anything else than it was given out for', async () => {
    const caller = await callerBy(await signUp());
    const asked = requestOptions(await run('passkeys.authenticationOptions'));
    const forged = { challenge: asked.challenge, rp: { id: asked.rpId }, user: { id: 'x' } };
    const made = { credential: new SoftwareAuthenticator(ORIGIN).create(forged) };
    expect(await run('passkeys.register', made, caller)).toEqual({ verified: false });
    // Taken by that, so that it cannot be answered rightly any more.
    expect(await run('passkeys.signIn', { credential: device.get(asked) })).toEqual({ verified: false });
  });
});

describe('an invitation', () => {
  it('of the owner ends after seven days, and when there is a newer one', async () => {
    const email = 'ann@farm.example';
    const first = await farm.db.write(farm.context, inviteOwner);
    const second = await farm.db.write(farm.context, inviteOwner);
    await expect(run('passkeys.signUpBegin', { email, invitation: first.token })).rejects.toMatchObject({
      code: 'forbidden',
    });
    clock.at += 7 * DAY_MS - 1;
    await run('passkeys.signUpBegin', { email, invitation: second.token });
    clock.at += 1;
    await expect(run('passkeys.signUpBegin', { email, invitation: second.token })).rejects.toMatchObject({
      code: 'forbidden',
    });
  });

  it('of the owner opens the same account again when the passkey is lost', async () => {
    const before = await callerBy(await signUp());
    device = new SoftwareAuthenticator(ORIGIN);
    const after = await callerBy(await signUp());
    expect(after.actor).toEqual(before.actor);
    expect(after.permissions.has('organization.owner')).toBe(true);
  });
});

describe('a session', () => {
  it('ends when its time is over, whatever is remembered of it', async () => {
    const token = await signUp();
    expect((await callerBy(token)).actor.type).toBe('user');
    clock.at += 30 * DAY_MS - 1;
    await callerBy(token);
    clock.at += 1;
    await expect(callerBy(token)).rejects.toMatchObject({ code: 'unauthorized' });
  });

  it('is one of fifty at most; the oldest ends', async () => {
    const first = await signUp();
    const tokens: string[] = [];
    for (let count = 0; count < 50; count += 1) {
      clock.at += 1_000;
      const asked = await run('passkeys.authenticationOptions');
      const answer = await run('passkeys.signIn', { credential: device.get(requestOptions(asked)) });
      tokens.push(textAt(answer, 'firebaseCustomToken'));
    }
    await expect(callerBy(first)).rejects.toMatchObject({ code: 'unauthorized' });
    for (const token of tokens) await callerBy(token);
  });
});

describe('a counter', () => {
  it('that two signatures share lets one of them in', async () => {
    await signUp();
    const [one, other] = [
      await run('passkeys.authenticationOptions'),
      await run('passkeys.authenticationOptions'),
    ];
    const answers = await Promise.all(
      [one, other].map((asked) =>
        run('passkeys.signIn', { credential: device.get(requestOptions(asked), { counter: 7 }) }),
      ),
    );
    expect(answers.map((answer) => valueAt(answer, 'verified')).sort()).toEqual([false, true]);
  });
});
