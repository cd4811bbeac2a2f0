/** Sliced files of a wanted size that the daemon takes and the emulator prints. */
import { randomBytes } from 'node:crypto';
import { buildSlicedFile } from '../drivers/emulator/sample-file.js';

const LINE_BYTES = 90;

/**
 * One plate.
 *
 * @param bytes size of the file, give or take a few percent; what is too small gets the smallest there is
 * @param model code of the printer it is for, an X1 Carbon by default
 */
export async function slicedFile(
  printSeconds: number,
  bytes = 0,
  model = 'BL-P001',
): Promise<Uint8Array<ArrayBuffer>> {
  const layers = 100;
  const header = [
    '; HEADER_BLOCK_START',
    `; total estimated time: ${printSeconds}s`,
    `; total layer number: ${layers}`,
    '; max_z_height: 20.00',
    '; HEADER_BLOCK_END',
  ];
  const file = await buildSlicedFile({
    model,
    plates: [
      {
        index: 1,
        predictionSeconds: printSeconds,
        weightGrams: 10,
        layers,
        name: 'Bench',
        filaments: [{ id: 1, type: 'PLA', color: '#FFFFFF', infoIdx: 'GFL99', usedGrams: 10, usedMeters: 3 }],
        gcode: `${[...header, ...incompressible(bytes)].join('\n')}\n`,
      },
    ],
  });
  return new Uint8Array(file);
}

/** Comments that deflate back to their random bytes, so that the size of the archive is the size wanted. */
function incompressible(bytes: number): string[] {
  const lines = Math.floor(bytes / LINE_BYTES);
  return Array.from({ length: lines }, () => `;${randomBytes(LINE_BYTES).toString('base64')}`);
}
