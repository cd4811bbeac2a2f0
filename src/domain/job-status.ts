import type { BuildPrintStatus, BuildStatus, JobStatus, SkuBuildStatus } from '../contract/enums.js';

/** Where a job may go from where it is. Anything else is a mistake of ours, never of the caller. */
const NEXT: Record<JobStatus, readonly JobStatus[]> = {
  pending: ['assigned', 'cancelled'],
  assigned: ['slicing', 'finalizing', 'ready-for-printer', 'pending', 'failed', 'cancelled'],
  slicing: ['sliced', 'pending', 'failed', 'cancelled'],
  sliced: ['finalizing', 'pending', 'failed', 'cancelled'],
  finalizing: ['waiting-for-approval', 'ready-for-printer', 'pending', 'failed', 'cancelled'],
  'waiting-for-approval': ['ready-for-printer', 'pending', 'failed', 'cancelled'],
  'ready-for-printer': ['sending-to-printer', 'pending', 'failed', 'cancelled'],
  // Straight to the end when the print ran while nobody could see it.
  'sending-to-printer': ['printing', 'paused', 'completed', 'pending', 'failed', 'cancelled'],
  printing: ['paused', 'completed', 'failed', 'cancelled'],
  paused: ['printing', 'completed', 'failed', 'cancelled'],
  completed: [],
  // Back to the queue by retry; to an end when a person settles an unknown outcome.
  failed: ['pending', 'completed', 'cancelled'],
  cancelled: ['pending'],
};

export function mayMove(from: JobStatus, to: JobStatus): boolean {
  return NEXT[from].includes(to);
}

const ENDED: ReadonlySet<JobStatus> = new Set(['completed', 'failed', 'cancelled']);
const PREPARING: ReadonlySet<JobStatus> = new Set([
  'assigned',
  'slicing',
  'sliced',
  'finalizing',
  'waiting-for-approval',
  'ready-for-printer',
]);

export function hasEnded(status: JobStatus): boolean {
  return ENDED.has(status);
}

/** Whether it was printed nobody knows: a person settles that, and until then it may have been. */
export function isOutcomeUnknown(job: {
  readonly status: JobStatus;
  readonly errorMessage: string | null;
}): boolean {
  return job.status === 'failed' && job.errorMessage?.startsWith('outcome unknown:') === true;
}

/** Between leaving the queue and its end: it holds a printer. */
export function holdsPrinter(status: JobStatus): boolean {
  return status !== 'pending' && !ENDED.has(status);
}

/** What a build shows, from the jobs it has. */
export function buildStatusOf(jobs: readonly JobStatus[]): {
  status: BuildStatus;
  printStatus: BuildPrintStatus;
} {
  const has = (test: (status: JobStatus) => boolean) => jobs.some(test);
  const all = (status: JobStatus) => jobs.every((job) => job === status);
  if (jobs.length === 0 || all('completed')) return { status: 'success', printStatus: 'success' };
  if (all('cancelled')) return { status: 'cancelled', printStatus: 'cancelled' };
  if (jobs.every(hasEnded)) {
    return has((job) => job === 'failed')
      ? { status: 'error', printStatus: 'error' }
      : { status: 'success', printStatus: 'success' };
  }
  const begun = has((job) => job === 'printing' || job === 'paused' || job === 'completed');
  const printStatus = begun ? 'printing' : 'pending';
  if (has((job) => job === 'printing' || job === 'paused')) return { status: 'printing', printStatus };
  if (has((job) => job === 'sending-to-printer')) return { status: 'sending-to-printer', printStatus };
  if (has((job) => PREPARING.has(job))) return { status: 'preparing', printStatus };
  return has(hasEnded) ? { status: 'fulfilling', printStatus } : { status: 'queued', printStatus };
}

const BUILD_ENDED: ReadonlySet<BuildStatus> = new Set(['success', 'error', 'cancelled']);

/** What a SKU build shows, from its part builds; one without any has nothing left to do. */
export function skuBuildStatusOf(builds: readonly BuildStatus[]): SkuBuildStatus {
  if (builds.every((status) => BUILD_ENDED.has(status))) {
    if (builds.includes('error')) return 'error';
    return builds.length > 0 && !builds.includes('success') ? 'cancelled' : 'success';
  }
  return builds.every((status) => status === 'pending') ? 'pending' : 'running';
}
