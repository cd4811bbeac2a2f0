import { ApiError } from '../contract/errors.js';
import { MAX_COPIES, MAX_JOBS, type PlannedBuild, type PlannedJob } from './builds.js';
import type { WantedJob } from './order-balance.js';
import type { PlannedSkuBuild } from './sku-builds.js';

/** A job that an item wants, as the build of one copy of its SKU has it. */
export interface WantedCopy extends WantedJob {
  /** Number of the copy of the linked part, from 1. */
  readonly copy: number;
  readonly job: PlannedJob;
}

/**
 * Every job of so many copies of a SKU, from the plan of one.
 *
 * @throws ApiError unprocessable for more than one request makes
 */
export function wantedCopies({ sku, parts }: PlannedSkuBuild, quantity: number): readonly WantedCopy[] {
  const total = quantity * parts.reduce((sum, { plan }) => sum + plan.jobs.length, 0);
  if (total > MAX_JOBS) {
    throw new ApiError(
      'unprocessable',
      `${quantity} × ${sku.sku} takes ${total} jobs; an item may take ${MAX_JOBS} at most`,
    );
  }
  return Array.from({ length: total === 0 ? 0 : quantity }, (_, index) => index + 1).flatMap((instance) =>
    parts.flatMap(({ link, perSku, plan }) =>
      plan.jobs.map((job) => ({
        linkedPartId: link.id,
        partId: link.partId,
        plateId: job.plateId,
        instance,
        copy: (instance - 1) * perSku + job.copy,
        job,
      })),
    ),
  );
}

/** The missing jobs as builds, from the plan of one copy; as many as it takes when one may not make so many. */
export function buildsOf(copy: PlannedSkuBuild, missing: readonly WantedCopy[]): readonly PlannedSkuBuild[] {
  const most = Math.floor(MAX_COPIES / Math.max(1, ...copy.parts.map(({ perSku }) => perSku)));
  const instances = [...new Set(missing.map(({ instance }) => instance))];
  const builds: PlannedSkuBuild[] = [];
  for (let at = 0; at < instances.length; at += most) {
    const some = new Set(instances.slice(at, at + most));
    builds.push(
      buildOf(
        copy,
        missing.filter(({ instance }) => some.has(instance)),
      ),
    );
  }
  return builds;
}

function buildOf(copy: PlannedSkuBuild, missing: readonly WantedCopy[]): PlannedSkuBuild {
  const instances = missing.map(({ instance }) => instance);
  const instanceStart = Math.min(...instances);
  const quantity = new Set(instances).size;
  const parts = copy.parts.flatMap((part) => {
    const own = missing.filter(({ linkedPartId }) => linkedPartId === part.link.id);
    const before = (instanceStart - 1) * part.perSku;
    return own.length > 0 ? { ...part, plan: narrowed(part.plan, own, before) } : [];
  });
  return { ...copy, line: { ...copy.line, quantity, instanceStart }, parts };
}

/** The same build with these jobs alone. */
function narrowed(plan: PlannedBuild, own: readonly WantedCopy[], before: number): PlannedBuild {
  const quantity = new Set(own.map(({ copy }) => copy)).size;
  const jobs = own.map(({ job, copy }, index) => ({
    ...job,
    copy: copy - before,
    quantityIndex: index + 1,
    quantityTotal: own.length,
  }));
  return { ...plan, line: { ...plan.line, quantity }, jobs };
}
