import { type Lab, parseColour } from './colour.js';
import { filamentType } from './filament.js';
import type { MatchChannel, MatchJob, MatchPrinter, MatchSlot } from './input.js';
import { modelKey, type ProfileName, parseProfileName } from './model-names.js';
import { type RequiredTag, readTags } from './required-tags.js';

/** A channel that needs a slot, in comparable form. */
export interface Demand {
  readonly channel: MatchChannel;
  readonly type: string;
  readonly color: Lab | null;
  readonly infoIdx: string;
}

/** A slot that can feed a print, in comparable form. */
export interface UsableSlot {
  readonly slot: MatchSlot;
  readonly type: string;
  readonly color: Lab | null;
  readonly infoIdx: string;
}

/** A job with its texts read once, to be held against many printers. */
export interface PreparedJob {
  readonly job: MatchJob;
  readonly tags: readonly RequiredTag[];
  /** By channel index. */
  readonly demands: readonly Demand[];
  readonly modelKey: string;
  readonly profiles: readonly ProfileName[];
  /** Millimetres. */
  readonly nozzles: readonly number[];
  readonly excluded: ReadonlySet<string>;
}

/** A printer with its texts read once, to be held against many jobs. */
export interface PreparedPrinter {
  readonly printer: MatchPrinter;
  /** Places its configuration lets it use, by amsIndex and slotIndex. */
  readonly places: readonly MatchSlot[];
  /** Those of the places that hold filament. */
  readonly usable: readonly UsableSlot[];
  readonly types: ReadonlySet<string>;
  /** Comparable forms of every name of the model. */
  readonly modelKeys: ReadonlySet<string>;
  readonly tags: ReadonlySet<string>;
}

export function prepareJob(job: MatchJob): PreparedJob {
  const needed = job.channels.filter((channel) => channel.skip !== true);
  return {
    job,
    tags: readTags(job.tags),
    demands: needed.sort((a, b) => a.index - b.index).map(readChannel),
    modelKey: modelKey(job.file.modelName ?? ''),
    profiles: job.file.compatibleNames.map(parseProfileName),
    nozzles: job.file.nozzleDiameters.map(Number).filter((diameter) => diameter > 0),
    excluded: new Set(job.excludedPrinterIds),
  };
}

export function preparePrinter(printer: MatchPrinter): PreparedPrinter {
  const places = printer.slots
    .filter((slot) => slot.external !== printer.useAms)
    .sort((a, b) => a.amsIndex - b.amsIndex || a.slotIndex - b.slotIndex || a.tray - b.tray);
  const usable = places.map(readSlot).filter(holdsFilament);
  const names = [printer.modelName ?? '', printer.modelCode ?? '', ...printer.modelAliases];
  return {
    printer,
    places,
    usable,
    types: new Set(usable.map((slot) => slot.type).filter((type) => type !== '')),
    modelKeys: new Set(names.map(modelKey).filter((key) => key !== '')),
    tags: new Set(printer.tags),
  };
}

function readChannel(channel: MatchChannel): Demand {
  return {
    channel,
    type: filamentType(channel.type),
    color: parseColour(channel.color),
    infoIdx: channel.infoIdx.toUpperCase(),
  };
}

/** What the printer reports counts before what the farm assigned: it is what will come out of the nozzle. */
function readSlot(slot: MatchSlot): UsableSlot {
  return {
    slot,
    type: filamentType(slot.type) || filamentType(slot.materialType),
    color: parseColour(slot.color),
    infoIdx: slot.infoIdx.toUpperCase(),
  };
}

/** An external holder has no sensor: there an assignment is as good as a report (docs/protocol.md §5.6). */
function holdsFilament(candidate: UsableSlot): boolean {
  const { slot } = candidate;
  if (slot.loaded) return true;
  return slot.external && (slot.variantId ?? slot.materialId ?? slot.materialType) !== null;
}
