import { FILAMENT_TYPES, type FilamentTypeName } from './stat-types.js';

const BY_UPPER_CASE = new Map<string, FilamentTypeName>(
  FILAMENT_TYPES.map((type) => [type.toUpperCase(), type]),
);

/** Families that go by another name in the contract. */
const FAMILIES: Readonly<Record<string, string>> = { PAHT: 'PA', TPE: 'FLEX', PEBA: 'FLEX', NYLON: 'PA' };

/**
 * The contract's word for a filament type: the same word in any case, else the same family with the same fibre
 * (`PA12-CF` is `PA-CF`), else the family alone (`PLA-S`, `PLA Silk` are `PLA`), else ''.
 */
export function filamentTypeName(type: string): FilamentTypeName {
  const word = type.trim().toUpperCase();
  const exact = BY_UPPER_CASE.get(word);
  if (exact !== undefined) return exact;
  const match = /^([A-Z]+)(\d*)[A-Z]?(?:[^A-Z0-9]+(.*))?$/.exec(word);
  if (match === null) return '';
  const [, letters = '', digits = '', rest = ''] = match;
  const family = FAMILIES[letters] ?? letters;
  const fibre = /\b(CF|GF|AERO)\b/.exec(rest)?.[1];
  const candidates =
    fibre === undefined ? [family] : [`${family}${digits}-${fibre}`, `${family}-${fibre}`, family];
  for (const candidate of candidates) {
    const found = BY_UPPER_CASE.get(candidate);
    if (found !== undefined) return found;
  }
  return '';
}
