import fc from 'fast-check';
import { type Kysely, type KyselyPlugin, sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '../../src/contract/ids.js';
import { insertStatement } from '../../src/database/rows.js';
import { LIMITS } from '../../src/query/condition.js';
import { parseListParameters } from '../../src/query/parse-get.js';
import { parseShape } from '../../src/query/parse-include.js';
import { runList } from '../../src/query/run-list.js';
import { id, integer, nullable, text } from '../../src/resources/column.js';
import { ALL_RESOURCES, part, type Tables } from '../../src/resources/index.js';
import { many, one, type Resource, resource } from '../../src/resources/resource.js';
import { type TestDatabase, testDatabase } from '../fixtures/database.js';

const shelf = resource({
  name: 'shelf',
  label: 'shelf',
  columns: { name: text(), keeperId: nullable(id()) },
  relations: { books: many('book', 'shelfId'), keeper: one('person', 'keeperId') },
});
const book = resource({
  name: 'book',
  label: 'book',
  columns: { title: text(), shelfId: nullable(id()), authorId: nullable(id()), pages: integer() },
  relations: { shelf: one('shelf', 'shelfId'), author: one('person', 'authorId') },
});
const person = resource({
  name: 'person',
  label: 'person',
  columns: { name: text(), pin: text({ hidden: true }) },
  relations: { books: many('book', 'authorId') },
});

const library: Readonly<Record<string, Resource>> = { shelf, book, person };
function lookup(name: string): Resource {
  const found = library[name];
  if (!found) throw new Error(name);
  return found;
}

let farm: TestDatabase;
/** SQL texts that were run. */
let queries = 0;
let read: Kysely<Tables>;

beforeAll(async () => {
  farm = await testDatabase();
  const counting: KyselyPlugin = {
    transformQuery: ({ node }) => {
      queries += 1;
      return node;
    },
    transformResult: async ({ result }) => result,
  };
  read = farm.db.read.withPlugin(counting);
  for (const entity of Object.values(library)) {
    const columns = Object.entries(entity.columns).map(
      ([name, column]) => sql`${sql.ref(name)} ${sql.raw(column.sql)}`,
    );
    await sql`create table ${sql.table(entity.name)} (${sql.join(columns)})`.execute(farm.db.read);
  }
});
afterAll(() => farm.close());

async function insert(entity: Resource, row: Record<string, unknown>, storeId = farm.storeId) {
  const at = '2026-01-01T00:00:00.000Z';
  const whole = { id: newId(), createdAt: at, updatedAt: at, storeId, ...row };
  await farm.db.read.executeQuery(insertStatement(entity, whole));
  return whole.id;
}

async function clear() {
  for (const name of Object.keys(library)) await sql`delete from ${sql.table(name)}`.execute(farm.db.read);
}

async function list(entity: Resource, include: string, fields = '') {
  const query = { ...parseListParameters(entity, [], { defaultLimit: 100 }) };
  const presenter = { fileUrl: (uri: string) => uri };
  queries = 0;
  const shape = parseShape(entity, include, fields, lookup);
  return (await runList(read, entity, farm.storeId, { ...query, ...shape }, presenter)).data;
}

const refused = (code: string) => expect.objectContaining({ code });

describe('relations that are included', () => {
  it('come as an object, null or a list, two levels deep', async () => {
    await clear();
    const ada = await insert(person, { name: 'Ada', pin: '1234' });
    const full = await insert(shelf, { name: 'full', keeperId: ada });
    await insert(shelf, { name: 'bare', keeperId: null });
    await insert(book, { title: 'One', shelfId: full, authorId: ada, pages: 1 });
    await insert(book, { title: 'Two', shelfId: full, authorId: null, pages: 2 });
    const [first, second] = await list(shelf, 'books,books.author,keeper');
    expect([first, second].map((found) => found?.name).sort()).toEqual(['bare', 'full']);
    const there = first?.name === 'full' ? first : second;
    expect(there?.books).toHaveLength(2);
    expect(there).toMatchObject({
      keeper: { name: 'Ada' },
      books: expect.arrayContaining([
        expect.objectContaining({ title: 'One', author: expect.objectContaining({ name: 'Ada' }) }),
        expect.objectContaining({ title: 'Two', author: null }),
      ]),
    });
    expect(first?.name === 'full' ? second : first).toMatchObject({ books: [], keeper: null });
    expect(JSON.stringify(there)).not.toContain('1234');
  });

  it('are never those of another store', async () => {
    await clear();
    const other = await insert(person, { name: 'Eve', pin: '' }, newId());
    const own = await insert(shelf, { name: 'own', keeperId: other });
    await insert(book, { title: 'Foreign', shelfId: own, authorId: null, pages: 1 }, newId());
    expect(await list(shelf, 'books,keeper')).toMatchObject([{ books: [], keeper: null }]);
  });

  it('obey fields, which keep id and storeId', async () => {
    await clear();
    const home = await insert(shelf, { name: 'a', keeperId: null });
    const only = await insert(book, { title: 'One', shelfId: home, authorId: null, pages: 1 });
    const { storeId } = farm;
    expect(await list(shelf, 'books', 'name,books.title')).toEqual([
      { id: home, storeId, name: 'a', books: [{ id: only, storeId, title: 'One' }] },
    ]);
    expect(await list(shelf, 'books', 'books.pages')).toEqual([
      { id: home, storeId, books: [{ id: only, storeId, pages: 1 }] },
    ]);
    expect(await list(shelf, 'books', 'name')).toMatchObject([{ books: [{ title: 'One', pages: 1 }] }]);
  });

  it('are the same as those looked up one by one, with one query for each relation', async () => {
    const rows = fc.record({
      people: fc.integer({ min: 1, max: 4 }),
      shelves: fc.array(fc.option(fc.nat(5)), { maxLength: 6 }),
      books: fc.array(fc.tuple(fc.option(fc.nat(7)), fc.option(fc.nat(5))), { maxLength: 20 }),
    });
    await fc.assert(
      fc.asyncProperty(rows, async ({ people, shelves, books }) => {
        await clear();
        const persons: string[] = [];
        for (let index = 0; index < people; index += 1)
          persons.push(await insert(person, { name: `P${index}`, pin: '' }));
        const places: string[] = [];
        for (const keeper of shelves)
          places.push(
            await insert(shelf, {
              name: 's',
              keeperId: keeper === null ? null : (persons[keeper] ?? newId()),
            }),
          );
        const written = [];
        for (const [place, author] of books) {
          const row = {
            title: 'b',
            pages: 1,
            shelfId: place === null ? null : (places[place] ?? null),
            authorId: author === null ? null : (persons[author] ?? null),
          };
          written.push({ ...row, id: await insert(book, row) });
        }
        const found = await list(shelf, 'books,books.author,keeper');
        // The page, and each of the three relations that has anything to look for.
        expect(queries).toBeLessThanOrEqual(4);
        for (const entity of found) {
          const own = written.filter((one) => one.shelfId === entity.id);
          const given = Array.isArray(entity.books) ? entity.books : [];
          expect(given.map((one) => one.id).sort()).toEqual(own.map((one) => one.id).sort());
          for (const one of given) expect(one.author?.id ?? null).toBe(one.authorId);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('are refused when an answer would hold too many of them', async () => {
    await clear();
    const home = await insert(shelf, { name: 'a', keeperId: null });
    await sql`
      insert into "book" ("id", "storeId", "createdAt", "updatedAt", "title", "shelfId", "pages")
      with recursive "n" ("n") as (select 1 union all select "n" + 1 from "n" where "n" <= ${LIMITS.maxRelated})
      select 'b' || "n", ${farm.storeId}, '', '', 't', ${home}, 1 from "n"
    `.execute(farm.db.read);
    await expect(list(shelf, 'books')).rejects.toEqual(refused('too_many_relations'));
  });
});

describe('what include may say', () => {
  const parse =
    (include: string, fields = '') =>
    () =>
      parseShape(shelf, include, fields, lookup);

  it('is four relations, a dotted one counting once and bringing its parent', () => {
    const shape = parse('books.author,books.shelf,keeper,keeper.books')();
    expect(shape.include.map(({ name }) => name)).toEqual(['books', 'keeper']);
    expect(shape.include[0]?.include.map(({ name }) => name)).toEqual(['author', 'shelf']);
    expect(parse('books,books.author,books.shelf,keeper,keeper.books')).toThrow(
      refused('too_many_relations'),
    );
    expect(parse('books.author.books')).toThrow(refused('too_many_relations'));
    expect(parse('books, books ,books')().include).toHaveLength(1);
  });

  it('is names that there are; else the answer lists them', () => {
    for (const wrong of ['pages', 'books.cover', '__proto__', 'constructor', 'books.', '.books'])
      expect(parse(wrong)).toThrow(refused('unknown_relation'));
    expect(parse('nothing')).toThrow(expect.objectContaining({ details: { allowed: ['books', 'keeper'] } }));
  });

  it('goes with fields of what is included alone', () => {
    expect(parse('books', 'books.cover')).toThrow(refused('unknown_field'));
    expect(parse('books', 'keeper.name')).toThrow(refused('unknown_field'));
    expect(parse('books', 'books.author.name')).toThrow(refused('unknown_field'));
    expect(parse('keeper', 'keeper.pin')).toThrow(refused('unknown_field'));
    expect(parse('books.author', 'books.author.name')().include[0]?.include[0]?.fields).toEqual([
      'id',
      'storeId',
      'name',
    ]);
  });

  it('is known to lists and searches alike', () => {
    expect(() => parseListParameters(part, [['include', 'nonsense']], { defaultLimit: 1 })).toThrow(
      refused('unknown_relation'),
    );
  });
});

describe.each(ALL_RESOURCES.map((entity) => [entity.name, entity] as const))(
  'relations of %s',
  (_name, entity) => {
    it('lead to entities by columns that hold ids', () => {
      for (const { kind, target, via } of Object.values(entity.relations)) {
        const other = ALL_RESOURCES.find((known) => known.name === target);
        const column = kind === 'one' ? entity.columns[via] : other?.columns[via];
        expect(column?.kind, `${target}.${via}`).toBe('id');
      }
    });
  },
);
