import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PERMISSIONS } from '../../src/contract/permissions.js';
import { listAt, type TestFarm, testFarm, textAt, valueAt } from '../fixtures/farm.js';
import { aMember, sentYesterday } from '../fixtures/members.js';
import { ContractClient, operationsOf } from './contract.js';

let farm: TestFarm;
let api: ContractClient;
beforeAll(async () => {
  farm = await testFarm({ adopt: false });
  api = new ContractClient(farm);
});
afterAll(() => farm.stop());

async function ownerId(): Promise<string> {
  const users = listAt(await api.call('GET', '/v1/users', { query: '?role=owner' }), 'users');
  return textAt(users[0], 'userId');
}

describe('users', () => {
  it('begin with the owner, who holds everything', async () => {
    const userId = await ownerId();
    const owner = await api.call('GET', '/v1/users/{userId}', { params: { userId } });
    expect(owner).toMatchObject({
      isOwner: true,
      roles: ['owner'],
      permissions: ['organization.owner'],
      status: 'active',
      activityLog: [],
    });
    const all = await api.call('GET', '/v1/permissions/user/{userId}', { params: { userId } });
    expect(all).toMatchObject({ owner: true, permissions: [], roleNames: ['Store Owner'] });
    expect(listAt(all, 'effectivePermissions')).toHaveLength(PERMISSIONS.length);
  });

  it('are invited, invited again and uninvited', async () => {
    const body = { email: 'New@Farm.Example', roleId: 'operator', permissions: ['order.create'] };
    const made = await api.call('POST', '/v1/users/invite', { body });
    expect(textAt(made, 'token')).toMatch(/^[a-z0-9]{72}$/);
    const invitationId = textAt(made, 'invitationId');
    const listed = await api.call('GET', '/v1/users', { query: '?search=new@farm' });
    expect(listed).toMatchObject({
      total: 1,
      users: [{ invitationId, status: 'invited', roles: ['operator'], permissions: ['order.create'] }],
    });
    expect(JSON.stringify(listed)).not.toContain(textAt(made, 'token').slice(24));
    const soon = await farm.api('POST', `/v1/users/invite/${invitationId}/resend`);
    expect(soon.body).toMatchObject({ statusCode: 429, code: 'rate_limited' });
    const params = { invitationId };
    const revoked = await api.call('POST', '/v1/users/invite/{invitationId}/revoke', { params });
    expect(revoked).toEqual({ success: true });
    expect(valueAt(await api.call('GET', '/v1/users', { query: '?search=new@farm' }), 'total')).toBe(0);
  });

  it('hold roles and permissions that are added, replaced and taken away', async () => {
    const userId = await aMember(farm, { roleId: 'viewer' });
    const params = { userId };
    const roles = await api.call('POST', '/v1/users/{userId}/roles', {
      params,
      body: { roleId: 'operator' },
    });
    expect(roles).toMatchObject({ roles: ['operator', 'viewer'] });
    const set = await api.call('PUT', '/v1/users/{userId}/roles', {
      params,
      body: { roleIds: ['part-manager', 'operator'] },
    });
    expect(set).toMatchObject({ roles: ['operator', 'part-manager'] });
    const fewer = await api.call('DELETE', '/v1/users/{userId}/roles/{roleId}', {
      params: { userId, roleId: 'part-manager' },
    });
    expect(fewer).toMatchObject({ roles: ['operator'] });
    const given = await api.call('POST', '/v1/users/{userId}/permissions', {
      params,
      body: { permissions: ['order.view', 'order.print', 'order.view'] },
    });
    expect(given).toMatchObject({ permissions: ['order.view', 'order.print'] });
    const replaced = await api.call('PUT', '/v1/users/{userId}/permissions', {
      params,
      body: { permissions: ['order.print', 'apiKey.view'] },
    });
    expect(replaced).toMatchObject({ permissions: ['order.print', 'apiKey.view'] });
    const left = await api.call('DELETE', '/v1/users/{userId}/permissions', {
      params,
      body: { permissions: ['apiKey.view', 'part.view'] },
    });
    expect(left).toMatchObject({ permissions: ['order.print'] });
    const all = await api.call('GET', '/v1/permissions/user/{userId}', { params });
    expect(all).toMatchObject({
      owner: false,
      roles: ['operator'],
      roleNames: ['Operator'],
      permissions: [{ userId, permission: 'order.print' }],
    });
    expect(listAt(all, 'effectivePermissions')).toContain('queue.manage');
    expect(listAt(all, 'effectivePermissions')).not.toContain('part.delete');
    const rows = await api.call('GET', '/v1/permissions', { query: `?userId=${userId}` });
    expect(rows).toMatchObject([{ userId, permission: 'order.print', storeId: farm.storeId }]);
    const body = { filter: { permission: 'organization.owner' } };
    const marks = await api.call('POST', '/v1/permissions/search', { body });
    expect(valueAt(marks, 'meta', 'total')).toBe(1);
  });

  it('leave alone or together', async () => {
    const [one, two] = [await aMember(farm), await aMember(farm)];
    const removed = await api.call('DELETE', '/v1/users/{userId}', {
      params: { userId: one },
      body: { userId: one },
    });
    expect(removed).toMatchObject({ success: true });
    const owner = await ownerId();
    const body = { userIds: [two, owner, one], operation: 'remove' };
    expect(await api.call('POST', '/v1/users/bulk', { body })).toEqual({
      succeeded: [two],
      failed: [
        { userId: owner, error: expect.stringContaining('owner') },
        { userId: one, error: expect.stringContaining('no user') },
      ],
    });
  });
});

describe('roles', () => {
  it('are listed with what they give', async () => {
    expect(await api.call('GET', '/v1/permissions/types')).toEqual(PERMISSIONS);
    const roles = listAt(await api.call('GET', '/v1/roles'));
    const ids = roles.map((one) => textAt(one, 'id'));
    expect(ids.slice(0, 5)).toEqual(['owner', 'admin', 'operator', 'viewer', 'part-manager']);
    const full = listAt(await api.call('GET', '/v1/roles/with-permissions'));
    const params = { roleId: 'operator' };
    expect(await api.call('GET', '/v1/roles/{roleId}/permissions', { params })).toEqual(
      listAt(full[2], 'permissions'),
    );
  });
});

describe('settings', () => {
  it('of the store begin with their defaults and change piece by piece', async () => {
    expect(await api.call('GET', '/v1/settings/store')).toMatchObject({
      storeId: farm.storeId,
      slicer: null,
      processLowPriorityJobs: false,
      currency: 'USD',
      generalSettings: { autoMatchMaterialsNewPart: true, autoMatchMaterialsReupload: true },
    });
    const body = {
      currency: 'EUR',
      currencySymbol: '€',
      generalSettings: { autoMatchMaterialsReupload: false },
      experimentalFeatures: { 'financial-tracking': true },
    };
    expect(await api.call('PATCH', '/v1/settings/store', { body })).toMatchObject({
      currency: 'EUR',
      generalSettings: { autoMatchMaterialsNewPart: true, autoMatchMaterialsReupload: false },
      experimentalFeatures: { 'financial-tracking': true },
    });
    const found = await api.call('POST', '/v1/settings/store/search', {
      body: { filter: { currency: 'EUR' } },
    });
    expect(valueAt(found, 'meta', 'total')).toBe(1);
  });

  it('of notifications are found, of which there are none yet', async () => {
    const body = { filter: { enabled: true, onJobFailed: true } };
    expect(await api.call('POST', '/v1/settings/notifications/search', { body })).toMatchObject({ data: [] });
  });

  it('of a caller are its own', async () => {
    expect(await api.call('GET', '/v1/settings/user')).toEqual({ defaultStoreId: null });
    const body = { defaultStoreId: farm.storeId };
    expect(await api.call('PATCH', '/v1/settings/user', { body })).toEqual(body);
    const key = textAt(await farm.ok('POST', '/v1/api-keys', { name: 'Other' }), 'key');
    const other = await farm.api('GET', '/v1/settings/user', undefined, { authorization: `ApiKey ${key}` });
    expect(other.body).toEqual({ defaultStoreId: null });
    const elsewhere = await farm.api('PATCH', '/v1/settings/user', { defaultStoreId: 'a'.repeat(24) });
    expect(elsewhere.status).toBe(404);
  });

  it('know the slicers', async () => {
    expect(listAt(await api.call('GET', '/v1/settings/slicers'), 'slicerVersions')).not.toHaveLength(0);
  });
});

describe('the local plan', () => {
  it('includes every feature', async () => {
    const list = listAt(await api.call('GET', '/v1/entitlements'));
    expect(list.map((one) => valueAt(one, 'entitlement'))).toContain('audit-logs');
    const [first] = list;
    const params = { id: textAt(first, 'id') };
    expect(await api.call('GET', '/v1/entitlements/{id}', { params })).toEqual(first);
    const found = await api.call('POST', '/v1/entitlements/search', {
      body: { filter: { entitlement: 'fabmatic' } },
    });
    expect(valueAt(found, 'meta', 'total')).toBe(1);
    const check = (entitlement: string) =>
      api.call('GET', '/v1/entitlements/check/{entitlement}', { params: { entitlement } });
    expect(await check('AUDIT_LOGS')).toEqual({ hasEntitlement: true });
    expect(await check('teleportation')).toEqual({ hasEntitlement: false });
  });

  it('costs nothing and has no end', async () => {
    const plan = await api.call('GET', '/v1/subscriptions');
    expect(plan).toMatchObject({ plan: 'core', isCommercial: true, concurrencySlots: null, term: null });
    const found = await api.call('POST', '/v1/subscriptions/search', { body: {} });
    expect(valueAt(found, 'data')).toEqual([plan]);
    const addons = listAt(await api.call('GET', '/v1/addons'));
    expect(addons[0]).not.toHaveProperty('storeId');
    const addon = await api.call('GET', '/v1/addons/{addonType}', { params: { addonType: 'etsy' } });
    expect(addon).toMatchObject({ isActive: true, tiers: [{ name: 'Included', amountMonthly: 0 }] });
    expect(await api.call('GET', '/v1/addons/{addonType}', { params: { addonType: 'none' } })).toBeNull();
    const params = { addonType: 'etsy' };
    const held = await api.call('GET', '/v1/addon-subscriptions/{addonType}', { params });
    expect(held).toMatchObject({ tierId: valueAt(addon, 'tiers', 0, 'id'), term: 'year' });
    const query = '?addonType=etsy&include=addon,tier';
    const [row] = listAt(await api.call('GET', '/v1/addon-subscriptions', { query }));
    expect(row).toMatchObject({ addon: { addonType: 'etsy' }, tier: { name: 'Included' } });
    const body = { filter: { term: 'year' } };
    const years = await api.call('POST', '/v1/addon-subscriptions/search', { body });
    expect(valueAt(years, 'meta', 'total')).toBe(addons.length);
    const nothing = { params: { addonType: 'none' } };
    expect(await api.call('GET', '/v1/addon-subscriptions/{addonType}', nothing)).toBeNull();
  });
});

describe('invitations', () => {
  it('are sent again a day later, with another token', async () => {
    const made = await api.call('POST', '/v1/users/invite', { body: { email: 'late@farm.example' } });
    const invitationId = textAt(made, 'invitationId');
    await sentYesterday(farm, invitationId);
    const params = { invitationId };
    const again = await api.call('POST', '/v1/users/invite/{invitationId}/resend', { params });
    expect(textAt(again, 'token').slice(0, 24)).toBe(invitationId);
    expect(textAt(again, 'token')).not.toBe(textAt(made, 'token'));
  });
});

describe('the contract’s operations on members, settings and the plan', () => {
  it('are all called here', () => {
    expect([...api.called].sort()).toEqual([...operationsOf('members')].sort());
  });
});
