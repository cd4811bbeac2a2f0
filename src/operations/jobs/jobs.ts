import { z } from 'zod';
import { ApiError, notFound } from '../../contract/errors.js';
import { newId } from '../../contract/ids.js';
import type { Transaction } from '../../database/transaction.js';
import { BACK_IN_QUEUE, moveJob, type PrintJob, rollUpBuild } from '../../domain/jobs.js';
import { placesFor } from '../../domain/queue-order.js';
import { printJob } from '../../resources/index.js';
import type { Deps } from '../deps.js';
import { type Operation, operation } from '../operation.js';
import { idParam, noParams } from '../schemas.js';
import { standardOperations } from '../standard.js';
import { matchingOperations } from './matching.js';

/** `printJobIds` is the contract's name; real clients also send the other two. */
const jobIds = z
  .object({
    printJobIds: z.array(z.string()).optional(),
    ids: z.array(z.string()).optional(),
    printJobId: z.string().optional(),
  })
  .transform(
    (body) => body.printJobIds ?? body.ids ?? (body.printJobId === undefined ? [] : [body.printJobId]),
  )
  .pipe(z.array(z.string()).min(1, 'at least one id in printJobIds').max(10_000));

export function jobOperations(deps: Deps): Operation[] {
  const { database, runner, fleet } = deps;

  const cancel = operation({
    id: 'printJobs.cancel',
    method: 'PATCH',
    path: '/v1/print-jobs/cancel',
    status: 200,
    summary: 'Cancel jobs: at once while nothing was started, else by stopping the printer',
    permissions: ['queue.manage'],
    params: noParams,
    body: jobIds,
    async run({ body }, { write }) {
      const cancelled: string[] = [];
      for (const jobId of body) {
        const waiting = await database.write(write, async (tx) => {
          const job = await tx.find(printJob, jobId);
          if (job?.status !== 'pending') return false;
          await moveJob(tx, jobId, 'cancelled', { cancelledAt: tx.now });
          return true;
        });
        if (waiting || (await runner.cancel(jobId))) cancelled.push(jobId);
      }
      return cancelled;
    },
  });

  const command = (kind: 'pause' | 'resume', from: PrintJob['status'], summary: string) =>
    operation({
      id: `printJobs.${kind}`,
      method: 'PATCH',
      path: `/v1/print-jobs/${kind}`,
      status: 200,
      summary,
      permissions: ['queue.manage'],
      params: noParams,
      body: jobIds,
      async run({ body }, { write }) {
        const jobs = await database.write(write, (tx) => findAll(tx, body));
        const sent = await Promise.all(
          jobs
            .filter((job) => job.status === from)
            .map(async (job) => {
              const session = fleet.live(job.assignedPrinterId ?? '')?.session;
              const outcome = await session?.command({ kind });
              return outcome?.kind === 'accepted' || outcome?.kind === 'unanswered' ? [job.id] : [];
            }),
        );
        return sent.flat();
      },
    });

  const retry = operation({
    id: 'printJobs.retry',
    method: 'PATCH',
    path: '/v1/print-jobs/retry',
    status: 200,
    summary:
      'Queue failed or cancelled jobs again; a completed one is queued as a new job, whose id is answered',
    permissions: ['queue.manage'],
    params: noParams,
    body: jobIds,
    run: ({ body }, { write }) =>
      database.write(write, async (tx) => {
        const queued: string[] = [];
        for (const job of await findAll(tx, body)) {
          const id = await queueAgain(tx, job);
          if (id !== null) queued.push(id);
        }
        return queued;
      }),
  });

  const completedCount = operation({
    id: 'printJobs.completedCount',
    method: 'GET',
    path: '/v1/print-jobs/stats/completed-count',
    status: 200,
    summary: 'How many jobs were completed, cleared ones too',
    permissions: ['queue.view'],
    params: noParams,
    body: null,
    async run(_input, { caller }) {
      const row = await database.read
        .selectFrom('printJob')
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .where('storeId', '=', caller.storeId)
        .where('status', '=', 'completed')
        .executeTakeFirst();
      return row?.count ?? 0;
    },
  });

  const resolve = operation({
    id: 'local.printJobs.resolve',
    method: 'POST',
    path: '/local/print-jobs/{id}/resolve',
    status: 201,
    summary: 'Settle a job whose outcome the daemon could not know',
    permissions: ['queue.manage'],
    params: idParam,
    body: z.object({ outcome: z.enum(['completed', 'cancelled']) }),
    async run({ params, body }, { write }) {
      const row = await database.write(write, async (tx) => {
        const job = await tx.get(printJob, params.id);
        if (job.status !== 'failed' || !job.errorMessage?.startsWith('outcome unknown:')) {
          throw new ApiError(
            'invalid_state',
            `The outcome of print job ${job.id} is known: it is ${job.status}`,
          );
        }
        const when = body.outcome === 'completed' ? { printingCompletedAt: tx.now } : { cancelledAt: tx.now };
        return moveJob(tx, job.id, body.outcome, { ...when, errorMessage: null });
      });
      return printJob.present(row, deps.presenter);
    },
  });

  return [
    ...standardOperations(printJob, deps),
    completedCount,
    command('pause', 'printing', 'Pause prints'),
    command('resume', 'paused', 'Go on with paused prints'),
    cancel,
    retry,
    ...matchingOperations(deps),
    resolve,
  ];
}

async function findAll(tx: Transaction, ids: readonly string[]): Promise<readonly PrintJob[]> {
  const jobs: PrintJob[] = [];
  for (const id of ids) {
    const job = await tx.find(printJob, id);
    if (!job) throw notFound(printJob.label, id);
    jobs.push(job);
  }
  return jobs;
}

async function queueAgain(tx: Transaction, job: PrintJob): Promise<string | null> {
  const [queueOrder = 0] = await placesFor(tx, job.priority, 'back', 1);
  if (job.status === 'failed' || job.status === 'cancelled') {
    const fresh = {
      ...BACK_IN_QUEUE,
      queueOrder,
      errorMessage: null,
      hidden: false,
      taskId: 0,
      excludedPrinterIds: [],
    };
    await moveJob(tx, job.id, 'pending', fresh);
    return job.id;
  }
  if (job.status !== 'completed') return null;
  const { createdAt: _c, updatedAt: _u, ...copy } = job;
  const made = await tx.insert(printJob, {
    ...copy,
    ...BACK_IN_QUEUE,
    id: newId(),
    status: 'pending',
    queueOrder,
    taskId: 0,
    hidden: false,
    errorMessage: null,
    excludedPrinterIds: [],
  });
  await rollUpBuild(tx, job.partBuildId);
  return made.id;
}
