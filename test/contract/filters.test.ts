import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestFarm, testFarm, valueAt } from '../fixtures/farm.js';
import { OPERATIONS } from './contract.js';

let farm: TestFarm;

beforeAll(async () => {
  farm = await testFarm({ adopt: false });
});
afterAll(() => farm.stop());

/** Answered masked: nobody shall find out values by filtering. */
const MASKED = new Set(['hash', 'salt']);
/** Not a field: a search of its own in the address of the audit log. */
const OWN_SEARCH = new Set(['entityIdSearch']);

const LISTS = OPERATIONS.flatMap(({ method, path, filterable }) =>
  filterable ? [[`${method} ${path}`, method, path, filterable] as const] : [],
);

/** Asks for those in whose fields there is something. */
function ask(method: string, path: string, fields: readonly string[]) {
  if (method === 'GET')
    return farm.api('GET', `${path}?${fields.map((name) => `${name}.isNull=false`).join('&')}`);
  const filter = Object.fromEntries(fields.map((name) => [name, { isNull: false }]));
  return farm.api('POST', path, { filter });
}

describe.each(LISTS)('%s', (_name, method, path, filterable) => {
  const fields = filterable.filter((field) => !MASKED.has(field) && !OWN_SEARCH.has(field));

  it('filters by every field that the contract names', async () => {
    const answer = await ask(method, path, fields);
    expect(answer.status, answer.text.slice(0, 500)).toBe(method === 'GET' ? 200 : 201);
  });

  it('filters by nothing else, and says by what it does', async () => {
    const answer = await ask(method, path, ['nothing']);
    expect(answer).toMatchObject({ status: 400, body: { code: 'unknown_field' } });
    expect(valueAt(answer.body, 'message')).toContain('"nothing"');
    const allowed = valueAt(answer.body, 'allowed');
    expect(Array.isArray(allowed) ? [...allowed].sort() : allowed).toEqual([...fields].sort());
  });

  it('refuses what is masked', async () => {
    for (const field of filterable.filter((name) => MASKED.has(name))) {
      expect(await ask(method, path, [field])).toMatchObject({
        status: 400,
        body: { code: 'unknown_field' },
      });
    }
  });
});

describe('the audit log', () => {
  it('is searched by a part of an id', async () => {
    const all = await farm.ok('GET', '/v1/audit-logs?entityIdSearch=');
    expect(await farm.ok('GET', '/v1/audit-logs?entityIdSearch=zzzzzz')).toEqual([]);
    expect(Array.isArray(all)).toBe(true);
  });
});
