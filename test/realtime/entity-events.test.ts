import { setImmediate as turn } from 'node:timers/promises';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { ApiError } from '../../src/contract/errors.js';
import { newId } from '../../src/contract/ids.js';
import type { Recorder } from '../../src/database/database.js';
import type { Transaction } from '../../src/database/transaction.js';
import { removeEntity } from '../../src/domain/entities.js';
import { EntityJournal } from '../../src/domain/entity-journal.js';
import { EntityPublisher } from '../../src/realtime/entity-publisher.js';
import { answered, typeName } from '../../src/resources/answered.js';
import { ALL_RESOURCES, part, printJob, referencesTo, resourceNamed } from '../../src/resources/index.js';
import type { Resource } from '../../src/resources/resource.js';
import { DEFINITIONS } from '../contract/contract.js';
import {
  difference,
  Follower,
  followed,
  type Picture,
  pictureOf,
  presenter,
} from '../domain/entity-follower.js';
import { jobs } from '../domain/rows.js';
import { type TestDatabase, testDatabase } from '../fixtures/database.js';
import { valueAt } from '../fixtures/farm.js';
import { rowsOfEveryKind } from '../fixtures/rows-of-every-kind.js';
import { SILENT_LOG } from './logs.js';

const fieldChanges = z.record(z.string(), z.object({ old: z.unknown(), new: z.unknown() })).nullable();

const CANARY = 'canary-of-what-nobody-is-told';
/** Every type that the outside is told of, as clients know them. */
const TYPES = [
  'printers, parts, printJobs, partBuilds, skuBuilds, partBuildSteps, skus, linkedParts, folders, materials',
  'materialVariants, materialGroups, materialGroupMembers, materialInstances, materialProfileAssignments',
  'partMaterialAssignments, printerSlots, profiles, slicerJobs, orders, orderItems, customers, ignoredSkus',
  'integrations, skuOptions, skuOptionValues, skuOptionProperties, skuOptionPropertyValues, skuOptionBindings',
  'skuOptionValueFilters, costComponents, skuCosts, storeSettings, notificationSettings, maintenanceItems',
  'maintenanceEnrollments, maintenanceCompletionLogs, stores, apiKeys, permissions',
].flatMap((line) => line.split(', '));

let farm: TestDatabase;
let journal: EntityJournal;
let follower: Follower;
let publisher: EntityPublisher;
let ids: ReadonlyMap<string, string>;

beforeAll(async () => {
  journal = new EntityJournal();
  const recorders: readonly Recorder[] = [journal.record];
  farm = await testDatabase({ recorders });
  journal.attach(farm.db, farm.storeId);
  follower = new Follower('everybody');
  follower.take(Number.POSITIVE_INFINITY);
  publisher = new EntityPublisher({ changes: journal, presenter, topicAliases: false, log: SILENT_LOG });
  publisher.add(follower);
  await publisher.start();
  await vi.waitFor(() => expect(typesIn(follower.heard.splice(0), 'INSERT')).toEqual(['stores']));
});
afterAll(async () => {
  await publisher.stop();
  await farm.close();
});

/** What is told of a transaction, which is exactly what it changed. */
async function heardOf(transaction: () => Promise<unknown>): Promise<readonly string[]> {
  const before: Picture = await pictureOf(farm.db, followed);
  await transaction();
  const expected = difference(before, await pictureOf(farm.db, followed));
  await turns();
  const heard = follower.heard.splice(0);
  expect(heard.toSorted()).toEqual([...expected].sort());
  return heard;
}

/** Until everything committed has been told. */
async function turns(): Promise<void> {
  while (journal.waiting.get('everybody') !== 0) await turn();
}

function partsOf(text: string) {
  const [type, action, id, entity, changes] = z
    .tuple([z.string(), z.string(), z.string(), z.unknown(), fieldChanges])
    .parse(JSON.parse(text));
  return { type, action, id, entity, changes };
}

function typesIn(heard: readonly string[], action: string): string[] {
  return heard.map(partsOf).flatMap((told) => (told.action === action ? [told.type] : []));
}

/** Another value that a column takes. */
function otherValue({ columns }: Resource, name: string, now: unknown): unknown {
  const column = columns[name];
  const words: unknown = column && 'options' in column.schema ? column.schema.options : [];
  const texts = [`other ${newId()}`, 'b@farm.example', '#00FF00FF', 'https://other.example'];
  const values = [...texts, 2, 3, true, false, '2027-02-02T00:00:00.000Z', ['x'], [], {}];
  return [...values, ...(Array.isArray(words) ? words : [])].find(
    (value) => column?.schema.safeParse(value).success && column.encode(value) !== column.encode(now),
  );
}

const FIXED: ReadonlySet<string> = new Set(['id', 'storeId', 'createdAt', 'updatedAt']);

/** Columns whose values may be anything, by what is told of them. */
function columnsOf(resource: Resource, hidden: boolean): string[] {
  return Object.entries(resource.columns).flatMap(([name, column]) =>
    !FIXED.has(name) && column.hidden === hidden && !column.references && column.kind !== 'id' ? [name] : [],
  );
}

async function rowOf({
  name,
}: Resource): Promise<Readonly<Record<string, unknown>> & { readonly id: string }> {
  const found = await sql<{ id: string }>`select * from ${sql.table(name)} limit 1`.execute(farm.db.read);
  const [row] = found.rows;
  if (!row) throw new Error(`There is no ${name}`);
  return row;
}

describe('changes of every type', () => {
  it('are of the types that clients know', () => {
    expect(followed.map(({ events }) => events).sort()).toEqual(TYPES.toSorted());
  });

  it('tell what was made, as REST answers it', async () => {
    const heard = await heardOf(async () => {
      ids = await farm.db.write(farm.context, rowsOfEveryKind);
    });
    expect(typesIn(heard, 'INSERT').sort()).toEqual(TYPES.filter((type) => type !== 'stores').sort());
    const wrong = heard.flatMap((text) => {
      const { type, entity } = partsOf(text);
      const resource = followed.find(({ events }) => events === type);
      if (!resource) return [`${type} is no type`];
      // The values are made up; what a REST answer holds, and what the contract wants in it, are the names.
      const names = Object.keys(z.record(z.string(), z.unknown()).parse(entity));
      expect(names.sort()).toEqual(Object.keys(answered(resource).shape).sort());
      const wanted = valueAt(DEFINITIONS[typeName(resource)], 'required');
      return (Array.isArray(wanted) ? wanted : []).flatMap((name) =>
        names.includes(name) ? [] : [`${type} has no ${name}`],
      );
    });
    expect(wrong).toEqual([]);
  });

  it.each(followed.map((resource) => [resource.events, resource] as const))(
    'tell what of %s is another now, and nothing of what nobody sees',
    async (type, resource) => {
      const { id, ...row } = await rowOf(resource);
      const update = (patch: object) => farm.db.write(farm.context, (tx) => tx.update(resource, id, patch));
      const hidden = columnsOf(resource, true).flatMap((name) => {
        const { kind, schema } = resource.columns[name] ?? {};
        const value = kind === 'string' && schema?.safeParse(CANARY).success ? CANARY : undefined;
        return [[name, value ?? otherValue(resource, name, undefined)] as const];
      });
      if (hidden.length > 0) expect(await heardOf(() => update(Object.fromEntries(hidden)))).toEqual([]);
      const changed: string[] = [];
      for (const name of columnsOf(resource, false)) {
        const value = otherValue(resource, name, decoded(resource, name, row[name]));
        if (value === undefined) continue;
        const heard = await heardOf(() => update({ [name]: value }));
        expect(typesIn(heard, 'UPDATE')).toEqual([type]);
        expect(heard.join()).not.toContain(CANARY);
        changed.push(name);
        if (changed.length === 3) break;
      }
      // What only joins two others has nothing of its own to change.
      if (columnsOf(resource, false).length > 0) expect(changed).not.toEqual([]);
      expect(await heardOf(() => farm.db.write(farm.context, (tx) => tx.update(resource, id, {})))).toEqual(
        [],
      );
    },
  );

  it('tell what is gone', async () => {
    const left = new Set(followed.filter(({ name }) => name !== 'store'));
    const gone = new Set<string>();
    for (let passes = 0; left.size > 0 && passes < 10; passes++) {
      for (const resource of left) {
        const id = ids.get(resource.name) ?? '';
        const heard = await heardOf(async () => {
          try {
            await farm.db.write(farm.context, async (tx) => {
              if (await tx.find(resource, id)) await removeEntity(tx, resource, id);
            });
            left.delete(resource);
          } catch (error) {
            // Another that is still there needs it.
            if (!(error instanceof ApiError && error.code === 'in_use')) throw error;
          }
        });
        for (const type of typesIn(heard, 'DELETE')) gone.add(type);
      }
    }
    expect([...gone].sort()).toEqual(TYPES.filter((type) => type !== 'stores').sort());
  });
});

/** A column of what the outside hears of that holds the id of another of that, as tables and definitions say. */
interface Key {
  readonly from: string;
  readonly column: string;
  readonly to: string;
  readonly onDelete: string;
}

const toldNames = new Set(followed.map(({ name }) => name));
const byCode: Key[] = followed.flatMap(({ name: from, columns }) =>
  Object.entries(columns).flatMap(([column, { references }]) =>
    references?.by === 'code' && toldNames.has(references.resource)
      ? [{ from, column, to: references.resource, onDelete: references.onDelete }]
      : [],
  ),
);

async function foreignKeys(): Promise<Key[]> {
  const { rows } = await sql<Key>`
    select m."name" as "from", k."from" as "column", k."table" as "to", lower(k."on_delete") as "onDelete"
    from "sqlite_schema" m, pragma_foreign_key_list(m."name") k where m."type" = 'table'
  `.execute(farm.db.read);
  return rows.filter(({ from, to }) => toldNames.has(from) && toldNames.has(to) && to !== 'store');
}

/** Another row with the same values, but for those that only one may have. */
async function another(tx: Transaction, resource: Resource, id: string): Promise<string> {
  const { updatedAt: _, createdAt: __, ...values } = await tx.get(resource, id);
  const fresh = 'name' in values ? { name: `text ${newId()}` } : {};
  return (await tx.insert(resource, { ...values, ...fresh, id: newId() })).id;
}

it('what goes or is emptied with what it refers to is told, by every reference there is', async () => {
  const keys = [...(await foreignKeys()), ...byCode].filter(({ onDelete }) => onDelete !== 'restrict');
  expect(keys.length).toBeGreaterThan(60);
  for (const { from, column, to, onDelete } of keys) {
    const [other, target] = [resourceNamed(from), resourceNamed(to)];
    const [holder, named] = await farm.db.write(farm.context, async (tx) => {
      const made = await rowsOfEveryKind(tx);
      for (const { other: kind, onDelete: rule } of referencesTo(target)) {
        const needing = made.get(kind.name) ?? '';
        // The target is needed by these, whatever they refer to otherwise.
        if (rule === 'restrict' && (await tx.find(kind, needing))) await removeEntity(tx, kind, needing);
      }
      const id = made.get(to) ?? '';
      const own = from === to ? await another(tx, other, id) : (made.get(from) ?? '');
      await tx.update(other, own, { [column]: id });
      return [own, id];
    });
    await turns();
    follower.heard.splice(0);
    const heard = await heardOf(() => farm.db.write(farm.context, (tx) => removeEntity(tx, target, named)));
    const events = heard.map(partsOf).filter(({ type, id }) => type === other.events && id === holder);
    expect(events, `${from}.${column}`).toEqual([
      onDelete === 'cascade'
        ? expect.objectContaining({ action: 'DELETE' })
        : expect.objectContaining({
            action: 'UPDATE',
            changes: expect.objectContaining({ [column]: { old: named, new: null } }),
          }),
    ]);
  }
});

it('a part whose past is long is told with all of it, and what else was done to some of it', async () => {
  await farm.db.write(farm.context, (tx) => jobs(tx, 300));
  const [id = ''] = await farm.db.write(farm.context, async (tx) => {
    const [first = ''] = await jobs(tx, 10);
    const job = await tx.get(printJob, first);
    // Whatever was made before is of this part, too.
    await sql`update "printJob" set "partId" = ${job.partId}`.execute(tx.db);
    for (let made = 0; made < 1_300; made += 300)
      for (const more of await jobs(tx, 300)) await tx.update(printJob, more, { partId: job.partId });
    return [job.partId ?? ''];
  });
  await turns();
  follower.heard.splice(0);
  const heard = await heardOf(() =>
    farm.db.write(farm.context, async (tx) => {
      const [before = '', after = '', gone = ''] = await tx.referring(printJob, 'partId', id);
      await tx.update(printJob, before, { label: 'changed before' });
      await removeEntity(tx, part, id);
      await tx.update(printJob, after, { label: 'changed after' });
      await tx.update(printJob, after, { label: 'changed again' });
      await removeEntity(tx, printJob, gone);
    }),
  );
  expect(typesIn(heard, 'UPDATE').filter((type) => type === 'printJobs').length).toBeGreaterThan(1_500);
  expect(typesIn(heard, 'DELETE').sort()).toEqual(['parts', 'printJobs']);
});

function decoded({ columns }: Resource, name: string, raw: unknown): unknown {
  const value = typeof raw === 'string' || typeof raw === 'number' ? raw : null;
  return value === null ? null : columns[name]?.decode(value);
}

it('no answer is made of what nobody is told, so that what is gone can still be told of', () => {
  for (const resource of ALL_RESOURCES.filter(({ events }) => events !== null)) {
    const row = new Proxy({} as Record<string, unknown>, {
      get: (_, name) => {
        if (resource.columns[String(name)]?.hidden)
          throw new Error(`${resource.name} answers ${String(name)}`);
        return name === 'partCopy' ? {} : null;
      },
    });
    resource.present(row as never, presenter);
  }
});
