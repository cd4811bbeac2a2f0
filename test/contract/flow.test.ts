import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type TestFarm, testFarm, textAt, valueAt } from '../fixtures/farm.js';
import { buildSlicedFile } from '../fixtures/sliced-file.js';

let farm: TestFarm;

beforeAll(async () => {
  farm = await testFarm();
});
afterAll(() => farm.stop());

it('prints an uploaded file to its end', async () => {
  const bytes = await buildSlicedFile({
    model: 'N1',
    plates: [
      {
        index: 1,
        predictionSeconds: 600,
        weightGrams: 5,
        filaments: [{ id: 1, type: 'PLA', color: '#FFFFFF', infoIdx: 'GFA00', usedGrams: 5, usedMeters: 2 }],
      },
    ],
  });
  const path = await farm.upload('a cube.gcode.3mf', bytes);
  const part = await farm.ok('POST', '/v1/parts', { name: 'Cube', type: 'gcode3mf', fileUris: [path] });
  expect(valueAt(part, 'fileHashes', 0)).toBe(createHash('sha256').update(bytes).digest('hex'));
  const build = await farm.ok('POST', '/v2/builds', { parts: [{ partId: textAt(part, 'id') }] });
  const buildId = textAt(build, 'partBuilds', 0, 'id');
  await farm.until(`/v1/part-builds/${buildId}`, (body) => valueAt(body, 'status') === 'success');
});
