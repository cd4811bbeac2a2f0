import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listAt, type TestFarm, testFarm, textAt, valueAt } from '../fixtures/farm.js';
import { ContractClient, operationsOf } from './contract.js';

let farm: TestFarm;
let api: ContractClient;
beforeAll(async () => {
  farm = await testFarm();
  api = new ContractClient(farm);
});
afterAll(() => farm.stop());

const PLAIN = {
  externalId: null,
  inherits: '',
  compatibilityList: '',
  source: 'manual',
  metadata: {},
  integrationId: null,
  integrationType: null,
};

describe('profiles', () => {
  it('are made, read, changed and deleted in the contract’s shapes', async () => {
    const made = { ...PLAIN, name: 'Draft', type: 'process', data: { layer_height: '0.28' } };
    const id = textAt(await api.call('POST', '/v1/profiles', { body: made }), 'id');
    expect(await api.call('GET', '/v1/profiles/{id}', { params: { id } })).toMatchObject(made);
    const body = { name: 'Fast draft', data: { layer_height: '0.32' } };
    expect(await api.call('PATCH', '/v1/profiles/{id}', { params: { id }, body })).toMatchObject(body);
    const found = await api.call('GET', '/v1/profiles', { query: '?data.layer_height=0.32&meta=true' });
    expect(valueAt(found, 'meta', 'total')).toBe(1);
    const filter = { type: { eq: 'process' }, name: { startsWith: 'fast' } };
    expect(await api.call('POST', '/v1/profiles/search', { body: { filter } })).toMatchObject({
      data: [{ id }],
    });
    expect(listAt(await api.call('GET', '/v1/profiles/{id}/versions', { params: { id } }))).not.toEqual([]);
    expect(await api.call('DELETE', '/v1/profiles/{id}', { params: { id } })).toEqual([id]);
    expect(await api.call('DELETE', '/v1/profiles', { body: [id] })).toEqual([]);
  });

  it('stand beside the printer models and slicers that are known', async () => {
    const supported = listAt(await api.call('GET', '/v1/profiles/supported'));
    expect(supported).toContainEqual({
      name: 'Bambu Lab P1S',
      nozzleDiameter: ['0.2', '0.4', '0.6', '0.8'],
    });
    const models = listAt(await api.call('GET', '/v1/profiles/printer-models'));
    expect(models).toHaveLength(supported.length);
    expect(await api.call('GET', '/v1/profiles/my-printer-models')).toEqual([
      models.find((model) => valueAt(model, 'name') === 'Bambu Lab A1 mini'),
    ]);
    const versions = listAt(await api.call('GET', '/v1/profiles/slicer-versions'));
    const slicers = listAt(await farm.ok('GET', '/v1/settings/slicers'), 'slicerVersions');
    expect(slicers).toHaveLength(versions.length);
    expect(slicers.filter((one) => valueAt(one, 'default'))).toHaveLength(1);
    expect(await api.call('GET', '/v1/slicer', { query: '?status=queued' })).toEqual([]);
    expect(await api.call('POST', '/v1/slicer/search', { body: {} })).toMatchObject({ data: [] });
  });

  it('are not compared, merged or imported yet, and say so', async () => {
    const id = 'a'.repeat(24);
    await api.notYet('GET', '/v1/profiles/compatible/{id}', { params: { id } });
    const params = { machineModel: 'Bambu Lab P1S', nozzleDiameter: '0.4' };
    await api.notYet('GET', '/v1/profiles/compatible/{machineModel}/{nozzleDiameter}', { params });
    for (const one of [id, '4711']) {
      await api.notYet('GET', '/v1/profiles/{id}/view', { params: { id: one }, query: '?version=2.3.0' });
      await api.notYet('GET', '/v1/profiles/{id}/full', { params: { id: one } });
    }
    await api.notYet('POST', '/v1/profiles/preview');
    await api.notYet('POST', '/v1/profiles/import');
    const body = { profiles: [], createMaterials: false, overwriteExisting: true };
    await api.notYet('POST', '/v1/profiles/import-data', { body });
  });
});

describe('slots of printers', () => {
  it('are told what is in them', async () => {
    const printerIds = [farm.printerId()];
    await farm.until('/v1/printer-slots', (body) => listAt(body).length === 5);
    const body = { printerIds, visualSlots: [{ amsIndex: -1, slotIndex: 0 }], materialType: 'PETG' };
    await api.call('PATCH', '/v1/materials/printer-slots/assign', { body });
    const [slot] = listAt(await farm.ok('GET', '/v1/printer-slots?amsIndex=-1'));
    expect(slot).toMatchObject({ materialType: 'PETG', materialId: null });
  });
});

describe('the contract’s operations on profiles and slicers', () => {
  it('are all called here', () => {
    expect([...api.called].sort()).toEqual([...operationsOf('profiles')].sort());
  });
});
