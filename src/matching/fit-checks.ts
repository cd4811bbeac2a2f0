import type { CheckRule, Pair } from './check-rule.js';
import { describeChoice, describeObstacle, describePlaces, describeSlot } from './describe.js';
import { fileMisfit } from './file-fit.js';
import { placeChannels } from './materials.js';
import { isKnownTag, printerFacts, tagHolds } from './required-tags.js';
import type { CheckContext } from './result.js';

/** Whether this job fits this printer. */
export const FIT_CHECKS: readonly CheckRule[] = [
  {
    code: 'profiles-configured',
    label: 'Profiles configured',
    temporary: false,
    passes: () => true,
    explain: () => 'The file is sliced already and needs no machine or process profile.',
  },
  {
    code: 'slots-loaded',
    label: 'Filament loaded',
    temporary: false,
    passes: ({ printer }) => printer.usable.length > 0,
    explain: ({ printer }) => describePlaces(printer),
  },
  {
    code: 'tags-match',
    label: 'Tags, model and nozzle match',
    temporary: false,
    passes: (pair) =>
      !isExcluded(pair) &&
      pair.job.tags.every((tag) => tagHolds(tag, pair.printer)) &&
      fileMisfit(pair.job, pair.printer) === null,
    explain: (pair, passed) =>
      passed ? 'All required tags match, and the file runs on this model and nozzle.' : tagTrouble(pair),
  },
  {
    code: 'material-match',
    label: 'Filament matches',
    temporary: false,
    passes: ({ job, printer }) => placeChannels(job, printer).placed,
    explain: materialText,
    context: materialContext,
  },
  {
    code: 'filament-profiles',
    label: 'Filament profiles',
    temporary: false,
    passes: () => true,
    explain: () => 'The file is sliced already and needs no filament profile.',
  },
];

function isExcluded({ job, printer }: Pair): boolean {
  return job.excluded.has(printer.printer.id);
}

function tagTrouble(pair: Pair): string {
  const { job, printer } = pair;
  if (isExcluded(pair)) {
    return 'This job failed on this printer before and is not sent there again by itself: retry it to allow that.';
  }
  const failing = job.tags.find((tag) => !tagHolds(tag, printer));
  if (failing === undefined) return fileMisfit(job, printer)?.() ?? '';
  if (!isKnownTag(failing.key)) return `The required tag ${failing.key} is not one that printers have.`;
  const actual = printerFacts(printer)[failing.key] ?? [];
  const has = actual.length === 0 ? 'nothing' : actual.join(', ');
  return `The job requires ${failing.key} "${failing.text}"; this printer has ${has}.`;
}

function materialText({ job, printer }: Pair): string {
  const placement = placeChannels(job, printer);
  if (!placement.placed) return describeObstacle(placement.obstacle, printer);
  if (job.demands.length === 0) return 'The plate uses no filament.';
  const parts = job.demands.flatMap((demand, at) => {
    const chosen = placement.slots[at];
    return chosen === undefined ? [] : `${describeChoice(demand)} from ${describeSlot(chosen)}`;
  });
  return `${parts.join('; ')}.`;
}

function materialContext({ job, printer }: Pair): CheckContext | undefined {
  const placement = placeChannels(job, printer);
  if (placement.placed) return undefined;
  const { obstacle } = placement;
  const demand = 'demand' in obstacle ? obstacle.demand : obstacle.demands[0];
  const wanted = demand?.channel.alternatives[0];
  if (wanted === undefined) return undefined;
  if ('variantId' in wanted) return { variantId: wanted.variantId };
  return 'materialId' in wanted ? { materialId: wanted.materialId } : undefined;
}
