import { readFile } from 'node:fs/promises';
import mqtt from 'mqtt';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Lies, SoftwareAuthenticator } from '../fixtures/authenticator.js';
import { listAt, type TestFarm, testFarm, textAt, valueAt } from '../fixtures/farm.js';
import { creationOptions, requestOptions } from '../fixtures/passkeys.js';
import { ContractClient, operationsOf } from './contract.js';

let farm: TestFarm;
/** Calls without credentials. */
let api: ContractClient;
let origin: string;
/** The owner's first device. */
let device: SoftwareAuthenticator;
let address = 0;
const called = new Set<string>();

const EMAIL = 'ann@farm.example';
const SIGNED_UP = { termsAccepted: true, recaptchaToken: '' };

/** A client that calls with these headers; each test comes from an address of its own, for failures count by address. */
function client(headers: Readonly<Record<string, string>>): ContractClient {
  const calls = (method: string, path: string, body?: unknown) =>
    farm.api(method, path, body, {
      authorization: undefined,
      'x-printago-storeid': undefined,
      'x-forwarded-for': `10.0.0.${address}`,
      ...headers,
    });
  return new ContractClient({ ...farm, api: calls }, called);
}

const as = (token: string) => client({ authorization: `Bearer ${token}` });
const bearer = (token: string) => ({ authorization: `Bearer ${token}`, 'x-printago-storeid': undefined });

async function signIn(by: SoftwareAuthenticator, lies: Lies = {}): Promise<unknown> {
  const asked = await api.call('GET', '/v1/passkeys/authentication/options');
  const credential = by.get(requestOptions(asked), lies);
  return api.call('POST', '/v1/passkeys/authentication/verify', { body: { credential } });
}
const signedIn = async (by = device) => textAt(await signIn(by), 'firebaseCustomToken');

async function register(token: string, by: SoftwareAuthenticator, lies: Lies = {}): Promise<unknown> {
  const asked = await as(token).call('GET', '/v1/passkeys/registration/options');
  const credential = by.create(creationOptions(asked), lies);
  const body = { credential, name: 'Phone' };
  return as(token).call('POST', '/v1/passkeys/registration/verify', { body });
}

async function signUp(email: string, invitation: string, by: SoftwareAuthenticator, given: object = {}) {
  const begun = await api.call('POST', '/v1/passkeys/signup/begin', { body: { email, invitation } });
  const credential = by.create(creationOptions(begun));
  const body = { email, credential, ...SIGNED_UP, ...given };
  return api.call('POST', '/v1/passkeys/signup/complete', { body });
}

beforeAll(async () => {
  farm = await testFarm({ adopt: false, config: { http: { trustedProxies: ['127.0.0.0/8'] } } });
  origin = `http://localhost:${new URL(farm.url).port}`;
  device = new SoftwareAuthenticator(origin);
});
afterAll(() => farm.stop());
beforeEach(() => {
  address += 1;
  api = client({});
});

describe('the owner', () => {
  it('signs up once with the invitation that init made, and names the farm', async () => {
    const begun = await api.call('POST', '/v1/passkeys/signup/begin', {
      body: { email: EMAIL, invitation: farm.ownerInvitation },
    });
    expect(valueAt(begun, 'options')).toMatchObject({
      rp: { id: 'localhost', name: 'My farm' },
      user: { name: EMAIL },
      attestation: 'none',
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    });
    const credential = device.create(creationOptions(begun));
    const answer = await api.call('POST', '/v1/passkeys/signup/complete', {
      body: { email: EMAIL, credential, displayName: 'Ann', organizationName: 'Ann’s farm', ...SIGNED_UP },
    });
    expect(answer).toMatchObject({ verified: true, stores: [{ id: farm.storeId, name: 'Ann’s farm' }] });
    const token = textAt(answer, 'firebaseCustomToken');
    const stores = await farm.api('GET', '/v1/stores', undefined, bearer(token));
    expect(stores.body).toMatchObject([{ id: farm.storeId, name: 'Ann’s farm' }]);
    const key = await farm.api('POST', '/v1/api-keys', { name: 'All', fullAccess: true }, bearer(token));
    expect(key.status).toBe(201);
    await expect(signUp('eve@farm.example', farm.ownerInvitation, device)).rejects.toThrow('answered 403');
  });

  it('cannot be become by an address alone', async () => {
    for (const body of [{ email: EMAIL }, { email: EMAIL, invitation: 'a'.repeat(72) }]) {
      const answer = await farm.api('POST', '/v1/passkeys/signup/begin', body);
      expect(answer.body).toMatchObject({ statusCode: 403, code: 'forbidden' });
    }
  });
});

describe('signing in', () => {
  it.each(['ES256', 'EdDSA', 'RS256'] as const)('is possible with keys of %s', async (algorithm) => {
    const other = new SoftwareAuthenticator(origin, { algorithm });
    expect(await register(await signedIn(), other)).toMatchObject({ verified: true });
    const token = await signedIn(other);
    expect((await farm.api('GET', '/v1/parts', undefined, bearer(token))).status).toBe(200);
  });

  it('is possible with keys that a vendor keeps and nobody counts', async () => {
    const synced = new SoftwareAuthenticator(origin, { synced: true });
    await register(await signedIn(), synced);
    await signedIn(synced);
    const token = await signedIn(synced);
    const list = listAt(await as(token).call('GET', '/v1/passkeys'));
    expect(list.at(-1)).toMatchObject({
      name: 'Phone',
      credentialDeviceType: 'multiDevice',
      credentialBackedUp: true,
      transports: ['internal', 'hybrid'],
    });
    expect(textAt(list.at(-1), 'lastUsedAt')).toMatch(/Z$/);
  });

  it.each<[string, Lies]>([
    ['another origin', { origin: 'https://farm.evil.example' }],
    ['another port of the same host', { origin: 'http://localhost:1' }],
    ['another site', { rpId: 'farm.evil.example' }],
    ['a challenge of its own', { challenge: 'A'.repeat(43) }],
    ['a frame of another site', { crossOrigin: true }],
    ['a signature for something else', { type: 'webauthn.create' }],
    ['a broken signature', { brokenSignature: true }],
    ['a counter that went back', { counter: 1 }],
    ['nobody looking at the device', { userPresent: false }],
    ['a device that did not ask who holds it', { userVerified: false }],
    ['another account’s name', { userHandle: Buffer.from('somebody').toString('base64url') }],
  ])('is refused with %s', async (_what, lies) => {
    expect(await signIn(device, lies)).toEqual({ verified: false });
    await signedIn();
  });

  it('is refused with an answer that was given before', async () => {
    const asked = await api.call('GET', '/v1/passkeys/authentication/options');
    const body = { credential: device.get(requestOptions(asked)) };
    expect(await api.call('POST', '/v1/passkeys/authentication/verify', { body })).toMatchObject({
      verified: true,
    });
    expect(await api.call('POST', '/v1/passkeys/authentication/verify', { body })).toEqual({
      verified: false,
    });
  });

  it('is refused with the counter of the last time', async () => {
    const asked = await api.call('GET', '/v1/passkeys/authentication/options');
    const { counter = 0 } = device.held.at(-1) ?? {};
    const credential = device.get(requestOptions(asked), { counter });
    expect(await api.call('POST', '/v1/passkeys/authentication/verify', { body: { credential } })).toEqual({
      verified: false,
    });
  });

  it('is refused with a passkey that nobody registered', async () => {
    const stranger = new SoftwareAuthenticator(origin);
    stranger.create({ challenge: '', rp: { id: 'localhost' }, user: { id: 'x' } });
    expect(await signIn(stranger)).toEqual({ verified: false });
  });

  it('is held up for an address after ten failures in a minute', async () => {
    for (let call = 0; call < 10; call += 1) await signIn(device, { brokenSignature: true });
    const headers = { 'x-forwarded-for': `10.0.0.${address}` };
    const held = await farm.api('GET', '/v1/passkeys/authentication/options', undefined, headers);
    expect(held.body).toMatchObject({ statusCode: 429, code: 'rate_limited' });
    expect(Number(held.headers.get('retry-after'))).toBeGreaterThan(0);
    address += 1;
    await signedIn();
  });

  it('tells what is wrong with an answer that is none', async () => {
    const answer = await farm.api('POST', '/v1/passkeys/authentication/verify', {
      credential: { id: 'a b' },
    });
    expect(answer.body).toMatchObject({ statusCode: 400, code: 'validation_failed' });
    const terms = { email: EMAIL, credential: {}, termsAccepted: false, recaptchaToken: '' };
    const refused = await farm.api('POST', '/v1/passkeys/signup/complete', terms);
    expect(JSON.stringify(valueAt(refused.body, 'errors'))).toContain('terms must be accepted');
  });
});

describe('registering', () => {
  it.each<[string, Lies]>([
    ['another origin', { origin: 'https://farm.evil.example' }],
    ['another site', { rpId: 'farm.evil.example' }],
    ['a challenge of its own', { challenge: 'A'.repeat(43) }],
    ['a device that did not ask who holds it', { userVerified: false }],
    ['an attestation that nobody asked for', { attestation: 'packed' }],
    ['one of a kind that fetches lists from elsewhere', { attestation: 'android-key' }],
  ])('is refused with %s', async (_what, lies) => {
    const token = await signedIn();
    expect(await register(token, new SoftwareAuthenticator(origin), lies)).toEqual({ verified: false });
  });

  it('is refused with an answer that was given before, or that somebody else asked for', async () => {
    const token = await signedIn();
    const asked = await as(token).call('GET', '/v1/passkeys/registration/options');
    const exclude = listAt(asked, 'options', 'excludeCredentials').map((one) => valueAt(one, 'id'));
    expect(exclude).toContain(device.held[0]?.id);
    const body = { credential: new SoftwareAuthenticator(origin).create(creationOptions(asked)) };
    const verify = () => as(token).call('POST', '/v1/passkeys/registration/verify', { body });
    expect(await verify()).toMatchObject({ verified: true });
    expect(await verify()).toEqual({ verified: false });
  });

  it('needs somebody who is signed in: an API key has no passkeys', async () => {
    for (const [method, path] of [
      ['GET', '/v1/passkeys'],
      ['GET', '/v1/passkeys/registration/options'],
      ['PATCH', '/v1/passkeys/x'],
      ['DELETE', '/v1/passkeys/x'],
      ['GET', '/local/sessions'],
    ] as const) {
      const answer = await farm.api(method, path, method === 'PATCH' ? { name: 'x' } : undefined);
      expect(answer.body, path).toMatchObject({ statusCode: 403, code: 'forbidden' });
    }
  });
});

describe('passkeys', () => {
  it('are named and deleted by their user alone; the sessions that they opened end, but the last stays', async () => {
    const token = await signedIn();
    const phone = new SoftwareAuthenticator(origin);
    const made = await register(token, phone);
    expect(textAt(made, 'credentialId')).toBe(phone.held[0]?.id);
    const id = textAt(listAt(await as(token).call('GET', '/v1/passkeys')).at(-1), 'id');
    expect(
      await as(token).call('PATCH', '/v1/passkeys/{id}', { params: { id }, body: { name: 'New' } }),
    ).toBe(undefined);
    expect(listAt(await as(token).call('GET', '/v1/passkeys')).at(-1)).toMatchObject({ id, name: 'New' });

    const onPhone = await signedIn(phone);
    await as(token).call('DELETE', '/v1/passkeys/{id}', { params: { id } });
    expect((await farm.api('GET', '/v1/parts', undefined, bearer(onPhone))).status).toBe(401);
    expect(await signIn(phone)).toEqual({ verified: false });
    const again = await farm.api('DELETE', `/v1/passkeys/${id}`, undefined, bearer(token));
    expect(again.body).toMatchObject({ statusCode: 404 });

    const [first, ...others] = listAt(await as(token).call('GET', '/v1/passkeys'));
    for (const other of others)
      await as(token).call('DELETE', '/v1/passkeys/{id}', { params: { id: textAt(other, 'id') } });
    const last = await farm.api('DELETE', `/v1/passkeys/${textAt(first, 'id')}`, undefined, bearer(token));
    expect(last.body).toMatchObject({ statusCode: 409, code: 'in_use' });
    await signedIn();
  });
});

describe('a session', () => {
  it('is listed, is not counted against the limits of keys, and ends at once', async () => {
    const [one, other] = [await signedIn(), await signedIn()];
    const answer = await farm.api('GET', '/local/sessions', undefined, bearer(other));
    const current = listAt(answer.body).find((row) => valueAt(row, 'current') === true);
    expect(current).toMatchObject({ address: `10.0.0.${address}` });
    expect(answer.headers.get('x-ratelimit-limit')).toBeNull();
    const ended = await farm.api('DELETE', '/local/sessions/current', undefined, bearer(other));
    expect(ended.status).toBe(200);
    expect((await farm.api('GET', '/v1/parts', undefined, bearer(other))).status).toBe(401);
    expect((await farm.api('GET', '/v1/parts', undefined, bearer(one))).status).toBe(200);
  });

  it('belongs to one store, and comes as Bearer alone', async () => {
    const token = await signedIn();
    for (const [headers, status] of [
      [{ authorization: `bearer ${token}` }, 200],
      [{ authorization: `Bearer ${token}`, 'x-printago-storeid': farm.storeId }, 200],
      [{ authorization: `Bearer ${token}`, 'x-printago-storeid': 'a'.repeat(24) }, 401],
      [{ authorization: `ApiKey ${token}`, 'x-printago-storeid': farm.storeId }, 401],
      [{ authorization: `Bearer ${farm.key}`, 'x-printago-storeid': farm.storeId }, 401],
      [{ authorization: `Bearer ${token.slice(0, -1)}${token.endsWith('0') ? '1' : '0'}` }, 401],
    ] as const) {
      const answer = await farm.api('GET', '/v1/stores', undefined, {
        'x-printago-storeid': undefined,
        'x-forwarded-for': `10.0.0.${address}`,
        ...headers,
      });
      expect(answer.status, JSON.stringify(headers).replaceAll(token, '…')).toBe(status);
    }
  });

  it('opens the broker too, and ends there when it is ended', async () => {
    const token = await signedIn();
    const client = await mqtt.connectAsync(farm.mqttUrl, {
      ca: await readFile(farm.caFile),
      username: farm.storeId,
      password: token,
      clientId: 'web_ann_1',
      reconnectPeriod: 0,
    });
    await client.subscribeAsync(`stores/${farm.storeId}/printer-stats/#`);
    const closed = new Promise<void>((resolve) => client.once('close', () => resolve()));
    await farm.api('DELETE', '/local/sessions/current', undefined, bearer(token));
    await closed;
  });

  it('leaves its token in no log line and no table', async () => {
    const token = await signedIn();
    await farm.api('GET', '/v1/parts', undefined, bearer(token));
    expect(farm.logLines.join('\n')).not.toContain(token.slice(-48));
    const audit = await farm.api('GET', '/v1/audit-logs?action=login&limit=1');
    expect(audit.body).toMatchObject([
      { entityType: 'Users', detailedAction: 'passkey.signIn', actorType: 'user' },
    ]);
    expect(audit.text).not.toContain(token.slice(-48));
  });
});

describe('the operations', () => {
  it('were all called', () => {
    expect([...called].sort()).toEqual([...operationsOf('passkeys')].sort());
  });
});
