import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';

/** A sliced file that the demo prints, and on which model codes it runs. */
export interface DemoFile {
  readonly name: string;
  readonly fileName: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Printers of the demo that suit it; decides how copies are shared out. */
  readonly share: number;
}

/** Short model name to the model its sample is sliced for and how many nozzles that has. */
const SAMPLES: Readonly<Record<string, { readonly model: string; readonly nozzles: number }>> = {
  X1C: { model: 'BL-P001', nozzles: 1 },
  P1S: { model: 'BL-P001', nozzles: 1 },
  A1: { model: 'N2S', nozzles: 1 },
  A1M: { model: 'N1', nozzles: 1 },
  H2D: { model: 'O1D', nozzles: 2 },
};

/** Virtual seconds a made-up print takes. */
const PRINT_SECONDS = 900;

/** The file the person named, or a sample for every kind of printer there is. */
export async function demoFiles(
  given: string | undefined,
  models: readonly string[],
): Promise<readonly DemoFile[]> {
  if (given !== undefined) {
    const bytes = new Uint8Array(await readFile(given));
    return [
      { name: basename(given).replace(/(\.gcode)?\.3mf$/i, ''), fileName: basename(given), bytes, share: 1 },
    ];
  }
  const shares = new Map<string, number>();
  for (const model of models) {
    const sample = SAMPLES[model]?.model;
    if (sample !== undefined) shares.set(sample, (shares.get(sample) ?? 0) + 1);
  }
  return Promise.all([...shares].map(([model, share]) => sample(model, share)));
}

async function sample(model: string, share: number): Promise<DemoFile> {
  const { buildSlicedFile } = await import('../../drivers/emulator/sample-file.js');
  const nozzles = Object.values(SAMPLES).find((entry) => entry.model === model)?.nozzles ?? 1;
  const bytes = await buildSlicedFile({
    model,
    nozzle: Array.from({ length: nozzles }, () => '0.4').join(','),
    plates: [
      {
        index: 1,
        predictionSeconds: PRINT_SECONDS,
        weightGrams: 12.4,
        layers: 120,
        name: 'Bracket',
        filaments: [
          { id: 1, type: 'PLA', color: '#FFFFFF', infoIdx: 'GFA00', usedGrams: 12.4, usedMeters: 4.1 },
        ],
      },
    ],
  });
  return {
    name: `Bracket (${model})`,
    fileName: `bracket ${model}.gcode.3mf`,
    bytes: new Uint8Array(bytes),
    share,
  };
}

/** Copies of each file, in proportion to the printers that suit it; every copy is given out. */
export function shareCopies(files: readonly DemoFile[], copies: number): readonly number[] {
  const total = files.reduce((sum, file) => sum + file.share, 0);
  let given = 0;
  let shares = 0;
  return files.map((file) => {
    shares += file.share;
    const upTo = Math.round((copies * shares) / total);
    const count = upTo - given;
    given = upTo;
    return count;
  });
}
