import type { Transaction } from '../database/transaction.js';
import { materialInstance, partBuild } from '../resources/index.js';
import type { PrintJob } from './jobs.js';
import { slicedMetadata } from './sliced-part.js';
import { slotsOf } from './slots.js';

/** What one print takes from one spool of the library. */
export interface SpoolUse {
  readonly instanceId: string;
  /** As the slicer estimated it for the whole plate. */
  readonly grams: number;
}

/**
 * What the print of a job takes from which spools, by those that are assigned to its slots now. Empty when none is, or
 * when the file does not tell.
 *
 * @param weighed trays whose spools are left alone: their AMS tells what is left on them
 */
export async function spoolsFor(
  tx: Transaction,
  printerId: string,
  job: PrintJob,
  weighed: ReadonlySet<number>,
): Promise<SpoolUse[]> {
  const slots = (await slotsOf(tx, printerId)).filter(
    ({ instanceId, slot }) => instanceId !== null && !weighed.has(slot),
  );
  if (slots.length === 0) return [];
  const use = new Map<string, number>();
  for (const [index, grams] of await gramsByFilament(tx, job)) {
    // One entry for each filament of the file, in its order.
    const place = job.materialMapping?.[index];
    const slot = slots.find(
      ({ amsIndex, slotIndex }) => amsIndex === place?.amsIndex && slotIndex === place.slotIndex,
    );
    const instanceId = slot?.instanceId;
    if (instanceId && grams > 0) use.set(instanceId, (use.get(instanceId) ?? 0) + grams);
  }
  return [...use].map(([instanceId, grams]) => ({ instanceId, grams }));
}

/** Of the plate, from the copy of the part that was frozen when the job was queued; filaments count from 0. */
async function gramsByFilament(tx: Transaction, job: PrintJob): Promise<[index: number, grams: number][]> {
  const { partCopy } = await tx.get(partBuild, job.partBuildId);
  const plateId = job.extensions?.['3mf']?.plateId ?? null;
  const plate = slicedMetadata(partCopy.metadata)?.plates.find(({ id }) => id === plateId);
  return (plate?.sliced?.filaments ?? []).map(({ id, usedG }) => [Number(id) - 1, usedG]);
}

/**
 * Takes what a print took from its spools, never more than there was.
 *
 * @param share of the plate that was printed, 0 to 1
 */
export async function takeFromSpools(
  tx: Transaction,
  spools: readonly SpoolUse[],
  share: number,
): Promise<void> {
  for (const { instanceId, grams } of spools) {
    const spool = await tx.find(materialInstance, instanceId);
    if (!spool) continue;
    const left = Math.max(0, spool.remainingMaterial - grams * share);
    await tx.update(materialInstance, instanceId, { remainingMaterial: Math.round(left * 100) / 100 });
  }
}
