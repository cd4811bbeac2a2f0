import { buildSlicedFile, type SlicedPlate } from '../fixtures/sliced-file.js';
import { Draw } from './draw.js';
import type { FilamentType } from './library.js';

/** Printers in the order in which a farm gets them: every file can be printed by several of the first few. */
const FLEET = [
  ...['X1C', 'A1M', 'P1S', 'A1M', 'P1P', 'H2D', 'H2D', 'A1', 'A1M', 'P1S'],
  ...['A1', 'X1E', 'H2DPRO', 'A1M', 'P1P', 'A1', 'X1C', 'P1S'],
];
/** The last two places belong to one of the newer models. */
const NEWER = ['P2S', 'H2S', 'A2L', 'X2D', 'H2C'];

/** For whom a printer's files are sliced. */
const FILES_OF: Readonly<Record<string, string>> = {
  X1C: 'BL-P001',
  X1E: 'BL-P001',
  P1S: 'BL-P001',
  P1P: 'BL-P001',
  A1M: 'N1',
  A1: 'N2S',
  A2L: 'N9',
  P2S: 'N7',
  H2D: 'O1D',
  H2DPRO: 'O1D',
  H2S: 'O1S',
  H2C: 'O1C2',
  X2D: 'N6',
};

export interface PlannedPart {
  readonly name: string;
  /** Model code of the printers it is sliced for. */
  readonly code: string;
  /** Jobs that one copy makes. */
  readonly plates: number;
  /** Type of each filament of the file, in their order. */
  readonly types: readonly FilamentType[];
  readonly file: () => Promise<Buffer>;
}

export interface FarmPlan {
  /** Model of every printer, and the code of the files it prints. */
  readonly printers: readonly { readonly model: string; readonly code: string }[];
  /** As often as printers can print them. */
  readonly parts: readonly PlannedPart[];
}

/** The farm of a seed. */
export function planFarm(seed: number, printers: number): FarmPlan {
  const draw = new Draw(seed, 'farm');
  const newer = draw.one(NEWER);
  const planned = Array.from({ length: printers }, (_, at) => {
    const model = FLEET[at % 20] ?? newer;
    return { model, code: FILES_OF[model] ?? model };
  });
  return { printers: planned, parts: planned.map(({ code }, at) => part(code, at, draw)) };
}

const FILAMENTS = {
  white: { type: 'PLA', color: '#FFFFFF' },
  black: { type: 'PLA', color: '#000000' },
  green: { type: 'PLA', color: '#00AE42' },
  red: { type: 'PETG', color: '#FF0000' },
} as const;
type Filament = keyof typeof FILAMENTS;

/** Filaments of a file, and which of them each plate uses. */
const SHAPES: readonly {
  readonly filaments: readonly Filament[];
  readonly plates: readonly (readonly number[])[];
}[] = [
  { filaments: ['white'], plates: [[0]] },
  { filaments: ['red'], plates: [[0]] },
  { filaments: ['black', 'white'], plates: [[0], [1]] },
  { filaments: ['green', 'black'], plates: [[0, 1]] },
  { filaments: ['white', 'red', 'black'], plates: [[0, 1], [2], [0, 2]] },
];

function part(code: string, at: number, draw: Draw): PlannedPart {
  const { filaments, plates } = draw.one(SHAPES);
  const planned = plates.map((used, index) => plate(index + 1, used, filaments, draw.whole(120, 480)));
  return {
    code,
    name: `Part ${at} for ${code}`,
    plates: plates.length,
    types: filaments.map((name) => FILAMENTS[name].type),
    file: () => buildSlicedFile({ model: code, plates: planned }),
  };
}

function plate(
  index: number,
  used: readonly number[],
  filaments: readonly Filament[],
  predictionSeconds: number,
): SlicedPlate {
  return {
    index,
    predictionSeconds,
    weightGrams: 5,
    filaments: used.map((at) => ({
      id: at + 1,
      ...FILAMENTS[filaments[at] ?? 'white'],
      infoIdx: 'GFL99',
      usedGrams: 5,
      usedMeters: 1.7,
    })),
  };
}
