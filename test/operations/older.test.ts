import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cube } from '../fixtures/cube.js';
import { listAt, type TestFarm, testFarm, textAt } from '../fixtures/farm.js';

let farm: TestFarm;
let partId: string;

beforeAll(async () => {
  farm = await testFarm();
  await farm.ok('PATCH', '/v1/printers/confirm-ready', { ready: false, ids: [farm.printerId()] });
  const fileUris = [await farm.upload('older.gcode.3mf', await cube())];
  const assignedMaterials = { 0: [{ materialType: 'PLA' }, { materialType: 'PETG' }] };
  const part = { name: 'Older', type: 'gcode3mf', fileUris, assignedMaterials };
  partId = textAt(await farm.ok('POST', '/v1/parts', part), 'id');
});
afterAll(() => farm.stop());

async function keyHolding(permissions: readonly string[]) {
  const key = textAt(await farm.ok('POST', '/v1/api-keys', { name: 'some', permissions }), 'key');
  return { authorization: `ApiKey ${key}` };
}

describe('addresses of an older interface', () => {
  it('list and search parts with their meta', async () => {
    expect(await farm.ok('GET', '/v2/parts?name=Older&limit=1')).toMatchObject({
      data: [{ id: partId }],
      meta: { total: 1, limit: 1 },
    });
    expect(await farm.ok('POST', '/v2/parts/search', { filter: { name: 'nothing' } })).toMatchObject({
      data: [],
      meta: { total: 0 },
    });
  });

  it('queue prints, and are called what they do in the audit log', async () => {
    const built = await farm.ok('POST', '/v1/builds', { parts: [{ partId }] });
    expect(listAt(built, 'partBuilds')).toMatchObject([{ partId, quantity: 1 }]);
    const written = await farm.ok('GET', '/v1/audit-logs?detailedAction=build.v2.create');
    expect(listAt(written).length).toBeGreaterThan(0);
  });

  it('check what they are sent as the operations do that they stand for', async () => {
    expect((await farm.api('PATCH', '/v1/printers/bulk', { ids: 'all' })).status).toBe(400);
    const viewer = await keyHolding(['printer.view']);
    for (const [method, path] of [
      ['GET', '/v2/parts'],
      ['POST', '/v1/builds'],
      ['PATCH', '/v1/printers/bulk'],
      ['GET', '/v1/printers/stats'],
      ['DELETE', '/v1/materials/assignments'],
    ] as const)
      expect((await farm.api(method, path, method === 'GET' ? undefined : {}, viewer)).status).toBe(403);
  });

  it('tell the live state of printers as the stats topic does', async () => {
    const id = farm.printerId();
    const stat = { printerId: id, storeId: farm.storeId, isOnline: true, data: expect.any(Object) };
    expect(await farm.ok('GET', '/v1/printers/stats')).toMatchObject([stat]);
    expect(await farm.ok('GET', `/v1/printers/stats/${id},${'a'.repeat(24)}`)).toMatchObject([stat]);
    expect(await farm.ok('GET', `/v1/printers/stats/${'a'.repeat(24)}`)).toEqual([]);
  });

  it('answer which materials parts may be printed with, and forget it', async () => {
    const path = '/v1/materials/assignments';
    const all = listAt(await farm.ok('GET', path));
    expect(all).toMatchObject([{ materialType: 'PLA' }, { materialType: 'PETG' }]);
    expect(await farm.ok('GET', `${path}/part/${partId}`)).toEqual(all);
    const [first, second] = all.map((one) => textAt(one, 'id'));
    expect(await farm.ok('GET', `${path}/${first}`)).toEqual(all[0]);
    expect(await farm.ok('GET', `${path}/${'a'.repeat(24)}`)).toBeNull();
    expect(await farm.api('DELETE', path, [first])).toMatchObject({ status: 200, text: '' });
    expect(listAt(await farm.ok('GET', path)).map((one) => textAt(one, 'id'))).toEqual([second]);
  });

  it('answer materials with all that belongs to them, as far as the caller may see', async () => {
    const tags = { tags: [], filamentUserProfileId: null, filamentSystemProfileId: null };
    const material = { name: 'Plain', brand: 'Maker', type: 'PLA', starred: false, ...tags };
    await farm.ok('POST', '/v1/materials', material);
    expect(await farm.ok('GET', '/v1/materials/full')).toMatchObject({
      materials: [{ name: 'Plain' }],
      variants: [],
      groups: [],
      groupMembers: [],
    });
    const blind = await farm.api('GET', '/v1/materials/full', undefined, await keyHolding([]));
    expect(blind.body).toMatchObject({ materials: [], variants: [] });
  });

  it('say what the caller may do', async () => {
    const headers = await keyHolding(['part.view', 'queue.view']);
    const mine = await farm.api('GET', '/v1/permissions/mine', undefined, headers);
    expect(mine.body).toMatchObject({ owner: false, effectivePermissions: ['part.view', 'queue.view'] });
    expect(await farm.ok('GET', '/v1/permissions/mine')).toMatchObject({ owner: true });
  });

  it('tell a page what it asks for first', async () => {
    expect(await farm.ok('GET', '/v1/web-init')).toMatchObject({
      permissions: { owner: true },
      subscriptions: { plan: expect.any(String) },
      integrations: expect.any(Array),
      myPrinterModels: [{ name: expect.any(String) }],
    });
    const blind = await farm.api('GET', '/v1/web-init', undefined, await keyHolding([]));
    expect(blind).toMatchObject({
      status: 200,
      body: { permissions: { owner: false }, myPrinterModels: [] },
    });
  });

  it('are left out of what describes the API', async () => {
    const { text } = await farm.api('GET', '/swagger.json');
    expect(text).toContain('/v1/parts');
    for (const path of ['/v2/parts', '/v1/web-init', '/v1/builds', '/v1/printers/stats'])
      expect(text).not.toContain(`"${path}"`);
  });
});
