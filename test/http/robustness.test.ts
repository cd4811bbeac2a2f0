import { once } from 'node:events';
import { connect } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isForUsersOnly, mayBeNotYet } from '../contract/areas.js';
import { ENDPOINTS, OPERATIONS } from '../contract/contract.js';
import { type ApiAnswer, type TestFarm, testFarm, valueAt } from '../fixtures/farm.js';

let farm: TestFarm;
beforeAll(async () => {
  farm = await testFarm({ adopt: false });
});
afterAll(() => farm.stop());

/** A refusal that a client can work with. */
function expectEnvelope(answer: ApiAnswer, what: string): void {
  expect(answer.status, what).toBeGreaterThanOrEqual(400);
  if (valueAt(answer.body, 'code') !== 'not_implemented' || !mayBeNotYet(what.split(' ')[1] ?? ''))
    expect(answer.status, `${what}: ${answer.text}`).toBeLessThan(500);
  expect(answer.body, what).toMatchObject({
    statusCode: answer.status,
    message: expect.any(String),
    error: expect.any(String),
    code: expect.stringMatching(/^[a-z_]+$/),
    requestId: answer.headers.get('x-request-id'),
  });
}

const WRITES = OPERATIONS.filter(({ request }) => request !== null);
const fill = (path: string) =>
  path
    .replace('{type}', 'part')
    .replace('{source}', 'etsy')
    .replace('{nozzleDiameter}', '0.4')
    .replaceAll(/\{\w+\}/g, 'a'.repeat(24));

describe('bodies that are no requests', () => {
  it.each([
    ['cut off', '{"name":'],
    ['a NUL character', '{"name":"a\\u0000b"}'],
    ['nested without end', '['.repeat(200_000)],
    ['nested too deep', `${'{"a":'.repeat(70)}1${'}'.repeat(70)}`],
    ['a number', '5'],
    ['a text', '"x"'],
    ['null', 'null'],
    ['nothing', ''],
    ['prototype keys', '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}'],
  ])('are refused by every operation: %s', async (what, body) => {
    for (const { method, path } of WRITES) {
      const answer = await farm.api(method, fill(path), body, { 'content-type': 'application/json' });
      // Some take an object without any of its keys: then it is a success, or the thing is not there.
      if (answer.status >= 300) expectEnvelope(answer, `${method} ${path} ${what}`);
    }
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
  });

  it('are refused by type and size before they are looked at', async () => {
    const typed = await farm.api('POST', '/v1/parts', '<a/>', { 'content-type': 'text/xml' });
    expect(typed.body).toMatchObject({ statusCode: 400, code: 'wrong_content_type' });
    const untyped = await farm.api('POST', '/v1/parts', '{}', { 'content-type': '' });
    expectEnvelope(untyped, 'no type');
    const large = await farm.api('POST', '/v1/parts', JSON.stringify({ name: 'x'.repeat(2_000_000) }));
    expect(large.body).toMatchObject({ statusCode: 413, code: 'payload_too_large' });
    const stranger = await farm.api('POST', '/v1/parts', '{', { authorization: undefined });
    expect(stranger.body).toMatchObject({ statusCode: 401 });
  });

  it('are refused when a list in them has no end', async () => {
    const many = Array.from({ length: 10_001 }, () => 'a'.repeat(24));
    for (const [method, path, body] of [
      ['DELETE', '/v1/parts', many],
      ['PATCH', '/v1/print-jobs/cancel', { printJobIds: many }],
      ['PATCH', '/v1/printers/confirm-ready', { ready: true, ids: many }],
      ['POST', '/v1/storage/signed-upload-urls', { filenames: many }],
      ['POST', '/v1/parts/search', { filter: { id: { in: many } } }],
    ] as const)
      expect((await farm.api(method, path, body)).body, path).toMatchObject({
        statusCode: 400,
        code: 'validation_failed',
      });
  });

  it('are not even read where nothing is', async () => {
    const nowhere = await farm.api('POST', '/v1/nothing', '{"cut');
    expect(nowhere.body).toMatchObject({ statusCode: 404, code: 'route_not_found' });
  });

  it('are cut off when they come too slowly', async () => {
    await farm.restart({ config: { http: { requestTimeoutMs: 1_000 } } });
    const { hostname, port } = new URL(farm.url);
    const socket = connect(Number(port), hostname);
    const answer: Buffer[] = [];
    socket.on('data', (chunk) => answer.push(chunk));
    socket.on('error', () => undefined);
    const headers = `Authorization: ApiKey ${farm.key}\r\nX-Printago-StoreId: ${farm.storeId}`;
    socket.write(
      `POST /v1/parts HTTP/1.1\r\nHost: x\r\n${headers}\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"name"`,
    );
    await once(socket, 'close');
    expect(Buffer.concat(answer).toString()).not.toContain('HTTP/1.1 2');
  });

  it('are told in one way what would be right', async () => {
    const answers = [
      [{}, '$input.order: expected object'],
      [{ order: 'one' }, '$input.order: expected object'],
      [{ order: { orderNumber: 7 } }, '$input.order.orderNumber: expected string'],
    ] as const;
    for (const [body, words] of answers) {
      const answer = await farm.api('POST', '/v1/orders', body);
      expect(answer.status).toBe(400);
      expect(valueAt(answer.body, 'message')).toContain(words);
      expect(JSON.stringify(answer.body)).not.toContain('Invalid');
    }
  });

  it('may begin with a byte order mark, and name their type in any case', async () => {
    const headers = { 'content-type': 'Application/JSON; charset=utf-8' };
    const answer = await farm.api('POST', '/v1/parts/search', '\ufeff{"limit":1}', headers);
    expect(answer.status).toBe(201);
  });
});

describe('whatever a stranger thinks of', () => {
  const key = fc.constantFrom(
    'name',
    'type',
    'fileUris',
    'parts',
    'filter',
    'ids',
    'printJobIds',
    'update',
    '__proto__',
    'and',
    'not',
    'limit',
    'sort',
    'permissions',
    'providerConfig',
  );
  const junk = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      fc.constantFrom<unknown>(
        null,
        true,
        -1,
        1e308,
        '',
        '\ud800',
        'a'.repeat(24),
        '2026-02-30',
        "' or 1=1 --",
      ),
      fc.string({ unit: 'binary', maxLength: 8 }),
      fc.double(),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(key, tie('value'), { maxKeys: 4 }),
    ),
  })).value;

  it('is never answered by a failure of ours', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...WRITES),
        fc.dictionary(key, junk, { maxKeys: 5 }),
        async (one, body) => {
          // The caller's own key would be changed or lost.
          fc.pre(!(one.path.startsWith('/v1/api-keys/') && one.method !== 'POST'));
          const answer = await farm.api(one.method, fill(one.path), body);
          if (answer.status >= 300)
            expectEnvelope(answer, `${one.method} ${one.path} ${JSON.stringify(body)}`);
        },
      ),
      { numRuns: 400 },
    );
  });

  it('nor are the parameters of a list', async () => {
    const lists = OPERATIONS.filter(({ method, path }) => method === 'GET' && !path.includes('{'));
    const name = fc.oneof(
      fc.constantFrom(
        'limit',
        'offset',
        'sort',
        'fields',
        'include',
        'name',
        'status',
        'createdAt',
        'tags',
        'metadata',
        'storeId',
      ),
      fc
        .tuple(
          fc.constantFrom('name', 'status', 'createdAt', 'tags', 'metadata', 'x.y'),
          fc.constantFrom('eq', 'ne', 'in', 'between', 'contains', 'isNull', 'gt', 'like'),
        )
        .map((pair) => pair.join('.')),
      fc.string({ maxLength: 6 }),
    );
    const value = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 8 }),
      fc.constantFrom('[', '["a"', '{}', ',', '"', '\\', '%', '1e400', '2026-13-45'),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...lists),
        fc.array(fc.tuple(name, value), { maxLength: 4 }),
        async (one, pairs) => {
          const query = pairs
            .map((pair) =>
              pair.map((text) => encodeURIComponent(text.replace(/\p{Surrogate}/gu, '\ufffd'))).join('='),
            )
            .join('&');
          const answer = await farm.api('GET', `${one.path}?${query}`);
          if (answer.status >= 300) expectEnvelope(answer, `${one.path}?${query}`);
        },
      ),
      { numRuns: 400 },
    );
  });
});

/** What some routes answer about what is not there, as the contract has it, instead of refusing. */
const NOTHING_THERE = ['null', '[]', '{"hasEntitlement":false}'];

function saysMissing(answer: ApiAnswer, path: string): boolean {
  if (answer.status === 200) return NOTHING_THERE.includes(answer.text);
  if (answer.status === 501) return mayBeNotYet(path);
  // An API key, as which is called here, has no passkeys at all.
  if (answer.status === 403) return path.startsWith('/v1/passkeys');
  // Bodies are looked at before anything is looked for.
  if (answer.status === 400) return answer.text.includes('$input');
  return answer.status === 404 && valueAt(answer.body, 'code') === 'not_found';
}

describe('addresses', () => {
  it('of things that are not there are 404, of ids that are none 400', async () => {
    const wrong: string[] = [];
    for (const { method, path } of OPERATIONS.filter(
      (one) => one.path.includes('{') && !isForUsersOnly(one.path),
    )) {
      const body = method === 'GET' || method === 'DELETE' ? undefined : { name: 'x' };
      const missing = await farm.api(method, fill(path), body);
      if (!saysMissing(missing, path)) wrong.push(`${method} ${path}: ${missing.status} ${missing.text}`);
      const malformed = await farm.api(method, path.replaceAll(/\{\w+\}/g, '%00..'), body);
      if (malformed.status !== 400 || valueAt(malformed.body, 'code') !== 'validation_failed')
        wrong.push(`${method} ${path} malformed: ${malformed.status} ${malformed.text}`);
    }
    expect(wrong).toEqual([]);
  });

  it.each(['/v1/%zz', '/v1/parts/%c3%28', '/v1//parts', '/V1/parts', '/v1/parts/', '/'])(
    'that lead nowhere are told so: %s',
    async (path) => {
      expectEnvelope(await farm.api('GET', path), path);
    },
  );

  it('are told about by HEAD as by GET, without the body', async () => {
    const whole = await farm.api('GET', '/v1/api-keys');
    const head = await farm.api('HEAD', '/v1/api-keys');
    expect([head.status, head.text]).toEqual([200, '']);
    for (const name of ['content-length', 'content-type', 'x-total-count'])
      expect(head.headers.get(name), name).toBe(whole.headers.get(name));
    expect((await farm.api('HEAD', '/v1/nothing')).status).toBe(404);
    expect((await farm.api('HEAD', '/healthz')).status).toBe(200);
    const stranger = await farm.api('HEAD', '/v1/parts', undefined, { authorization: undefined });
    expect([stranger.status, stranger.text]).toEqual([401, '']);
  });

  it('take hints=true wherever they are read', async () => {
    for (const [method, path] of ENDPOINTS) {
      if (method !== 'GET' || path.includes('{') || !OPERATIONS.some((one) => one.path === path)) continue;
      const plain = await farm.api('GET', path);
      expect((await farm.api('GET', `${path}?hints=true`)).status, path).toBe(plain.status);
      expect([200, 403, 501], path).toContain(plain.status);
    }
  });
});

describe('what is not even HTTP', () => {
  it.each([
    ['broken', 'GARBAGE\r\n\r\n', 400, 'malformed_request'],
    [
      'headers without end',
      `GET /v1/parts HTTP/1.1\r\nHost: x\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`,
      431,
      'headers_too_large',
    ],
    [
      'an address without end',
      `GET /v1/parts?q=${'a'.repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`,
      431,
      'headers_too_large',
    ],
  ])('gets an answer all the same: %s', async (_what, text, status, code) => {
    const { hostname, port } = new URL(farm.url);
    const socket = connect(Number(port), hostname);
    const chunks: Buffer[] = [];
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.end(text);
    await once(socket, 'close');
    const [head = '', body = ''] = Buffer.concat(chunks).toString().split('\r\n\r\n');
    expect(head).toContain(`HTTP/1.1 ${status}`);
    expect(JSON.parse(body)).toMatchObject({ statusCode: status, code });
  });

  it('leaves no failure in the log', () => {
    const failures = farm.logLines.filter((line) => valueAt(JSON.parse(line), 'level') === 'error');
    expect(failures).toEqual([]);
  });
});
