import { TAG_KEYS } from '../contract/enums.js';
import { filamentType } from './filament.js';
import { modelKey } from './model-names.js';
import type { PreparedPrinter } from './prepare.js';
import { parseTag, satisfiesTag, type TagRequirement } from './tags.js';

/** A required tag as the user wrote it, and read. */
export interface RequiredTag {
  readonly key: string;
  readonly text: string;
  readonly requirement: TagRequirement;
}

export function readTags(tags: Readonly<Record<string, string>>): RequiredTag[] {
  return Object.entries(tags).map(([key, text]) => ({
    key,
    text,
    requirement: parseTag(text, key === 'user.tags' ? 'all' : 'any'),
  }));
}

/** A tag under a key nobody knows is never satisfied: what it asks for cannot be checked. */
export function tagHolds(tag: RequiredTag, printer: PreparedPrinter): boolean {
  return satisfiesTag(tag.requirement, (value) => hasValue(tag.key, value, printer));
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

function hasValue(key: string, value: string, printer: PreparedPrinter): boolean {
  switch (key) {
    case 'printer.provider':
      return printer.printer.provider === value;
    case 'printer.id':
      return printer.printer.id === value;
    case 'printer.nozzleDiameter':
      return printer.printer.nozzles.some((nozzle) => sameDiameter(nozzle.diameter, value));
    case 'printer.modelName':
      return printer.modelKeys.has(modelKey(value));
    case 'filament.type':
      return printer.types.has(filamentType(value));
    case 'user.tags':
      return printer.tags.has(value);
    default:
      return false;
  }
}

function sameDiameter(diameter: string | null, wanted: string): boolean {
  if (diameter === null) return false;
  return diameter === wanted || Number(diameter) === Number(wanted);
}
