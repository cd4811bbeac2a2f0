import { z } from 'zod';
import { POSITIONS } from '../../contract/enums.js';
import { ApiError } from '../../contract/errors.js';
import { decodeRow } from '../../database/rows.js';
import type { Transaction } from '../../database/transaction.js';
import {
  type BuildLine,
  createBuild,
  type PlannedBuild,
  planBuild,
  refuseTooMany,
} from '../../domain/builds.js';
import { part, partBuild, printJob } from '../../resources/index.js';
import type { Presenter } from '../../resources/resource.js';
import { materialAssignments, plateQuantities, tags } from '../../resources/shapes.js';
import type { Deps } from '../deps.js';
import { type Operation, operation } from '../operation.js';
import { id, noParams } from '../schemas.js';
import { type Embed, listOperation, searchOperation, standardOperations } from '../standard.js';
import { buildPreview, buildResult, buildWithRelations } from './build-shapes.js';

const priority = z.union([z.literal(100), z.literal(1000)]);
const scalar = z.union([z.number(), z.string().max(255), z.boolean()]);

const partLine = z.object({
  partId: id,
  quantity: z.int().min(0).max(500).optional(),
  priority: priority.optional(),
  position: z.enum(POSITIONS).optional(),
  parameters: z.record(z.string(), scalar).optional(),
  label: z.string().min(1).max(1024).optional(),
  tags: tags.optional(),
  plateQuantities: plateQuantities.optional(),
  materials: materialAssignments.nullable().optional(),
  /** The name an older client uses for `materials`. */
  materialAssignments: materialAssignments.nullable().optional(),
});

const buildRequest = z.object({
  parts: z.array(partLine).max(1_000).optional(),
  skus: z.array(z.record(z.string(), z.unknown())).optional(),
});
type BuildRequest = z.infer<typeof buildRequest>;

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
      const rows = await database.write(write, async (tx) => {
        const made = [];
        for (const plan of await plansFor(tx, body)) made.push(await createBuild(tx, plan, caller.actor.id));
        return made;
      });
      return { partBuilds: rows.map((row) => partBuild.present(row, presenter)), skuBuilds: [] };
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
      return {
        partBuilds: plans.map((plan) => previewOf(plan, presenter)),
        summary: {
          partBuildCount: plans.length,
          skuBuildCount: 0,
          jobCount: plans.reduce((sum, plan) => sum + plan.jobs.length, 0),
        },
      };
    },
  });

  const withJobs = jobsOfBuilds(deps);
  const reading = { ...partBuild, operations: ['get'] as const };
  return [
    create,
    preview,
    listOperation(partBuild, deps, { embed: withJobs, entity: buildWithRelations }),
    searchOperation(partBuild, deps, withJobs, buildWithRelations),
    ...standardOperations(reading, deps, withJobs, buildWithRelations),
  ];
}

async function plansFor(tx: Transaction, body: BuildRequest): Promise<readonly PlannedBuild[]> {
  if (body.skus && body.skus.length > 0) {
    throw new ApiError('sku_not_found', 'skus: this store has no SKUs; name parts instead');
  }
  if (!body.parts || body.parts.length === 0) {
    throw new ApiError('validation_failed', 'Name at least one part in "parts"');
  }
  const plans: PlannedBuild[] = [];
  for (const line of body.parts) {
    if (line.parameters && Object.keys(line.parameters).length > 0) {
      throw new ApiError('unprocessable', 'parameters: a sliced file has no parameters to set');
    }
    plans.push(planBuild(await tx.get(part, line.partId), buildLine(line)));
    refuseTooMany(plans.reduce((sum, plan) => sum + plan.jobs.length, 0));
  }
  return plans;
}

function buildLine(line: z.infer<typeof partLine>): BuildLine {
  return {
    partId: line.partId,
    quantity: line.quantity ?? 1,
    priority: line.priority ?? 100,
    position: line.position ?? 'back',
    label: line.label ?? null,
    tags: line.tags ?? {},
    materials: line.materials ?? line.materialAssignments ?? null,
    ...(line.plateQuantities ? { plateQuantities: line.plateQuantities } : {}),
  };
}

function previewOf(plan: PlannedBuild, presenter: Presenter): Record<string, unknown> {
  const url = (uri: string | null) => (uri === null ? null : presenter.fileUrl(uri));
  return {
    source: 'part',
    partId: plan.part.id,
    partName: plan.part.name,
    partThumbnailUri: url(plan.part.thumbnailUri),
    label: plan.label,
    quantity: plan.line.quantity,
    sku: null,
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

/** Builds answer with their jobs and steps; one query for a whole page. Sliced files have no steps. */
function jobsOfBuilds({ database, presenter }: Deps): Embed {
  return async (builds) => {
    const ids = builds.map((build) => String(build.id));
    const jobs = new Map<string, Record<string, unknown>[]>(ids.map((buildId) => [buildId, []]));
    for (let start = 0; start < ids.length; start += 500) {
      const rows = await database.read
        .selectFrom('printJob')
        .selectAll()
        .where('partBuildId', 'in', ids.slice(start, start + 500))
        .orderBy('quantityIndex')
        .execute();
      for (const row of rows)
        jobs.get(row.partBuildId)?.push(printJob.present(decodeRow(printJob, row), presenter));
    }
    return builds.map((build) => ({ ...build, steps: [], printJobs: jobs.get(String(build.id)) ?? [] }));
  };
}
