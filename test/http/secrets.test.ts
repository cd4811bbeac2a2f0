import { join } from 'node:path';
import BetterSqlite from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OPERATIONS } from '../contract/contract.js';
import { cube } from '../fixtures/cube.js';
import { type TestFarm, testFarm, textAt, valueAt } from '../fixtures/farm.js';

let farm: TestFarm;
/** Everything that was answered, and every secret that must not be among it. */
const said: string[] = [];
const secrets: string[] = [];

beforeAll(async () => {
  farm = await testFarm();
});
afterAll(() => farm.stop());

async function tell(method: string, path: string, body?: unknown, headers = {}) {
  const answer = await farm.api(method, path, body, headers);
  said.push(answer.text, ...[...answer.headers].map(([name, value]) => `${name}: ${value}`));
  return answer;
}

/** What the database holds of keys and printers. */
function stored(): readonly string[] {
  const database = new BetterSqlite(join(farm.dataDir, 'printfarmd.db'), { readonly: true });
  const column = (text: string) => database.prepare(text).pluck().all().map(String);
  const found = [
    ...column('select "secretHash" from "apiKey"'),
    ...column('select "secretSalt" from "apiKey"'),
    ...column('select "accessCode" from "printerConnection"'),
  ];
  database.close();
  return found;
}

describe('a secret', () => {
  it('goes in and never comes out: not in an answer, not in an error, not in the log', async () => {
    const [printer] = farm.emulator.printers;
    if (!printer) throw new Error('The farm has no printer');
    const id = farm.printerId();
    secrets.push(printer.accessCode, farm.key.slice(24));

    const fileUris = [await farm.upload('a.gcode.3mf', await cube())];
    const part = await tell('POST', '/v1/parts', { name: 'Part', type: 'gcode3mf', fileUris });
    await tell('POST', '/v2/builds', { parts: [{ partId: textAt(part.body, 'id') }] });
    for (const { method, path } of OPERATIONS) {
      if (method !== 'GET') continue;
      await tell('GET', `${path.replaceAll(/\{\w+\}/g, id)}?hints=true`);
    }

    const address = { host: printer.host, mqttPort: printer.mqttPort, ftpPort: printer.ftpPort };
    secrets.push('CANARY71', 'CANARY72', 'CANARY73');
    const wrong = { provider: 'Bambu', serial: 'CANARYSERIAL01', ...address, accessCode: 'CANARY71' };
    expect((await tell('POST', '/v1/printers', wrong)).status).toBe(422);
    await tell('POST', '/v1/printers', { ...wrong, accessCode: ['CANARY72'] });
    await tell('PATCH', `/v1/printers/${id}`, { metadata: { dev_access_code: ['CANARY72'] } });
    const changed = await tell('PATCH', `/v1/printers/${id}`, { accessCode: 'CANARY73' });
    expect(valueAt(changed.body, 'metadata', 'dev_access_code')).toBe('********');
    const same = await tell('PATCH', `/v1/printers/${id}`, { metadata: { dev_access_code: '********' } });
    expect(same.status).toBe(200);
    expect(stored()).toContain('CANARY73');
    await farm.emulator.log.waitFor(
      ({ kind, event }) => kind === 'mqtt' && event === 'refused',
      10_000,
      'a refusal',
    );

    const guess = 'canary'.repeat(12);
    secrets.push(guess.slice(24));
    await tell('GET', '/v1/parts', undefined, { authorization: `ApiKey ${guess}` });
    await tell('GET', `/v1/parts?accessCode=${guess}&x.eq=1`);

    const all = [...said, ...farm.logLines].join('\n');
    expect(said.length).toBeGreaterThan(50);
    for (const secret of [...secrets, ...stored()]) expect(all).not.toContain(secret);
  });

  it('cannot be found by asking for what begins like it', async () => {
    const [hash = ''] = stored();
    for (const field of ['secretHash', 'secretSalt', 'hash', 'salt', 'permissions']) {
      for (const query of [
        `${field}=${hash}`,
        `${field}.startsWith=${hash.slice(0, 1)}`,
        `sort=${field}`,
        `fields=${field}`,
      ]) {
        const answer = await farm.api('GET', `/v1/api-keys?${query}`);
        expect(answer.body, query).toMatchObject({ statusCode: 400, code: 'unknown_field' });
      }
      const filter = { [field]: { startsWith: hash.slice(0, 1) } };
      const searched = await farm.api('POST', '/v1/api-keys/search', { filter });
      expect(searched.body, field).toMatchObject({ statusCode: 400, code: 'unknown_field' });
    }
    const metadata = await farm.api('GET', '/v1/printers?metadata.dev_access_code.startsWith=C');
    expect(metadata.body).toMatchObject({ statusCode: 400 });
  });
});

describe('guesses', () => {
  it('stop the address that makes them, but no key that was right before', async () => {
    const guess = { authorization: `ApiKey ${'b'.repeat(72)}` };
    const statuses: number[] = [];
    for (let call = 0; call < 12; call += 1)
      statuses.push((await farm.api('GET', '/v1/stores', undefined, guess)).status);
    expect(statuses).toContain(401);
    const refused = await farm.api('GET', '/v1/stores', undefined, guess);
    expect(refused.body).toMatchObject({ statusCode: 429, code: 'rate_limited' });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await farm.api('GET', '/v1/stores')).status).toBe(200);
    expect((await farm.api('GET', '/v1/stores', undefined, { authorization: undefined })).status).toBe(401);
  });
});
