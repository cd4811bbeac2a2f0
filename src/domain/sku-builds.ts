import type { Priority } from '../contract/enums.js';
import { ApiError } from '../contract/errors.js';
import { decodeRow } from '../database/rows.js';
import type { Transaction } from '../database/transaction.js';
import { linkedPart, part, sku, skuBuild } from '../resources/index.js';
import type { Row } from '../resources/resource.js';
import type { LinkedPartMaterials, Tags } from '../resources/shapes.js';
import {
  createBuild,
  MAX_COPIES,
  type PartBuild,
  type PlannedBuild,
  planBuild,
  type SkuOrigin,
} from './builds.js';
import { ChosenProperties } from './chosen-properties.js';
import { skuBuildStatusOf } from './job-status.js';
import { requireItem } from './order-items.js';
import { type Choice, type ChosenOption, chooseOptions } from './sku-choices.js';
import { matchSku } from './sku-match.js';
import type { Sku } from './skus.js';

export type SkuBuild = Row<typeof skuBuild>;
type LinkedPart = Row<typeof linkedPart>;

/** What a request changes of one linked part. */
export interface LinkedPartConfig {
  readonly quantity?: number | undefined;
  readonly label?: string | undefined;
  readonly tags?: Tags | undefined;
  readonly parameters?: Readonly<Record<string, unknown>> | undefined;
  readonly plateQuantities?: Readonly<Record<string, number>> | undefined;
  readonly materials?: LinkedPartMaterials | null | undefined;
}

/** One line of a build request that is for a SKU, defaults filled in. */
export interface SkuBuildLine {
  readonly sku: { readonly id: string } | { readonly code: string };
  readonly quantity: number;
  readonly priority: Priority;
  readonly position: 'front' | 'back';
  readonly tags: Tags;
  readonly instanceStart: number;
  readonly order: SkuOrigin['order'];
  /** By the id of a linked part, or by that of a part for all linked parts of it. */
  readonly configs: Readonly<Record<string, LinkedPartConfig>>;
  readonly choices: readonly Choice[];
  /** What a shop says by names of options, where nothing is chosen; it may say more than the SKU has options. */
  readonly inputs?: Readonly<Record<string, unknown>>;
}

export interface PlannedSkuBuild {
  readonly sku: Sku;
  readonly line: SkuBuildLine;
  readonly options: readonly ChosenOption[];
  readonly parts: readonly {
    readonly link: LinkedPart;
    readonly perSku: number;
    readonly plan: PlannedBuild;
  }[];
}

/**
 * What a line for a SKU would make: a part build for each of its linked parts, in their order.
 *
 * @throws ApiError sku_not_found for a code, not_found for an id or an item of an order,
 *   option_required, unprocessable, unsupported_file
 */
export async function planSkuBuild(tx: Transaction, line: SkuBuildLine): Promise<PlannedSkuBuild> {
  const { sku: found, choices: fromCode } = await theSku(tx, line.sku);
  if (line.order) await requireItem(tx, line.order.orderId, line.order.orderItemId);
  const options = await chooseOptions(tx, found, [...fromCode, ...line.choices], line.inputs);
  const properties = new ChosenProperties(tx, found.sku, options);
  const links = await linksOf(tx, found.id);
  const configs = configsFor(links, line.configs);
  const parts: PlannedSkuBuild['parts'][number][] = [];
  for (const link of links) {
    const config = configs.get(link.id) ?? {};
    const perSku = config.quantity ?? link.quantity;
    if (perSku === 0) continue;
    const label = config.label ?? link.label;
    const quantity = line.quantity * perSku;
    if (quantity > MAX_COPIES) {
      throw new ApiError(
        'unprocessable',
        `${line.quantity} × ${found.sku} takes ${quantity} × ${label}; one build makes ${MAX_COPIES} of a part at most`,
      );
    }
    refuseParameters(label, link, config);
    const plateQuantities =
      config.plateQuantities ??
      (await properties.plateQuantities(link.plateQuantitiesBinding)) ??
      link.extensions?.['3mf']?.plateQuantities;
    const plan = planBuild(await tx.get(part, link.partId), {
      partId: link.partId,
      quantity,
      priority: line.priority,
      position: line.position,
      label,
      tags: { ...line.tags, ...config.tags },
      materials: await properties.materials({ ...link.materialAssignments, ...config.materials }),
      ...(plateQuantities ? { plateQuantities } : {}),
    });
    parts.push({ link, perSku, plan });
  }
  return { sku: found, line, options, parts };
}

/** Stores a planned SKU build with its part builds and their jobs, which are in the queue from then on. */
export async function createSkuBuild(
  tx: Transaction,
  { sku: source, line, options, parts }: PlannedSkuBuild,
  createdBy: string | null,
): Promise<{ readonly skuBuild: SkuBuild; readonly partBuilds: readonly PartBuild[] }> {
  const made = await tx.insert(skuBuild, {
    storeId: tx.context.storeId,
    skuId: source.id,
    skuCopy: source,
    status: 'pending',
    skuInstanceStart: line.instanceStart,
    priority: line.priority,
    ...line.order,
    selectedOptions:
      options.length > 0 ? Object.fromEntries(options.map(({ optionId, value }) => [optionId, value])) : null,
  });
  const partBuilds: PartBuild[] = [];
  // In front of each other the last comes first.
  for (const { link, perSku, plan } of line.position === 'front' ? parts.toReversed() : parts) {
    partBuilds.push(
      await createBuild(tx, plan, createdBy, {
        skuBuildId: made.id,
        skuId: source.id,
        skuName: source.sku,
        linkedPartId: link.id,
        numPartsPerSku: perSku,
        instanceStart: line.instanceStart,
        order: line.order,
      }),
    );
  }
  const status = skuBuildStatusOf(partBuilds.map((build) => build.status));
  if (line.position === 'front') partBuilds.reverse();
  return { skuBuild: await tx.update(skuBuild, made.id, { status }), partBuilds };
}

/** @returns the SKU, with the choices that the suffixes of a code stand for */
async function theSku(
  tx: Transaction,
  named: SkuBuildLine['sku'],
): Promise<{ readonly sku: Sku; readonly choices: readonly Choice[] }> {
  if ('id' in named) return { sku: await tx.get(sku, named.id), choices: [] };
  const code = JSON.stringify(named.code);
  const match = await matchSku(tx.db, tx.context.storeId, named.code);
  if (match === 'ambiguous')
    throw new ApiError(
      'sku_not_found',
      `The code ${code} can be read in more than one way; name the SKU and its options`,
    );
  if (!match)
    throw new ApiError(
      'sku_not_found',
      `There is no SKU with the code ${code}, nor one whose options it could name`,
    );
  const choices = match.options.map(({ optionId: id, value }) => ({ id, value }));
  return { sku: await tx.get(sku, match.skuId), choices };
}

async function linksOf(tx: Transaction, skuId: string): Promise<readonly LinkedPart[]> {
  const rows = await tx.db
    .selectFrom('linkedPart')
    .selectAll()
    .where('skuId', '=', skuId)
    .orderBy('position')
    .orderBy('id')
    .execute();
  return rows.map((row) => decodeRow(linkedPart, row));
}

/** What a request says of each linked part, by its id. @throws ApiError unprocessable for what names none of them */
function configsFor(
  links: readonly LinkedPart[],
  given: SkuBuildLine['configs'],
): ReadonlyMap<string, LinkedPartConfig> {
  const configs = new Map<string, LinkedPartConfig>();
  for (const [key, config] of Object.entries(given)) {
    const exact = links.filter(({ id }) => id === key);
    const meant = exact.length > 0 ? exact : links.filter(({ partId }) => partId === key);
    if (meant.length === 0) {
      const allowed = links.map(({ id }) => id);
      throw new ApiError(
        'unprocessable',
        `linkedPartConfigs: ${JSON.stringify(key)} is neither a linked part of the SKU nor a part of one`,
        { allowed },
      );
    }
    // What is said of a linked part itself counts before what is said of its part.
    for (const { id } of meant) {
      configs.set(
        id,
        exact.length > 0 ? { ...configs.get(id), ...config } : { ...config, ...configs.get(id) },
      );
    }
  }
  return configs;
}

function refuseParameters(label: string, link: LinkedPart, config: LinkedPartConfig): void {
  const names = new Set([
    ...link.parameters.map(({ name }) => name),
    ...Object.keys(link.parameterBindings ?? {}),
    ...Object.keys(config.parameters ?? {}),
  ]);
  if (names.size === 0) return;
  throw new ApiError(
    'unprocessable',
    `The linked part "${label}" sets ${[...names].join(', ')}, but a sliced file has no parameters to set`,
  );
}
