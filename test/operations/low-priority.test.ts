import { afterAll, beforeAll, expect, it } from 'vitest';
import { cube } from '../fixtures/cube.js';
import { type TestFarm, testFarm, textAt, valueAt } from '../fixtures/farm.js';

let farm: TestFarm;
beforeAll(async () => {
  farm = await testFarm();
});
afterAll(() => farm.stop());

it('jobs of low priority wait for every normal one, or fill what these leave, as the store likes', async () => {
  const fileUris = [await farm.upload('part.gcode.3mf', await cube({ plates: [{ seconds: 60 }] }))];
  const partId = textAt(
    await farm.ok('POST', '/v1/parts', { name: 'Part', type: 'gcode3mf', fileUris }),
    'id',
  );
  const queue = async (line: object) => {
    const made = await farm.ok('POST', '/v2/builds', { parts: [{ partId, ...line }] });
    const build = await farm.ok('GET', `/v1/part-builds/${textAt(made, 'partBuilds', 0, 'id')}`);
    return textAt(build, 'printJobs', 0, 'id');
  };
  // Its printer is not there.
  const normal = await queue({ priority: 100, tags: { 'printer.id': 'a'.repeat(24) } });
  const low = await queue({ priority: 1000 });
  await farm.until(`/v1/print-jobs/${normal}/matching-details`, (body) =>
    JSON.stringify(body).includes('tag-mismatch'),
  );
  expect(await farm.ok('GET', `/v1/print-jobs/${low}`)).toMatchObject({ status: 'pending' });
  await farm.ok('PATCH', '/v1/settings/store', { processLowPriorityJobs: true });
  await farm.until(`/v1/print-jobs/${low}`, (body) => valueAt(body, 'status') !== 'pending', 10_000);
  expect(await farm.ok('GET', `/v1/print-jobs/${normal}`)).toMatchObject({ status: 'pending' });
});
