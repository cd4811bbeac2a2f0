import { afterAll, beforeAll, expect, it } from 'vitest';
import { cube } from '../../fixtures/cube.js';
import { listAt, type TestFarm, testFarm, textAt } from '../../fixtures/farm.js';
import { send } from './raw-request.js';

/** A Node proxy for a shop's site: it passes three routes on, one of which was older even then. */

let farm: TestFarm;

beforeAll(async () => {
  farm = await testFarm({ adopt: false });
});
afterAll(() => farm.stop());

/** It reads the body as JSON only when the answer says that it is. */
async function pass(path: string, body: object): Promise<unknown> {
  const headers = {
    'Content-Type': 'application/json',
    Authorization: `ApiKey ${farm.key}`,
    'x-printago-storeid': farm.storeId,
    'User-Agent': 'node-fetch/1.0',
    Accept: '*/*',
    'Accept-Encoding': 'gzip,deflate',
    Connection: 'close',
  };
  const answer = await send({ method: 'POST', url: farm.url + path, headers, body: JSON.stringify(body) });
  expect(answer.status).toBe(201);
  expect(answer.headers['content-type']).toContain('application/json');
  return answer.body;
}

it('an upload, a part and a build go through the proxy', async () => {
  const signed = await pass('/v1/storage/signed-upload-urls', { filenames: ['shop.gcode.3mf'] });
  const url = textAt(signed, 'signedUrls', 0, 'uploadUrl');
  const headers = { 'Content-Type': 'application/octet-stream' };
  const sent = await send({ method: 'PUT', url, headers, body: await cube() });
  expect(sent.status).toBe(200);
  const part = await pass('/v1/parts', {
    name: 'Shop part',
    description: 'from the shop',
    type: 'gcode3mf',
    fileUris: [textAt(signed, 'signedUrls', 0, 'path')],
    parameters: [],
    printTags: {},
    overriddenProcessProfileId: null,
  });
  const built = await pass('/v1/builds', { parts: [{ partId: textAt(part, 'id'), quantity: 2 }] });
  expect(listAt(built, 'partBuilds')).toHaveLength(1);
  expect(listAt(await farm.ok('GET', '/v1/print-jobs'))).toHaveLength(2);
});
