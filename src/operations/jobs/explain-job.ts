import { decodeRow } from '../../database/rows.js';
import { printJob } from '../../resources/index.js';
import type { JobExplanation } from '../../telemetry/control-methods.js';
import type { BoardSources } from './queue-board.js';
import { decisive, type Found, whyWaiting } from './queue-words.js';

/** Printers and attempts that are told, and how long each may be: an answer is one line of bounded length. */
const MOST_PRINTERS = 500;
const MOST_ATTEMPTS = 20;
const MOST_WORDS = 240;

const LEFT_OUT = 'It could not be matched and is left out for a while; the log of the daemon says why.';

type Named = { readonly kind: 'none' } | { readonly kind: 'several'; readonly ids: readonly string[] };

/**
 * Everything about one job: where it stands, what became of it so far, and what each printer says to it.
 *
 * @param name its id, the beginning of it, or its label
 * @param printerName the printer of which every check is told, null tells the decisive one of each
 */
export async function explainJob(
  sources: BoardSources,
  name: string,
  printerName: string | null,
): Promise<JobExplanation | Named> {
  const { database, scheduler } = sources;
  const ids = await idsOf(sources, name);
  const [id] = ids;
  if (id === undefined) return { kind: 'none' };
  if (ids.length > 1) return { kind: 'several', ids };
  const raw = await database.read
    .selectFrom('printJob')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
  const job = decodeRow(printJob, raw);
  const found = await scheduler.troubleshoot(job.id);
  return {
    kind: 'job',
    id: job.id,
    label: job.label,
    status: job.status,
    low: job.priority !== 100,
    place: job.status === 'pending' ? await placeOf(sources, job) : null,
    printer: job.assignedPrinterId === null ? null : await printerNamed(sources, job.assignedPrinterId),
    why: found === null ? (job.status === 'pending' ? LEFT_OUT : job.errorMessage) : whyWaiting(found),
    message: found === null ? null : job.errorMessage,
    attempts: await attemptsOf(sources, job.id),
    printers: found === null ? null : saysOf(found, printerName),
  };
}

async function idsOf({ database, storeId }: BoardSources, name: string): Promise<readonly string[]> {
  const of = () => database.read.selectFrom('printJob').select('id').where('storeId', '=', storeId).limit(6);
  if (/^[a-z0-9]{4,24}$/.test(name)) {
    const rows = await of().where('id', '>=', name).where('id', '<', `${name}~`).execute();
    if (rows.length > 0) return rows.map(({ id }) => id);
  }
  const rows = await of().where('label', '=', name).where('hidden', '=', 0).execute();
  return rows.map(({ id }) => id);
}

/** 1 is the first that is looked at. */
async function placeOf(
  { database, storeId }: BoardSources,
  { priority, queueOrder }: { readonly priority: number; readonly queueOrder: number },
): Promise<number> {
  const row = await database.read
    .selectFrom('printJob')
    .select(({ fn }) => fn.countAll<number>().as('before'))
    .where('storeId', '=', storeId)
    .where('status', '=', 'pending')
    .where((eb) =>
      eb.or([
        eb('priority', '<', priority),
        eb.and([eb('priority', '=', priority), eb('queueOrder', '<', queueOrder)]),
      ]),
    )
    .executeTakeFirst();
  return (row?.before ?? 0) + 1;
}

async function printerNamed({ database }: BoardSources, id: string): Promise<string> {
  const row = await database.read
    .selectFrom('printer')
    .select('name')
    .where('id', '=', id)
    .executeTakeFirst();
  return row?.name ?? 'a printer that was removed';
}

async function attemptsOf({ database }: BoardSources, jobId: string): Promise<JobExplanation['attempts']> {
  const rows = await database.read
    .selectFrom('dispatch')
    .leftJoin('printer', 'printer.id', 'dispatch.printerId')
    .select(['dispatch.createdAt', 'dispatch.phase', 'dispatch.outcome', 'dispatch.message', 'printer.name'])
    .where('dispatch.printJobId', '=', jobId)
    .orderBy('dispatch.createdAt', 'desc')
    .limit(MOST_ATTEMPTS)
    .execute();
  return rows.map(({ createdAt, phase, outcome, message, name }) => ({
    at: createdAt,
    printer: name ?? 'a printer that was removed',
    outcome: outcome ?? phase,
    message: message?.slice(0, MOST_WORDS) ?? null,
  }));
}

function saysOf(
  found: readonly Found[],
  printerName: string | null,
): NonNullable<JobExplanation['printers']> {
  const rank = ({ result }: Found) => (result.matched ? 0 : result.compatible ? 1 : 2);
  const chosen = printerName === null ? found : found.filter(({ printer }) => printer.name === printerName);
  return chosen
    .toSorted((one, other) => rank(one) - rank(other) || one.printer.name.localeCompare(other.printer.name))
    .slice(0, MOST_PRINTERS)
    .map(({ printer, result }) => {
      const checks =
        printerName === null
          ? [{ ...decisive(result), passed: result.matched }]
          : result.checks.map(({ label, passed, explanation }) => ({ label, passed, explanation }));
      return {
        name: printer.name,
        matched: result.matched,
        compatible: result.compatible,
        checks: checks.map((check) => ({ ...check, explanation: check.explanation.slice(0, MOST_WORDS) })),
      };
    });
}
