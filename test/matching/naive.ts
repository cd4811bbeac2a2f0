import type { MatchJob, MatchPrinter, MatchSettings } from '../../src/matching/input.js';
import { byQueue, byWear } from '../../src/matching/order.js';
import { CHECKS } from '../../src/matching/pair.js';
import { prepareJob, preparePrinter } from '../../src/matching/prepare.js';

/** The rules of a pass in their plainest form: every job with every printer, one after another. */
export function naivePass(
  jobs: readonly MatchJob[],
  printers: readonly MatchPrinter[],
  settings: MatchSettings,
): readonly (readonly [jobId: string, printerId: string])[] {
  const open = { ...settings, maxConcurrentJobs: null, startsLeft: null };
  const free = printers.toSorted(byWear).map(preparePrinter);
  const pairs: [string, string][] = [];
  const serve = (tier: readonly MatchJob[]) => {
    for (const one of queueOf(tier, settings.begun)) {
      const limit = settings.maxConcurrentJobs ?? Number.POSITIVE_INFINITY;
      if (settings.activeJobs + pairs.length >= limit) return;
      if (settings.startsLeft && pairs.length >= settings.startsLeft.count) return;
      const prepared = prepareJob(one);
      const at = free.findIndex((machine) => {
        const pair = { job: prepared, printer: machine, settings: open };
        return CHECKS.every((check) => check.passes(pair));
      });
      const [taken] = at < 0 ? [] : free.splice(at, 1);
      if (taken !== undefined) pairs.push([one.id, taken.printer.id]);
    }
  };
  const normal = jobs.filter(({ priority }) => priority === 100);
  serve(normal);
  const lowMayRun = normal.length === 0 || (settings.processLowPriorityJobs && pairs.length === 0);
  if (lowMayRun) serve(jobs.filter(({ priority }) => priority === 1000));
  return pairs;
}

/** Groups stand where their first job stands; those that have begun come before the others. */
function queueOf(tier: readonly MatchJob[], begun: ReadonlySet<string>): readonly MatchJob[] {
  const queue = tier.toSorted(byQueue);
  const groups = new Map<string, MatchJob[]>();
  for (const one of queue) {
    const word = one.together === null ? `alone ${one.id}` : `group ${one.together}`;
    groups.set(word, [...(groups.get(word) ?? []), one]);
  }
  const hasBegun = ([first]: readonly MatchJob[]) => first?.together != null && begun.has(first.together);
  const all = [...groups.values()];
  return [...all.filter(hasBegun), ...all.filter((group) => !hasBegun(group))].flat();
}
