import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { FAULT_NAMES } from '../../../drivers/emulator/index.js';

test('every fault is documented, and nothing else is', async () => {
  const page = await readFile(new URL('../../../docs/emulator.md', import.meta.url), 'utf8');
  const table = page.split('## Faults')[1]?.split('## Control API')[0] ?? '';
  const rows = table.split('\n').filter((line) => line.startsWith('| `'));

  const documented = rows.flatMap((row) => row.split('|')[1]?.match(/[a-z]+\.\w+/g) ?? []);

  expect(documented.toSorted()).toEqual([...FAULT_NAMES].toSorted());
});
