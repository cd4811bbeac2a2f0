import type { Rule } from './rules.js';
import type { DispatchRow, JobRow, Snapshot } from './snapshot.js';

/** Every end of a dispatch has an outcome, and words unless it is the one that everybody wanted. */
const endingsHaveWords: Rule = ({ now }) =>
  now.dispatches.flatMap(({ id, endedAt, outcome, message }) => {
    if (endedAt === null) return outcome === null ? [] : [`dispatch ${id} is ${outcome} and has not ended`];
    if (outcome === null) return [`dispatch ${id} ended and nobody knows how`];
    const plain = outcome === 'completed' || outcome === 'cancelled';
    return plain || message !== null ? [] : [`dispatch ${id} is ${outcome} without a word why`];
  });

/** What a job says of itself follows from the last of its dispatches, or from what a person did with it. */
const journalExplains: Rule = ({ now, decisions }) => {
  const rowsOf = byJob(now);
  return [...now.jobs.values()].flatMap((job) => {
    if (decisions.isResolved(job.id)) return [];
    const rows = rowsOf.get(job.id) ?? [];
    const life = rows.filter(({ id }) => decisions.lifeOfDispatch(id) === decisions.lifeOf(job.id));
    const last = life.at(-1)?.outcome ?? null;
    const odd = (why: string) => [`job ${job.id} is ${job.status} (${job.errorMessage}), but ${why}`];
    switch (job.status) {
      case 'failed':
        if (job.errorMessage === null) return odd('no word says why');
        return last === null || ['failed', 'unknown', 'not-started', 'released'].includes(last)
          ? []
          : odd(`its last dispatch is ${last}`);
      case 'cancelled':
        return last === 'cancelled' || decisions.wasCancelAsked(job.id) ? [] : odd('nobody cancelled it');
      case 'pending':
        return unexplainedExclusions(job, rows).flatMap((id) => odd(`no dispatch excluded printer ${id}`));
      default:
        return [];
    }
  });
};

function unexplainedExclusions(job: JobRow, rows: readonly DispatchRow[]): readonly string[] {
  const tried = new Set(rows.filter(({ endedAt }) => endedAt !== null).map(({ printerId }) => printerId));
  return job.excludedPrinterIds.filter((id) => !tried.has(id));
}

function byJob({ dispatches }: Snapshot): ReadonlyMap<string, readonly DispatchRow[]> {
  const found = new Map<string, DispatchRow[]>();
  for (const row of dispatches) {
    const rows = found.get(row.printJobId);
    if (rows) rows.push(row);
    else found.set(row.printJobId, [row]);
  }
  return found;
}

/** Continuous printing ends with the first print that does not end as it should. */
const troubleEndsContinuous: Rule = ({ before, now, decisions }) => {
  const open = new Set(before?.dispatches.filter(({ endedAt }) => endedAt === null).map(({ id }) => id));
  const known = new Set(before?.dispatches.map(({ id }) => id));
  return now.dispatches.flatMap((row) => {
    if (row.endedAt === null || (known.has(row.id) && !open.has(row.id))) return [];
    const printer = now.printers.find(({ id }) => id === row.printerId);
    const trouble =
      row.outcome === 'failed' ||
      row.outcome === 'unknown' ||
      (row.outcome === 'cancelled' && row.startSentAt !== null);
    const goesOn = printer?.continuousPrint && !decisions.wasChanged(`continuous ${printer.id}`);
    return trouble && goesOn ? [`${printer.serial} prints on although its print is ${row.outcome}`] : [];
  });
};

const countdownsAreRight: Rule = ({ now }) =>
  now.printers
    .filter(({ continuousPrint: on, fabmaticRemainingJobs: left }) => left !== null && (!on || left < 1))
    .map(({ serial, fabmaticRemainingJobs: left }) => `${serial} has ${left} continuous prints left`);

export const JOURNAL_RULES: readonly Rule[] = [
  endingsHaveWords,
  journalExplains,
  troubleEndsContinuous,
  countdownsAreRight,
];
