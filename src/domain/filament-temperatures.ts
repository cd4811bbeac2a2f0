/** Degrees Celsius between which a filament is printed. */
export interface NozzleRange {
  readonly min: number;
  readonly max: number;
}

/**
 * What printers are told of a spool that carries no tag. Source: the basic filament profiles that Bambu Studio brings
 * along (`nozzle_temperature_range_low` and `_high`), PLA as the printers' own screens set it.
 */
const RANGES: Readonly<Record<string, NozzleRange>> = {
  PLA: { min: 190, max: 240 },
  PETG: { min: 220, max: 260 },
  PET: { min: 220, max: 260 },
  PCTG: { min: 220, max: 260 },
  ABS: { min: 240, max: 270 },
  ASA: { min: 240, max: 280 },
  TPU: { min: 200, max: 250 },
  PA: { min: 260, max: 300 },
  PA6: { min: 260, max: 300 },
  PAHT: { min: 260, max: 300 },
  PC: { min: 260, max: 280 },
  PP: { min: 220, max: 250 },
  PPA: { min: 280, max: 320 },
  PPS: { min: 300, max: 340 },
  HIPS: { min: 220, max: 270 },
};

/** What those profiles begin with where they say nothing of their own. */
const ANY: NozzleRange = { min: 190, max: 240 };

/** The range of a filament type such as `PLA` or `PETG-CF`: its own, else that of the plastic it begins with. */
export function nozzleRange(type: string): NozzleRange {
  const word = type.trim().toUpperCase();
  const [base = ''] = word.split(/[\s-]/);
  for (const name of [word, base]) if (Object.hasOwn(RANGES, name)) return RANGES[name] ?? ANY;
  return ANY;
}
