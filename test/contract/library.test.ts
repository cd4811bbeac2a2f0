import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cube } from '../fixtures/cube.js';
import { listAt, type TestFarm, testFarm, textAt, valueAt } from '../fixtures/farm.js';
import { ContractClient, operationsOf } from './contract.js';

let farm: TestFarm;
let api: ContractClient;
beforeAll(async () => {
  farm = await testFarm({ adopt: false });
  api = new ContractClient(farm);
});
afterAll(() => farm.stop());

const PLAIN = { tags: [], filamentUserProfileId: null, filamentSystemProfileId: null };
let made = 0;

async function aMaterial(given: object = {}): Promise<string> {
  made += 1;
  const body = { name: `PLA ${made}`, brand: 'Acme', type: 'PLA', ...PLAIN, ...given };
  return textAt(await api.call('POST', '/v1/materials', { body }), 'id');
}
async function aVariant(materialId: string, name: string, color: string | null = '#FF6A13FF') {
  const body = { name, materialId, color, ...PLAIN };
  return textAt(await api.call('POST', '/v1/materials/variants', { body }), 'id');
}
async function anInstance(variantId: string, materialId: string, remainingMaterial = 1000) {
  const body = { variantId, materialId, materialType: 'PLA', remainingMaterial };
  return textAt(await api.call('POST', '/v1/materials/instances', { body }), 'id');
}
const status = async (method: string, path: string, body?: unknown) =>
  (await farm.api(method, path, body)).status;

describe('materials', () => {
  it('are made, read, changed and deleted in the contract’s shapes', async () => {
    const id = await aMaterial({ identifier: 'gfa00' });
    expect(await api.call('GET', '/v1/materials/{id}', { params: { id } })).toMatchObject({
      identifier: 'GFA00',
      starred: false,
    });
    const body = { name: 'Silk', starred: true, type: 'ABS' };
    const changed = await api.call('PATCH', '/v1/materials/{id}', { params: { id }, body });
    expect(changed).toMatchObject({ name: 'Silk', starred: true, type: 'PLA' });
    expect(await api.call('POST', '/v1/material-profile-assignments/search', { body: {} })).toBeDefined();
    expect(await api.call('GET', '/v1/material-profile-assignments')).toEqual([]);
    const found = await api.call('GET', '/v1/materials', { query: '?name.startsWith=sil&meta=true' });
    expect(valueAt(found, 'meta', 'total')).toBe(1);
    expect(await api.call('POST', '/v1/materials/search', { body: { filter: { id } } })).toBeDefined();
    expect(await api.call('DELETE', '/v1/materials/{id}', { params: { id } })).toEqual([id]);
    expect(await status('GET', `/v1/materials/${id}`)).toBe(404);
  });

  it('are unlike each other by brand and name, and by identifier', async () => {
    const id = await aMaterial({ name: 'Same', identifier: 'GFX01' });
    const twin = { name: 'Same', brand: 'Acme', type: 'PETG', ...PLAIN };
    expect(await status('POST', '/v1/materials', twin)).toBe(409);
    expect(await status('POST', '/v1/materials', { ...twin, name: 'Other', identifier: 'gfx01' })).toBe(409);
    expect(await status('PATCH', `/v1/materials/${id}`, { name: 'Same', identifier: 'GFX01' })).toBe(200);
    const other = await aMaterial();
    expect(await status('PATCH', `/v1/materials/${other}`, { name: 'Same' })).toBe(409);
  });

  it('have a profile of their own or one of the slicer’s', async () => {
    const id = await aMaterial({ filamentSystemProfileId: 7 });
    const profile = { name: 'Own PLA', type: 'filament', data: {} };
    const filamentUserProfileId = textAt(await farm.ok('POST', '/v1/profiles', profile), 'id');
    expect(
      await api.call('PATCH', '/v1/materials/{id}', { params: { id }, body: { filamentUserProfileId } }),
    ).toMatchObject({ filamentUserProfileId, filamentSystemProfileId: null });
  });

  it('take their variants, spools and memberships with them', async () => {
    const materialId = await aMaterial();
    const variant = await aVariant(materialId, 'Orange');
    const spool = await anInstance(variant, materialId);
    const group = textAt(
      await api.call('POST', '/v1/materials/groups', { body: { name: 'Any', priority: 0, parentId: null } }),
      'id',
    );
    const member = textAt(
      await api.call('POST', '/v1/materials/group-members', {
        body: { priority: 0, materialId: null, variantId: variant, materialGroupId: group },
      }),
      'id',
    );
    const removed = await api.call('DELETE', '/v1/materials', { body: [materialId, 'b'.repeat(24)] });
    expect(listAt(removed).toSorted()).toEqual([member, spool, variant, materialId].toSorted());
    expect(await api.call('GET', '/v1/materials/instances/{id}', { params: { id: spool } })).toBeNull();
    expect(await api.call('GET', '/v1/materials/group-members/{id}', { params: { id: member } })).toBeNull();
    expect(await status('GET', `/v1/materials/groups/${group}`)).toBe(200);
  });
});

describe('variants', () => {
  it('are listed whole, of all materials and of one', async () => {
    const materialId = await aMaterial();
    const body = ['Red', 'Blue'].map((name) => ({
      name,
      materialId,
      color: '#FF0000FF;#0000FFFF',
      ...PLAIN,
    }));
    const batch = await api.call('POST', '/v1/materials/variants/batch', { body });
    expect(listAt(batch)).toHaveLength(2);
    const own = await api.call('GET', '/v1/materials/{materialId}/variants', {
      params: { materialId },
      query: '?sort=name:desc',
    });
    expect(listAt(own).map((one) => valueAt(one, 'name'))).toEqual(['Red', 'Blue']);
    const query = `?materialId=${materialId}&name=Red`;
    expect(listAt(await api.call('GET', '/v1/materials/variants', { query }))).toHaveLength(1);
    expect(listAt(await api.call('GET', '/v1/material-variants', { query }))).toHaveLength(1);
    const search = { filter: { materialId }, sort: 'name', limit: 1 };
    const searched = await api.call('POST', '/v1/material-variants/search', { body: search });
    expect(searched).toMatchObject({ data: [{ name: 'Blue' }], meta: { total: 2, hasMore: true } });
    const [red, blue] = listAt(own).map((one) => textAt(one, 'id'));
    const params = { id: red ?? '' };
    const dark = { color: '#800000FF', pressureAdvance: 0.02 };
    expect(await api.call('PATCH', '/v1/materials/variants/{id}', { params, body: dark })).toMatchObject(
      dark,
    );
    expect(await api.call('GET', '/v1/materials/variants/{id}', { params })).toMatchObject(dark);
    const included = await farm.ok('GET', `/v1/materials?id=${materialId}&include=variants`);
    expect(listAt(valueAt(included, 0, 'variants'))).toHaveLength(2);
    expect(await api.call('DELETE', '/v1/materials/variants', { body: [blue, red] })).toEqual([blue, red]);
  });

  it('are made all or none', async () => {
    const materialId = await aMaterial();
    const one = { name: 'Twice', materialId, color: null, ...PLAIN };
    expect(await status('POST', '/v1/materials/variants/batch', [one, one])).toBe(409);
    expect(await farm.ok('GET', `/v1/materials/${materialId}/variants`)).toEqual([]);
  });

  it('belong to a material that there is, and have a colour as the contract writes it', async () => {
    const variant = { name: 'Lost', color: '#FF6A13FF', ...PLAIN };
    expect(await status('POST', '/v1/materials/variants', { ...variant, materialId: 'c'.repeat(24) })).toBe(
      404,
    );
    const materialId = await aMaterial();
    expect(await status('POST', '/v1/materials/variants', { ...variant, materialId, color: 'orange' })).toBe(
      400,
    );
  });
});

describe('spools', () => {
  it('follow their variant', async () => {
    const [materialId, otherId] = [await aMaterial(), await aMaterial({ type: 'PETG' })];
    const [variant, other] = [await aVariant(materialId, 'A'), await aVariant(otherId, 'A')];
    const id = await anInstance(variant, materialId, 750.5);
    const body = { variantId: other };
    expect(await api.call('PUT', '/v1/materials/instances/{id}', { params: { id }, body })).toMatchObject({
      materialId: otherId,
      materialType: 'PETG',
      remainingMaterial: 750.5,
    });
    expect(await status('PUT', `/v1/materials/instances/${id}`, { materialId })).toBe(400);
    expect(await status('PUT', `/v1/materials/instances/${id}`, { remainingMaterial: -1 })).toBe(400);
    const all = await api.call('GET', '/v1/materials/instances', { query: `?variantId=${other}` });
    expect(all).toMatchObject([{ id }]);
    expect(await api.call('DELETE', '/v1/materials/variants/{id}', { params: { id: other } })).toEqual([
      id,
      other,
    ]);
  });
});

describe('one spool', () => {
  it('goes alone', async () => {
    const materialId = await aMaterial();
    const id = await anInstance(await aVariant(materialId, 'A'), materialId);
    expect(await api.call('DELETE', '/v1/materials/instances/{id}', { params: { id } })).toEqual([id]);
  });
});

describe('groups', () => {
  const group = async (name: string, parentId: string | null, priority = 0) =>
    textAt(await api.call('POST', '/v1/materials/groups', { body: { name, priority, parentId } }), 'id');

  it('are a tree that a deleted group leaves whole', async () => {
    const top = await group('Top', null);
    const middle = await group('Middle', top);
    const low = await group('Low', middle);
    expect(await status('PATCH', `/v1/materials/groups/${top}`, { parentId: low })).toBe(409);
    expect(await status('PATCH', `/v1/materials/groups/${top}`, { parentId: top })).toBe(409);
    expect(await api.call('DELETE', '/v1/materials/groups/{id}', { params: { id: middle } })).toEqual([
      middle,
    ]);
    expect(await api.call('GET', '/v1/materials/groups/{id}', { params: { id: low } })).toMatchObject({
      parentId: top,
    });
    const body = { name: 'Lowest', priority: 3, parentId: null };
    expect(await api.call('PATCH', '/v1/materials/groups/{id}', { params: { id: low }, body })).toMatchObject(
      body,
    );
    expect(listAt(await api.call('GET', '/v1/materials/groups')).at(-1)).toMatchObject({ id: low });
    expect(await api.call('DELETE', '/v1/materials/groups', { body: [low, top] })).toEqual([low, top]);
  });

  it('have members in order, each with its type', async () => {
    const materialGroupId = await group('Members', null);
    const materialId = await aMaterial({ type: 'PETG' });
    const variantId = await aVariant(materialId, 'A');
    for (const body of [
      { priority: 2, materialId, variantId: null, materialGroupId },
      { priority: 1, materialId: null, variantId, materialGroupId },
    ])
      await api.call('POST', '/v1/materials/group-members', { body });
    const members = await api.call('GET', '/v1/materials/group-members/group/{groupId}', {
      params: { groupId: materialGroupId },
    });
    expect(listAt(members)).toMatchObject([{ variantId, materialType: 'PETG' }, { materialId }]);
    const neither = { priority: 0, materialId: null, variantId: null, materialGroupId };
    expect(await status('POST', '/v1/materials/group-members', neither)).toBe(400);
    const ids = listAt(members).map((one) => textAt(one, 'id'));
    expect(listAt(await api.call('GET', '/v1/materials/group-members')).length).toBeGreaterThanOrEqual(2);
    expect(await api.call('DELETE', '/v1/materials/group-members', { body: ids })).toEqual(ids);
  });
});

describe('materials of a part', () => {
  it('are alternatives for each channel, said anew as a whole', async () => {
    const fileUris = [await farm.upload('part.gcode.3mf', await cube({ plates: [{ seconds: 60 }] }))];
    const materialId = await aMaterial();
    const variantId = await aVariant(materialId, 'A');
    const assignedMaterials = { 0: [{ variantId }, { materialId }], 1: [{ materialType: 'PETG' }] };
    const given = { name: 'Chosen', type: 'gcode3mf', fileUris };
    const part = await farm.ok('POST', '/v1/parts', { ...given, assignedMaterials });
    const query = `?partId=${textAt(part, 'id')}`;
    const list = () => api.call('GET', '/v1/part-material-assignments', { query });
    expect(await list()).toMatchObject([
      { index: 0, priority: 0, variantId, materialId: null, materialType: null, groupId: null },
      { index: 0, priority: 1, variantId: null, materialId },
      { index: 1, priority: 0, materialType: 'PETG' },
    ]);
    const filter = { variantId };
    const found = await api.call('POST', '/v1/part-material-assignments/search', { body: { filter } });
    expect(valueAt(found, 'meta', 'total')).toBe(1);
    const path = `/v1/parts/${textAt(part, 'id')}`;
    await farm.ok('PATCH', path, { name: 'Renamed' });
    expect(listAt(await list())).toHaveLength(3);
    const missing = { 0: [{ materialId: 'd'.repeat(24) }] };
    expect(await status('PATCH', path, { assignedMaterials: missing })).toBe(404);
    expect(listAt(await list())).toHaveLength(3);
    await farm.ok('PATCH', path, { assignedMaterials: { 0: [{ materialType: 'PLA' }] } });
    expect(await list()).toMatchObject([{ index: 0, materialType: 'PLA', variantId: null }]);
    expect(await api.call('DELETE', '/v1/materials/{id}', { params: { id: materialId } })).toContain(
      variantId,
    );
  });

  it('go with their part, and whoever follows the farm hears of them', async () => {
    const fileUris = [await farm.upload('part.gcode.3mf', await cube({ plates: [{ seconds: 60 }] }))];
    const assignedMaterials = { 0: [{ materialType: 'PLA' }] };
    const given = { name: 'Going', type: 'gcode3mf', fileUris, assignedMaterials };
    const partId = textAt(await farm.ok('POST', '/v1/parts', given), 'id');
    const [row] = listAt(await farm.ok('GET', `/v1/part-material-assignments?partId=${partId}`));
    expect(await farm.ok('DELETE', `/v1/parts/${partId}`)).toContain(partId);
    const written = await farm.ok('GET', `/v1/audit-logs?entityIdSearch=${textAt(row, 'id')}&action=delete`);
    expect(listAt(written)).toHaveLength(1);
  });

  it('stand beside the slots of printers, of which this farm has none', async () => {
    expect(await api.call('GET', '/v1/materials/printer-slots')).toEqual([]);
  });
});

describe('folders', () => {
  const folder = async (name: string, parentId: string | null = null, type = 'part') =>
    textAt(await api.call('POST', '/v1/folders', { body: { name, type, parentId } }), 'id');

  it('are listed by kind, renamed and moved, but never into themselves', async () => {
    const [top, skus] = [await folder('Top'), await folder('Shop', null, 'sku')];
    const inner = await folder('Inner', top);
    const ids = (found: unknown) => listAt(found).map((one) => textAt(one, 'id'));
    expect(ids(await api.call('GET', '/v1/folders/parts'))).toEqual([top, inner]);
    expect(ids(await api.call('GET', '/v1/folders/skus'))).toEqual([skus]);
    const params = { type: 'sku' };
    expect(ids(await api.call('GET', '/v1/folders/by-type/{type}', { params }))).toEqual([skus]);
    expect(ids(await api.call('GET', '/v1/folders', { query: `?parentId=${top}` }))).toEqual([inner]);
    const body = { filter: { name: { contains: 'SHO' } } };
    expect(ids(valueAt(await api.call('POST', '/v1/folders/search', { body }), 'data'))).toEqual([skus]);
    expect(await api.call('GET', '/v1/folders/{id}', { params: { id: top } })).toMatchObject({ name: 'Top' });
    const renamed = await api.call('PATCH', '/v1/folders/rename', { body: { id: inner, name: 'Deep' } });
    expect(renamed).toMatchObject({ name: 'Deep', parentId: top });
    const move = (folderIds: string[], toFolderId: string | null) =>
      farm.api('PATCH', '/v1/folders/move', { entities: { folderIds }, toFolderId });
    expect((await move([top], inner)).status).toBe(409);
    expect((await move([top], skus)).status).toBe(400);
    expect((await move([inner], null)).body).toEqual({ folderIds: [inner], partIds: [], skuIds: [] });
    expect(await status('POST', '/v1/folders', { name: 'x', type: 'sku', parentId: top })).toBe(400);
  });

  it('take what lies in them when they go, and nothing else', async () => {
    const top = await folder('Going');
    const inner = await folder('Inner', top);
    const fileUris = [await farm.upload('part.gcode.3mf', await cube({ plates: [{ seconds: 60 }] }))];
    const part = await farm.ok('POST', '/v1/parts', { name: 'P', type: 'gcode3mf', fileUris });
    const partId = textAt(part, 'id');
    const entities = { partIds: [partId] };
    await api.call('PATCH', '/v1/folders/move', { body: { entities, toFolderId: inner } });
    const list = await farm.ok('GET', `/v1/parts?folderId=${inner}&include=folder`);
    expect(valueAt(list, 0, 'folder', 'name')).toBe('Inner');
    const wrong = { folderIds: [top], type: 'sku' };
    expect(await farm.ok('DELETE', '/v1/folders/delete', wrong)).toEqual({ success: true, affected: 0 });
    const body = { folderIds: [top, inner], type: 'part' };
    expect(await api.call('DELETE', '/v1/folders/delete', { body })).toEqual({ success: true, affected: 3 });
    expect(await status('GET', `/v1/parts/${partId}`)).toBe(404);
  });
});

describe('the contract’s operations on materials and folders', () => {
  it('are all called here', () => {
    expect([...api.called].sort()).toEqual([...operationsOf('library')].sort());
  });
});
