import { type RawBuilder, type SqlBool, sql } from 'kysely';
import type { Change } from '../database/change.js';
import { isOneOf, mentionsOneOf } from '../database/json-sql.js';
import type { Transaction } from '../database/transaction.js';
import { sku } from '../resources/index.js';
import { costBreakdowns } from './costs.js';

/**
 * Recorder: whatever a transaction changed that goes into the cost of SKUs, their `totalCogs` follows within it. So it
 * is the total of their breakdown at any time, without anybody having to think of it.
 */
export async function recordCosts(tx: Transaction): Promise<void> {
  const found = [...(await touchedSkus(tx))];
  if (found.length === 0) return;
  const rows = await tx.db
    .selectFrom('sku')
    .select('id')
    .where(isOneOf(sql.ref('id'), found))
    .execute();
  const there = rows.map(({ id }) => id);
  const totals = await costBreakdowns(tx.db, tx.context.storeId, there);
  for (const [id, { total }] of totals) await tx.update(sku, id, { totalCogs: total });
}

/** Changes of these fields reach costs; an empty list stands for all. Other entities never do. */
const REACHING: Readonly<Record<string, readonly string[]>> = {
  skuCost: [],
  costComponent: ['rate', 'type'],
  linkedPart: ['skuId', 'partId', 'quantity', 'materialAssignments', 'extensions'],
  part: ['metadata', 'slicingEstimate'],
  partMaterialAssignment: [],
  material: ['pricePer1000g'],
  materialVariant: ['pricePer1000g', 'materialId'],
  materialGroupMember: [],
};

function reaches({ resource, action, fields }: Change): boolean {
  const decisive = REACHING[resource];
  if (!decisive) return false;
  return action !== 'UPDATE' || decisive.length === 0 || decisive.some((field) => fields.includes(field));
}

async function touchedSkus(tx: Transaction): Promise<ReadonlySet<string>> {
  const changes = tx.changes.filter(reaches);
  /** Every id that a column held or holds in the changes of one entity. */
  const ids = (resource: string, column: string) =>
    changes
      .filter((change) => change.resource === resource)
      .flatMap(({ before, after }) => [before?.[column], after?.[column]])
      .filter((id): id is string => typeof id === 'string');

  const touched = new Set([...ids('skuCost', 'skuId'), ...ids('linkedPart', 'skuId')]);
  const add = (rows: readonly { readonly skuId: string }[]) => {
    for (const { skuId } of rows) touched.add(skuId);
  };
  const linkedWhere = (condition: RawBuilder<SqlBool>) =>
    tx.db.selectFrom('linkedPart').select('skuId').distinct().where(condition).execute();

  const components = ids('costComponent', 'id');
  if (components.length > 0) {
    const used = isOneOf(sql.ref('costComponentId'), components);
    add(await tx.db.selectFrom('skuCost').select('skuId').distinct().where(used).execute());
  }
  const parts = [...ids('part', 'id'), ...ids('partMaterialAssignment', 'partId')];
  const priced = await pricedAlike(tx, [
    ...ids('material', 'id'),
    ...ids('materialVariant', 'id'),
    ...ids('materialGroupMember', 'materialGroupId'),
  ]);
  if (priced.length > 0) {
    parts.push(...(await partsAssigned(tx, priced)));
    add(await linkedWhere(mentionsOneOf(sql.ref('materialAssignments'), priced)));
  }
  if (parts.length > 0) add(await linkedWhere(isOneOf(sql.ref('partId'), parts)));
  return touched;
}

/** These materials, variants and groups with all that may take their price: variants of them, groups that hold them. */
async function pricedAlike(tx: Transaction, ids: readonly string[]): Promise<readonly string[]> {
  if (ids.length === 0) return [];
  const variants = await tx.db
    .selectFrom('materialVariant')
    .select('id')
    .where(isOneOf(sql.ref('materialId'), ids))
    .execute();
  const filaments = [...ids, ...variants.map(({ id }) => id)];
  const groups = await tx.db
    .selectFrom('materialGroupMember')
    .select('materialGroupId')
    .distinct()
    .where(
      sql<SqlBool>`(${isOneOf(sql.ref('materialId'), filaments)} or ${isOneOf(sql.ref('variantId'), filaments)})`,
    )
    .execute();
  return [...filaments, ...groups.map(({ materialGroupId }) => materialGroupId)];
}

async function partsAssigned(tx: Transaction, ids: readonly string[]): Promise<readonly string[]> {
  const names = ['materialId', 'variantId', 'groupId'].map((column) => isOneOf(sql.ref(column), ids));
  const rows = await tx.db
    .selectFrom('partMaterialAssignment')
    .select('partId')
    .distinct()
    .where(sql<SqlBool>`(${sql.join(names, sql` or `)})`)
    .execute();
  return rows.map(({ partId }) => partId);
}
