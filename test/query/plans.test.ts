import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isOneOf } from '../../src/database/json-sql.js';
import { leftovers } from '../../src/dispatch/cleaner.js';
import { openJobCounts } from '../../src/farm-figures.js';
import { compileCondition, compileSort } from '../../src/query/compile.js';
import { parseListParameters } from '../../src/query/parse-get.js';
import {
  ALL_RESOURCES,
  apiKey,
  auditLog,
  order,
  orderItem,
  part,
  partBuild,
  printer,
  printJob,
  resourceNamed,
  sku,
  skuBuild,
} from '../../src/resources/index.js';
import type { Resource } from '../../src/resources/resource.js';
import { type TestDatabase, testDatabase } from '../fixtures/database.js';

let farm: TestDatabase;
beforeAll(async () => {
  farm = await testDatabase();
  await fill();
  farm.db.optimise();
});
afterAll(() => farm.close());

/** A queue of some size, so that the planner has something to go by. */
async function fill(): Promise<void> {
  await farm.db.write(farm.context, async (tx) => {
    const { storeId } = farm.context;
    for (let line = 0; line < 50; line += 1) {
      const text = `SKU ${line}`;
      const { id: skuId } = await tx.insert(sku, { storeId, sku: text, title: text, description: '' });
      for (let copy = 0; copy < 4; copy += 1)
        await tx.insert(skuBuild, { storeId, skuId, skuCopy: {}, status: 'success', priority: 100 });
    }
    for (let line = 0; line < 100; line += 1) {
      const made = await tx.insert(part, {
        storeId,
        name: `Part ${line}`,
        type: 'gcode3mf',
        fileUris: ['x'],
        fileHashes: ['x'],
      });
      const build = await tx.insert(partBuild, {
        storeId,
        partId: made.id,
        partCopy: {},
        quantity: 10,
        status: 'queued',
        printStatus: 'pending',
        priority: 100,
        position: 'back',
      });
      for (let copy = 0; copy < 10; copy += 1) {
        const done = copy < 8;
        await tx.insert(printJob, {
          storeId,
          partBuildId: build.id,
          quantityIndex: copy + 1,
          quantityTotal: 10,
          filesToPrint: ['x'],
          partId: made.id,
          partName: made.name,
          label: made.name,
          queueOrder: (line * 10 + copy) * 1024,
          priority: 100,
          status: done ? 'completed' : 'pending',
          assignedPrinterId: done ? `${String(line % 20).padStart(23, 'p')}x` : null,
        });
      }
    }
  });
}

/** A store has one of these, or a handful. */
const FEW = new Set([
  'store',
  'storeSettings',
  'userSettings',
  'subscription',
  'addon',
  'addonSubscription',
  'entitlement',
  'notificationSetting',
  'role',
  'passkey',
  'userSession',
  'ignoredSku',
]);

/** How the database would go about a list request. */
async function plan(resource: Resource, parameters: string): Promise<string> {
  const query = parseListParameters(resource, [...new URLSearchParams(parameters)], { defaultLimit: 100 });
  const steps = await sql<{ detail: string }>`
    explain query plan select * from ${sql.table(resource.name)}
    where ${sql.ref(`${resource.name}.storeId`)} = ${farm.storeId} and ${compileCondition(resource, query.filter)}
    order by ${compileSort(resource, query.sort)} limit ${query.limit} offset ${query.offset}
  `.execute(farm.db.read);
  return steps.rows.map((row) => row.detail).join('; ');
}

describe('lists that farms ask for all day', () => {
  it.each<[string, Resource, string, string]>([
    ['the whole queue', printJob, '', 'job_order'],
    ['who did what', auditLog, '', 'audit_by_created'],
    ['who did what since then', auditLog, 'createdAt.gte=2026-01-01', 'audit_by_created'],
    ['the pending jobs in queue order', printJob, 'status=pending&limit=200', 'job_queue'],
    ['the jobs of one priority', printJob, 'priority=100', 'job_order'],
    ['the newest jobs by time', printJob, 'sort=createdAt', 'job_by_created'],
    ['the parts in their order', part, '', 'part_by_created'],
    ['the parts since a time', part, 'createdAt.gte=2026-03-01', 'part_by_created'],
    ['the builds in their order', partBuild, '', 'build_by_created'],
    ['the orders in their order', order, '', 'order_by_created'],
    ['the open orders', order, 'status=open', 'order_by_status'],
    ['the items of all orders', orderItem, '', 'item_by_created'],
  ])('walk an index and sort nothing: %s', async (_what, resource, parameters, index) => {
    const steps = await plan(resource, parameters);
    expect(steps).toContain(`INDEX ${index}`);
    expect(steps).not.toContain('TEMP B-TREE');
  });

  it.each<[string, Resource, string, string]>([
    ['the jobs of a printer', printJob, `assignedPrinterId=${'3'.padStart(23, 'p')}x`, 'job_by_printer'],
    ['the jobs of a build', printJob, `partBuildId=${'a'.repeat(24)}`, 'job_by_build'],
    ['the jobs of a SKU', printJob, `skuId=${'a'.repeat(24)}`, 'job_by_sku'],
    ['the builds of a SKU', partBuild, `skuId=${'a'.repeat(24)}&status=queued`, 'build_by_sku'],
    ['a SKU and its own builds', skuBuild, `skuId=${'a'.repeat(24)}`, 'sku_build_by_sku'],
    ['the items of an order', orderItem, `orderId=${'a'.repeat(24)}`, 'item_by_order'],
    ['the jobs of an order', printJob, `orderId=${'a'.repeat(24)}`, 'job_by_order'],
    ['jobs in several states', printJob, 'status.in=printing,paused', 'job_queue'],
    ['the newest parts first', part, 'sort=createdAt:desc', 'part_by_created'],
  ])('find their rows by an index: %s', async (_what, resource, parameters, index) => {
    expect(await plan(resource, parameters)).toMatch(new RegExp(`INDEX ${index}\\b`));
  });

  it.each(
    ALL_RESOURCES.filter(({ name, path }) => path !== null && !FEW.has(name)).map(
      (resource) => [resource.label, resource] as const,
    ),
  )('walk an index by time: every %s', async (_label, resource) => {
    for (const direction of ['asc', 'desc']) {
      const steps = await plan(resource, `createdAt.gte=2026-03-01&sort=createdAt:${direction}`);
      expect(steps).toMatch(/USING INDEX \w+ \(storeId=\? AND createdAt>\?\)/);
      // Only those of the same millisecond are left to be put in order.
      expect(steps).not.toContain('TEMP B-TREE FOR ORDER BY');
    }
  });

  it.each(
    ALL_RESOURCES.flatMap((resource) =>
      Object.entries(resource.relations)
        // A farm has few printers: they are read whole.
        .filter(([, { kind, target }]) => kind === 'many' && target !== 'printer')
        .map(([name, { target, via }]) => [`${resource.name}.${name}`, resourceNamed(target), via] as const),
    ),
  )('find what is included by an index: %s', async (_name, target, via) => {
    const steps = await sql<{ detail: string }>`
      explain query plan select * from ${sql.table(target.name)}
      where ${isOneOf(sql.ref(`${target.name}.${via}`), ['x'])}
      order by ${compileSort(target, [])} limit 100
    `.execute(farm.db.read);
    const plan = steps.rows.map((row) => row.detail).join('; ');
    expect(plan).toMatch(new RegExp(`SEARCH ${target.name} USING INDEX \\w+ \\(${via}=`));
  });

  it('finds what may still lie on printers without a look through the past', async () => {
    const query = leftovers(farm.db.read, farm.storeId).$castTo<never>();
    const steps = await sql<{ detail: string }>`explain query plan select * from ${query}`.execute(
      farm.db.read,
    );
    expect(steps.rows.map((row) => row.detail).join('; ')).toContain('INDEX dispatch_cleanup');
  });

  it('counts the open jobs along the index of the queue alone', async () => {
    const query = openJobCounts(farm.db, farm.storeId).$castTo<never>();
    const steps = await sql<{ detail: string }>`explain query plan select * from ${query}`.execute(
      farm.db.read,
    );
    expect(steps.rows.map((row) => row.detail).join('; ')).toContain(
      'SEARCH printJob USING COVERING INDEX job_queue (storeId=? AND status=?)',
    );
  });

  it('may read the small tables whole', async () => {
    for (const resource of [printer, apiKey]) expect(await plan(resource, '')).toContain(resource.name);
  });
});
