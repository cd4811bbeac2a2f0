/** Preset id of the generic filament of a type, for spools without a tag (docs/protocol.md §6.4). */
const GENERIC: Readonly<Record<string, string>> = {
  PLA: 'GFL99',
  'PLA-CF': 'GFL98',
  PETG: 'GFG99',
  'PETG-CF': 'GFG98',
  PCTG: 'GFG97',
  ABS: 'GFB99',
  ASA: 'GFB98',
  PC: 'GFC99',
  HIPS: 'GFS98',
  PHA: 'GFR98',
  TPU: 'GFU99',
  'TPU-AMS': 'GFU98',
  PA: 'GFN99',
  'PA-CF': 'GFN98',
  'PPA-CF': 'GFN97',
  'PPA-GF': 'GFN96',
  PPS: 'GFT97',
  'PPS-CF': 'GFT98',
  PP: 'GFP97',
  'PP-CF': 'GFP96',
  'PP-GF': 'GFP95',
  PE: 'GFP99',
  'PE-CF': 'GFP98',
  PVA: 'GFS99',
  BVOH: 'GFS97',
  EVA: 'GFR99',
};

export const GENERIC_TYPES: readonly string[] = Object.keys(GENERIC);

/** Null when there is no generic preset for the type. */
export function genericFilament(type: string): string | null {
  return Object.hasOwn(GENERIC, type) ? (GENERIC[type] ?? null) : null;
}
