import { decodeRow } from '../database/rows.js';
import type { Transaction } from '../database/transaction.js';
import { materialInstance, printerSlot } from '../resources/index.js';
import type { Patch, Row } from '../resources/resource.js';

export type PrinterSlot = Row<typeof printerSlot>;

/** A place for a spool as the printer reports it. */
export interface ReportedSlot {
  readonly amsIndex: number;
  readonly slotIndex: number;
  readonly slot: number;
  readonly loaded: boolean;
  readonly type: string;
  /** `RRGGBBAA`, '' when unknown. */
  readonly color: string;
  readonly identifier: string;
  /** All colours of the spool, in the form of `color`. */
  readonly colors: readonly string[];
  /** The spool says itself what it is, by a tag. */
  readonly tagged: boolean;
  /** What is left on it by the word of its AMS, where that counts; null elsewhere. */
  readonly gramsLeft: number | null;
}

/** What is kept of a report: null for an empty place. */
export function expectedOf({
  loaded,
  color,
  identifier,
  type,
}: Pick<ReportedSlot, 'loaded' | 'color' | 'identifier' | 'type'>): PrinterSlot['expectedData'] {
  return loaded ? { color: color === '' ? '' : `#${color}`, identifier, type } : null;
}

export const NOTHING_ASSIGNED = {
  materialId: null,
  variantId: null,
  instanceId: null,
  filamentUserProfileId: null,
  filamentSystemProfileId: null,
} satisfies Patch<typeof printerSlot>;

/** What a slot holds as far as its printer tells. */
export function asReported({ expectedData }: Pick<PrinterSlot, 'expectedData'>) {
  const type = expectedData?.type ?? '';
  return { ...NOTHING_ASSIGNED, materialType: type === '' ? null : type, awaitedData: null };
}

/** What a place holds by its report: what its tag names if the farm knows that, else the bare type. */
async function contentsOf(tx: Transaction, slot: ReportedSlot) {
  const expectedData = expectedOf(slot);
  return (await recognised(tx, slot)) ?? asReported({ expectedData });
}

/**
 * Whose identifier a tagged spool names is its material; of the material's variants it is the one with exactly its colours.
 * Null where the farm has no such material: a person may add it.
 */
async function recognised(tx: Transaction, { loaded, tagged, identifier, color, colors }: ReportedSlot) {
  if (!loaded || !tagged || identifier === '') return null;
  const found = await tx.db
    .selectFrom('material')
    .select(['id', 'type'])
    .where('storeId', '=', tx.context.storeId)
    .where('identifier', '=', identifier.toUpperCase())
    .executeTakeFirst();
  if (!found) return null;
  const variants = await tx.db
    .selectFrom('materialVariant')
    .select(['id', 'color'])
    .where('materialId', '=', found.id)
    .orderBy('createdAt')
    .orderBy('id')
    .execute();
  const shown = (colors.length > 0 ? colors : [color]).map((one) => `#${one}`).join(';');
  const variant = variants.find((one) => one.color?.toUpperCase() === shown.toUpperCase());
  return {
    ...NOTHING_ASSIGNED,
    materialId: found.id,
    variantId: variant?.id ?? null,
    materialType: found.type,
    awaitedData: null,
  };
}

/** Nobody has said more of it than its printer does. */
function isUnassigned({ materialId, materialType, awaitedData, expectedData }: PrinterSlot): boolean {
  return materialId === null && awaitedData === null && (materialType ?? '') === (expectedData?.type ?? '');
}

/**
 * Makes the printer's slot rows equal to what it reports: new ones appear, gone ones go, the rest changes. What a person
 * assigned stays until the printer reports another spool; a spool with a tag that the farm knows needs nobody.
 */
export async function syncSlots(
  tx: Transaction,
  printerId: string,
  reported: readonly ReportedSlot[],
): Promise<void> {
  const rows = await slotsOf(tx, printerId);
  const place = (slot: { amsIndex: number; slotIndex: number }) => `${slot.amsIndex}/${slot.slotIndex}`;
  const known = new Map(rows.map((row) => [place(row), row]));
  for (const slot of reported) {
    const row = known.get(place(slot));
    known.delete(place(slot));
    const expectedData = expectedOf(slot);
    const fresh = { expectedData, expectedDataSetAt: expectedData ? tx.now : null };
    if (!row) {
      const { amsIndex, slotIndex } = slot;
      const { storeId } = tx.context;
      const at = { storeId, printerId, amsIndex, slotIndex, slot: slot.slot };
      await tx.insert(printerSlot, { ...at, ...(await contentsOf(tx, slot)), ...fresh });
    } else if (JSON.stringify(row.expectedData) === JSON.stringify(expectedData)) {
      const contents = isUnassigned(row) ? await recognised(tx, slot) : null;
      const kept = await tx.update(printerSlot, row.id, { slot: slot.slot, ...contents });
      await believe(tx, kept.instanceId, slot.gramsLeft);
    } else {
      const assigned = isAwaited(row, expectedData) ? { awaitedData: null } : await contentsOf(tx, slot);
      const changed = await tx.update(printerSlot, row.id, { slot: slot.slot, ...assigned, ...fresh });
      await believe(tx, changed.instanceId, slot.gramsLeft);
    }
  }
  for (const row of known.values()) await tx.remove(printerSlot, row.id);
}

/** The AMS has weighed the spool, as it were. */
async function believe(tx: Transaction, instanceId: string | null, gramsLeft: number | null): Promise<void> {
  if (instanceId === null || gramsLeft === null) return;
  if (await tx.find(materialInstance, instanceId))
    await tx.update(materialInstance, instanceId, { remainingMaterial: gramsLeft });
}

/** What the printer was told of an assigned spool comes back as a report; that is no other spool. */
function isAwaited({ awaitedData }: PrinterSlot, reported: PrinterSlot['expectedData']): boolean {
  if (!awaitedData || !reported || awaitedData.type !== reported.type) return false;
  const { color, identifier } = awaitedData;
  return (
    (color === '' || color.toUpperCase() === reported.color.toUpperCase()) &&
    (identifier === '' || identifier === reported.identifier)
  );
}

export async function slotsOf(tx: Transaction, printerId: string): Promise<readonly PrinterSlot[]> {
  const rows = await tx.db.selectFrom('printerSlot').selectAll().where('printerId', '=', printerId).execute();
  return rows.map((row) => decodeRow(printerSlot, row));
}
