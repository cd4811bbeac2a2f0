import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestFarm, testFarm, textAt, valueAt } from '../fixtures/farm.js';
import { isForUsersOnly, mayBeNotYet } from './areas.js';
import { ENDPOINTS, OPERATIONS } from './contract.js';

let farm: TestFarm;
/** Keys by what they hold, made once. */
const keys = new Map<string, string>();

beforeAll(async () => {
  farm = await testFarm({ adopt: false });
});
afterAll(() => farm.stop());

async function keyHolding(permissions: readonly string[]): Promise<string> {
  const name = permissions.join(' and ') || 'nothing';
  const known = keys.get(name);
  if (known !== undefined) return known;
  const key = textAt(await farm.ok('POST', '/v1/api-keys', { name, permissions }), 'key');
  keys.set(name, key);
  return key;
}

async function call(method: string, path: string, permissions: readonly string[]) {
  const authorization = `ApiKey ${await keyHolding(permissions)}`;
  const address = path.replaceAll(/\{\w+\}/g, 'a'.repeat(24));
  // A body that fits nowhere: a caller who may come in changes nothing.
  return farm.api(method, address, method === 'GET' ? undefined : '5', { authorization });
}

/** Routes for which the contract names no permission, and what they need of the caller. */
const UNNAMED: Readonly<Record<string, readonly (readonly string[])[]>> = {
  'GET /v1/stores': [[]],
  'GET /v1/hints': [[]],
  'GET /v1/hints/schema/types': [[]],
  'GET /v1/hints/schema/types/{typeName}': [[]],
  'GET /v1/hints/schema/paths': [[]],
  'POST /v1/passkeys/signup/begin': [[]],
  'POST /v1/passkeys/signup/complete': [[]],
  'GET /v1/passkeys/authentication/options': [[]],
  'POST /v1/passkeys/authentication/verify': [[]],
  'GET /v1/users': [['user.view']],
  'GET /v1/users/{userId}': [['user.edit']],
  'DELETE /v1/users/{userId}': [['user.delete']],
  'POST /v1/users/invite': [['user.invite']],
  'POST /v1/users/invite/{invitationId}/resend': [['user.invite']],
  'POST /v1/users/invite/{invitationId}/revoke': [['user.invite']],
  'POST /v1/users/{userId}/roles': [['permission.grant']],
  'PUT /v1/users/{userId}/roles': [['permission.grant']],
  'DELETE /v1/users/{userId}/roles/{roleId}': [['permission.revoke']],
  'POST /v1/users/{userId}/permissions': [['permission.grant']],
  'PUT /v1/users/{userId}/permissions': [['permission.grant']],
  'DELETE /v1/users/{userId}/permissions': [['permission.revoke']],
  'POST /v1/users/bulk': [['user.delete']],
  'GET /v1/permissions/user/{userId}': [['permission.view']],
  'GET /v1/roles': [[]],
  'GET /v1/roles/with-permissions': [[]],
  'GET /v1/roles/{roleId}/permissions': [[]],
  'GET /v1/settings/user': [[]],
  'PATCH /v1/settings/user': [[]],
  'GET /v1/entitlements': [[]],
  'POST /v1/entitlements/search': [[]],
  'GET /v1/entitlements/{id}': [[]],
  'GET /v1/entitlements/check/{entitlement}': [[]],
  'GET /v1/addons': [[]],
  'GET /v1/addons/{addonType}': [[]],
  'GET /v1/audit-logs': [['audit.log.view']],
  'POST /v1/audit-logs/search': [['audit.log.view']],
  'POST /v2/builds': [['job.create']],
  'POST /v2/builds/preview': [['queue.view'], ['job.create']],
  'GET /v1/filametrics/status': [['integration.view']],
  'POST /v1/filametrics/connect': [['integration.manage']],
  'POST /v1/filametrics/disconnect': [['integration.manage']],
};

const ROWS = OPERATIONS.filter(({ path }) => !isForUsersOnly(path)).map(
  ({ method, path, permission }) => [`${method} ${path}`, method, path, permission] as const,
);

describe('passkeys', () => {
  it.each(OPERATIONS.filter(({ path }) => isForUsersOnly(path)).map(({ method, path }) => [method, path]))(
    '%s %s is for users who are signed in',
    async (method, path) => {
      const body = { name: 'x', credential: {} };
      const answer = await farm.api(method, path.replace('{id}', 'x'), method === 'GET' ? undefined : body);
      expect(answer.body).toMatchObject({ statusCode: 403, code: 'forbidden' });
    },
  );
});

describe.each(ROWS)('%s', (name, method, path, permission) => {
  const sets = permission === '-' ? (UNNAMED[name] ?? []) : [permission.split(',')];

  it('lets nobody in who lacks the permission, and names it', async () => {
    const [needed = []] = sets;
    if (needed.length === 0) return expect([200, 400, 404]).toContain((await call(method, path, [])).status);
    for (const held of [[], ...(needed.length > 1 ? needed.map((one) => [one]) : [])]) {
      const answer = await call(method, path, held);
      expect(answer.status).toBe(403);
      expect(valueAt(answer.body, 'requiredPermissions')).toEqual(needed);
    }
  });

  it('lets everybody in who holds it', async () => {
    expect(sets).not.toHaveLength(0);
    const fine = [200, 201, 400, 404, 409, ...(mayBeNotYet(path) ? [501] : [])];
    for (const held of sets) expect(fine).toContain((await call(method, path, held)).status);
  });
});

describe('the contract as a whole', () => {
  it('is mounted: 361 operations, and no address of them is unknown', async () => {
    expect(ENDPOINTS).toHaveLength(361);
    for (const [method, path] of ENDPOINTS) {
      const answer = await call(method, path, []);
      expect(valueAt(answer.body, 'code'), `${method} ${path}`).not.toBe('route_not_found');
    }
  });
});
