import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestFarm, testFarm, valueAt } from '../fixtures/farm.js';
import { mayBeNotYet } from './areas.js';
import { Comparison } from './compare.js';
import { DEFINITIONS, OPERATIONS } from './contract.js';
import { DIFFERENCES, NOT_FILTERED, OURS_ALONE } from './differences.js';

let farm: TestFarm;
let document: unknown;
beforeAll(async () => {
  farm = await testFarm({ adopt: false, printers: [] });
  document = (await farm.api('GET', '/swagger.json', undefined, { authorization: undefined })).body;
});
afterAll(() => farm.stop());

function fields(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null)
    throw new Error(`Expected an object, found ${String(value)}`);
  return { ...value };
}

/** `method`, `path` and description of all that is described. */
function described(): readonly { method: string; path: string; one: unknown }[] {
  return Object.entries(fields(valueAt(document, 'paths'))).flatMap(([path, item]) =>
    Object.entries(fields(item)).map(([method, one]) => ({ method: method.toUpperCase(), path, one })),
  );
}

const JSON_TYPE = 'application/json';

describe('the description of the API', () => {
  it('names each operation once', () => {
    const ids = described().map(({ one }) => valueAt(one, 'operationId'));
    expect(ids.filter((id, at) => ids.indexOf(id) !== at)).toEqual([]);
  });

  it('has every operation of the contract with its status and permissions, and says of any other why', () => {
    const ours = new Map(described().map(({ method, path, one }) => [`${method} ${path}`, one]));
    for (const { method, path, status, permission } of OPERATIONS) {
      const one = ours.get(`${method} ${path}`);
      expect(Object.keys(fields(valueAt(one, 'responses'))), `${method} ${path}`).toContain(String(status));
      if (permission !== '-')
        expect(valueAt(one, 'x-permissions'), `${method} ${path}`).toEqual(permission.split(','));
      ours.delete(`${method} ${path}`);
    }
    const unexplained = [...ours.keys()].filter(
      (key) => !OURS_ALONE.some(({ path }) => path.test(key.split(' ')[1] ?? '')),
    );
    expect(unexplained).toEqual([]);
  });

  it('takes and answers what the contract says, but for what is meant to be otherwise', () => {
    const ours = new Map(described().map(({ method, path, one }) => [`${method} ${path}`, one]));
    const named = fields(valueAt(document, 'components', 'schemas'));
    const answers = new Comparison({ name: 'the daemon', named }, { name: 'contract', named: DEFINITIONS });
    const requests = new Comparison({ name: 'contract', named: DEFINITIONS }, { name: 'the daemon', named });
    for (const { method, path, status, answer, request } of OPERATIONS) {
      const what = `${method} ${path}`;
      const one = ours.get(what);
      const given = valueAt(one, 'responses', String(status), 'content', JSON_TYPE, 'schema');
      if (answer === null || Object.keys(answer).length === 0)
        expect(given, `${what} should answer nothing`).toBeUndefined();
      else answers.compare(given ?? {}, answer, what);
      const taken = valueAt(one, 'requestBody', 'content', JSON_TYPE, 'schema');
      if (request) requests.compare(request, taken ?? {}, what);
    }
    const found = [
      ...answers.differences.map((text) => `answer ${text}`),
      ...requests.differences.map((text) => `request ${text}`),
    ];
    expect(found.filter((text) => !DIFFERENCES.some(({ at }) => at.test(text)))).toEqual([]);
    expect(DIFFERENCES.filter(({ at }) => !found.some((text) => at.test(text)))).toEqual([]);
  });

  it('says which operations are not built, and they are those that may be', () => {
    const notYet = described().filter(({ one }) => valueAt(one, 'responses', '501') !== undefined);
    const declared = OPERATIONS.filter(({ path }) => mayBeNotYet(path)).map(
      ({ method, path }) => `${method} ${path}`,
    );
    expect(notYet.map(({ method, path }) => `${method} ${path}`).sort()).toEqual(declared.sort());
  });

  it('offers every field of the contract to lists', () => {
    for (const { method, path, filterable } of OPERATIONS) {
      if (method !== 'GET' || !filterable) continue;
      const parameters = described().find((one) => one.path === path && one.method === 'GET')?.one;
      const names = new Set(
        [valueAt(parameters, 'parameters') ?? []].flat().map((one) => valueAt(one, 'name')),
      );
      expect(
        filterable.filter((name) => !names.has(name) && !NOT_FILTERED.includes(name)),
        path,
      ).toEqual([]);
    }
  });
});
