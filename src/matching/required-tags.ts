import { TAG_KEYS } from '../contract/enums.js';
import { filamentType } from './filament.js';
import { modelKey } from './model-names.js';
import type { PreparedPrinter } from './prepare.js';
import { parseTag, satisfiesTag, type TagRequirement } from './tags.js';

/** A required tag as the user wrote it, and read. */
export interface RequiredTag {
  readonly key: string;
  readonly text: string;
  /** With its values in the form in which those of printers are kept. */
  readonly requirement: TagRequirement;
}

export function readTags(tags: Readonly<Record<string, string>>): RequiredTag[] {
  return Object.entries(tags).map(([key, text]) => {
    const { mode, values } = parseTag(text, key === 'user.tags' ? 'all' : 'any');
    return { key, text, requirement: { mode, values: values.map((value) => comparable(key, value)) } };
  });
}

/** What a printer has under each key, in the form in which tags are compared. */
export function tagValues(printer: Pick<PreparedPrinter, 'printer' | 'modelKeys' | 'types'>): TagValues {
  const { provider, id, nozzles, tags } = printer.printer;
  const diameters = nozzles.flatMap(({ diameter }) => diameter ?? []);
  return new Map<string, ReadonlySet<string>>([
    ['printer.provider', new Set([provider])],
    ['printer.id', new Set([id])],
    ['printer.nozzleDiameter', new Set(diameters.map((one) => comparable('printer.nozzleDiameter', one)))],
    ['printer.modelName', printer.modelKeys],
    ['filament.type', printer.types],
    ['user.tags', new Set(tags)],
  ]);
}

export type TagValues = ReadonlyMap<string, ReadonlySet<string>>;

function comparable(key: string, value: string): string {
  switch (key) {
    case 'printer.nozzleDiameter':
      return Number.isNaN(Number(value)) ? value : String(Number(value));
    case 'printer.modelName':
      return modelKey(value);
    case 'filament.type':
      return filamentType(value);
    default:
      return value;
  }
}

const NOTHING: ReadonlySet<string> = new Set();

/** A tag under a key nobody knows is never satisfied: what it asks for cannot be checked. */
export function tagHolds(tag: RequiredTag, printer: PreparedPrinter): boolean {
  return satisfiesTag(tag.requirement, printer.tagValues.get(tag.key) ?? NOTHING);
}

/** What the printer has to show for a key, for people to read. */
export function printerFacts(printer: PreparedPrinter): Readonly<Record<string, readonly string[]>> {
  const facts = printer.printer;
  return {
    'printer.provider': [facts.provider],
    'printer.id': [facts.id],
    'printer.nozzleDiameter': facts.nozzles.flatMap((nozzle) => nozzle.diameter ?? []),
    'printer.modelName': facts.modelName === null ? [] : [facts.modelName],
    'filament.type': [...printer.types],
    'user.tags': facts.tags,
  };
}

export function isKnownTag(key: string): boolean {
  return TAG_KEYS.some((known) => known === key);
}

/** True when the tags name models or printers, which stands in for a model the file does not tell. */
export function restrictsModel(tags: readonly RequiredTag[]): boolean {
  return tags.some((tag) => restricts(tag, 'printer.modelName') || restricts(tag, 'printer.id'));
}

/** True when the tags name diameters or printers, which stands in for a nozzle the file does not tell. */
export function restrictsNozzle(tags: readonly RequiredTag[]): boolean {
  return tags.some((tag) => restricts(tag, 'printer.nozzleDiameter') || restricts(tag, 'printer.id'));
}

function restricts(tag: RequiredTag, key: string): boolean {
  return tag.key === key && tag.requirement.mode !== 'none' && tag.requirement.values.length > 0;
}
