import { createHash } from 'node:crypto';

/** A printer model that slicers have profiles for. */
export interface PrinterModel {
  /** Stable; what `PrinterModel.id` answers. */
  readonly id: number;
  /** What the printer announces itself as, and sliced files name. */
  readonly code: string;
  readonly name: string;
  readonly nozzleDiameters: readonly string[];
  /** What profiles of materials refer to: an id in the form of all others, made from the code. */
  readonly modelId: string;
}

/** Bambu Lab, the only maker so far. */
export const BAMBU_VENDOR = 1;

const NOZZLES = ['0.2', '0.4', '0.6', '0.8'] as const;

/**
 * The models, by their number. Source: the machine profiles that Bambu Studio brings along (`resources/profiles/BBL`):
 * each has one for each of the four nozzles. New models are added at the end, for the numbers are stored.
 */
export const PRINTER_MODELS: readonly PrinterModel[] = [
  ['BL-P001', 'Bambu Lab X1 Carbon'],
  ['BL-P002', 'Bambu Lab X1'],
  ['C13', 'Bambu Lab X1E'],
  ['C11', 'Bambu Lab P1P'],
  ['C12', 'Bambu Lab P1S'],
  ['N1', 'Bambu Lab A1 mini'],
  ['N2S', 'Bambu Lab A1'],
  ['O1D', 'Bambu Lab H2D'],
  ['O1E', 'Bambu Lab H2D Pro'],
  ['O1S', 'Bambu Lab H2S'],
  ['O1C2', 'Bambu Lab H2C'],
  ['N7', 'Bambu Lab P2S'],
  ['N6', 'Bambu Lab X2D'],
  ['N9', 'Bambu Lab A2L'],
].map(([code = '', name = ''], index) =>
  Object.freeze({ id: index + 1, code, name, nozzleDiameters: NOZZLES, modelId: modelIdOf(code) }),
);

function modelIdOf(code: string): string {
  return createHash('sha256').update(`printer model ${code}`).digest('hex').slice(0, 24);
}

const byModelId = new Map(PRINTER_MODELS.map((model) => [model.modelId, model]));
const byCode = new Map(PRINTER_MODELS.map((model) => [model.code, model]));

export function modelById(modelId: string): PrinterModel | null {
  return byModelId.get(modelId) ?? null;
}

export function modelByCode(code: string): PrinterModel | null {
  return byCode.get(code) ?? null;
}
