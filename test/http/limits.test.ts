import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { completeConfig } from '../../src/config/config.js';
import { settingsSchema } from '../../src/config/schema.js';
import { type TestFarm, testFarm, textAt } from '../fixtures/farm.js';

let farm: TestFarm;
beforeAll(async () => {
  farm = await testFarm({ adopt: false });
});
afterAll(() => farm.stop());

const limits = ({ headers }: { headers: Headers }) =>
  ['limit', 'remaining', 'reset'].map((name) => Number(headers.get(`x-ratelimit-${name}`)));

async function anotherKey(): Promise<{ authorization: string }> {
  const made = await farm.ok('POST', '/v1/api-keys', { name: 'Other', permissions: ['part.view'] });
  return { authorization: `ApiKey ${textAt(made, 'key')}` };
}

describe('the two windows', () => {
  it('are told by the tighter one, on every answer of a known key', async () => {
    const other = await anotherKey();
    await farm.restart({ config: { rateLimit: { perMinute: 5, perHour: 7 } } });
    const stores = () => farm.api('GET', '/v1/stores', undefined, other);
    const [limit, remaining, reset] = limits(await stores());
    expect([limit, remaining]).toEqual([5, 4]);
    expect(reset).toBeLessThanOrEqual(60);
    // Refused for lack of a permission, and of a thing that is not there: each is a request.
    const forbidden = await farm.api('GET', '/v1/printers', undefined, other);
    expect([forbidden.status, ...limits(forbidden)].slice(0, 3)).toEqual([403, 5, 3]);
    const missing = await farm.api('GET', `/v1/parts/${'a'.repeat(24)}`, undefined, other);
    expect([missing.status, ...limits(missing)].slice(0, 3)).toEqual([404, 5, 2]);
    // Another key has its own.
    expect(limits(await farm.api('GET', '/v1/stores')).slice(0, 2)).toEqual([5, 4]);
  });

  it('hold back for as long as Retry-After says, and do not count what they refuse', async () => {
    const other = await anotherKey();
    await farm.restart({ config: { rateLimit: { perMinute: 0, perHour: 2 } } });
    const stores = () => farm.api('GET', '/v1/stores', undefined, other);
    const answers = [await stores(), await stores(), await stores(), await stores()];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 429, 429]);
    const [limit, remaining, reset] = limits(answers[3] ?? (await stores()));
    expect([limit, remaining]).toEqual([2, 0]);
    expect(answers[3]?.headers.get('retry-after')).toBe(String(reset));
    expect(answers[3]?.body).toMatchObject({ code: 'rate_limited', retryAfterSeconds: reset });
  });

  it('leave out signed file addresses, pages for strangers, and everything while they are off', async () => {
    await farm.restart({ config: { rateLimit: { perMinute: 1, perHour: 1 } } });
    const body = { filenames: ['a.stl'] };
    const made = await farm.api('POST', '/v1/storage/signed-upload-urls', body);
    const url = textAt(made.body, 'signedUrls', 0, 'uploadUrl');
    for (let call = 0; call < 3; call += 1) {
      expect((await fetch(url, { method: 'PUT', body: 'solid' })).status).not.toBe(429);
      expect((await farm.api('GET', '/v1/passkeys/authentication/options')).status).toBe(200);
      expect((await farm.api('GET', '/health')).status).toBe(200);
    }
    expect((await farm.api('GET', '/v1/stores')).status).toBe(429);
    await farm.restart({ config: { rateLimit: { perMinute: 0, perHour: 0 } } });
    const free = await farm.api('GET', '/v1/stores');
    expect(free.headers.get('x-ratelimit-limit')).toBeNull();
  });
});

describe('the profile of the cloud service', () => {
  it('is 60 a minute and 600 an hour, whatever else is set', async () => {
    const settings = settingsSchema.parse({ rateLimit: { profile: 'compat', perMinute: 5 } });
    const { rateLimit } = completeConfig(settings, '/srv', new Map());
    expect(rateLimit).toEqual({ profile: 'compat', perMinute: 60, perHour: 600 });
    await farm.restart({ config: { rateLimit: { profile: 'compat' } } });
    const statuses: number[] = [];
    for (let call = 0; call < 61; call += 1) statuses.push((await farm.api('GET', '/v1/stores')).status);
    expect(statuses).toEqual([...Array.from({ length: 60 }, () => 200), 429]);
  });
});
