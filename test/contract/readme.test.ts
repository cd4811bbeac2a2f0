import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { cube } from '../fixtures/cube.js';
import { listAt, type TestFarm, testFarm, textAt } from '../fixtures/farm.js';

let farm: TestFarm;

beforeAll(async () => {
  farm = await testFarm({ adopt: false });
  const fileUris = [await farm.upload('first.gcode.3mf', await cube())];
  const partId = textAt(
    await farm.ok('POST', '/v1/parts', { name: 'First part', type: 'gcode3mf', fileUris }),
    'id',
  );
  await farm.ok('POST', '/v2/builds', { parts: [{ partId, quantity: 2 }] });
});
afterAll(() => farm.stop());

/** The README's questions, each with its body if it has one: `ask "/v1/…" -d '…'`. */
function questions(): readonly (readonly [path: string, body: string | undefined])[] {
  const readme = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8');
  const asked = readme.matchAll(/^ask "([^"]+)"(?: -d '([^']+)')?/gm);
  return [...asked].map(([, path = '', body]) => [path, body] as const);
}

it.each(questions())('the README asks %s', async (path, body) => {
  const answer = await farm.api(body === undefined ? 'GET' : 'POST', path, body);
  expect(answer.status, answer.text).toBe(body === undefined ? 200 : 201);
  const found = Array.isArray(answer.body) ? answer.body : listAt(answer.body, 'data');
  // They are about what the first hour has made, so that an answer without any shows that they are not.
  expect(found.length).toBeGreaterThan(0);
});

it('the README asks for each feature of a query', () => {
  expect(questions().length).toBeGreaterThanOrEqual(8);
});
