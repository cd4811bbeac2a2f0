import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { forgetUnused } from '../../src/domain/files.js';
import { invitation, user } from '../../src/resources/index.js';
import { type ApiAnswer, listAt, type TestFarm, testFarm, textAt, valueAt } from '../fixtures/farm.js';
import { aMember, aSession, asSystem } from '../fixtures/members.js';

let farm: TestFarm;
beforeAll(async () => {
  farm = await testFarm({ adopt: false });
});
afterAll(() => farm.stop());

type Call = (method: string, path: string, body?: unknown) => Promise<ApiAnswer>;

/** Calls with a key that holds this. */
async function clerk(...permissions: string[]): Promise<Call> {
  const key = textAt(await farm.ok('POST', '/v1/api-keys', { name: 'Clerk', permissions }), 'key');
  return (method, path, body) => farm.api(method, path, body, { authorization: `ApiKey ${key}` });
}

const refused = (code: string) => ({ statusCode: code === 'conflict' ? 409 : 403, code });
const details = (userId: string) => farm.ok('GET', `/v1/users/${userId}`);
const ownerId = async () => textAt(await farm.ok('GET', '/v1/users?role=owner'), 'users', 0, 'userId');

describe('whoever gives', () => {
  it('gives to users no more than it holds itself', async () => {
    const call = await clerk(
      'user.invite',
      'permission.grant',
      'permission.revoke',
      'part.view',
      'part.create',
    );
    const userId = await aMember(farm);
    for (const [method, path, body] of [
      ['POST', '/v1/users/invite', { email: 'x@farm.example', roleId: 'admin' }],
      ['POST', '/v1/users/invite', { email: 'x@farm.example', permissions: ['part.delete'] }],
      ['POST', `/v1/users/${userId}/roles`, { roleId: 'viewer' }],
      ['PUT', `/v1/users/${userId}/roles`, { roleIds: ['operator'] }],
      ['POST', `/v1/users/${userId}/permissions`, { permissions: ['queue.admin'] }],
      ['PUT', `/v1/users/${userId}/permissions`, { permissions: ['part.view', 'sku.view'] }],
      ['POST', '/local/roles', { name: 'More', permissions: ['part.delete'] }],
    ] as const) {
      const answer = await call(method, path, body);
      expect(answer.body, `${method} ${path}`).toMatchObject(refused('permission_escalation'));
    }
    expect(await details(userId)).toMatchObject({ roles: [], permissions: [] });
    const given = await call('POST', `/v1/users/${userId}/permissions`, { permissions: ['part.view'] });
    expect(given.status).toBe(201);
    expect((await call('POST', '/v1/users/invite', { email: 'x@farm.example' })).status).toBe(201);
  });

  it('touches nobody who may do more', async () => {
    const call = await clerk(
      'user.invite',
      'user.delete',
      'permission.grant',
      'permission.revoke',
      'part.view',
    );
    const userId = await aMember(farm, { roleId: 'admin' });
    const owner = await ownerId();
    for (const id of [userId, owner]) {
      for (const [method, path, body] of [
        ['DELETE', `/v1/users/${id}`, { userId: id }],
        ['PUT', `/v1/users/${id}/roles`, { roleIds: [] }],
        ['DELETE', `/v1/users/${id}/permissions`, { permissions: ['part.view'] }],
        ['POST', `/v1/users/${id}/permissions`, { permissions: ['part.view'] }],
      ] as const)
        expect((await call(method, path, body)).body).toMatchObject(refused('permission_escalation'));
    }
    const bulk = await call('POST', '/v1/users/bulk', { userIds: [userId], operation: 'remove' });
    expect(bulk.body).toMatchObject({ succeeded: [], failed: [{ userId }] });
    const made = await farm.ok('POST', '/v1/users/invite', { email: 'boss@farm.example', roleId: 'admin' });
    const id = textAt(made, 'invitationId');
    const resent = await call('POST', `/v1/users/invite/${id}/resend`);
    expect(resent.body).toMatchObject(refused('permission_escalation'));
  });

  it('takes away only with the permission to', async () => {
    const call = await clerk('permission.grant', 'part.view', 'sku.view');
    const userId = await aMember(farm, { permissions: ['part.view'] });
    const path = `/v1/users/${userId}/permissions`;
    expect((await call('PUT', path, { permissions: ['part.view', 'sku.view'] })).status).toBe(200);
    const less = await call('PUT', path, { permissions: ['sku.view'] });
    expect(less.body).toMatchObject({ code: 'forbidden', requiredPermissions: ['permission.revoke'] });
    expect(await details(userId)).toMatchObject({ permissions: ['part.view', 'sku.view'] });
  });

  it('cannot give what nobody can', async () => {
    const userId = await aMember(farm);
    const path = `/v1/users/${userId}/permissions`;
    for (const permission of ['organization.owner', 'internal.shopify']) {
      for (const method of ['POST', 'PUT']) {
        const answer = await farm.api(method, path, { permissions: [permission] });
        expect(answer.body).toMatchObject(refused('permission_escalation'));
      }
    }
    const role = await farm.api('POST', `/v1/users/${userId}/roles`, { roleId: 'owner' });
    expect(role.body).toMatchObject({ statusCode: 400, message: expect.stringContaining('transferred') });
    const unknown = await farm.api('POST', `/v1/users/${userId}/roles`, { roleId: 'emperor' });
    expect(unknown.body).toMatchObject({ statusCode: 400, message: expect.stringContaining('viewer') });
  });
});

describe('the owner', () => {
  it('keeps the store until it is handed on, and then may leave', async () => {
    const owner = await ownerId();
    const path = `/v1/users/${owner}`;
    expect((await farm.api('DELETE', path, { userId: owner })).body).toMatchObject(refused('conflict'));
    expect((await farm.api('DELETE', `${path}/roles/owner`)).body).toMatchObject(refused('conflict'));
    const marks = { permissions: ['organization.owner'] };
    expect((await farm.api('DELETE', `${path}/permissions`, marks)).body).toMatchObject(refused('conflict'));
    expect(await farm.ok('PUT', `${path}/permissions`, { permissions: [] })).toMatchObject({ isOwner: true });
    expect(await farm.ok('PUT', `${path}/roles`, { roleIds: ['owner', 'viewer'] })).toMatchObject({
      roles: ['owner', 'viewer'],
    });

    const heir = await aMember(farm, { roleId: 'admin' });
    const admin = await clerk('user.delete', 'permission.grant');
    expect((await admin('POST', `/local/users/${heir}/ownership`)).status).toBe(403);
    expect((await farm.api('DELETE', path, { userId: owner, transferOwnershipTo: 'nobody' })).status).toBe(
      404,
    );
    const itself = { userId: owner, transferOwnershipTo: owner };
    expect((await farm.api('DELETE', path, itself)).body).toMatchObject(refused('conflict'));
    const wrong = { userId: heir, transferOwnershipTo: owner };
    expect((await farm.api('DELETE', `/v1/users/${heir}`, wrong)).body).toMatchObject(refused('conflict'));
    expect((await farm.api('DELETE', path, { userId: heir })).status).toBe(400);
    expect(await farm.ok('DELETE', path, { userId: owner, transferOwnershipTo: heir })).toMatchObject({
      success: true,
    });
    expect(await ownerId()).toBe(heir);
    expect((await farm.api('GET', path)).status).toBe(404);
    const other = await aMember(farm);
    expect(await farm.ok('POST', `/local/users/${other}/ownership`)).toMatchObject({ isOwner: true });
    expect(await details(heir)).toMatchObject({ isOwner: false, roles: ['admin'] });
  });
});

describe('a person who signed in', () => {
  it('sees itself and its own doings, and keeps what it holds', async () => {
    const held = ['permission.grant', 'permission.revoke', 'user.delete', 'user.invite', 'part.view'];
    const email = 'anna@farm.example';
    const userId = await aMember(farm, { email, permissions: held, roleId: 'viewer' });
    const authorization = `Bearer ${await aSession(farm, userId)}`;
    const call: Call = (method, path, body) => farm.api(method, path, body, { authorization });
    const path = `/v1/users/${userId}`;
    expect((await call('GET', path)).body).toMatchObject({
      email,
      permissions: expect.arrayContaining(held),
    });
    expect((await call('GET', `/v1/permissions/user/${userId}`)).body).toMatchObject({ owner: false });
    for (const other of [`/v1/users/${await ownerId()}`, `/v1/permissions/user/${await ownerId()}`])
      expect((await call('GET', other)).body).toMatchObject({ code: 'forbidden' });
    for (const [method, at, body] of [
      ['DELETE', path, { userId }],
      ['DELETE', `${path}/permissions`, { permissions: ['permission.grant'] }],
      ['PUT', `${path}/permissions`, { permissions: ['part.view'] }],
      ['PUT', `${path}/roles`, { roleIds: [] }],
      ['DELETE', `${path}/roles/viewer`, undefined],
    ] as const)
      expect((await call(method, at, body)).body, `${method} ${at}`).toMatchObject(refused('conflict'));

    const invited = await call('POST', '/v1/users/invite', { email: 'ben@farm.example' });
    expect(invited.status).toBe(201);
    const [entry] = listAt(await farm.ok('GET', `/v1/audit-logs?actorId=${userId}`));
    expect(entry).toMatchObject({ actorType: 'user', source: 'web', actorEmail: email, apiKeyId: null });
    const id = textAt(invited.body, 'invitationId');
    expect((await call('GET', path)).body).toMatchObject({
      activityLog: [{ action: 'user.invite', details: `Invitations: ${id}` }],
    });
    expect(await farm.ok('GET', '/v1/users?search=ben@farm')).toMatchObject({
      users: [{ invitedByEmail: email }],
    });
    expect((await call('PATCH', '/v1/settings/user', { defaultStoreId: farm.storeId })).status).toBe(200);
    expect(await farm.ok('GET', '/v1/settings/user')).toEqual({ defaultStoreId: null });

    await farm.ok('PUT', `${path}/permissions`, { permissions: [] });
    expect((await call('POST', '/v1/users/invite', { email: 'carl@farm.example' })).status).toBe(403);
    await farm.ok('DELETE', path, { userId });
    expect((await call('GET', '/v1/stores')).status).toBe(401);
  });
});

describe('who left', () => {
  it('holds nothing, and comes back to the same account', async () => {
    const email = 'back@farm.example';
    const userId = await aMember(farm, { email, roleId: 'operator', permissions: ['order.view'] });
    await farm.ok('DELETE', `/v1/users/${userId}`, { userId });
    expect(await farm.ok('GET', `/v1/permissions?userId=${userId}`)).toEqual([]);
    for (const [method, path, body] of [
      ['GET', `/v1/users/${userId}`, undefined],
      ['GET', `/v1/permissions/user/${userId}`, undefined],
      ['POST', `/v1/users/${userId}/roles`, { roleId: 'viewer' }],
      ['DELETE', `/v1/users/${userId}`, { userId }],
    ] as const)
      expect((await farm.api(method, path, body)).status).toBe(404);
    expect(await aMember(farm, { email: 'Back@Farm.example', roleId: 'viewer' })).toBe(userId);
    expect(await details(userId)).toMatchObject({ roles: ['viewer'], permissions: [] });
  });
});

describe('invitations', () => {
  const invite = (email: string) => farm.api('POST', '/v1/users/invite', { email });

  it('are one for each address, which no member has', async () => {
    await aMember(farm, { email: 'here@farm.example' });
    expect((await invite('HERE@farm.example')).body).toMatchObject(refused('conflict'));
    const first = await invite('twice@farm.example');
    const id = textAt(first.body, 'invitationId');
    const second = await invite('Twice@farm.example');
    expect(second.body).toMatchObject({ statusCode: 409, message: expect.stringContaining(id) });
    await asSystem(farm, (tx) => tx.update(invitation, id, { expiresAt: '2020-01-01T00:00:00.000Z' }));
    const listed = await farm.ok('GET', '/v1/users?search=twice');
    expect(listed).toMatchObject({ total: 1, users: [{ invitationId: id, status: 'expired' }] });
    expect((await invite('twice@farm.example')).status).toBe(201);
    expect((await farm.api('POST', `/v1/users/invite/${id}/resend`)).body).toMatchObject({
      code: 'invalid_state',
    });
    expect((await farm.api('POST', `/v1/users/invite/${'a'.repeat(24)}/revoke`)).status).toBe(404);
    for (const email of ['nobody', '', 'a@b@c']) expect((await invite(email)).status).toBe(400);
  });
});

describe('the list', () => {
  it('is narrowed by text, role and status, and paged', async () => {
    const sleeper = await aMember(farm, { email: 'sleeper@list.example', roleId: 'part-manager' });
    await aMember(farm, { email: 'awake@list.example' });
    await farm.ok('POST', '/v1/users/invite', { email: 'soon@list.example', roleId: 'part-manager' });
    await asSystem(farm, (tx) => tx.update(user, sleeper, { lastActiveAt: '2020-05-01T00:00:00.000Z' }));
    const emails = async (query: string) =>
      listAt(await farm.ok('GET', `/v1/users?search=list.example${query}`), 'users').map((one) =>
        valueAt(one, 'email'),
      );
    expect(await emails('')).toEqual(['sleeper@list.example', 'awake@list.example', 'soon@list.example']);
    expect(await emails('&role=part-manager')).toEqual(['sleeper@list.example', 'soon@list.example']);
    expect(await emails('&status=inactive')).toEqual(['sleeper@list.example']);
    expect(await emails('&status=active')).toEqual(['awake@list.example']);
    expect(await emails('&limit=1&offset=1')).toEqual(['awake@list.example']);
    expect(await farm.ok('GET', '/v1/users?search=list.example&limit=1')).toMatchObject({ total: 3 });
    expect(await details(sleeper)).toMatchObject({ lastActive: '2020-05-01T00:00:00.000Z' });
    for (const query of ['status=invited', 'limit=0', 'limit=x', 'offset=-1'])
      expect((await farm.api('GET', `/v1/users?${query}`)).status, query).toBe(400);
  });
});

describe('roles of the farm’s own', () => {
  const make = (name: string, permissions: string[]) =>
    farm.api('POST', '/local/roles', { name, permissions, description: 'Ours' });

  it('hold at once for keys and users, and stay while somebody has them', async () => {
    const made = await make('Shipping', ['order.view', 'order.view']);
    expect(made.body).toMatchObject({ isSystem: false, permissions: ['order.view'], description: 'Ours' });
    const id = textAt(made.body, 'id');
    expect((await make('shipping', [])).body).toMatchObject(refused('conflict'));
    expect((await make('Admin', [])).body).toMatchObject(refused('conflict'));
    const listed = listAt(await farm.ok('GET', '/v1/roles'));
    expect(listed.at(-1)).toEqual({ id, name: 'Shipping', description: 'Ours', isSystem: false });
    expect(await farm.ok('GET', `/v1/roles/${id}/permissions`)).toEqual(['order.view']);

    const key = await farm.ok('POST', '/v1/api-keys', { name: 'Label printer', roleIds: [id] });
    const as = { authorization: `ApiKey ${textAt(key, 'key')}` };
    const parts = async () => (await farm.api('GET', '/v1/parts', undefined, as)).status;
    expect(await parts()).toBe(403);
    await farm.ok('PATCH', `/local/roles/${id}`, { permissions: ['order.view', 'part.view'] });
    expect(await parts()).toBe(200);
    await farm.ok('PATCH', `/local/roles/${id}`, { permissions: ['order.view'], name: 'Packing' });
    expect(await parts()).toBe(403);

    const userId = await aMember(farm, { roleId: id });
    const all = await farm.ok('GET', `/v1/permissions/user/${userId}`);
    expect(all).toMatchObject({ roleNames: ['Packing'], effectivePermissions: ['order.view'] });
    const held = await farm.api('DELETE', `/local/roles/${id}`);
    expect(held.body).toMatchObject({
      code: 'in_use',
      message: expect.stringMatching(/1 × members.*1 × API keys/),
    });
    await farm.ok('PUT', `/v1/users/${userId}/roles`, { roleIds: [] });
    await farm.api('DELETE', `/v1/api-keys/${textAt(key, 'id')}`);
    expect(await farm.ok('DELETE', `/local/roles/${id}`)).toEqual({ success: true });
    expect((await farm.api('GET', `/v1/roles/${id}/permissions`)).status).toBe(404);
  });

  it('are changed by nobody who does not hold all of them, those that ship by nobody', async () => {
    const id = textAt((await make('Strong', ['printer.delete', 'part.view'])).body, 'id');
    const call = await clerk('permission.grant', 'part.view');
    const taken = await call('PATCH', `/local/roles/${id}`, { name: 'Mine' });
    expect(taken.body).toMatchObject(refused('permission_escalation'));
    expect((await make('Owners', ['organization.owner'])).body).toMatchObject(
      refused('permission_escalation'),
    );
    const weak = textAt((await make('Weak', ['part.view'])).body, 'id');
    const emptied = await call('PATCH', `/local/roles/${weak}`, { permissions: [] });
    expect(emptied.body).toMatchObject({ requiredPermissions: ['permission.revoke'] });
    expect((await call('DELETE', `/local/roles/${weak}`)).status).toBe(403);
    for (const method of ['PATCH', 'DELETE']) {
      const answer = await farm.api(method, '/local/roles/viewer', method === 'PATCH' ? {} : undefined);
      expect(answer.body).toMatchObject(refused('conflict'));
    }
  });
});

describe('the log', () => {
  it('tells of every change of users, roles, keys and permissions, without their secrets', async () => {
    const logged = async (answer: ApiAnswer) => {
      const requestId = answer.headers.get('x-request-id') ?? '';
      return listAt(await farm.ok('GET', `/v1/audit-logs?correlationId=${requestId}&sort=entityType`));
    };
    const userId = await aMember(farm);
    const role = await farm.api('POST', '/local/roles', { name: 'Told', permissions: ['part.view'] });
    expect(await logged(role)).toMatchObject([
      {
        entityType: 'Roles',
        action: 'create',
        detailedAction: 'role.create',
        actorId: farm.key.slice(0, 24),
        ipAddress: '127.0.0.1',
      },
    ]);
    const roleId = textAt(role.body, 'id');
    const renamed = await farm.api('PATCH', `/local/roles/${roleId}`, { name: 'Retold' });
    expect(await logged(renamed)).toMatchObject([
      { changes: [{ field: 'name', oldValue: 'Told', newValue: 'Retold' }] },
    ]);
    const given = await farm.api('POST', `/v1/users/${userId}/roles`, { roleId });
    expect(await logged(given)).toMatchObject([
      { entityType: 'UserRoles', action: 'create', detailedAction: 'user.role.add' },
    ]);
    const direct = await farm.api('PUT', `/v1/users/${userId}/permissions`, { permissions: ['sku.view'] });
    expect(await logged(direct)).toMatchObject([
      {
        entityType: 'Permissions',
        changes: [
          { field: 'userId', oldValue: null, newValue: userId },
          { field: 'permission', oldValue: null, newValue: 'sku.view' },
        ],
      },
    ]);
    const gone = await farm.api('DELETE', `/v1/users/${userId}`, { userId });
    expect((await logged(gone)).map((entry) => valueAt(entry, 'entityType'))).toEqual([
      'Permissions',
      'UserRoles',
      'Users',
    ]);
    const invited = await farm.api('POST', '/v1/users/invite', { email: 'told@farm.example' });
    const key = await farm.api('POST', '/v1/api-keys', { name: 'Told' });
    const text = JSON.stringify([await logged(invited), await logged(key)]);
    expect(text).toContain('"field":"secretHash","oldValue":null,"newValue":"[REDACTED]"');
    for (const secret of [textAt(invited.body, 'token'), textAt(key.body, 'key')])
      expect(text + farm.logLines.join('\n')).not.toContain(secret.slice(24));
  });
});

describe('settings', () => {
  it('take a profile of the farm’s own or one of the slicer’s', async () => {
    const profile = { name: 'Fine', type: 'process', data: {} };
    const own = textAt(await farm.ok('POST', '/v1/profiles', profile), 'id');
    const patch = (body: object) => farm.ok('PATCH', '/v1/settings/store', body);
    await patch({ defaultProcessSystemProfileId: 7 });
    expect(await patch({ defaultProcessUserProfileId: own })).toMatchObject({
      defaultProcessUserProfileId: own,
      defaultProcessSystemProfileId: null,
    });
    for (const body of [{ currency: 5 }, { generalSettings: { autoMatchMaterialsNewPart: 'yes' } }])
      expect((await farm.api('PATCH', '/v1/settings/store', body)).status).toBe(400);
  });

  it('give the store logos of uploads, which load without headers', async () => {
    const patch = (body: object) => farm.api('PATCH', '/v1/stores', body);
    const path = await farm.upload('Our logo.PNG', Buffer.from('\x89PNG'));
    const url = textAt((await patch({ logoLightUploadPath: path, country: 'DE' })).body, 'logoLightUrl');
    const loaded = await fetch(url);
    expect([loaded.status, loaded.headers.get('content-type')]).toEqual([200, 'image/png']);
    const again = await patch({ logoDarkUploadPath: await farm.upload('dark.webp', Buffer.from('x')) });
    expect(again.body).toMatchObject({ country: 'DE', logoLightUrl: url, logoDarkUrl: expect.any(String) });
    expect((await patch({ logoLightUploadPath: null })).body).toMatchObject({ logoLightUrl: null });
    await asSystem(farm, (tx) => forgetUnused(tx, '2000-01-01T00:00:00.000Z'));
    expect((await fetch(url)).status).toBe(404);
    expect((await fetch(textAt(again.body, 'logoDarkUrl'))).status).toBe(200);
    const script = await patch({ logoLightUploadPath: await farm.upload('logo.svg', Buffer.from('<svg/>')) });
    expect(script.body).toMatchObject({ statusCode: 422, code: 'unsupported_file' });
    const unknown = await patch({ logoDarkUploadPath: 'uploads:x/y/z.png' });
    expect(unknown.body).toMatchObject({
      statusCode: 400,
      message: expect.stringContaining('logoDarkUploadPath'),
    });
  });
});
