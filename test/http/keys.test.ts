import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createKey } from '../../src/domain/api-keys.js';
import { systemContext } from '../../src/domain/stores.js';
import { openDatabase } from '../../src/installation.js';
import { apiKey } from '../../src/resources/index.js';
import { type TestFarm, testFarm, textAt } from '../fixtures/farm.js';

let farm: TestFarm;
beforeAll(async () => {
  farm = await testFarm({ adopt: false });
});
afterAll(() => farm.stop());

async function keyWith(given: object): Promise<{ id: string; as: { authorization: string } }> {
  const made = await farm.ok('POST', '/v1/api-keys', { name: 'Test', ...given });
  return { id: textAt(made, 'id'), as: { authorization: `ApiKey ${textAt(made, 'key')}` } };
}

describe('keys that may do more than their editor', () => {
  it('are neither opened, switched on nor renamed by it', async () => {
    const clerk = await keyWith({ permissions: ['apiKey.view', 'apiKey.edit', 'part.view'] });
    const strong = await keyWith({
      permissions: ['printer.delete'],
      ipAllowlist: ['10.0.0.1'],
      active: false,
    });
    for (const change of [{ ipAllowlist: null }, { active: true }, { name: 'Mine' }, { permissions: [] }]) {
      const answer = await farm.api('PATCH', `/v1/api-keys/${strong.id}`, change, clerk.as);
      expect(answer.body, JSON.stringify(change)).toMatchObject({
        statusCode: 403,
        code: 'permission_escalation',
        requiredPermissions: ['printer.delete'],
      });
    }
    const weak = await keyWith({ permissions: ['part.view'] });
    const renamed = await farm.api('PATCH', `/v1/api-keys/${weak.id}`, { name: 'Renamed' }, clerk.as);
    expect(renamed.body).toMatchObject({ name: 'Renamed' });
  });

  it('are given by nobody, not even by the owner, where they cannot be given at all', async () => {
    for (const permission of ['organization.owner', 'internal.shopify']) {
      const answer = await farm.api('POST', '/v1/api-keys', { name: 'X', permissions: [permission] });
      expect(answer.body).toMatchObject({ statusCode: 403, code: 'permission_escalation' });
    }
    const role = await farm.api('POST', '/v1/api-keys', { name: 'X', roleIds: ['owner'] });
    expect(role.body).toMatchObject({ statusCode: 400, code: 'validation_failed' });
    const unknown = await farm.api('POST', '/v1/api-keys', { name: 'X', permissions: ['part.fly'] });
    expect(unknown.body).toMatchObject({ statusCode: 400, code: 'validation_failed' });
  });
});

describe('keys of an integration', () => {
  it('are neither changed nor deleted by hand', async () => {
    let id = '';
    await farm.restart({}, async () => {
      const database = await openDatabase(farm.dataDir, { create: false });
      const made = await database.write(systemContext(farm.storeId), async (tx) => {
        const { row } = await createKey(tx, { name: 'Shop', permissions: ['order.view'] });
        return tx.update(apiKey, row.id, { managed: true, managedBy: 'shopify' });
      });
      id = made.id;
      await database.close();
    });
    for (const [method, body] of [
      ['PATCH', { name: 'Mine' }],
      ['DELETE', undefined],
    ] as const) {
      const answer = await farm.api(method, `/v1/api-keys/${id}`, body);
      expect(answer.body).toMatchObject({ statusCode: 409, code: 'managed' });
    }
    expect(await farm.ok('GET', `/v1/api-keys/${id}`)).toMatchObject({ name: 'Shop', managed: true });
  });
});

describe('roles and bundles', () => {
  it('give what they stand for', async () => {
    const viewer = await keyWith({ roleIds: ['viewer'] });
    expect((await farm.api('GET', '/v1/printers', undefined, viewer.as)).status).toBe(200);
    expect((await farm.api('PATCH', '/v1/print-jobs/cancel', { printJobIds: [] }, viewer.as)).status).toBe(
      403,
    );
    const queue = await keyWith({ permissions: ['queue.admin'] });
    expect((await farm.api('PATCH', '/v1/print-jobs/cancel', { printJobIds: [] }, queue.as)).status).toBe(
      200,
    );
  });

  it('change at once for a key that is in use', async () => {
    const key = await keyWith({ permissions: ['printer.view'] });
    expect((await farm.api('GET', '/v1/printers', undefined, key.as)).status).toBe(200);
    await farm.ok('PATCH', `/v1/api-keys/${key.id}`, { permissions: [] });
    expect((await farm.api('GET', '/v1/printers', undefined, key.as)).status).toBe(403);
  });
});

describe('allowlists', () => {
  it.each([
    '10.0.0.0/8/9',
    '10.0.0.0/',
    '10.0.0.0/33',
    '::1/129',
    'fe80::1%eth0',
    'localhost',
    '',
    ' 10.0.0.1',
  ])('take no %j', async (entry) => {
    const answer = await farm.api('POST', '/v1/api-keys', { name: 'X', ipAllowlist: [entry] });
    expect(answer.body).toMatchObject({ statusCode: 400, code: 'validation_failed' });
  });

  it.each([
    [['::ffff:127.0.0.1'], 200],
    [['::ffff:127.0.0.0/104'], 200],
    [['2001:db8::/32', '127.0.0.1/32'], 200],
    [[], 200],
    [['0.0.0.0/0'], 200],
    [['::/0'], 200],
    [['203.0.113.0/24', '::1'], 403],
  ])('let through by %j with %i', async (ipAllowlist, status) => {
    const key = await keyWith({ fullAccess: true, ipAllowlist });
    expect((await farm.api('GET', '/v1/stores', undefined, key.as)).status).toBe(status);
  });

  it('believe X-Forwarded-For only of proxies that are trusted', async () => {
    const key = await keyWith({ fullAccess: true, ipAllowlist: ['203.0.113.7'] });
    const headers = { ...key.as, 'x-forwarded-for': '203.0.113.7' };
    expect((await farm.api('GET', '/v1/stores', undefined, headers)).status).toBe(403);
    await farm.restart({ config: { http: { trustedProxies: ['127.0.0.0/8'] } } });
    expect((await farm.api('GET', '/v1/stores', undefined, headers)).status).toBe(200);
  });
});

describe('addresses that answers hold', () => {
  const uploadUrl = async (headers = {}) => {
    const body = { filenames: ['a.stl'] };
    const made = await farm.api('POST', '/v1/storage/signed-upload-urls', body, headers);
    return new URL(textAt(made.body, 'signedUrls', 0, 'uploadUrl')).origin;
  };

  it('are what a trusted proxy was called by', async () => {
    const forwarded = { 'x-forwarded-host': 'farm.example', 'x-forwarded-proto': 'https' };
    expect(await uploadUrl(forwarded)).toBe('https://farm.example');
    expect(await uploadUrl({ 'x-forwarded-host': 'a b"<c>' })).toBe(farm.url);
  });

  it('are what was bound, or the host of the request when that is every address', async () => {
    await farm.restart({ config: { http: { trustedProxies: [] } } });
    expect(await uploadUrl({ 'x-forwarded-host': 'evil.example' })).toBe(farm.url);
    await farm.restart({ config: { http: { host: '0.0.0.0' } } });
    const { port } = new URL(farm.url);
    const { key, storeId } = farm;
    const answer = await fetch(`http://127.0.0.2:${port}/v1/storage/signed-upload-urls`, {
      method: 'POST',
      headers: {
        authorization: `ApiKey ${key}`,
        'x-printago-storeid': storeId,
        'content-type': 'application/json',
      },
      body: JSON.stringify({ filenames: ['a.stl'] }),
    });
    expect(textAt(await answer.json(), 'signedUrls', 0, 'uploadUrl')).toContain(`http://127.0.0.2:${port}/`);
  });

  it('are as configured, whatever a request says', async () => {
    await farm.restart({ config: { http: { publicBaseUrl: 'https://prints.example/' } } });
    const bound = farm.logLines.flatMap((line) => /listening at (http:[^"]+)/.exec(line)?.[1] ?? []).at(-1);
    const answer = await fetch(`${bound}/v1/storage/signed-upload-urls`, {
      method: 'POST',
      headers: {
        authorization: `ApiKey ${farm.key}`,
        'x-printago-storeid': farm.storeId,
        'content-type': 'application/json',
      },
      body: JSON.stringify({ filenames: ['a.stl'] }),
    });
    const uploadUrl = textAt(await answer.json(), 'signedUrls', 0, 'uploadUrl');
    expect(uploadUrl).toMatch(/^https:\/\/prints\.example\/storage\//);
  });
});
