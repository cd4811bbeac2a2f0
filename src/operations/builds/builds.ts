import { ApiError } from '../../contract/errors.js';
import type { Transaction } from '../../database/transaction.js';
import {
  createBuild,
  type PartBuild,
  type PlannedBuild,
  planBuild,
  refuseTooMany,
} from '../../domain/builds.js';
import {
  createSkuBuild,
  type PlannedSkuBuild,
  planSkuBuild,
  type SkuBuild,
} from '../../domain/sku-builds.js';
import type { Sku } from '../../domain/skus.js';
import { part, partBuild, partBuildStep, skuBuild } from '../../resources/index.js';
import type { Presenter } from '../../resources/resource.js';
import type { Deps } from '../deps.js';
import { type Operation, operation } from '../operation.js';
import { noParams } from '../schemas.js';
import { listOperation, searchOperation, standardOperations } from '../standard.js';
import { type BuildRequest, buildLine, buildRequest, skuBuildLine } from './build-request.js';
import { buildPreview, buildResult, buildWithRelations, skuBuildWithRelations } from './build-shapes.js';
import { wholeBuilds, wholeSkuBuilds } from './whole-builds.js';

/** What a request would make. */
interface Plans {
  readonly builds: readonly PlannedBuild[];
  readonly skuBuilds: readonly PlannedSkuBuild[];
}

export function buildOperations(deps: Deps): Operation[] {
  const { database, presenter } = deps;

  const create = operation({
    id: 'builds.create',
    audit: 'build.v2.create',
    method: 'POST',
    path: '/v2/builds',
    status: 201,
    summary: 'Queue prints: all of the request or nothing of it',
    permissions: ['job.create'],
    params: noParams,
    body: buildRequest,
    answer: buildResult,
    async run({ body }, { caller, write }) {
      const made = await database.write(write, (tx) => makeAll(tx, body, caller.actor.id));
      return {
        partBuilds: made.partBuilds.map((row) => partBuild.present(row, presenter)),
        skuBuilds: made.skuBuilds.map((row) => skuBuild.present(row, presenter)),
      };
    },
  });

  const preview = operation({
    id: 'builds.preview',
    method: 'POST',
    path: '/v2/builds/preview',
    status: 201,
    summary: 'What a build request would make, without making it',
    permissions: ['queue.view'],
    orPermission: 'job.create',
    params: noParams,
    body: buildRequest,
    answer: () => buildPreview,
    async run({ body }, { write }) {
      const plans = await database.write(write, (tx) => plansFor(tx, body));
      const all = [
        ...plans.builds.map((plan) => previewOf(plan, null, presenter)),
        ...plans.skuBuilds.flatMap(({ sku, parts }) =>
          parts.map(({ plan }) => previewOf(plan, sku, presenter)),
        ),
      ];
      return {
        partBuilds: all,
        summary: {
          partBuildCount: all.length,
          skuBuildCount: plans.skuBuilds.length,
          jobCount: jobCount(plans),
        },
      };
    },
  });

  const whole = wholeBuilds(deps);
  const reading = { ...partBuild, operations: ['get'] as const };
  return [
    create,
    preview,
    listOperation(partBuild, deps, { embed: whole, entity: buildWithRelations }),
    searchOperation(partBuild, deps, whole, buildWithRelations),
    ...standardOperations(reading, deps, whole, buildWithRelations),
    ...standardOperations(partBuildStep, deps),
    ...standardOperations(skuBuild, deps, wholeSkuBuilds(deps), skuBuildWithRelations),
  ];
}

async function makeAll(tx: Transaction, body: BuildRequest, createdBy: string | null) {
  const { builds, skuBuilds } = await plansFor(tx, body);
  const all = [...builds, ...skuBuilds];
  const isFront = ({ line }: (typeof all)[number]) => line.position === 'front';
  const made = new Map<(typeof all)[number], Made>();
  // What goes to the front is made from the last on, so that it stands there as it was given.
  for (const plan of [...all.filter((one) => !isFront(one)), ...all.filter(isFront).toReversed()]) {
    const whole =
      'sku' in plan
        ? await createSkuBuild(tx, plan, createdBy)
        : { skuBuild: null, partBuilds: [await createBuild(tx, plan, createdBy)] };
    made.set(plan, whole);
  }
  return {
    partBuilds: all.flatMap((plan) => made.get(plan)?.partBuilds ?? []),
    skuBuilds: all.flatMap((plan) => made.get(plan)?.skuBuild ?? []),
  };
}

interface Made {
  readonly skuBuild: SkuBuild | null;
  readonly partBuilds: readonly PartBuild[];
}

async function plansFor(tx: Transaction, { parts = [], skus = [] }: BuildRequest): Promise<Plans> {
  if (parts.length === 0 && skus.length === 0) {
    throw new ApiError('validation_failed', 'Name at least one part in "parts" or one SKU in "skus"');
  }
  const builds: PlannedBuild[] = [];
  const skuBuilds: PlannedSkuBuild[] = [];
  const plans = { builds, skuBuilds };
  for (const line of parts) {
    if (line.parameters && Object.keys(line.parameters).length > 0) {
      throw new ApiError('unprocessable', 'parameters: a sliced file has no parameters to set');
    }
    builds.push(planBuild(await tx.get(part, line.partId), buildLine(line)));
    refuseTooMany(jobCount(plans));
  }
  for (const line of skus) {
    skuBuilds.push(await planSkuBuild(tx, skuBuildLine(line)));
    refuseTooMany(jobCount(plans));
  }
  return plans;
}

function jobCount({ builds, skuBuilds }: Plans): number {
  const all = [...builds, ...skuBuilds.flatMap(({ parts }) => parts.map(({ plan }) => plan))];
  return all.reduce((sum, plan) => sum + plan.jobs.length, 0);
}

function previewOf(plan: PlannedBuild, of: Sku | null, presenter: Presenter): Record<string, unknown> {
  const url = (uri: string | null) => (uri === null ? null : presenter.fileUrl(uri));
  return {
    source: of ? 'sku' : 'part',
    partId: plan.part.id,
    partName: plan.part.name,
    partThumbnailUri: url(plan.part.thumbnailUri),
    label: plan.label,
    quantity: plan.line.quantity,
    sku: of && { skuId: of.id, sku: of.sku },
    materials: plan.line.materials,
    plateQuantities: Object.fromEntries(plan.plates.map(({ plate, count }) => [String(plate.id), count])),
    jobs: plan.jobs.map(({ label, quantityIndex, quantityTotal, plateId, plateName, thumbnailUri }) => ({
      label,
      quantityIndex,
      quantityTotal,
      plateId,
      plateName,
      thumbnailUri: url(thumbnailUri),
    })),
  };
}
