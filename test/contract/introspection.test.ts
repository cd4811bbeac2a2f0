import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listAt, type TestFarm, testFarm, textAt, valueAt } from '../fixtures/farm.js';
import { ContractClient, operationsOf } from './contract.js';

let farm: TestFarm;
let api: ContractClient;
beforeAll(async () => {
  farm = await testFarm({ adopt: false, printers: [] });
  api = new ContractClient(farm);
});
afterAll(() => farm.stop());

/** As somebody who has no key at all. */
async function asStranger(path: string) {
  return farm.api('GET', path, undefined, { authorization: undefined, 'x-printago-storeid': undefined });
}

describe('hints', () => {
  it('are told to anyone, by the path of each list', async () => {
    const all = await api.call('GET', '/v1/hints');
    const actions = listAt(all, '/v1/parts').map((hint) => valueAt(hint, 'action'));
    expect(actions).toEqual(expect.arrayContaining(['queue_print', 'create_part', 'update_part']));
    const queue = listAt(all, '/v1/parts').find((hint) => valueAt(hint, 'action') === 'queue_print');
    expect(queue).toMatchObject({ method: 'POST', path: '/v2/builds', description: expect.any(String) });
    expect(valueAt(queue, 'bodySchema', 'properties', 'parts')).toMatchObject({ type: 'array' });
    expect((await asStranger('/v1/hints')).body).toEqual(all);
    const one = await asStranger('/v1/hints/path/v1/parts');
    expect(one.body).toEqual({ path: '/v1/parts', hints: valueAt(all, '/v1/parts') });
  });

  it('come along with a list that is asked for them, and offer what the caller may do', async () => {
    const answer = await farm.ok('GET', '/v1/parts?hints=true');
    expect(answer).toMatchObject({ data: [], meta: { total: 0 }, total: 0 });
    expect(listAt(answer, 'hints').map((hint) => valueAt(hint, 'path'))).toContain('/v2/builds');
    const made = await farm.ok('POST', '/v1/api-keys', { name: 'Reader', permissions: ['part.view'] });
    const reader = { authorization: `ApiKey ${textAt(made, 'key')}` };
    const read = await farm.api('GET', '/v1/parts?hints=true', undefined, reader);
    expect(listAt(read.body, 'hints').map((hint) => valueAt(hint, 'method'))).toEqual(['GET']);
    const found = await farm.ok('POST', '/v1/parts/search', { hints: true });
    expect(valueAt(found, 'hints')).toEqual(valueAt(answer, 'hints'));
    expect(valueAt(await farm.ok('POST', '/v1/parts/search', {}), 'hints')).toBeUndefined();
  });
});

describe('shapes', () => {
  it('are named and told as JSON Schema that stands alone', async () => {
    const names = listAt(await api.call('GET', '/v1/hints/schema/types'));
    expect(names).toEqual(expect.arrayContaining(['Part', 'Printer', 'PrintJob', 'PartBuildWithRelation']));
    for (const name of names) {
      const params = { typeName: String(name) };
      const schema = await api.call('GET', '/v1/hints/schema/types/{typeName}', { params });
      const text = JSON.stringify(schema);
      expect(text, params.typeName).not.toContain('#/components');
      for (const [, other = ''] of text.matchAll(/"#\/\$defs\/([^"]+)"/g))
        expect(valueAt(schema, '$defs', other), `${params.typeName} names ${other}`).toBeDefined();
    }
    const part = (await asStranger('/v1/hints/schema/types/Part')).body;
    expect(valueAt(part, 'properties', 'folderId')).toEqual({
      type: ['string', 'null'],
      pattern: '^[a-z0-9]{24}$',
    });
  });

  it('that there are not are 404', async () => {
    const missing = await asStranger('/v1/hints/schema/types/Nothing');
    expect(missing.body).toMatchObject({ statusCode: 404, allowed: expect.arrayContaining(['Part']) });
    expect((await asStranger('/v1/hints/schema/types/__proto__')).status).toBe(404);
    expect((await asStranger('/v1/hints/schema/paths/v1/nothing')).status).toBe(404);
    expect((await asStranger('/v1/hints/path/v1/nothing')).status).toBe(404);
  });
});

describe('paths', () => {
  it('are listed, and each says what it takes and answers', async () => {
    const paths = listAt(await api.call('GET', '/v1/hints/schema/paths'));
    for (const path of paths) {
      const answer = await asStranger(`/v1/hints/schema/paths${String(path)}`);
      expect(answer.status, String(path)).toBe(200);
      expect(answer.text, String(path)).not.toContain('#/components');
    }
    const parts = (await asStranger('/v1/hints/schema/paths/v1/parts')).body;
    expect(valueAt(parts, 'post')).toMatchObject({
      summary: expect.any(String),
      requestBody: { required: true },
      responses: { '201': { content: { 'application/json': { schema: { $ref: '#/$defs/Part' } } } } },
    });
    const names = listAt(parts, 'get', 'parameters').map((one) => valueAt(one, 'name'));
    expect(names).toEqual(expect.arrayContaining(['name', 'folderId', 'sort', 'limit', 'include', 'hints']));
    expect(valueAt(parts, '$defs', 'Part', 'properties', 'name')).toMatchObject({ type: 'string' });
  });

  it('may have real ids in them', async () => {
    const declared = await asStranger('/v1/hints/schema/paths/v1/parts/%7Bid%7D');
    expect((await asStranger(`/v1/hints/schema/paths/v1/parts/${'a'.repeat(24)}`)).body).toEqual(
      declared.body,
    );
  });
});

describe('the page at /docs', () => {
  it('stands alone: no script, nothing from elsewhere, and says so to the browser', async () => {
    const page = await asStranger('/docs');
    expect(page.status).toBe(200);
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    const policy = page.headers.get('content-security-policy') ?? '';
    expect(policy).toMatch(/^default-src 'none'; style-src 'sha256-[\w+/=]+';/);
    expect(page.text).not.toMatch(/<script|<link|<img|<iframe|<form|\bon\w+=|\bstyle=|src=|https?:\/\//i);
    const [, style = ''] = /<style>([\s\S]*)<\/style>/.exec(page.text) ?? [];
    const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(style));
    expect(policy).toContain(`'sha256-${Buffer.from(hash).toString('base64')}'`);
  });

  it('shows every operation, and every name leads to its shape', async () => {
    const page = (await asStranger('/docs')).text;
    const document = (await asStranger('/swagger.json')).body;
    for (const [path, item] of Object.entries(valueAt(document, 'paths') ?? {}))
      for (const method of Object.keys(item)) expect(page).toContain(`id="${method}-${path}"`);
    const targets = new Set([...page.matchAll(/ id="([^"]+)"/g)].map((match) => match[1]));
    const links = [...page.matchAll(/ href="#([^"]+)"/g)].map((match) => match[1]);
    expect(links.length).toBeGreaterThan(100);
    expect(links.filter((link) => !targets.has(link))).toEqual([]);
  });
});

describe('the contract’s operations on hints', () => {
  it('are all called here', () => {
    expect([...api.called].sort()).toEqual([...operationsOf('introspection')].sort());
  });
});
