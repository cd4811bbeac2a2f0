import { timestamp } from '../contract/time.js';
import { decodeRow, type RawRecord } from '../database/rows.js';
import type { Transaction } from '../database/transaction.js';
import { releasePrinter } from '../domain/dispatch-endings.js';
import { BACK_IN_QUEUE, moveJob, type PrintJob, type PrintJobPatch } from '../domain/jobs.js';
import type { Attempt } from '../domain/printer-standing.js';
import { placeAgain } from '../domain/queue-moves.js';
import { spoolsFor, takeFromSpools } from '../domain/spool-use.js';
import { dispatch, printer, printJob } from '../resources/index.js';
import type { Patch, Row } from '../resources/resource.js';
import type { Ending, JobMove, Journal, Step } from './machine-types.js';

export type DispatchRow = Row<typeof dispatch>;

/** A job that failed on this many printers is the job's trouble, not the printers'. */
const MAX_PRINTERS = 3;

const ms = (time: string | null) => (time === null ? null : Date.parse(time));
const iso = (time: number | null) => (time === null ? null : timestamp(time));

/** The part of a row that the machine decides by. */
export function journalOf(row: DispatchRow): Journal {
  return {
    phase: row.phase,
    token: row.token,
    previousToken: row.previousToken,
    name: row.name,
    remoteName: row.remoteName,
    transferAttempts: row.transferAttempts,
    startSentAt: ms(row.startSentAt),
    resentAt: ms(row.resentAt),
    acceptedAt: ms(row.acceptedAt),
    confirmedAt: ms(row.confirmedAt),
    recognisedBy: row.recognisedBy,
    cancelRequestedAt: ms(row.cancelRequestedAt),
    stopSentAt: ms(row.stopSentAt),
    firstError: row.firstError,
    firstErrorText: row.firstErrorText,
    cancelSeen: row.cancelSeen,
    wasReady: row.wasReady,
    before: row.before,
  };
}

function patchOf(journal: Journal): Patch<typeof dispatch> {
  return {
    phase: journal.phase,
    token: journal.token,
    previousToken: journal.previousToken,
    transferAttempts: journal.transferAttempts,
    startSentAt: iso(journal.startSentAt),
    resentAt: iso(journal.resentAt),
    acceptedAt: iso(journal.acceptedAt),
    confirmedAt: iso(journal.confirmedAt),
    recognisedBy: journal.recognisedBy,
    cancelRequestedAt: iso(journal.cancelRequestedAt),
    stopSentAt: iso(journal.stopSentAt),
    firstError: journal.firstError,
    firstErrorText: journal.firstErrorText,
    cancelSeen: journal.cancelSeen,
    wasReady: journal.wasReady,
    before: journal.before,
  };
}

export interface OpenDispatches {
  readonly rows: readonly DispatchRow[];
  /** Ids of rows that cannot be read. They keep their printer and their job until a person has looked. */
  readonly unreadable: readonly string[];
  /** Printers that are registered and that a session is held with. */
  readonly held: ReadonlySet<string>;
}

/** Dispatches that have not ended, for the runner to take up after a start. */
export async function openDispatches(tx: Transaction): Promise<OpenDispatches> {
  const found = await tx.db
    .selectFrom('dispatch')
    .selectAll()
    .where('storeId', '=', tx.context.storeId)
    .where('endedAt', 'is', null)
    .execute();
  const connections = await tx.db
    .selectFrom('printerConnection')
    .select('printerId')
    .where('active', '=', 1)
    .execute();
  const rows: DispatchRow[] = [];
  const unreadable: string[] = [];
  for (const raw of found) {
    const row = readable(raw);
    if (row) rows.push(row);
    else unreadable.push(raw.id);
  }
  return { rows, unreadable, held: new Set(connections.map(({ printerId }) => printerId)) };
}

/** A row damaged in one place must not keep a whole farm from starting. */
function readable(raw: RawRecord): DispatchRow | null {
  try {
    const row = decodeRow(dispatch, raw);
    const values: Readonly<Record<string, unknown>> = row;
    const columns = Object.entries(dispatch.columns);
    const sound = columns.every(([name, column]) => column.schema.safeParse(values[name]).success);
    return sound ? row : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** A number for a start command that no dispatch ever had. */
export async function freshToken(tx: Transaction, random: () => number): Promise<number> {
  for (;;) {
    const token = 1 + Math.floor(random() * 2_147_483_646);
    const taken = await tx.db
      .selectFrom('dispatch')
      .select('id')
      .where((eb) => eb.or([eb('token', '=', token), eb('previousToken', '=', token)]))
      .executeTakeFirst();
    if (!taken) return token;
  }
}

/** What the printer showed last. */
export interface MachineShows {
  /** It could begin a print. */
  readonly free: boolean;
  /** Something is being printed. */
  readonly printing: boolean;
  /** Trays whose AMS tells what is left on their spools. */
  readonly weighed: ReadonlySet<number>;
  /** Why it should not be left to itself, in words; null when nothing speaks against it. */
  readonly trouble: string | null;
}

/** Writes one step: the journal row, the job with its build, and the printer, in one transaction. */
export async function writeStep(
  tx: Transaction,
  row: DispatchRow,
  step: Step,
  machine: MachineShows,
): Promise<DispatchRow> {
  const { journal } = step.state;
  const begins = row.startSentAt === null && journal.startSentAt !== null;
  const spools = begins ? await spoolsOf(tx, row, machine) : row.spools;
  const written = await tx.update(dispatch, row.id, {
    ...patchOf(journal),
    spools,
    ...(row.phase === 'reserved' && journal.phase === 'transferring' ? { uploaded: true } : {}),
    ...(step.ending ? { endedAt: tx.now, outcome: step.ending.outcome, message: step.ending.message } : {}),
  });
  if (begins) await tx.update(printer, row.printerId, { confirmedReady: false, lastPrintedAt: tx.now });
  if (begins || journal.token !== row.token) {
    await tx.update(printJob, row.printJobId, { taskId: journal.token });
  }
  if (step.job) await writeJob(tx, written, step.job);
  if (step.ending) {
    await releasePrinter(tx, row.printerId, {
      outcome: step.ending.outcome,
      ready: step.ending.ready,
      wasReady: journal.wasReady,
      doubtful: step.ending.message !== null,
      machine,
      attempt: attemptOf(step, step.ending),
    });
    await takeFromSpools(tx, spools ?? [], printedShare(step.ending, step.state));
  }
  return written;
}

async function spoolsOf(
  tx: Transaction,
  { printerId, printJobId }: DispatchRow,
  { weighed }: MachineShows,
): Promise<DispatchRow['spools']> {
  const spools = await spoolsFor(tx, printerId, await tx.get(printJob, printJobId), weighed);
  return spools.length === 0 ? null : spools;
}

/** How much of its plate a print put on the bed, 0 to 1, as far as its printer told. */
function printedShare({ outcome, message }: Ending, { journal, watch }: Step['state']): number {
  const { furthest, last } = watch;
  // One with a message stopped short.
  if (outcome === 'completed') return message === null ? 1 : (furthest.percent ?? 100) / 100;
  if (journal.confirmedAt === null) return 0;
  // Seen by a process before this one, and as ended by this.
  const shown = outcome !== 'unknown' && last?.activity === 'FAILED' ? last.progress.percent : null;
  return (furthest.percent ?? shown ?? 0) / 100;
}

function attemptOf({ state, job }: Step, { outcome, message }: Ending): Attempt {
  const unheeded = outcome === 'not-started' && (message?.startsWith('start_not_confirmed') ?? false);
  return {
    began: state.journal.confirmedAt !== null || outcome === 'completed',
    printersFault: job?.excludePrinter === true || unheeded,
    message,
  };
}

async function writeJob(tx: Transaction, row: DispatchRow, move: JobMove): Promise<PrintJob> {
  const job = await tx.get(printJob, row.printJobId);
  const excluded = move.excludePrinter
    ? [...new Set([...job.excludedPrinterIds, row.printerId])]
    : job.excludedPrinterIds;
  if (move.to === 'pending' && excluded.length >= MAX_PRINTERS) {
    const message = `failed on ${excluded.length} printers: ${await whatTheySaid(tx, row, excluded)}`;
    return moveJob(tx, job.id, 'failed', { errorMessage: message, excludedPrinterIds: excluded });
  }
  const place = move.to === 'pending' ? { queueOrder: await placeAgain(tx, job) } : {};
  const patch = { ...patchFor(tx, job, move), ...place, excludedPrinterIds: excluded };
  return moveJob(tx, job.id, move.to, patch);
}

/** Longest part of each printer's words. */
const MOST_WORDS = 200;

/** What each of the printers said when it last failed the job. */
async function whatTheySaid(
  tx: Transaction,
  { printJobId }: DispatchRow,
  printerIds: readonly string[],
): Promise<string> {
  const rows = await tx.db
    .selectFrom('dispatch')
    .select(['printerId', 'message'])
    .where('printJobId', '=', printJobId)
    .where('printerId', 'in', [...printerIds])
    .where('outcome', '=', 'released')
    .orderBy('endedAt')
    .execute();
  const last = new Map(rows.map(({ printerId, message }) => [printerId, message]));
  const said: string[] = [];
  for (const printerId of printerIds) {
    const name = (await tx.find(printer, printerId))?.name ?? 'a printer that was removed';
    said.push(`${name} (${(last.get(printerId) ?? 'nothing was said').slice(0, MOST_WORDS)})`);
  }
  return said.join('; ');
}

function patchFor(
  tx: Transaction,
  job: { readonly printingStartedAt: string | null },
  move: JobMove,
): PrintJobPatch {
  switch (move.to) {
    case 'pending':
      return { ...BACK_IN_QUEUE, errorMessage: move.excludePrinter ? move.message : null };
    case 'printing':
    case 'paused':
      return { printingStartedAt: job.printingStartedAt ?? tx.now, errorMessage: move.message };
    case 'completed':
      return {
        printingStartedAt: job.printingStartedAt ?? tx.now,
        printingCompletedAt: tx.now,
        errorMessage: move.message,
      };
    case 'failed':
      return {
        errorMessage: move.message,
        ...(job.printingStartedAt ? { printingCompletedAt: tx.now } : {}),
      };
    case 'cancelled':
      return {
        errorMessage: move.message,
        cancelledAt: tx.now,
        ...(job.printingStartedAt ? { printingCompletedAt: tx.now } : {}),
      };
    default:
      return {};
  }
}
