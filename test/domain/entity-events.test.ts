import { describe, expect, it } from 'vitest';
import type { Change } from '../../src/database/change.js';
import { eventsOf } from '../../src/domain/entity-events.js';

const ID = 'a'.repeat(24);

function change(over: Partial<Change>): Change {
  return { resource: 'printer', action: 'UPDATE', id: ID, before: null, after: null, fields: [], ...over };
}

const row = (values: object) => ({ id: ID, name: 'A', tags: [], setAside: null, updatedAt: '1', ...values });
const made = (values: object) => change({ action: 'INSERT', after: row(values) });
const removed = (values: object) => change({ action: 'DELETE', before: row(values) });
function updated(before: object, after: object): Change {
  const fields = Object.keys(after).filter((name) => name !== 'updatedAt');
  return change({ before: row(before), after: row({ ...before, ...after }), fields });
}

describe('what became of an entity in one transaction', () => {
  it.each<[string, Change[], object[]]>([
    ['made', [made({})], [{ action: 'INSERT', before: null, after: row({}) }]],
    [
      'made and changed',
      [made({}), updated({}, { name: 'B' })],
      [{ action: 'INSERT', after: row({ name: 'B' }) }],
    ],
    ['made and removed', [made({}), removed({})], []],
    [
      'changed twice',
      [updated({}, { name: 'B' }), updated({ name: 'B' }, { tags: ['x'] })],
      [
        {
          action: 'UPDATE',
          fields: ['name', 'tags'],
          before: row({}),
          after: row({ name: 'B', tags: ['x'] }),
        },
      ],
    ],
    ['changed and changed back', [updated({}, { name: 'B' }), updated({ name: 'B' }, { name: 'A' })], []],
    [
      'changed and removed',
      [updated({}, { name: 'B' }), removed({ name: 'B' })],
      [{ action: 'DELETE', before: row({}), after: null }],
    ],
    [
      'removed and made again',
      [removed({}), made({ name: 'B' })],
      [{ action: 'UPDATE', fields: ['name'], after: row({ name: 'B' }) }],
    ],
    ['touched', [updated({}, { updatedAt: '2' })], []],
    ['changed where nobody sees it', [updated({}, { setAside: { reason: 'jam' } })], []],
    ['of a kind that nobody hears of', [{ ...made({}), resource: 'dispatch' }], []],
  ])('%s', (_, changes, expected) => {
    expect(eventsOf(changes)).toEqual(expected.map((event) => expect.objectContaining({ id: ID, ...event })));
  });
});
