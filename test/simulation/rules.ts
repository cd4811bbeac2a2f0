import type { Asked } from './asked.js';
import type { Library } from './library.js';
import type { DispatchRow, JobRow, PrinterRow, Snapshot } from './snapshot.js';
import type { Truth } from './truth.js';

/** What the rules need to know beside the database and the truth: what people were promised, and what they decided. */
export interface Decisions {
  /** Ids answered with 201 before anything happened to the daemon. */
  readonly accepted: ReadonlySet<string>;
  /** How often a person has queued a job again. */
  lifeOf(jobId: string): number;
  /** In which of a job's lives a dispatch was made. */
  lifeOfDispatch(id: string): number;
  isResolved(jobId: string): boolean;
  wasTouched(jobId: string): boolean;
  /** A person may have called this bed clear since the last look. */
  wasCleared(serial: string): boolean;
  /** A person may have changed this since the last look. */
  wasChanged(what: string): boolean;
  /** Whether a person ever asked for the job to be cancelled. */
  wasCancelAsked(jobId: string): boolean;
  /** Asked of tags of printers, of tags that jobs require, and of materials of jobs since the last look. */
  readonly printerTags: Asked<readonly string[]>;
  readonly requiredTags: Asked<JobRow['requiredPrinterTags']>;
  readonly materials: Asked<JobRow['materialAssignments']>;
  readonly library: Library;
  /** The printer lost power while this dispatch was open. */
  hadPowerCut(dispatch: DispatchRow): boolean;
}

/** One look at the farm: the last snapshot, this one, and what is true. */
export interface Look {
  readonly before: Snapshot | null;
  readonly now: Snapshot;
  readonly truth: Truth;
  readonly decisions: Decisions;
}

export type Rule = (look: Look) => readonly string[];

const PREPARING = ['assigned', 'ready-for-printer', 'sending-to-printer'];
const PRINTING = ['printing', 'paused'];
const ENDED = ['completed', 'failed', 'cancelled'];
const KNOWN = ['pending', ...PREPARING, ...PRINTING, ...ENDED];
export const hasEnded = ({ status }: JobRow): boolean => ENDED.includes(status);
const UNKNOWN = 'outcome unknown:';
export const isUnknown = ({ status, errorMessage }: JobRow): boolean =>
  status === 'failed' && errorMessage?.startsWith(UNKNOWN) === true;

const nothingIsLost: Rule = ({ before, now, decisions }) => [
  ...[...decisions.accepted].filter((id) => !now.jobs.has(id)).map((id) => `accepted job ${id} is lost`),
  ...[...(before?.jobs.keys() ?? [])].filter((id) => !now.jobs.has(id)).map((id) => `job ${id} has vanished`),
];

const openOnce: Rule = ({ now }) => {
  const open = now.dispatches.filter(({ endedAt }) => endedAt === null);
  return [
    ...repeated(open.map(({ printerId }) => printerId)).map((id) => `printer ${id} has two open dispatches`),
    ...repeated(open.map(({ printJobId }) => printJobId)).map((id) => `job ${id} has two open dispatches`),
  ];
};

/** Journal, jobs and printers are written together: they never tell different stories. */
const storiesAgree: Rule = ({ now }) => {
  const open = new Map(
    now.dispatches.filter(({ endedAt }) => endedAt === null).map((row) => [row.printJobId, row]),
  );
  const jobs = [...now.jobs.values()].flatMap((job) => {
    const dispatch = open.get(job.id);
    const holds = PREPARING.includes(job.status) || PRINTING.includes(job.status);
    if (holds && dispatch?.printerId !== job.assignedPrinterId) {
      return [`job ${job.id} is ${job.status} on ${job.assignedPrinterId} without an open dispatch there`];
    }
    return !holds && dispatch ? [`job ${job.id} is ${job.status} with an open dispatch`] : [];
  });
  const printers = now.printers.flatMap((printer) => {
    const here = now.dispatches.find(
      ({ printerId, endedAt }) => printerId === printer.id && endedAt === null,
    );
    return (here?.printJobId ?? null) === printer.printingJobId
      ? []
      : [`printer ${printer.serial} holds job ${printer.printingJobId}, its dispatch ${here?.printJobId}`];
  });
  return [...jobs, ...printers];
};

const movesAreLegal: Rule = ({ before, now, decisions }) =>
  [...now.jobs.values()].flatMap((job) => {
    const { id, status } = job;
    if (!KNOWN.includes(status)) return [`job ${id} is ${status}, which nothing can be here`];
    const was = before?.jobs.get(id)?.status ?? 'pending';
    if (was === status || decisions.wasTouched(id)) return [];
    const back = !PRINTING.includes(status) && !ENDED.includes(status);
    const illegal = ENDED.includes(was) || (PRINTING.includes(was) && back);
    return illegal ? [`job ${id} went from ${was} to ${status} and nobody asked for it`] : [];
  });

/** A number belongs to one start command, and that is sent once. */
const startsAreSentOnce: Rule = ({ now, truth }) =>
  now.dispatches.flatMap((row) =>
    tokensOf(row).flatMap((token) => {
      const { received, begun } = truth.startOf(token);
      if (begun > 1) return [`start ${token} of job ${row.printJobId} began ${begun} times`];
      return received > 1 ? [`start ${token} of job ${row.printJobId} was sent ${received} times`] : [];
    }),
  );

/** However often a job went back to the queue by itself: one print, until a person asks for another. */
const jobsAreBegunOnce: Rule = ({ now, truth, decisions }) => {
  const begun = new Map<string, number>();
  for (const row of now.dispatches) {
    const key = `${row.printJobId} in its life ${decisions.lifeOfDispatch(row.id)}`;
    for (const token of tokensOf(row)) begun.set(key, (begun.get(key) ?? 0) + truth.startOf(token).begun);
  }
  return [...begun].flatMap(([key, count]) => (count > 1 ? [`job ${key} was begun ${count} times`] : []));
};

const outcomesAreTrue: Rule = ({ now, truth, decisions }) =>
  now.dispatches.flatMap((row) => {
    const starts = tokensOf(row).map((token) => truth.startOf(token));
    const begun = starts.some((start) => start.begun > 0);
    const outcomes = starts.flatMap((start) => start.outcomes);
    const runs = begun && outcomes.length === 0;
    const told = (what: string) => [`job ${row.printJobId} (start ${row.token}) is told ${what}`];
    switch (row.outcome) {
      case 'completed':
        return outcomes.includes('finished')
          ? []
          : told(`completed, but it is ${outcomes.join() || 'unended'}`);
      case 'failed':
        if (runs) return told('failed, but it still prints');
        return outcomes.includes('finished') ? told('failed, but it finished') : [];
      case 'cancelled': {
        if (runs) return told('cancelled, but it still prints');
        const asked = row.cancelRequestedAt !== null || outcomes.includes('cancelled');
        return begun && !asked ? told(`cancelled, but nobody did; it is ${outcomes.join()}`) : [];
      }
      case 'released':
        return begun ? told('not begun and was queued again, but it began') : [];
      case 'not-started':
        return begun && !decisions.hadPowerCut(row) ? told('not begun, but it began') : [];
      default:
        return [];
    }
  });

const completedJobsWerePrinted: Rule = ({ now, decisions }) => {
  const printed = new Set(
    now.dispatches
      .filter(({ outcome }) => outcome === 'completed')
      .map(({ id, printJobId }) => `${printJobId} ${decisions.lifeOfDispatch(id)}`),
  );
  return [...now.jobs.values()].flatMap((job) => {
    if (job.status !== 'completed' || decisions.isResolved(job.id)) return [];
    return printed.has(`${job.id} ${decisions.lifeOf(job.id)}`)
      ? []
      : [`job ${job.id} is completed, and no dispatch completed it`];
  });
};

const doubtIsShown: Rule = ({ before, now, decisions }) => {
  const open = new Set(
    before?.dispatches.filter(({ endedAt }) => endedAt === null).map(({ id }) => id) ?? [],
  );
  const known = new Set(before?.dispatches.map(({ id }) => id) ?? []);
  return now.dispatches.flatMap((row) => {
    if (row.endedAt === null || (known.has(row.id) && !open.has(row.id))) return [];
    const printer = now.printers.find(({ id }) => id === row.printerId);
    const job = now.jobs.get(row.printJobId);
    const inDoubt = row.outcome === 'unknown' || row.outcome === 'failed' || row.outcome === 'completed';
    const breaches: string[] = [];
    if (inDoubt && printer?.confirmedReady && !decisions.wasCleared(printer.serial)) {
      if (goesOn(row, printer, before, decisions)) return [];
      breaches.push(`printer ${printer.serial} is ready although its print is ${row.outcome}`);
    }
    if (row.outcome === 'unknown' && job && !isUnknown(job) && !decisions.wasTouched(job.id)) {
      breaches.push(`job ${job.id} has no known outcome and shows ${job.status} (${job.errorMessage})`);
    }
    return breaches;
  });
};

/** Continuous printing calls the bed clear by itself, after an end about which there is nothing to say. */
function goesOn(
  row: DispatchRow,
  printer: PrinterRow,
  before: Snapshot | null,
  decisions: Decisions,
): boolean {
  const was = before?.printers.find(({ id }) => id === printer.id)?.continuousPrint === true;
  const on = was || printer.continuousPrint || decisions.wasChanged(`continuous ${printer.id}`);
  return on && row.outcome === 'completed' && row.message === null;
}

/** The start clears the bed's word before it is sent, so that this holds at any moment. */
const usedBedsAreNotReady: Rule = ({ now, truth }) =>
  now.printers.flatMap(({ serial, confirmedReady }) => {
    const bed = truth.bedOf(serial);
    return confirmedReady && bed?.ours ? [`printer ${serial} is ready, but ${bed.name} lies on its bed`] : [];
  });

const nothingPrintsOnAnother: Rule = ({ truth }) =>
  truth.collisions.map(({ serial, print, on }) => `${serial} began ${print} onto ${on}`);

/** Each completed dispatch counts, and each job that a person settled as completed; hours only add up. */
const countersAreTrue: Rule = ({ before, now, decisions }) =>
  now.printers.flatMap(({ id, serial, lifetimeJobCount, lifetimePrintHours }) => {
    const here = now.dispatches.filter(({ printerId }) => printerId === id);
    const completed = here.filter(({ outcome }) => outcome === 'completed').length;
    const settled = here.filter(
      ({ outcome, printJobId }) => outcome === 'unknown' && decisions.isResolved(printJobId),
    ).length;
    const breaches: string[] = [];
    if (lifetimeJobCount < completed || lifetimeJobCount > completed + settled)
      breaches.push(
        `printer ${serial} counts ${lifetimeJobCount} jobs; ${completed} were completed and ${settled} settled`,
      );
    const hours = before?.printers.find((printer) => printer.id === id)?.lifetimePrintHours ?? 0;
    if (lifetimePrintHours < hours)
      breaches.push(`the hours of printer ${serial} went from ${hours} to ${lifetimePrintHours}`);
    return breaches;
  });

export const RULES: readonly Rule[] = [
  nothingIsLost,
  openOnce,
  storiesAgree,
  movesAreLegal,
  startsAreSentOnce,
  jobsAreBegunOnce,
  outcomesAreTrue,
  completedJobsWerePrinted,
  doubtIsShown,
  usedBedsAreNotReady,
  nothingPrintsOnAnother,
  countersAreTrue,
];

function tokensOf({ token, previousToken }: DispatchRow): readonly number[] {
  return previousToken === null ? [token] : [token, previousToken];
}

function repeated(ids: readonly string[]): readonly string[] {
  return ids.filter((id, at) => ids.indexOf(id) !== at);
}
