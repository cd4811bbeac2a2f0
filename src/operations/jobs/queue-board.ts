import { setImmediate as turn } from 'node:timers/promises';
import { JOB_STATUSES, type JobStatus } from '../../contract/enums.js';
import { timestamp } from '../../contract/time.js';
import type { Database } from '../../database/database.js';
import { holdsPrinter } from '../../domain/job-status.js';
import { queueSettings } from '../../domain/settings.js';
import type { Fleet } from '../../fleet/fleet.js';
import type { QueueBoard } from '../../telemetry/control-methods.js';
import { type Found, whyWaiting } from './queue-words.js';

export interface BoardSources {
  readonly database: Pick<Database, 'read'>;
  readonly storeId: string;
  readonly fleet: Pick<Fleet, 'live'>;
  readonly scheduler: { troubleshoot(jobId: string): Promise<readonly Found[] | null> };
  readonly clock: { now(): number };
}

const HOLDING = JOB_STATUSES.filter(holdsPrinter);
/** Failed jobs that are shown, the newest. */
const FAILED = 5;
/** Builds of waiting jobs that are asked about in one look: each is held against every printer. */
const MOST_ASKED = 25;
/** An answer is one line of bounded length. */
const MOST_LABEL = 100;
const MOST_WORDS = 300;

/** What is printed, what waits and why, and what failed lately, for a person to look at. */
export async function queueBoard(sources: BoardSources, limit: number): Promise<QueueBoard> {
  const { database, storeId, clock } = sources;
  const of = () =>
    database.read
      .selectFrom('printJob')
      .leftJoin('printer', 'printer.id', 'printJob.assignedPrinterId')
      .select([
        'printJob.id',
        'printJob.label',
        'printJob.status',
        'printJob.priority',
        'printJob.partBuildId',
        'printJob.excludedPrinterIds',
        'printJob.assignedPrinterId',
        'printJob.errorMessage',
        'printer.name as printer',
      ])
      .where('printJob.storeId', '=', storeId);
  const underWay = await of()
    .where('printJob.status', 'in', HOLDING)
    .orderBy('printJob.assignmentStartedAt')
    .orderBy('printJob.id')
    .limit(limit)
    .execute();
  const waiting = await of()
    .where('printJob.status', '=', 'pending')
    .orderBy('printJob.priority')
    .orderBy('printJob.queueOrder')
    .orderBy('printJob.createdAt')
    .orderBy('printJob.id')
    .limit(Math.max(1, limit - underWay.length))
    .execute();
  const failed = await of()
    .where('printJob.status', '=', 'failed')
    .where('printJob.hidden', '=', 0)
    .orderBy('printJob.updatedAt', 'desc')
    .limit(FAILED)
    .execute();
  const reasons = await reasonsFor(sources, waiting);
  const job = (row: (typeof waiting)[number], why: string | null) => ({
    id: row.id,
    label: row.label.slice(0, MOST_LABEL),
    status: row.status,
    low: row.priority !== 100,
    printer: row.printer?.slice(0, MOST_LABEL) ?? null,
    why: why?.slice(0, MOST_WORDS) ?? null,
  });
  return {
    at: timestamp(clock.now()),
    ...(await counts(sources)),
    jobs: [
      ...underWay.map((row) => job(row, row.errorMessage ?? progress(sources, row.assignedPrinterId))),
      ...waiting.map((row, at) => job(row, reasons[at] ?? null)),
      ...failed.map((row) => job(row, row.errorMessage)),
    ],
  };
}

async function counts({
  database,
  storeId,
}: BoardSources): Promise<Pick<QueueBoard, 'waiting' | 'underWay' | 'failed'>> {
  const count = async (statuses: readonly JobStatus[]) => {
    const row = await database.read
      .selectFrom('printJob')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .where('storeId', '=', storeId)
      .where('status', 'in', [...statuses])
      .where('hidden', '=', 0)
      .executeTakeFirst();
    return row?.count ?? 0;
  };
  return {
    waiting: await count(['pending']),
    underWay: await count(HOLDING),
    failed: await count(['failed']),
  };
}

/** One answer for all jobs of a build that the same printers failed: they fit the same printers. */
async function reasonsFor(
  sources: BoardSources,
  waiting: readonly {
    readonly id: string;
    readonly priority: number;
    readonly partBuildId: string;
    readonly excludedPrinterIds: string;
  }[],
): Promise<readonly (string | null)[]> {
  const { database, storeId, scheduler } = sources;
  const lowWait =
    waiting.some(({ priority }) => priority === 100) &&
    !(await queueSettings(database.read, storeId)).lowPriorityFills;
  const known = new Map<string, string | null>();
  const reasons: (string | null)[] = [];
  for (const { id, priority, partBuildId, excludedPrinterIds } of waiting) {
    const key = JSON.stringify([partBuildId, priority, excludedPrinterIds]);
    if (!known.has(key) && lowWait && priority !== 100) known.set(key, 'Waits until no normal job does.');
    if (!known.has(key) && known.size < MOST_ASKED) {
      const found = await scheduler.troubleshoot(id);
      known.set(key, found && whyWaiting(found));
      // A farm of hundreds of printers takes its time; others come in between.
      await turn();
    }
    reasons.push(known.get(key) ?? null);
  }
  return reasons;
}

function progress({ fleet }: BoardSources, printerId: string | null): string | null {
  const report = printerId === null ? null : fleet.live(printerId)?.report;
  if (!report?.complete) return null;
  const { percent, remainingMinutes, stageText } = report.state.print;
  if (report.state.activity !== 'RUNNING') return stageText === '' ? null : stageText;
  if (percent === null) return null;
  return remainingMinutes === null ? `${percent} %` : `${percent} %, ${remainingMinutes} min left`;
}
