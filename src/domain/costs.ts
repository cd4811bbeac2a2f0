import { type Kysely, sql } from 'kysely';
import { isOneOf } from '../database/json-sql.js';
import { decodeRow } from '../database/rows.js';
import { linkedPart, part, type Tables } from '../resources/index.js';
import type { Row } from '../resources/resource.js';
import { type Alternatives, filamentPrices } from './filament-prices.js';
import { filamentUse } from './filament-use.js';
import { type Decimal, decimal, money, plus, times, toNumber, ZERO } from './money.js';

/** What one copy of a SKU costs to make, in the store's currency, each amount with four places. */
export interface CostBreakdown {
  readonly materials: number;
  readonly labor: number;
  readonly overhead: number;
  /** The sum of the three as they are shown. */
  readonly total: number;
}

interface Sums {
  material: Decimal;
  labor: Decimal;
  overhead: Decimal;
}

/**
 * Cost breakdowns by SKU id: rate × quantity of each cost component by its type, and the filament of the linked parts
 * where estimate and price are known. A fixed number of queries, however many SKUs; sums are exact, and rounded once.
 */
export async function costBreakdowns(
  db: Kysely<Tables>,
  storeId: string,
  skuIds: readonly string[],
): Promise<ReadonlyMap<string, CostBreakdown>> {
  const sums = new Map<string, Sums>(
    skuIds.map((id) => [id, { material: ZERO, labor: ZERO, overhead: ZERO }]),
  );
  await addComponents(db, sums);
  await addFilament(db, storeId, sums);
  return new Map([...sums].map(([id, sum]) => [id, shown(sum)]));
}

function shown({ material, labor, overhead }: Sums): CostBreakdown {
  const parts = [money(material), money(labor), money(overhead)];
  const [materials = ZERO, work = ZERO, rest = ZERO] = parts;
  return {
    materials: toNumber(materials),
    labor: toNumber(work),
    overhead: toNumber(rest),
    total: toNumber(parts.reduce(plus, ZERO)),
  };
}

async function addComponents(db: Kysely<Tables>, sums: ReadonlyMap<string, Sums>): Promise<void> {
  const rows = await db
    .selectFrom('skuCost')
    .innerJoin('costComponent', 'costComponent.id', 'skuCost.costComponentId')
    .select(['skuCost.skuId', 'skuCost.quantity', 'costComponent.rate', 'costComponent.type'])
    .where(isOneOf(sql.ref('skuCost.skuId'), [...sums.keys()]))
    .execute();
  for (const { skuId, quantity, rate, type } of rows) {
    const sum = sums.get(skuId);
    if (sum) sum[type] = plus(sum[type], times(decimal(rate), decimal(quantity)));
  }
}

async function addFilament(
  db: Kysely<Tables>,
  storeId: string,
  sums: ReadonlyMap<string, Sums>,
): Promise<void> {
  const linked = await db
    .selectFrom('linkedPart')
    .selectAll()
    .where(isOneOf(sql.ref('skuId'), [...sums.keys()]))
    .where('quantity', '>', 0)
    .execute();
  if (linked.length === 0) return;
  const partIds = [...new Set(linked.map(({ partId }) => partId))];
  const parts = await partsById(db, partIds);
  const assigned = await assignedMaterials(db, partIds);
  const prices = await filamentPrices(db, storeId);
  for (const row of linked) {
    const link = decodeRow(linkedPart, row);
    const source = parts.get(link.partId);
    const sum = sums.get(link.skuId);
    const use = source ? filamentUse(source, link.extensions?.['3mf']?.plateQuantities) : null;
    if (!sum || !use) continue;
    for (const [channel, grams] of use) {
      const own = link.materialAssignments?.[String(channel)];
      const price = prices.ofFirst(own ?? assigned.get(`${link.partId} ${channel}`) ?? []);
      if (price) sum.material = plus(sum.material, times(times(grams, price), decimal(link.quantity)));
    }
  }
}

type Estimated = Pick<Row<typeof part>, 'metadata' | 'slicingEstimate'>;

async function partsById(
  db: Kysely<Tables>,
  ids: readonly string[],
): Promise<ReadonlyMap<string, Estimated>> {
  const rows = await db
    .selectFrom('part')
    .select(['id', 'metadata', 'slicingEstimate'])
    .where(isOneOf(sql.ref('id'), ids))
    .execute();
  return new Map(rows.map((row) => [row.id, decodeRow(part, row)]));
}

/** Alternatives of each filament channel, best first, by `partId channel`. */
async function assignedMaterials(
  db: Kysely<Tables>,
  partIds: readonly string[],
): Promise<ReadonlyMap<string, Alternatives>> {
  const rows = await db
    .selectFrom('partMaterialAssignment')
    .select(['partId', 'index', 'groupId', 'variantId', 'materialId'])
    .where(isOneOf(sql.ref('partId'), partIds))
    .orderBy('index')
    .orderBy('priority')
    .execute();
  const byChannel = new Map<string, Alternatives>();
  for (const { partId, index, groupId, variantId, materialId } of rows) {
    const channel = byChannel.get(`${partId} ${index}`) ?? [];
    if (groupId !== null) channel.push({ groupId });
    else if (variantId !== null) channel.push({ variantId });
    else if (materialId !== null) channel.push({ materialId });
    byChannel.set(`${partId} ${index}`, channel);
  }
  return byChannel;
}
