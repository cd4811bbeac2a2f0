import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatProblem } from '../../src/config/problem.js';
import { settingsSchema } from '../../src/config/schema.js';
import { scalarSettings, schemaAt, sectionKeys } from '../../src/config/settings-tree.js';
import { editDistance, suggest } from '../../src/config/suggest.js';
import { problemsOf } from './config-file.js';

const LETTERS = [...'abcdefghijklmnopqrstuvwxyz'];

/** One slip of the hand: a letter dropped, doubled, replaced, added, or two swapped. */
const slip = fc.record({
  kind: fc.constantFrom('drop', 'replace', 'add', 'swap'),
  at: fc.nat(),
  letter: fc.constantFrom(...LETTERS),
});

function misspelt(word: string, { kind, at, letter }: { kind: string; at: number; letter: string }): string {
  const index = at % word.length;
  const [before, rest] = [word.slice(0, index), word.slice(index + 1)];
  if (kind === 'drop') return before + rest;
  if (kind === 'replace') return before + letter + rest;
  if (kind === 'add') return before + letter + word.slice(index);
  return before + (rest[0] ?? '') + (word[index] ?? '') + rest.slice(1);
}

const settings = scalarSettings(settingsSchema).map((setting) => setting.path);

describe('edit distance', () => {
  it.each([
    ['port', 'port', 0],
    ['prot', 'port', 1],
    ['prt', 'port', 1],
    ['porrt', 'port', 1],
    ['part', 'port', 1],
    ['', 'port', 4],
    ['host', 'port', 2],
  ])('%s to %s is %i', (from, to, distance) => {
    expect(editDistance(from, to)).toBe(distance);
  });

  it('is symmetric, zero only for equal words and bounded by the longer word', async () => {
    await fc.assert(
      fc.property(fc.string({ maxLength: 12 }), fc.string({ maxLength: 12 }), (from, to) => {
        const distance = editDistance(from, to);
        expect(distance).toBe(editDistance(to, from));
        expect(distance === 0).toBe(from === to);
        expect(distance).toBeLessThanOrEqual(Math.max(from.length, to.length));
      }),
    );
  });
});

describe('a suggestion', () => {
  it('is none when nothing is near', () => {
    expect(suggest('colour', ['http', 'mqtt', 'log'])).toBeNull();
    expect(suggest('x', ['tls'])).toBeNull();
  });

  it('looks past capitals, hyphens and underscores', () => {
    expect(suggest('access_code', ['accessCode', 'accessCodeFile'])).toBe('accessCode');
    expect(suggest('HOST', ['host', 'port'])).toBe('host');
  });

  it('is the right key for a misspelt one, on a line of its own', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...settings), slip, async (path, hand) => {
        const section = path.slice(0, -1);
        const key = path.at(-1) ?? '';
        const typed = misspelt(key, hand);
        const siblings = sectionKeys(schemaAt(settingsSchema, section) ?? settingsSchema);
        // A slip may by chance make another key, or land as near to one.
        fc.pre(typed !== '' && !siblings.includes(typed));
        fc.pre(
          siblings.every((other) => other === key || editDistance(typed, other) > editDistance(typed, key)),
        );

        const indent = (depth: number) => '  '.repeat(depth);
        const lines = [...section, typed].map((part, depth) => `${indent(depth)}"${part}":`);
        const problems = await problemsOf(`${lines.join('\n')} null\n`);
        const problem = problems.find((one) => one.key === [...section, typed].join('.'));
        expect(problem?.line).toBe(path.length);
        expect(problem === undefined ? '' : formatProblem(problem).split('\n').at(-1)).toBe(
          `    did you mean "${key}"?`,
        );
      }),
      { numRuns: 300 },
    );
  });
});
