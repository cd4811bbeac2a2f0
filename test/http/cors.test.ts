import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestFarm, testFarm } from '../fixtures/farm.js';

let farm: TestFarm;
beforeAll(async () => {
  farm = await testFarm({ adopt: false, printers: [] });
});
afterAll(() => farm.stop());

const SHOP = 'https://shop.example';

async function preflight(origin: string, path = '/v1/parts') {
  return fetch(`${farm.url}${path}`, {
    method: 'OPTIONS',
    headers: { origin, 'access-control-request-method': 'POST' },
  });
}

describe('pages of elsewhere', () => {
  it('are allowed nothing unless their origin is named', async () => {
    expect((await preflight(SHOP)).status).toBe(404);
    const answer = await farm.api('GET', '/v1/parts', undefined, { origin: SHOP });
    expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
  });

  it('may call the API from a named origin, and read its refusals too', async () => {
    await farm.restart({ config: { http: { corsOrigins: [SHOP] } } });
    const asked = await preflight(SHOP);
    expect(asked.status).toBe(204);
    expect(asked.headers.get('access-control-allow-origin')).toBe(SHOP);
    expect(asked.headers.get('access-control-allow-methods')).toContain('PATCH');
    expect(asked.headers.get('access-control-allow-headers')).toContain('x-printago-storeid');
    const answer = await farm.api('GET', '/v1/parts', undefined, { origin: SHOP });
    expect(answer.headers.get('access-control-allow-origin')).toBe(SHOP);
    expect(answer.headers.get('access-control-expose-headers')).toContain('x-total-count');
    expect(answer.headers.get('vary')).toContain('Origin');
    const refused = await farm.api('GET', '/v1/parts', undefined, { origin: SHOP, authorization: undefined });
    expect([refused.status, refused.headers.get('access-control-allow-origin')]).toEqual([401, SHOP]);
  });

  it.each(['https://shop.example.evil', 'http://shop.example', 'null'])('may not from %s', async (origin) => {
    const asked = await preflight(origin);
    expect(asked.headers.get('access-control-allow-origin')).toBeNull();
    expect(asked.headers.get('access-control-allow-methods')).toBeNull();
  });
});
