import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '../../src/contract/ids.js';
import { type TestFarm, testFarm, valueAt } from '../fixtures/farm.js';
import {
  contentsOf,
  expectBlind,
  type OtherStore,
  otherStore,
  referringTo,
} from '../fixtures/other-store.js';
import { DEFINITIONS, OPERATIONS } from './contract.js';

let farm: TestFarm;
let other: OtherStore;
beforeAll(async () => {
  farm = await testFarm({ adopt: false });
  other = await otherStore(farm);
});
afterAll(() => farm.stop());

/** A body of a request's schema in which every id is one of the other store's. */
function bodyFor(schema: unknown, ids: readonly string[], depth = 0): unknown {
  const ref = valueAt(schema, '$ref');
  if (typeof ref === 'string') return bodyFor(DEFINITIONS[ref.split('/').at(-1) ?? ''], ids, depth);
  const branches = valueAt(schema, 'oneOf') ?? valueAt(schema, 'anyOf');
  if (Array.isArray(branches)) return bodyFor(branches.at(-1), ids, depth);
  const values = valueAt(schema, 'enum');
  if (Array.isArray(values)) return values[0];
  const type = [valueAt(schema, 'type')].flat()[0];
  if (type === 'array')
    return depth > 6 ? [] : ids.map((id) => bodyFor(valueAt(schema, 'items'), [id], depth + 1));
  if (type === 'object') {
    const properties: unknown = valueAt(schema, 'properties');
    if (typeof properties !== 'object' || properties === null || depth > 6) return {};
    return Object.fromEntries(
      Object.entries(properties).map(([name, inner]) => [name, bodyFor(inner, ids, depth + 1)]),
    );
  }
  if (type === 'number' || type === 'integer') return 1;
  if (type === 'boolean') return true;
  return ids[0] ?? '';
}

/** What strangers may ask: how to call, and how to come in. */
const OPEN = /^\/v1\/(hints|passkeys\/(authentication|signup))/;

/** Ids of the other store that could fit into a path; where none does by its words, any does. */
function idsFor(path: string): readonly string[] {
  const words = path
    .split('/')
    .map((word) => word.replaceAll(/[{}-]|Id\}$|s$/g, '').toLowerCase())
    .filter((word) => word.length > 2);
  const fitting = [...other.rows].filter(([name]) => words.some((word) => name.toLowerCase().includes(word)));
  const chosen = fitting.length > 0 ? fitting : [...other.rows];
  return chosen.slice(0, 4).map(([, id]) => id);
}

describe('every operation of the contract', () => {
  it('knows nobody without a key, nor with the key of another store', async () => {
    const authorization = `ApiKey ${other.key}`;
    for (const { method, path } of OPERATIONS) {
      if (OPEN.test(path)) continue;
      const at = path.replaceAll(/\{\w+\}/g, newId());
      for (const headers of [
        { authorization: undefined, 'x-printago-storeid': undefined },
        { authorization },
        { 'x-printago-storeid': other.storeId },
      ]) {
        const answer = await farm.api(method, at, method === 'GET' ? undefined : '5', headers);
        if (valueAt(answer.body, 'code') === 'route_not_found') continue;
        expect(answer.status, `${method} ${path}: ${answer.text}`).toBe(401);
      }
    }
  }, 60_000);

  it('shows nothing of another store, whatever ids it is given, and changes nothing there', async () => {
    const before = await contentsOf(farm, other);
    const ids = [...other.rows.values()];
    for (const { method, path, request } of OPERATIONS) {
      for (const id of path.includes('{') ? idsFor(path) : ['']) {
        const body = request === null ? undefined : bodyFor(request, id === '' ? ids : [id]);
        const answer = await farm.api(method, path.replaceAll(/\{\w+\}/g, id), body);
        expectBlind(answer, other, `${method} ${path}`);
      }
    }
    expect(await contentsOf(farm, other)).toBe(before);
    expect(await referringTo(farm, ids)).toEqual([]);
  }, 60_000);
});
