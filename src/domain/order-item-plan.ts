import { sql } from 'kysely';
import { ApiError } from '../contract/errors.js';
import { isOneOf } from '../database/json-sql.js';
import { decodeRow } from '../database/rows.js';
import type { Transaction } from '../database/transaction.js';
import { type orderItem, partBuild, printJob } from '../resources/index.js';
import type { Row } from '../resources/resource.js';
import { MAX_JOBS } from './builds.js';
import { isOutcomeUnknown } from './job-status.js';
import { balance, type CountedJob } from './order-balance.js';
import { buildsOf, type WantedCopy, wantedCopies } from './order-builds.js';
import type { Order } from './orders.js';
import { type PlannedSkuBuild, planSkuBuild, type SkuBuildLine } from './sku-builds.js';
import { choicesOf } from './sku-choices.js';

export type OrderItem = Row<typeof orderItem>;

/** What is to be done for one item. */
export interface ItemPlan {
  readonly order: Order;
  readonly item: OrderItem;
  readonly builds: readonly PlannedSkuBuild[];
  /** Ids of jobs that wait and are too many. */
  readonly surplus: readonly string[];
  /** What has to be said of it although it can be done. */
  readonly remarks: readonly string[];
}

/** How new jobs are made. */
export type NewJobs = Pick<SkuBuildLine, 'tags' | 'priority' | 'position'>;

interface Counted extends CountedJob {
  readonly isUnknown: boolean;
}

/** Plans items one by one; those that want the same share what is found out about it. */
export class ItemPlanner {
  readonly #copies = new Map<string, PlannedSkuBuild>();
  #jobs = 0;

  constructor(
    private readonly tx: Transaction,
    private readonly newJobs: NewJobs,
  ) {}

  /** @throws ApiError for what cannot be printed */
  async plan(order: Order, item: OrderItem, jobs: readonly ItemJob[]): Promise<ItemPlan> {
    const copy = await this.#copy(item);
    const counted = countedJobs(copy, jobs);
    const { missing, surplus } = balance<WantedCopy, Counted>(wantedCopies(copy, item.quantity), counted);
    if (this.#jobs + missing.length > MAX_JOBS) {
      throw new ApiError(
        'unprocessable',
        `This takes ${missing.length} more jobs, and one request makes ${MAX_JOBS} at most; ask again for the rest`,
      );
    }
    this.#jobs += missing.length;
    const line = { ...copy.line, order: { orderId: order.id, orderItemId: item.id } };
    return {
      order,
      item,
      builds: buildsOf({ ...copy, line }, missing),
      surplus: surplus.map(({ id }) => id),
      remarks: counted
        .filter(({ isUnknown }) => isUnknown)
        .map(({ id }) => `nobody knows whether the job ${id} was printed, so it counts; retry or resolve it`),
    };
  }

  /** One copy of what the item is of. */
  async #copy(item: OrderItem): Promise<PlannedSkuBuild> {
    const { skuId, skuConfig, inputs, resolutionNote } = item;
    if (skuId === null)
      throw new ApiError('sku_not_found', resolutionNote?.message ?? 'It is of no SKU that the farm knows');
    const key = JSON.stringify([skuId, skuConfig, inputs]);
    const known = this.#copies.get(key);
    if (known) return known;
    const made = await planSkuBuild(this.tx, {
      sku: { id: skuId },
      quantity: 1,
      ...this.newJobs,
      instanceStart: 1,
      order: null,
      configs: skuConfig?.linkedPartConfigs ?? {},
      choices: choicesOf(skuConfig?.selectedOptions ?? {}),
      inputs: inputs ?? {},
    });
    if (made.parts.length === 0) {
      throw new ApiError(
        'unprocessable',
        `The SKU ${made.sku.sku} has no part to print; link one to it, or put the SKU on the list of ignored ones`,
      );
    }
    this.#copies.set(key, made);
    return made;
  }
}

/** The item's jobs that count; what failed does not, unless nobody knows whether it did. */
function countedJobs({ sku, parts }: PlannedSkuBuild, jobs: readonly ItemJob[]): readonly Counted[] {
  const materials = new Map(parts.map(({ link, plan }) => [link.id, JSON.stringify(plan.line.materials)]));
  return jobs.flatMap((job) => {
    const isUnknown = isOutcomeUnknown(job);
    if (job.status === 'failed' && !isUnknown) return [];
    const waits = job.status === 'pending';
    const now = job.linkedPartId === null ? undefined : materials.get(job.linkedPartId);
    const isOfAnother = job.skuId !== null && job.skuId !== sku.id;
    const isOtherwise = waits && now !== undefined && now !== JSON.stringify(job.buildMaterials);
    return {
      id: job.id,
      linkedPartId: job.linkedPartId,
      partId: job.partId,
      plateId: Number(job.extensions?.['3mf']?.plateId ?? 0),
      instance: job.skuInstance,
      waits,
      outdated: isOfAnother || isOtherwise,
      isUnknown,
    };
  });
}

export type ItemJob = Awaited<ReturnType<typeof jobRows>>[number];

/** The jobs of items by item, cancelled ones left out. */
export async function jobsOf(
  tx: Transaction,
  items: readonly OrderItem[],
): Promise<ReadonlyMap<string, readonly ItemJob[]>> {
  const found = new Map<string, ItemJob[]>();
  for (const job of await jobRows(
    tx,
    items.map(({ id }) => id),
  )) {
    const itemId = job.orderItemId ?? '';
    if (!found.get(itemId)?.push(job)) found.set(itemId, [job]);
  }
  return found;
}

async function jobRows(tx: Transaction, itemIds: readonly string[]) {
  const rows = await tx.db
    .selectFrom('printJob')
    .innerJoin('partBuild', 'partBuild.id', 'printJob.partBuildId')
    .select([
      'printJob.id',
      'printJob.orderItemId',
      'printJob.skuId',
      'printJob.linkedPartId',
      'printJob.partId',
      'printJob.skuInstance',
      'printJob.status',
      'printJob.errorMessage',
      'printJob.extensions',
      'partBuild.materialAssignments as buildMaterials',
    ])
    .where(isOneOf(sql.ref('printJob.orderItemId'), itemIds))
    .where('printJob.status', '!=', 'cancelled')
    .orderBy('printJob.queueOrder')
    .orderBy('printJob.id')
    .execute();
  return rows.map(({ buildMaterials, ...row }) => ({
    ...decodeRow(printJob, row),
    buildMaterials: decodeRow(partBuild, { materialAssignments: buildMaterials }).materialAssignments,
  }));
}
