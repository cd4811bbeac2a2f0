import { z } from 'zod';
import { type Decimal, decimal, plus, times, ZERO } from './money.js';
import { platesNamed } from './plates.js';
import { printablePlates, slicedMetadata } from './sliced-part.js';

const usage = z.array(z.object({ index: z.int(), usedGrams: z.number() }));

/** What of an estimate counts here; written by the daemon from a sliced file, whose author may have left things out. */
const estimate = z.object({
  materials: usage,
  plates: z.array(z.object({ plateId: z.int(), materials: usage })).catch([]),
});

/**
 * Grams of filament that one print of a part takes, by filament channel; null when nobody knows. With plate quantities
 * it is as many of each plate as they say; plates that the file does not have take nothing.
 */
export function filamentUse(
  part: { readonly metadata: unknown; readonly slicingEstimate: unknown },
  plateQuantities: Readonly<Record<string, number>> | undefined,
): ReadonlyMap<number, Decimal> | null {
  const read = estimate.safeParse(part.slicingEstimate);
  if (!read.success) return null;
  const use = new Map<number, Decimal>();
  const add = (materials: z.infer<typeof usage>, count: number) => {
    for (const { index, usedGrams } of materials)
      use.set(index, plus(use.get(index) ?? ZERO, times(decimal(usedGrams), decimal(count))));
  };
  const metadata = slicedMetadata(part.metadata);
  if (!metadata || printablePlates(metadata).length === 0 || read.data.plates.length === 0) {
    add(read.data.materials, 1);
    return use;
  }
  for (const { plate, count } of platesNamed(metadata, plateQuantities).plates) {
    const ofPlate = read.data.plates.find(({ plateId }) => plateId === plate.id);
    if (ofPlate) add(ofPlate.materials, count);
  }
  return use;
}
