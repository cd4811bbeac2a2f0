import { type Lab, parseColour } from './colour.js';
import { filamentType } from './filament.js';
import type { MatchChannel, MatchJob, MatchPrinter, MatchSlot, MaterialAlternative } from './input.js';
import { modelKey, type ProfileName, parseProfileName } from './model-names.js';
import { type RequiredTag, readTags, type TagValues, tagValues } from './required-tags.js';

/** A channel that needs a slot, in comparable form. */
export interface Demand {
  readonly channel: MatchChannel;
  /** '' where any type does. */
  readonly type: string;
  readonly color: Lab | null;
  readonly infoIdx: string;
  /** Best first, groups taken apart; null when anything of the type will do. */
  readonly choices: readonly Choice[] | null;
}

/** One material that will do. */
export interface Choice {
  readonly level: 'variant' | 'material' | 'type';
  readonly value: string;
  /** Position of the alternative that it belongs to. */
  readonly rank: number;
}

/** A slot that can feed a print, in comparable form. */
export interface UsableSlot {
  readonly slot: MatchSlot;
  readonly type: string;
  readonly color: Lab | null;
  readonly infoIdx: string;
  readonly materialId: string | null;
  readonly variantId: string | null;
}

/** A job with its texts read once, to be held against many printers. */
export interface PreparedJob {
  readonly job: MatchJob;
  readonly tags: readonly RequiredTag[];
  /** By channel index. */
  readonly demands: readonly Demand[];
  /** The file was sliced already: it binds types, and each channel needs a slot of its own. */
  readonly sliced: boolean;
  readonly modelKey: string;
  readonly profiles: readonly ProfileName[];
  /** Millimetres, rising. */
  readonly nozzles: readonly number[];
  /** The extruders in use; null where the file does not bind each of its channels to one. */
  readonly extruders: ReadonlySet<number> | null;
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
  readonly tagValues: TagValues;
  /** Millimetres, of each nozzle; NaN where it has not said. */
  readonly diameters: readonly number[];
}

export function prepareJob(job: MatchJob): PreparedJob {
  const needed = job.channels.filter((channel) => channel.skip !== true);
  const { file } = job;
  const sliced = file.kind === 'gcode3mf';
  return {
    job,
    tags: readTags(job.tags),
    demands: needed.sort((a, b) => a.index - b.index).map((channel) => readChannel(channel, sliced)),
    sliced,
    modelKey: sliced ? modelKey(file.modelName ?? '') : '',
    profiles: sliced ? file.compatibleNames.map(parseProfileName) : [],
    nozzles: sliced ? rising(file.nozzleDiameters.map(Number).filter((diameter) => diameter > 0)) : [],
    extruders: extrudersInUse(needed),
    excluded: new Set(job.excludedPrinterIds),
  };
}

export function preparePrinter(printer: MatchPrinter): PreparedPrinter {
  const places = printer.slots
    .filter((slot) => slot.external !== printer.useAms)
    .sort((a, b) => a.amsIndex - b.amsIndex || a.slotIndex - b.slotIndex || a.tray - b.tray);
  const usable = places.map(readSlot).filter(holdsFilament);
  const names = [printer.modelName ?? '', printer.modelCode ?? '', ...printer.modelAliases];
  const types = new Set(usable.map((slot) => slot.type).filter((type) => type !== ''));
  const modelKeys = new Set(names.map(modelKey).filter((key) => key !== ''));
  return {
    printer,
    places,
    usable,
    types,
    modelKeys,
    tagValues: tagValues({ printer, modelKeys, types }),
    diameters: printer.nozzles.map(({ diameter }) => Number(diameter ?? Number.NaN)),
  };
}

function extrudersInUse(channels: readonly MatchChannel[]): ReadonlySet<number> | null {
  const bound = channels.flatMap(({ extruder }) => extruder ?? []);
  return bound.length === 0 || bound.length < channels.length ? null : new Set(bound);
}

export function rising(numbers: readonly number[]): readonly number[] {
  return numbers.toSorted((a, b) => a - b);
}

function readChannel(channel: MatchChannel, sliced: boolean): Demand {
  const { alternatives } = channel;
  return {
    channel,
    type: sliced ? filamentType(channel.type) : '',
    color: parseColour(channel.color),
    infoIdx: channel.infoIdx.toUpperCase(),
    choices: alternatives.length === 0 ? null : alternatives.flatMap(readAlternative),
  };
}

function readAlternative(alternative: MaterialAlternative, rank: number): readonly Choice[] {
  if ('groupId' in alternative) return alternative.members.flatMap((member) => readAlternative(member, rank));
  if ('variantId' in alternative) return [{ level: 'variant', value: alternative.variantId, rank }];
  if ('materialId' in alternative) return [{ level: 'material', value: alternative.materialId, rank }];
  return [{ level: 'type', value: filamentType(alternative.materialType), rank }];
}

/**
 * What the farm says is in a place counts before what the printer reports: it is only kept while the report is the one
 * that it was said of.
 */
function readSlot(slot: MatchSlot): UsableSlot {
  const { assigned } = slot;
  return {
    slot,
    type: filamentType(assigned?.type ?? slot.type),
    color: parseColour(assigned?.color ?? slot.color),
    infoIdx: (assigned?.infoIdx ?? slot.infoIdx).toUpperCase(),
    materialId: assigned?.materialId ?? null,
    variantId: assigned?.variantId ?? null,
  };
}

/** An external holder has no sensor: there an assignment is as good as a report (docs/protocol.md §5.6). */
function holdsFilament({ slot }: UsableSlot): boolean {
  return slot.loaded || (slot.external && slot.assigned !== null);
}
