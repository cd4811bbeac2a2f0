import { join } from 'node:path';
import BetterSqlite from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createKey } from '../../src/domain/api-keys.js';
import { createStore, systemContext } from '../../src/domain/stores.js';
import { openDatabase } from '../../src/installation.js';
import { ALL_RESOURCES } from '../../src/resources/index.js';
import { cube } from '../fixtures/cube.js';
import { type ApiAnswer, type TestFarm, testFarm, textAt } from '../fixtures/farm.js';
import { rowsOfEveryKind } from '../fixtures/rows-of-every-kind.js';
import { type ContractOperation, OPERATIONS } from './contract.js';
import { madeUp } from './made-up.js';

/** Routes that need no credentials. */
const OPEN = /^\/v1\/(hints|passkeys\/(authentication|signup))/;
const CLOSED = OPERATIONS.filter(({ path }) => !OPEN.test(path));

let farm: TestFarm;
let calls = 0;
/** One row of every kind, in the first store. */
let rows: ReadonlyMap<string, string>;
const other = { storeId: '', key: '', rows: new Map<string, string>() as ReadonlyMap<string, string> };

beforeAll(async () => {
  farm = await testFarm({ config: { http: { trustedProxies: ['127.0.0.0/8'] } } });
  const fileUris = [await farm.upload('a.gcode.3mf', await cube())];
  const part = await farm.ok('POST', '/v1/parts', { name: 'Mine alone', type: 'gcode3mf', fileUris });
  const tags = { 'printer.modelName': 'Nobody has it' };
  await farm.ok('POST', '/v2/builds', { parts: [{ partId: textAt(part, 'id'), quantity: 1, tags }] });
  await farm.restart({}, async () => {
    const database = await openDatabase(farm.dataDir, { create: false });
    const store = await createStore(database, 'Another farm');
    rows = await database.write(systemContext(farm.storeId), rowsOfEveryKind);
    other.rows = await database.write(systemContext(store.id), rowsOfEveryKind);
    const { key } = await database.write(systemContext(store.id), (tx) =>
      createKey(tx, { name: 'Its owner', fullAccess: true }),
    );
    other.storeId = store.id;
    other.key = key;
    await database.close();
  });
});
afterAll(() => farm.stop());

type Headers = Readonly<Record<string, string | undefined>>;

/** Calls with ids of the first store, or what is given; from an address of its own, for failures count by address. */
function call(
  operation: ContractOperation,
  headers: Headers,
  ids = rows,
  body?: unknown,
): Promise<ApiAnswer> {
  calls += 1;
  const path = operation.path.replaceAll(/\{(\w+)\}/g, (_all, name: string) => idFor(operation, name, ids));
  return farm.api(operation.method, path, operation.method === 'GET' ? undefined : (body ?? '5'), {
    'x-forwarded-for': `10.${calls >> 16}.${(calls >> 8) & 255}.${calls & 255}`,
    ...headers,
  });
}

/** Kinds by the names of parameters and properties that are not the kind's own. */
const KINDS: Readonly<Record<string, string>> = {
  variant: 'materialVariant',
  instance: 'materialInstance',
  job: 'printJob',
  option: 'skuOption',
};

/** Kinds by paths that are not those of their definitions. */
const PLACES: readonly (readonly [RegExp, string])[] = [
  [/^\/v1\/materials\/variants/, 'materialVariant'],
  [/^\/v1\/materials\/group-members\/\{id\}/, 'materialGroupMember'],
  [/^\/v1\/materials\/group/, 'materialGroup'],
  [/^\/v1\/materials\/instances/, 'materialInstance'],
  [/^\/v1\/sku-(variants|options)\/values/, 'skuOptionValue'],
  [/^\/v1\/sku-(variants|options)\/props/, 'skuOptionProperty'],
  [/^\/v1\/sku-(variants|options)\/prop-values/, 'skuOptionPropertyValue'],
  [/^\/v1\/sku-(variants|options)\/bindings/, 'skuOptionBinding'],
  [/^\/v1\/sku-(variants|options)/, 'skuOption'],
];

/** The id that a parameter or a property of that name most likely means. */
function idFor({ path }: ContractOperation, name: string, ids: ReadonlyMap<string, string>): string {
  const kind = name.replace(/Ids?$/, '');
  const byName = ids.get(KINDS[kind] ?? kind);
  if (byName !== undefined) return byName;
  const place = PLACES.find(([place]) => place.test(path))?.[1];
  const [best] = ALL_RESOURCES.filter((one) => one.path !== null && path.startsWith(one.path)).sort(
    (a, b) => (b.path?.length ?? 0) - (a.path?.length ?? 0),
  );
  return ids.get(place ?? best?.name ?? '') ?? ids.get('part') ?? '';
}

/** What is wrong with the answers to every closed operation, a few at a time. */
async function wrongOf(
  look: (operation: ContractOperation) => Promise<string | null>,
  operations = CLOSED,
): Promise<string[]> {
  const found: string[] = [];
  for (let from = 0; from < operations.length; from += AT_ONCE)
    for (const wrong of await Promise.all(operations.slice(from, from + AT_ONCE).map(look)))
      if (wrong !== null) found.push(wrong);
  return found;
}
const AT_ONCE = 16;

function said(operation: ContractOperation, { status, text }: ApiAnswer): string {
  return `${operation.method} ${operation.path}: ${status} ${text.slice(0, 500)}`;
}

/** Those that let somebody in who shows this. */
const lettingIn = (headers: Headers, operations = CLOSED) =>
  wrongOf(async (operation) => {
    const answer = await call(operation, headers);
    const closed = answer.status === 401 && answer.text.startsWith(UNAUTHORIZED);
    return closed ? null : said(operation, answer);
  }, operations);
const UNAUTHORIZED = '{"statusCode":401,"message":"Unauthorized"';

async function keyWith(given: object): Promise<{ id: string; key: string }> {
  const made = await farm.ok('POST', '/v1/api-keys', { name: 'Walker', ...given });
  return { id: textAt(made, 'id'), key: textAt(made, 'key') };
}

const as = (key: string, scheme = 'ApiKey') => ({ authorization: `${scheme} ${key}` });

describe('every operation of the contract', () => {
  it.each([
    ['no key', { authorization: undefined }],
    ['no store', { 'x-printago-storeid': undefined }],
    ['a key that is none', as('abc')],
    ['a key that nobody has', as('a'.repeat(72))],
    ['a session that nobody has', as(`pfs-${'a'.repeat(72)}`, 'Bearer')],
  ])('is closed for %s', async (_what, headers) => {
    expect(await lettingIn(headers)).toEqual([]);
  });

  it('is closed for an expired key', async () => {
    const { key } = await keyWith({ fullAccess: true, expiresAt: '2026-01-01T00:00:00.000Z' });
    expect(await lettingIn(as(key))).toEqual([]);
  });

  it('is closed, as are all, for a wrong secret, another scheme, and a key that is switched off or gone', async () => {
    const [id, secret] = [farm.key.slice(0, 24), farm.key.slice(24)];
    const off = await keyWith({ fullAccess: true });
    await farm.ok('PATCH', `/v1/api-keys/${off.id}`, { active: false });
    const gone = await keyWith({ fullAccess: true });
    await farm.ok('DELETE', `/v1/api-keys/${gone.id}`);
    const almost = secret.replace(/.$/, (sign) => (sign === 'a' ? 'b' : 'a'));
    const some = CLOSED.filter((_one, index) => index % 10 === 0);
    for (const headers of [
      as(id + almost),
      as(off.key),
      as(gone.key),
      as('YWRtaW46YWRtaW4=', 'Basic'),
      as(farm.key, 'Bearer'),
      { authorization: undefined, 'x-printago-storeid': undefined },
    ])
      expect(await lettingIn(headers, some)).toEqual([]);
  });

  it('is closed for a key that holds everything else', async () => {
    const found = await wrongOf(async (operation) => {
      if (operation.permission === '-') return null;
      const answer = await call(operation, as(await withoutEach(operation.permission.split(','))));
      return answer.status === 403 ? null : said(operation, answer);
    });
    expect(found).toEqual([]);
  });

  it('is closed for a key of another store, whichever store it names', async () => {
    expect(await lettingIn(as(other.key))).toEqual([]);
    expect(await lettingIn({ 'x-printago-storeid': other.storeId })).toEqual([]);
  });

  it('shows and changes nothing of another store', async () => {
    const mine = idsOf(farm.storeId);
    const before = contentOf(farm.storeId);
    const headers = { ...as(other.key), 'x-printago-storeid': other.storeId };
    const look = async (operation: ContractOperation) => {
      const ask = (name: string) => idFor(operation, name, rows);
      const body = operation.request ? madeUp(operation.request, ask) : undefined;
      const answer = await call(operation, headers, rows, body);
      const path = operation.path.replaceAll(/\{(\w+)\}/g, (_all, name: string) => ask(name));
      const named = JSON.stringify(body ?? '') + path;
      const shown = mine.some((id) => answer.text.includes(id) && !named.includes(id));
      const known = operation.path.includes('{') && answer.status < 300 && !NOTHING.has(answer.text);
      const broken = answer.status >= 500 && answer.status !== 501;
      return shown || known || broken ? said(operation, answer) : null;
    };
    // Reading comes first: what is written afterwards names ids of the first store.
    const reads = ({ method, path }: ContractOperation) => method === 'GET' || path.endsWith('/search');
    expect(await wrongOf(async (one) => (reads(one) ? look(one) : null))).toEqual([]);
    expect(await wrongOf(async (one) => (reads(one) ? null : look(one)))).toEqual([]);
    expect(contentOf(farm.storeId)).toEqual(before);
  });

  it('shows a store its own, by the same ids', async () => {
    const single = CLOSED.filter(({ method, path }) => method === 'GET' && path.includes('{'));
    const shown = await wrongOf(async (operation) => {
      const answer = await call(operation, {});
      return answer.status === 200 && !NOTHING.has(answer.text) ? said(operation, answer) : null;
    }, single);
    expect(shown.length).toBeGreaterThan((single.length * 2) / 3);
  });

  it('shows nothing of another store to the first one either', async () => {
    const theirs = idsOf(other.storeId);
    expect(theirs.length).toBeGreaterThan(20);
    const found = await wrongOf(async (operation) => {
      if (operation.method !== 'GET' || operation.path.includes('{')) return null;
      const answer = await call(operation, {});
      return theirs.some((id) => answer.text.includes(id)) ? said(operation, answer) : null;
    });
    expect(found).toEqual([]);
  });
});

/** What an operation says of a thing that is not there, where the contract has no 404 for it. */
const NOTHING: ReadonlySet<string> = new Set(['', 'null', '[]', '{"hasEntitlement":false}']);

const without = new Map<string, string>();

/** A key with every permission that can be given but these, and nothing that gives them by another name. */
async function withoutEach(needed: readonly string[]): Promise<string> {
  const name = needed.join();
  const known = without.get(name);
  if (known !== undefined) return known;
  const all = new Set(
    OPERATIONS.flatMap(({ permission }) => (permission === '-' ? [] : permission.split(','))),
  );
  const permissions = [...all].filter((one) => !needed.includes(one));
  const { key } = await keyWith({ permissions });
  without.set(name, key);
  return key;
}

function database<T>(read: (db: BetterSqlite.Database) => T): T {
  const db = new BetterSqlite(join(farm.dataDir, 'printfarmd.db'), { readonly: true });
  try {
    return read(db);
  } finally {
    db.close();
  }
}

/** Ids of all that belongs to a store, and its own. */
function idsOf(storeId: string): string[] {
  return database((db) =>
    ALL_RESOURCES.flatMap(({ name }) =>
      db.prepare(`select id from "${name}" where "storeId" = ?`).pluck().all(storeId).map(String),
    ),
  );
}

/** What the printers and the calls of this test change by themselves. */
const LIVELY: ReadonlySet<string> = new Set([
  'printer',
  'printerConnection',
  'printerSlot',
  'printerNews',
  'apiKey',
  'auditLog',
]);

function contentOf(storeId: string): Record<string, unknown> {
  return database((db) =>
    Object.fromEntries(
      ALL_RESOURCES.map(({ name }) => [
        name,
        db
          .prepare(`select ${LIVELY.has(name) ? 'id' : '*'} from "${name}" where "storeId" = ? order by id`)
          .all(storeId),
      ]),
    ),
  );
}
