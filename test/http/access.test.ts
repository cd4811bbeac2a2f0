import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestFarm, testFarm, textAt, valueAt } from '../fixtures/farm.js';

let farm: TestFarm;
beforeAll(async () => {
  farm = await testFarm();
});
afterAll(() => farm.stop());

async function keyWith(given: object): Promise<{ id: string; key: string }> {
  const made = await farm.ok('POST', '/v1/api-keys', { name: 'Test', ...given });
  return { id: textAt(made, 'id'), key: textAt(made, 'key') };
}

const as = (key: string) => ({ authorization: `ApiKey ${key}` });

describe('who may call', () => {
  it.each([
    ['no headers', { authorization: undefined, 'x-printago-storeid': undefined }],
    ['no store', { 'x-printago-storeid': undefined }],
    ['another store', { 'x-printago-storeid': 'a'.repeat(24) }],
    ['a malformed key', { authorization: 'ApiKey abc' }],
    ['an unknown key', { authorization: `ApiKey ${'a'.repeat(72)}` }],
  ])('answers 401 in the known form for %s', async (_case, headers) => {
    const answer = await farm.api('GET', '/v1/parts', undefined, headers);
    expect(answer.status).toBe(401);
    expect(answer.text.startsWith('{"statusCode":401,"message":"Unauthorized"')).toBe(true);
  });

  it('takes the scheme word and header names in any case', async () => {
    const headers = { authorization: undefined, AUTHORIZATION: `apikey ${farm.key}` };
    expect((await farm.api('GET', '/v1/stores', undefined, headers)).status).toBe(200);
  });

  it('lets a key do what it holds and nothing else, naming what is missing', async () => {
    const { key } = await keyWith({ permissions: ['part.view'] });
    expect((await farm.api('GET', '/v1/parts', undefined, as(key))).status).toBe(200);
    const refused = await farm.api('GET', '/v1/printers', undefined, as(key));
    expect(refused.status).toBe(403);
    expect(refused.body).toMatchObject({ code: 'forbidden', requiredPermissions: ['printer.view'] });
  });

  it('answers along only what the caller may see by itself', async () => {
    const { key } = await keyWith({ permissions: ['printer.view'] });
    const slots = await farm.api('GET', '/v1/printers?include=slots', undefined, as(key));
    expect(valueAt(slots.body, 0, 'slots')).not.toEqual([]);
    expect(valueAt(slots.body, 0, 'slots', 0, 'printerId')).toBe(valueAt(slots.body, 0, 'id'));
    const search = { include: ['slots', 'printingJob.part'] };
    for (const refused of [
      await farm.api('GET', '/v1/printers?include=slots,printingJob', undefined, as(key)),
      await farm.api('POST', '/v1/printers/search', search, as(key)),
    ])
      expect(refused.body).toMatchObject({ code: 'forbidden', requiredPermissions: ['queue.view'] });
    expect((await farm.api('POST', '/v1/printers/search', search)).status).toBe(201);
  });

  it('ends a key at once when it is switched off, has expired or is deleted', async () => {
    const off = await keyWith({ fullAccess: true });
    expect((await farm.api('GET', '/v1/parts', undefined, as(off.key))).status).toBe(200);
    await farm.ok('PATCH', `/v1/api-keys/${off.id}`, { active: false });
    expect((await farm.api('GET', '/v1/parts', undefined, as(off.key))).status).toBe(401);
    const over = await keyWith({ fullAccess: true, expiresAt: '2020-01-01T00:00:00Z' });
    expect((await farm.api('GET', '/v1/parts', undefined, as(over.key))).status).toBe(401);
    const gone = await keyWith({ fullAccess: true });
    await farm.api('DELETE', `/v1/api-keys/${gone.id}`);
    expect((await farm.api('GET', '/v1/parts', undefined, as(gone.key))).status).toBe(401);
  });

  it('holds a key to the addresses it was given', async () => {
    const here = await keyWith({ fullAccess: true, ipAllowlist: ['127.0.0.0/8'] });
    expect((await farm.api('GET', '/v1/parts', undefined, as(here.key))).status).toBe(200);
    const elsewhere = await keyWith({ fullAccess: true, ipAllowlist: ['10.9.8.0/24', '2001:db8::/32'] });
    const refused = await farm.api('GET', '/v1/parts', undefined, as(elsewhere.key));
    expect(refused.body).toMatchObject({ statusCode: 403, code: 'ip_not_allowed' });
    const bad = await farm.api('POST', '/v1/api-keys', { name: 'x', ipAllowlist: ['10.0.0.0/99'] });
    expect(bad.status).toBe(400);
  });

  it('lets nobody give what they do not hold, nor raise themselves', async () => {
    const clerk = await keyWith({ permissions: ['apiKey.create', 'apiKey.edit', 'part.view'] });
    for (const wanted of [{ fullAccess: true }, { permissions: ['part.delete'] }, { roleIds: ['admin'] }]) {
      const answer = await farm.api('POST', '/v1/api-keys', { name: 'More', ...wanted }, as(clerk.key));
      expect(answer.body).toMatchObject({ statusCode: 403, code: 'permission_escalation' });
    }
    const itself = await farm.api(
      'PATCH',
      `/v1/api-keys/${clerk.id}`,
      { permissions: ['part.view'] },
      as(clerk.key),
    );
    expect(itself.status).toBe(403);
    const less = await farm.api(
      'POST',
      '/v1/api-keys',
      { name: 'Less', permissions: ['part.view'] },
      as(clerk.key),
    );
    expect(less.status).toBe(201);
  });
});

describe('secrets', () => {
  it('appear in no answer and no log line', async () => {
    const [printer] = farm.emulator.printers;
    const paths = [
      '/v1/api-keys',
      '/v1/printers',
      `/v1/printers/${farm.printerId()}`,
      '/v1/printer-slots',
      '/health',
    ];
    const answers = await Promise.all(paths.map((path) => farm.api('GET', path)));
    const said = [...answers.map((answer) => answer.text), ...farm.logLines].join('\n');
    expect(said).not.toContain(printer?.accessCode);
    expect(said).not.toContain(farm.key.slice(24));
    const [key] = await farm.ok('GET', '/v1/api-keys').then((body) => (Array.isArray(body) ? body : []));
    expect(key).toMatchObject({ hash: '********', salt: '********' });
    for (const query of ['hash=x', 'secretHash.startsWith=a', 'sort=salt']) {
      const answer = await farm.api('GET', `/v1/api-keys?${query}`);
      expect(answer.text).not.toMatch(/[0-9a-f]{64}/);
    }
  });
});

describe('the envelope', () => {
  it('echoes a request id, or makes one', async () => {
    const given = await farm.api('GET', '/v1/parts/nope', undefined, { 'x-request-id': 'my-1' });
    expect(given.headers.get('x-request-id')).toBe('my-1');
    expect(given.body).toMatchObject({ statusCode: 400, code: 'validation_failed', requestId: 'my-1' });
    const made = await farm.api('GET', '/v1/parts', undefined, { 'x-request-id': 'not an id' });
    expect(made.headers.get('x-request-id')).toMatch(/^[a-z0-9]{24}$/);
  });

  it.each([
    ['malformed JSON', '{"name":', 'malformed_json'],
    ['a missing field', '{"type":"stl","fileUris":["x"]}', 'validation_failed'],
    ['a number for a name', '{"name":5,"type":"stl","fileUris":["x"]}', 'validation_failed'],
    ['a path nobody uploaded', '{"name":"a","type":"stl","fileUris":["x"]}', 'validation_failed'],
    ['prototype keys', '{"__proto__":{"name":"a"},"constructor":1}', 'validation_failed'],
  ])('is a clear 400 for %s', async (_case, body, code) => {
    const answer = await farm.api('POST', '/v1/parts', body);
    expect(answer.body).toMatchObject({ statusCode: 400, code });
  });

  it('says so when the body is of another type', async () => {
    const answer = await farm.api('POST', '/v1/parts', 'name=a', {
      'content-type': 'application/x-www-form-urlencoded',
    });
    expect(answer.body).toMatchObject({
      statusCode: 400,
      message: 'Request body type is not application/json',
    });
  });

  it('knows a missing route from a missing thing', async () => {
    expect((await farm.api('GET', '/v1/nothing')).body).toMatchObject({ code: 'route_not_found' });
    expect((await farm.api('GET', `/v1/parts/${'a'.repeat(24)}`)).body).toMatchObject({ code: 'not_found' });
  });

  it('names fields and operators that there are', async () => {
    const field = await farm.api('GET', '/v1/parts?colour.eq=red');
    expect(field.body).toMatchObject({ statusCode: 400, code: 'unknown_field' });
    expect(valueAt(field.body, 'allowed')).toContain('name');
    const ignored = await farm.api('GET', '/v1/parts?_=123&hints=true');
    expect(ignored.status).toBe(200);
  });
});

describe('limits', () => {
  it('counts per key, tells how much is left, and says when to come back', async () => {
    await farm.restart({ config: { rateLimit: { perMinute: 5, perHour: 1_000 } } });
    const answers = [];
    for (let call = 0; call < 6; call += 1) answers.push(await farm.api('GET', '/v1/stores'));
    expect(answers.map((answer) => answer.status)).toEqual([200, 200, 200, 200, 200, 429]);
    expect(answers[0]?.headers.get('x-ratelimit-remaining')).toBe('4');
    expect(Number(answers[5]?.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(answers[5]?.body).toMatchObject({ statusCode: 429, code: 'rate_limited' });
  });

  it('stops an address that guesses keys, after ten in a minute', async () => {
    const guess = () => farm.api('GET', '/v1/stores', undefined, as('b'.repeat(72)));
    const statuses = [];
    for (let call = 0; call < 11; call += 1) statuses.push((await guess()).status);
    expect(statuses.slice(0, 10)).toEqual(Array.from({ length: 10 }, () => 401));
    expect(statuses[10]).toBe(429);
  });
});
