import { decodeRow } from '../database/rows.js';
import type { Transaction } from '../database/transaction.js';
import { printerSlot } from '../resources/index.js';
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

/**
 * Makes the printer's slot rows equal to what it reports: new ones appear, gone ones go, the rest changes. What a person
 * assigned stays until the printer reports another spool.
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
    const expectedData = slot.loaded
      ? { color: slot.color === '' ? '' : `#${slot.color}`, identifier: slot.identifier, type: slot.type }
      : null;
    const fresh = { expectedData, expectedDataSetAt: expectedData ? tx.now : null };
    if (!row) {
      const { amsIndex, slotIndex } = slot;
      const { storeId } = tx.context;
      const at = { storeId, printerId, amsIndex, slotIndex, slot: slot.slot };
      await tx.insert(printerSlot, { ...at, ...asReported({ expectedData }), ...fresh });
    } else if (JSON.stringify(row.expectedData) === JSON.stringify(expectedData)) {
      await tx.update(printerSlot, row.id, { slot: slot.slot });
    } else {
      const assigned = isAwaited(row, expectedData) ? { awaitedData: null } : asReported({ expectedData });
      await tx.update(printerSlot, row.id, { slot: slot.slot, ...assigned, ...fresh });
    }
  }
  for (const row of known.values()) await tx.remove(printerSlot, row.id);
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
