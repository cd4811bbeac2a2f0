import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FAULT_NAMES } from '../../drivers/emulator/faults.js';

const TEST = join(import.meta.dirname, '..');
const DOC = readFileSync(join(TEST, '../docs/reliability.md'), 'utf8');
const HERE = 'architecture/reliability';

const ROWS = { fault: 42, pain: 44 } as const;
/** Capabilities that are still to come; a row may leave its test to one of them. */
const LATER = ['backup', 'camera', 'materials', 'slicing'];

interface Row {
  readonly tag: string;
  readonly outcome: string;
  /** Under `test/`, without `.test.ts`. */
  readonly files: readonly string[];
}

const rows: readonly Row[] = DOC.split('\n').flatMap((line) => {
  const [, tag = '', , outcome = '', tests = ''] = line.split('|').map((cell) => cell.trim());
  if (!/^(fault|pain)-\d/.test(tag)) return [];
  return [{ tag, outcome, files: [...tests.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? '') }];
});

/** Tags in the titles of a test file; titles are the only texts that bear them. */
function tagsIn(text: string): ReadonlySet<string> {
  const strings = text.match(/'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`/g) ?? [];
  return new Set(strings.flatMap((found) => found.match(/\b(?:fault|pain)-\d+\b/g) ?? []));
}

const files = readdirSync(TEST, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.test.ts'))
  .map((file) => ({ name: file.replace(/\.test\.ts$/, ''), text: readFileSync(join(TEST, file), 'utf8') }))
  .filter(({ name }) => name !== HERE);
const tagged: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  files.map(({ name, text }) => [name, tagsIn(text)]),
);

describe('the tables of docs/reliability.md', () => {
  it.each(Object.entries(ROWS))('number every %s', (kind, count) => {
    const numbers = Array.from({ length: count }, (_, at) => `${kind}-${String(at + 1).padStart(2, '0')}`);
    expect(rows.map((row) => row.tag).filter((tag) => tag.startsWith(kind))).toEqual(numbers);
  });

  it('name for every row a test that bears its tag, or who owns it later', () => {
    const wrong = rows.flatMap(({ tag, outcome, files: named }) => {
      const owner = /^later: (\w+)$/.exec(outcome)?.[1];
      if (owner !== undefined && LATER.includes(owner) && named.length === 0) return [];
      if (named.length === 0) return [`${tag} names no test`];
      return named
        .filter((file) => !tagged.get(file)?.has(tag))
        .map((file) => `${tag}: no title in test/${file}.test.ts bears it`);
    });
    expect(wrong).toEqual([]);
  });

  it('have a row for every tag, which names the tests that bear it', () => {
    const known = new Map(rows.map((row) => [row.tag, row]));
    const wrong = [...tagged].flatMap(([file, tags]) =>
      [...tags].flatMap((tag) => {
        const row = known.get(tag);
        if (!row) return [`test/${file}.test.ts bears ${tag}, which is no row`];
        return row.files.length > 0 ? [] : [`test/${file}.test.ts bears ${tag}, whose row names no test`];
      }),
    );
    expect(wrong).toEqual([]);
  });
});

describe('every fault of the emulator', () => {
  it('is met by the whole daemon in a test of test/faults', () => {
    const text = files
      .filter(({ name }) => name.startsWith('faults/'))
      .map((file) => file.text)
      .join('\n');
    expect(FAULT_NAMES.filter((name) => !text.includes(`'${name}'`))).toEqual([]);
  });
});
