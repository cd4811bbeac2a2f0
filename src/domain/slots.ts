import { decodeRow } from '../database/rows.js';
import type { Transaction } from '../database/transaction.js';
import { printerSlot } from '../resources/index.js';
import type { Row } from '../resources/resource.js';

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

/** Makes the printer's slot rows equal to what it reports: new ones appear, gone ones go, the rest changes. */
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
    const facts = {
      slot: slot.slot,
      materialType: slot.loaded && slot.type !== '' ? slot.type : null,
      expectedData: slot.loaded
        ? { color: slot.color === '' ? '' : `#${slot.color}`, identifier: slot.identifier, type: slot.type }
        : null,
    };
    if (!row) {
      const { amsIndex, slotIndex } = slot;
      const expectedDataSetAt = facts.expectedData ? tx.now : null;
      await tx.insert(printerSlot, {
        storeId: tx.context.storeId,
        printerId,
        amsIndex,
        slotIndex,
        ...facts,
        expectedDataSetAt,
      });
    } else {
      const same = JSON.stringify(row.expectedData) === JSON.stringify(facts.expectedData);
      await tx.update(printerSlot, row.id, {
        ...facts,
        ...(same ? {} : { expectedDataSetAt: facts.expectedData ? tx.now : null }),
      });
    }
  }
  for (const row of known.values()) await tx.remove(printerSlot, row.id);
}

export async function slotsOf(tx: Transaction, printerId: string): Promise<readonly PrinterSlot[]> {
  const rows = await tx.db.selectFrom('printerSlot').selectAll().where('printerId', '=', printerId).execute();
  return rows.map((row) => decodeRow(printerSlot, row));
}
