import { cube } from '../fixtures/cube.js';
import { Draw } from './draw.js';

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

function part(code: string, at: number, draw: Draw): PlannedPart {
  const seconds = () => draw.whole(120, 480);
  const shapes = [
    [{ seconds: seconds() }],
    [{ seconds: seconds(), type: 'PETG', color: '#FF0000' }],
    [{ seconds: seconds(), color: '#000000' }, { seconds: seconds() }],
  ];
  const plates = draw.one(shapes);
  return {
    code,
    name: `Part ${at} for ${code}`,
    plates: plates.length,
    file: () => cube({ model: code, plates }),
  };
}
