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

const ITEM = {
  name: 'Dust the fans',
  triggerType: 'calendar_days',
  interval: 30,
  warningThresholdPct: 75,
  notes: null,
  isSystemDefault: false,
};

describe('the upkeep of printers', () => {
  it('is made of items that are watched, done and told of, in the contract’s shapes', async () => {
    const printerId = farm.printerId();
    const item = await api.call('POST', '/v1/maintenance/items', { body: ITEM });
    const id = textAt(item, 'id');
    expect(await api.call('GET', '/v1/maintenance/items')).toEqual([item]);
    const body = { interval: 10, notes: 'Gently' };
    expect(await api.call('PATCH', '/v1/maintenance/items/{id}', { params: { id }, body })).toMatchObject(
      body,
    );
    const copy = await api.call('POST', '/v1/maintenance/items/{id}/duplicate', { params: { id } });
    expect(copy).toMatchObject({ ...ITEM, ...body, name: 'Dust the fans (copy)' });
    await api.call('DELETE', '/v1/maintenance/items/{id}', { params: { id: textAt(copy, 'id') } });

    const enrollments = [{ printerId, currentOffset: 8 }];
    const enrolled = await api.call('POST', '/v1/maintenance/enrollments', {
      body: { maintenanceItemId: id, enrollments },
    });
    expect(enrolled).toMatchObject([{ printerId, maintenanceItemId: id, currentOffset: 8 }]);
    expect(await api.call('GET', '/v1/maintenance/enrollments')).toEqual(enrolled);
    const due = { itemName: ITEM.name, elapsed: 8, progress: 80, status: 'DUE_SOON' };
    expect(await api.call('GET', '/v1/maintenance/fleet-status')).toMatchObject([due]);
    const path = '/v1/maintenance/printers/{printerId}/status';
    expect(await api.call('GET', path, { params: { printerId } })).toMatchObject([due]);

    const enrollmentIds = listAt(enrolled).map((one) => textAt(one, 'id'));
    await api.call('POST', '/v1/maintenance/mark-done', { body: { enrollmentIds, notes: 'Clean' } });
    expect(await api.call('GET', path, { params: { printerId } })).toMatchObject([
      { elapsed: 0, progress: 0, status: 'OK', lastCompletedBy: farm.key.slice(0, 24) },
    ]);
    const history = await api.call('GET', '/v1/maintenance/history', { query: `?printerId=${printerId}` });
    expect(history).toMatchObject([{ enrollmentId: enrollmentIds[0], notes: 'Clean' }]);
    await api.call('DELETE', '/v1/maintenance/enrollments', { body: { enrollmentIds } });
    expect(await api.call('GET', '/v1/maintenance/fleet-status')).toEqual([]);
  });

  it('is recommended for each model', async () => {
    const printerIds = [farm.printerId()];
    const recommended = await api.call('GET', '/v1/maintenance/recommended-profiles');
    const names = Object.keys(Object(recommended)).filter((name) => listAt(recommended, name).includes('N1'));
    expect(names).toContain('Lubricate Z axis');
    expect(names).not.toContain('Clean carbon rods');
    const offsets = { [farm.printerId()]: { 'Lubricate Z axis': 600 } };
    const enroll = () =>
      api.call('POST', '/v1/maintenance/recommended-enrollments', { body: { printerIds, offsets } });
    expect(await enroll()).toEqual({ enrolledCount: names.length });
    expect(await enroll()).toEqual({ enrolledCount: 0 });
    const statuses = listAt(await farm.ok('GET', '/v1/maintenance/fleet-status'));
    expect(statuses.map((one) => valueAt(one, 'itemName'))).toEqual(names.toSorted());
    expect(statuses.filter((one) => valueAt(one, 'status') === 'OVERDUE')).toMatchObject([
      { itemName: 'Lubricate Z axis', progress: 100 },
    ]);
  });

  it('takes printers out of work and lets them back', async () => {
    const printerIds = [farm.printerId()];
    const on = await api.call('PATCH', '/v1/maintenance/mode', { body: { printerIds, enabled: true } });
    expect(on).toMatchObject([{ id: farm.printerId(), isInMaintenance: true, confirmedReady: false }]);
    const off = await api.call('PATCH', '/v1/maintenance/mode', { body: { printerIds, enabled: false } });
    expect(off).toMatchObject([{ isInMaintenance: false, confirmedReady: false }]);
  });
});

describe('the contract’s operations on maintenance', () => {
  it('are all called here', () => {
    expect([...api.called].sort()).toEqual([...operationsOf('maintenance')].sort());
  });
});
