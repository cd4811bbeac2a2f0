import type { CheckRule, Pair } from './check-rule.js';
import {
  describeChoice,
  describeObstacle,
  describePlaces,
  describeShortage,
  describeSlot,
} from './describe.js';
import { fileMisfit } from './file-fit.js';
import { canPlace, placeChannels } from './materials.js';
import type { UsableSlot } from './prepare.js';
import { isKnownTag, printerFacts, tagHolds } from './required-tags.js';
import type { CheckContext } from './result.js';

/** Whether this job fits this printer. */
export const FIT_CHECKS: readonly CheckRule[] = [
  {
    code: 'profiles-configured',
    label: 'Profiles configured',
    temporary: false,
    passes: (pair) => missingProfiles(pair).length === 0,
    explain: (pair, passed) => {
      if (pair.job.sliced) return 'The file is sliced already and needs no machine or process profile.';
      if (passed) return 'The printer has the profiles that slicing needs.';
      return `The printer has no ${missingProfiles(pair).join(' and no ')} profile: choose it in its settings.`;
    },
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
    passes: ({ job, printer, settings }) => canPlace(job, printer, settings),
    explain: materialText,
    context: materialContext,
  },
  {
    code: 'filament-profiles',
    label: 'Filament profiles',
    temporary: false,
    passes: (pair) => slotWithoutProfile(pair) === null,
    explain: (pair) => {
      if (pair.job.sliced) return 'The file is sliced already and needs no filament profile.';
      const slot = slotWithoutProfile(pair);
      return slot === null ? 'Every slot that is used has a filament profile.' : noProfileFor(slot, pair);
    },
    context: (pair) => {
      const slot = slotWithoutProfile(pair);
      if (slot?.variantId) return { variantId: slot.variantId };
      return slot?.materialId ? { materialId: slot.materialId } : undefined;
    },
  },
];

/** Which of the printer's own profiles a model would need and has not. */
function missingProfiles({ job, printer }: Pair): readonly string[] {
  const { file } = job.job;
  if (file.kind !== 'model') return [];
  const { machine, process } = printer.printer.profiles;
  return [...(machine ? [] : ['machine']), ...(process || file.ownProcess ? [] : ['process'])];
}

/** The first slot that a model would be printed from and has no filament profile; null also where nothing fits. */
function slotWithoutProfile({ job, printer, settings }: Pair): UsableSlot | null {
  if (job.sliced) return null;
  const placement = placeChannels(job, printer, settings);
  if (!placement.placed) return null;
  return placement.slots.find(({ slot }) => slot.profile === null) ?? null;
}

function noProfileFor(chosen: UsableSlot, { printer }: Pair): string {
  const { modelName, modelCode, nozzles } = printer.printer;
  const model = modelName ?? modelCode ?? 'this printer model';
  const nozzle = nozzles.find(({ diameter }) => diameter !== null)?.diameter ?? 'unknown';
  return `There is no filament profile for ${describeSlot(chosen)} on ${model} with a ${nozzle} mm nozzle.`;
}

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

function materialText({ job, printer, settings }: Pair): string {
  const placement = placeChannels(job, printer, settings);
  if (!placement.placed) return describeObstacle(placement.obstacle, printer);
  if (job.demands.length === 0) return 'The plate uses no filament.';
  const parts = job.demands.flatMap((demand, at) => {
    const chosen = placement.slots[at];
    if (chosen === undefined) return [];
    const shortage = settings.checkRemaining === 'off' ? '' : describeShortage(demand, chosen);
    return `${describeChoice(demand)} from ${describeSlot(chosen)}${shortage}`;
  });
  return `${parts.join('; ')}.`;
}

function materialContext({ job, printer, settings }: Pair): CheckContext | undefined {
  const placement = placeChannels(job, printer, settings);
  if (placement.placed) return undefined;
  const { obstacle } = placement;
  const demand = 'demand' in obstacle ? obstacle.demand : obstacle.demands[0];
  const wanted = demand?.channel.alternatives[0];
  if (wanted === undefined) return undefined;
  if ('variantId' in wanted) return { variantId: wanted.variantId };
  return 'materialId' in wanted ? { materialId: wanted.materialId } : undefined;
}
