import { z } from 'zod';
import { ApiError } from '../../contract/errors.js';
import { recordAct } from '../../domain/audit.js';
import type { AuditEntry } from '../../domain/audit-entries.js';
import { countJob } from '../../domain/dispatch-endings.js';
import { holdsPrinter, isOutcomeUnknown } from '../../domain/job-status.js';
import { cancelJobs, moveJob, type PrintJob } from '../../domain/jobs.js';
import { queueAgain } from '../../domain/queue-again.js';
import { answered } from '../../resources/answered.js';
import { printJob } from '../../resources/index.js';
import type { Deps } from '../deps.js';
import { type Operation, operation } from '../operation.js';
import type { CommandTeller } from '../printers/command-teller.js';
import { idParam, ids, noParams } from '../schemas.js';
import { standardOperations } from '../standard.js';
import { jobIds, jobsOf } from './by-ids.js';
import { jobChangeOperations } from './change.js';
import { matchingOperations } from './matching.js';
import { queueOrderOperations } from './order.js';

/** What changes jobs by their ids: whoever manages the queue may do it with all, others with their own alone. */
const byIds = {
  method: 'PATCH',
  status: 200,
  permissions: ['queue.manage'],
  orPermission: 'job.edit.own',
  params: noParams,
  body: jobIds,
  answer: () => ids,
} as const;

export function jobOperations(deps: Deps, teller: CommandTeller): Operation[] {
  const { database, runner } = deps;

  const cancel = operation({
    ...byIds,
    id: 'printJobs.cancel',
    path: '/v1/print-jobs/cancel',
    summary: 'Cancel jobs: at once while nothing was started, else by stopping the printer',
    async run({ body }, { caller, write }) {
      const begun = await database.write(write, async (tx) => {
        const jobs = await jobsOf(tx, body, caller, 'queue.manage');
        const waiting = jobs.filter((job) => job.status === 'pending');
        await cancelJobs(tx, waiting);
        // The printer's part is done by the daemon later, in its own name.
        const withPrinters = jobs.filter((job) => job.status !== 'pending' && holdsPrinter(job.status));
        if (withPrinters.length > 0) await recordAct(tx, asked(withPrinters.map((job) => job.id)));
        return new Map(jobs.map((job) => [job.id, job.status !== 'pending']));
      });
      const cancelled: string[] = [];
      for (const [id, withPrinter] of begun)
        if (!withPrinter || (await runner.cancel(id))) cancelled.push(id);
      return cancelled;
    },
  });

  const command = (kind: 'pause' | 'resume', from: PrintJob['status'], summary: string) =>
    operation({
      ...byIds,
      id: `printJobs.${kind}`,
      path: `/v1/print-jobs/${kind}`,
      summary,
      async run({ body }, context) {
        const { caller, write } = context;
        const jobs = await database.write(write, async (tx) => {
          const found = (await jobsOf(tx, body, caller, 'queue.manage')).filter((job) => job.status === from);
          if (found.length > 0) await recordAct(tx, asked(found.map((job) => job.id)));
          return found;
        });
        const printerIds = jobs.flatMap(({ assignedPrinterId }) => assignedPrinterId ?? []);
        const told = new Set(await teller.tell(printerIds, { command: kind }, context));
        return jobs.filter(({ assignedPrinterId }) => told.has(assignedPrinterId ?? '')).map(({ id }) => id);
      },
    });

  const retry = operation({
    ...byIds,
    id: 'printJobs.retry',
    path: '/v1/print-jobs/retry',
    summary:
      'Queue failed or cancelled jobs again; a completed one is queued as a new job, whose id is answered',
    run: ({ body }, { caller, write }) =>
      database.write(write, async (tx) => queueAgain(tx, await jobsOf(tx, body, caller, 'queue.manage'))),
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
    answer: () => z.int().min(0),
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
    answer: () => answered(printJob),
    async run({ params, body }, { write }) {
      const row = await database.write(write, async (tx) => {
        const job = await tx.get(printJob, params.id);
        if (!isOutcomeUnknown(job)) {
          throw new ApiError(
            'invalid_state',
            `The outcome of print job ${job.id} is known: it is ${job.status}`,
          );
        }
        if (body.outcome === 'completed' && job.assignedPrinterId !== null)
          await countJob(tx, job.assignedPrinterId);
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
    ...queueOrderOperations(deps),
    ...jobChangeOperations(deps),
    ...matchingOperations(deps),
    resolve,
  ];
}

/** Told before it takes effect: a job that moves later does so by the printer's report. */
function asked(ids: readonly string[]): AuditEntry {
  return {
    entityType: 'PrintJobs',
    ids,
    action: ids.length === 1 ? 'update' : 'bulk_update',
    detailedAction: null,
    changes: null,
    metadata: null,
  };
}
