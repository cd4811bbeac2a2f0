import { z } from 'zod';
import { notFound } from '../../contract/errors.js';
import { decodeRow } from '../../database/rows.js';
import { costBreakdowns } from '../../domain/costs.js';
import { removeEntity } from '../../domain/entities.js';
import { answered } from '../../resources/answered.js';
import { costComponent, sku, skuCost } from '../../resources/index.js';
import type { Deps } from '../deps.js';
import { embedOne } from '../embed.js';
import { type Operation, operation } from '../operation.js';
import { id, idParam } from '../schemas.js';
import { standardOperations } from '../standard.js';

const ofSku = z.object({ skuId: id });
const SUCCESS = { success: true };
const success = () => z.object({ success: z.boolean() });

function withComponents(): z.ZodType {
  const whole = answered(skuCost)
    .extend({ component: answered(costComponent) })
    .meta({ id: 'SkuCostWithComponent' });
  return z.array(whole);
}

const breakdownShape = z
  .object({ materials: z.number(), labor: z.number(), overhead: z.number(), total: z.number() })
  .meta({ id: 'CostBreakdown' });

/** Cost components, how much of them goes into SKUs, and what SKUs cost by them. */
export function costOperations(deps: Deps): Operation[] {
  const { database, presenter } = deps;
  const withComponent = embedOne(deps, { name: 'component', target: costComponent, via: 'costComponentId' });

  /** @throws ApiError not_found */
  async function requireSku(storeId: string, skuId: string): Promise<void> {
    const found = await database.read
      .selectFrom('sku')
      .select('id')
      .where('id', '=', skuId)
      .where('storeId', '=', storeId)
      .executeTakeFirst();
    if (!found) throw notFound(sku.label, skuId);
  }

  const costsOf = operation({
    id: 'skuCosts.bySku',
    method: 'GET',
    path: '/v1/sku-costs/by-sku/{skuId}',
    status: 200,
    summary: 'List the costs of a SKU, each with its component',
    permissions: ['sku.view'],
    params: ofSku,
    body: null,
    answer: withComponents,
    async run({ params: { skuId } }, { caller }) {
      await requireSku(caller.storeId, skuId);
      const rows = await database.read
        .selectFrom('skuCost')
        .selectAll()
        .where('skuId', '=', skuId)
        .orderBy('createdAt')
        .orderBy('id')
        .execute();
      return withComponent(rows.map((row) => skuCost.present(decodeRow(skuCost, row), presenter)));
    },
  });

  const breakdown = operation({
    id: 'skuCosts.breakdown',
    method: 'GET',
    path: '/v1/sku-costs/breakdown/{skuId}',
    status: 200,
    summary: 'What one copy of a SKU costs to make: materials, labour, overhead and their sum',
    permissions: ['sku.view'],
    params: ofSku,
    body: null,
    answer: () => breakdownShape,
    async run({ params: { skuId } }, { caller }) {
      await requireSku(caller.storeId, skuId);
      const breakdowns = await costBreakdowns(database.read, caller.storeId, [skuId]);
      return breakdowns.get(skuId);
    },
  });

  const remove = operation({
    id: 'skuCosts.delete',
    method: 'DELETE',
    path: '/v1/sku-costs/{id}',
    status: 200,
    summary: 'Take a cost off its SKU',
    permissions: ['sku.edit'],
    params: idParam,
    body: null,
    answer: success,
    async run({ params }, { write }) {
      await database.write(write, (tx) => removeEntity(tx, skuCost, params.id));
      return SUCCESS;
    },
  });

  const removeOf = operation({
    id: 'skuCosts.deleteBySku',
    method: 'DELETE',
    path: '/v1/sku-costs/by-sku/{skuId}',
    status: 200,
    summary: 'Take all costs off a SKU',
    permissions: ['sku.edit'],
    params: ofSku,
    body: null,
    answer: success,
    async run({ params: { skuId } }, { write }) {
      await database.write(write, async (tx) => {
        await tx.get(sku, skuId);
        const rows = await tx.db.selectFrom('skuCost').select('id').where('skuId', '=', skuId).execute();
        for (const row of rows) await removeEntity(tx, skuCost, row.id);
      });
      return SUCCESS;
    },
  });

  return [
    costsOf,
    breakdown,
    removeOf,
    remove,
    ...standardOperations(skuCost, deps),
    ...standardOperations(costComponent, deps),
  ];
}
