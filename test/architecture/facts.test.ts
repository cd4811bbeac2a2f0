import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const TEST = join(import.meta.dirname, '..');
const FACTS = 15;

/** docs/protocol.md §14 lists what must never be got wrong. */
it('every fact of the protocol that must not be wrong has a test that bears its number', () => {
  const text = readdirSync(TEST, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => readFileSync(join(TEST, file), 'utf8'))
    .join('\n');
  const numbers = Array.from({ length: FACTS }, (_, at) => `fact-${String(at + 1).padStart(2, '0')}`);
  expect(numbers.filter((fact) => !text.includes(`${fact}:`) && !text.includes(`${fact},`))).toEqual([]);
  const doc = readFileSync(join(TEST, '../docs/protocol.md'), 'utf8');
  expect(numbers.filter((fact) => !doc.includes(`| ${fact} |`))).toEqual([]);
});
