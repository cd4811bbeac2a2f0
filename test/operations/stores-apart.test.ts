import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ALL_RESOURCES } from '../../src/resources/index.js';
import { type TestFarm, testFarm, valueAt } from '../fixtures/farm.js';
import { expectBlind, type OtherStore, otherStore } from '../fixtures/other-store.js';

let farm: TestFarm;
let other: OtherStore;
beforeAll(async () => {
  farm = await testFarm({ adopt: false });
  other = await otherStore(farm);
});
afterAll(() => farm.stop());

describe('what one store has', () => {
  it('is there for itself', async () => {
    const headers = { authorization: `ApiKey ${other.key}`, 'x-printago-storeid': other.storeId };
    let seen = 0;
    for (const resource of ALL_RESOURCES) {
      if (resource.path === null || !resource.operations.includes('list')) continue;
      const answer = await farm.api('GET', `${resource.path}?limit=1000`, undefined, headers);
      expect(answer.text, resource.name).toContain(other.rows.get(resource.name));
      seen += 1;
    }
    expect(seen).toBeGreaterThan(15);
  });

  it.each(ALL_RESOURCES.filter(({ path }) => path !== null).map((one) => [one.name, one] as const))(
    'is not there for another: %s',
    async (name, { path, operations }) => {
      const id = other.rows.get(name) ?? '';
      for (const query of ['', `?id=${id}`, `?storeId=${other.storeId}`, '?meta=true&limit=10000'])
        if (operations.includes('list')) expectBlind(await farm.api('GET', `${path}${query}`), other, query);
      for (const filter of [{ id }, { storeId: other.storeId }, { not: { id: 'x' } }]) {
        if (!operations.includes('search')) continue;
        const found = await farm.api('POST', `${path}/search`, { filter });
        expectBlind(found, other, JSON.stringify(filter));
        expect(found.status).toBe(201);
        if ('id' in filter || 'storeId' in filter) expect(valueAt(found.body, 'data')).toEqual([]);
      }
      for (const [operation, method] of [
        ['get', 'GET'],
        ['update', 'PATCH'],
        ['delete', 'DELETE'],
      ] as const) {
        if (!operations.includes(operation)) continue;
        const answer = await farm.api(method, `${path}/${id}`, method === 'PATCH' ? {} : undefined);
        expect(answer.status, `${method} ${path}: ${answer.text}`).toBe(404);
      }
      if (operations.includes('deleteMany'))
        expect((await farm.api('DELETE', path ?? '', [id])).body).toEqual([]);
    },
  );
});
