import { readFile } from 'node:fs/promises';
import mqtt, { type MqttClient } from 'mqtt';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { SoftwareAuthenticator } from '../fixtures/authenticator.js';
import { type TestFarm, testFarm, textAt } from '../fixtures/farm.js';
import { creationOptions } from '../fixtures/passkeys.js';

let farm: TestFarm;
beforeAll(async () => {
  farm = await testFarm({ adopt: false });
});
afterAll(() => farm.stop());

async function connected(password: string): Promise<MqttClient> {
  const client = await mqtt.connectAsync(farm.mqttUrl, {
    ca: await readFile(farm.caFile),
    username: farm.storeId,
    password,
    clientId: `web_${Math.random()}`,
    reconnectPeriod: 0,
  });
  client.on('error', () => undefined);
  onTestFinished(() => client.endAsync(true));
  await client.subscribeAsync(`stores/${farm.storeId}/printer-stats/#`);
  return client;
}

/** Resolves when the broker has ended the connection. */
const ended = (client: MqttClient) => new Promise<void>((resolve) => client.once('close', () => resolve()));

async function keyWith(given: object): Promise<{ id: string; key: string }> {
  const made = await farm.ok('POST', '/v1/api-keys', { name: 'Test', ...given });
  return { id: textAt(made, 'id'), key: textAt(made, 'key') };
}

const STATS = { permissions: ['printer.stats'] };

describe('an open MQTT connection of a key', () => {
  it.each([
    ['is deleted', (id: string) => farm.ok('DELETE', `/v1/api-keys/${id}`)],
    ['is switched off', (id: string) => farm.ok('PATCH', `/v1/api-keys/${id}`, { active: false })],
    ['may do less', (id: string) => farm.ok('PATCH', `/v1/api-keys/${id}`, { permissions: [] })],
    [
      'is held to other addresses',
      (id: string) => farm.ok('PATCH', `/v1/api-keys/${id}`, { ipAllowlist: ['10.0.0.1'] }),
    ],
  ])('ends at once when the key %s, and no other does', async (_what, change) => {
    const [mine, other] = [await keyWith(STATS), await keyWith(STATS)];
    const [client, bystander] = [await connected(mine.key), await connected(other.key)];
    const closed = ended(client);
    await change(mine.id);
    await closed;
    expect(bystander.connected).toBe(true);
  });

  it('ends at once when a role that the key holds changes', async () => {
    const body = { name: 'Watcher', permissions: ['printer.stats'] };
    const role = textAt(await farm.ok('POST', '/local/roles', body), 'id');
    const { key } = await keyWith({ roleIds: [role] });
    const closed = ended(await connected(key));
    await farm.ok('PATCH', `/local/roles/${role}`, { permissions: ['part.view'] });
    await closed;
    const answer = await farm.api('GET', '/v1/parts', undefined, { authorization: `ApiKey ${key}` });
    expect(answer.status).toBe(200);
  });

  it('ends in the moment the key expires', async () => {
    const expiresAt = new Date(Date.now() + 4_000).toISOString();
    const client = await connected((await keyWith({ ...STATS, expiresAt })).key);
    await ended(client);
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(expiresAt));
  });

  it('is held to the addresses of the key, unless the configuration lets it go', async () => {
    const { key } = await keyWith({ ...STATS, ipAllowlist: ['10.0.0.1'] });
    await expect(connected(key)).rejects.toMatchObject({ code: 4 });
    await farm.restart({ config: { auth: { mqttEnforceIpAllowlist: false } } });
    expect((await connected(key)).connected).toBe(true);
    const rest = await farm.api('GET', '/v1/stores', undefined, { authorization: `ApiKey ${key}` });
    expect(rest.body).toMatchObject({ statusCode: 403, code: 'ip_not_allowed' });
  });
});

describe('a member', () => {
  it('may do what its roles allow, at each moment, until it is removed', async () => {
    const email = 'bob@farm.example';
    const invited = await farm.ok('POST', '/v1/users/invite', { email, roleId: 'viewer' });
    const invitation = textAt(invited, 'token');
    const origin = `http://localhost:${new URL(farm.url).port}`;
    const other = await farm.api('POST', '/v1/passkeys/signup/begin', {
      email: 'eve@farm.example',
      invitation,
    });
    expect(other.body).toMatchObject({ statusCode: 403 });
    // As a client does that knows the contract alone.
    const begun = await farm.ok('POST', '/v1/passkeys/signup/begin', { email });
    const credential = new SoftwareAuthenticator(origin).create(creationOptions(begun));
    const body = { email, credential, termsAccepted: true, recaptchaToken: invitation };
    const token = textAt(await farm.ok('POST', '/v1/passkeys/signup/complete', body), 'firebaseCustomToken');
    const authorization = `Bearer ${token}`;
    const call = (method: string, path: string, given?: unknown) =>
      farm.api(method, path, given, { authorization, 'x-printago-storeid': undefined });

    expect((await call('GET', '/v1/parts')).status).toBe(200);
    const material = { name: 'PLA', brand: 'Acme', type: 'PLA', tags: [] };
    expect((await call('POST', '/v1/materials', material)).status).toBe(403);
    const users = await farm.ok('GET', `/v1/users?search=${email}`);
    const id = textAt(users, 'users', 0, 'userId');
    const before = ended(await connected(token));
    await farm.ok('POST', `/v1/users/${id}/permissions`, { permissions: ['material.create'] });
    await before;
    expect((await call('POST', '/v1/materials', material)).status).toBe(201);

    const client = await connected(token);
    const closed = ended(client);
    await farm.ok('DELETE', `/v1/users/${id}`, { userId: id });
    await closed;
    expect((await call('GET', '/v1/parts')).status).toBe(401);
  });
});
