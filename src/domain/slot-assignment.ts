import { ApiError, invalidInput, notFound } from '../contract/errors.js';
import type { Transaction } from '../database/transaction.js';
import { material, materialInstance, materialVariant, printer, printerSlot } from '../resources/index.js';
import { requireProfiles } from './profiles.js';
import { asReported, NOTHING_ASSIGNED, type PrinterSlot, slotsOf } from './slots.js';

/** What is in a slot, named as finely as it is known: one of the four, coarser ones follow from it. */
export interface SlotContents {
  readonly instanceId?: string | null | undefined;
  readonly variantId?: string | null | undefined;
  readonly materialId?: string | null | undefined;
  readonly materialType?: string | null | undefined;
  /** Only a bare type may carry a profile of its own: for the others it follows from the material. */
  readonly filamentUserProfileId?: string | null | undefined;
  readonly filamentSystemProfileId?: number | null | undefined;
}

export interface Place {
  readonly amsIndex: number;
  readonly slotIndex: number;
}

/** A slot with what it holds now, and how the printer would put it. */
export interface AssignedSlot {
  readonly printerId: string;
  readonly place: Place;
  /** Filament type such as `PLA`; null when the slot was cleared. */
  readonly type: string | null;
  /** `#RRGGBBAA`; null when no colour was named: then the slot keeps the one it shows. */
  readonly color: string | null;
  readonly identifier: string | null;
  /** Whether the printer is to be told of it. */
  readonly told: boolean;
}

/** Whether the printer will be told: then it soon reports what we said, which is no other spool. */
export type IsTold = (slot: PrinterSlot) => boolean;

/**
 * Says what is in slots of printers. AMS slots that the printer reports empty are passed over; an external holder may be
 * filled in before anything hangs on it. A spool is in one place: naming it takes it from where it was.
 *
 * @returns the slots that were assigned
 * @throws ApiError not_found; validation_failed; unprocessable when there is no such slot to assign, or all are empty
 */
export async function assignSlots(
  tx: Transaction,
  printerIds: readonly string[],
  places: readonly Place[],
  contents: SlotContents,
  isTold: IsTold,
): Promise<readonly AssignedSlot[]> {
  const what = await resolve(tx, contents);
  const found = await slotsAt(tx, printerIds, places);
  const filled = found.filter((slot) => slot.amsIndex < 0 || slot.expectedData !== null);
  if (filled.length === 0 && places.length > 0 && printerIds.length > 0)
    throw new ApiError(
      'unprocessable',
      found.length === 0 ? noSuchPlace(places) : 'The slots are empty: load filament before assigning it',
    );
  if (what.patch.instanceId) {
    if (filled.length > 1)
      throw invalidInput([{ path: '$input.instanceId', expected: 'one slot: a spool is in one place' }]);
    await takeOut(tx, what.patch.instanceId, filled[0]?.id ?? '');
  }
  for (const slot of filled) {
    const awaited = isTold(slot)
      ? { type: what.patch.materialType, color: what.color ?? '', identifier: what.identifier ?? '' }
      : null;
    await tx.update(printerSlot, slot.id, { ...what.patch, awaitedData: awaited });
  }
  const { color, identifier } = what;
  return filled.map((slot) => assigned(slot, isTold, { type: what.patch.materialType, color, identifier }));
}

/** Takes away what was assigned: the slots show again what their printers report. @throws ApiError as above */
export async function clearSlots(
  tx: Transaction,
  printerIds: readonly string[],
  places: readonly Place[] | null,
  isTold: IsTold,
): Promise<readonly AssignedSlot[]> {
  const found = await slotsAt(tx, printerIds, places);
  if (found.length === 0 && places !== null && places.length > 0 && printerIds.length > 0)
    throw new ApiError('unprocessable', noSuchPlace(places));
  for (const slot of found) await tx.update(printerSlot, slot.id, asReported(slot));
  return found.map((slot) => assigned(slot, isTold, { type: null, color: null, identifier: null }));
}

/**
 * Names the filament profile of a slot that holds a bare type. Where a material is assigned the profile is the
 * material's: such slots are left out.
 *
 * @throws ApiError not_found, validation_failed, unprocessable
 */
export async function setSlotProfile(
  tx: Transaction,
  printerIds: readonly string[],
  place: Place,
  given: Pick<SlotContents, 'filamentUserProfileId' | 'filamentSystemProfileId'>,
): Promise<readonly PrinterSlot[]> {
  const values = await slotProfile(tx, given);
  const found = await slotsAt(tx, printerIds, [place]);
  if (found.length === 0 && printerIds.length > 0) throw new ApiError('unprocessable', noSuchPlace([place]));
  const changed: PrinterSlot[] = [];
  for (const slot of found)
    if (slot.materialId === null) changed.push(await tx.update(printerSlot, slot.id, values));
  return changed;
}

/** One of the farm's own, one of the slicer's, or none. */
async function slotProfile(
  tx: Transaction,
  {
    filamentUserProfileId = null,
    filamentSystemProfileId = null,
  }: Pick<SlotContents, 'filamentUserProfileId' | 'filamentSystemProfileId'>,
) {
  await requireProfiles(tx, { filamentUserProfileId }, { filamentUserProfileId: 'filament' });
  return {
    filamentUserProfileId,
    filamentSystemProfileId: filamentUserProfileId === null ? filamentSystemProfileId : null,
  };
}

interface Resolved {
  readonly patch: {
    readonly materialId: string | null;
    readonly variantId: string | null;
    readonly instanceId: string | null;
    readonly materialType: string;
    readonly filamentUserProfileId: string | null;
    readonly filamentSystemProfileId: number | null;
  };
  readonly color: string | null;
  readonly identifier: string | null;
}

/** The finest that is named counts; everything coarser follows from it. */
async function resolve(tx: Transaction, contents: SlotContents): Promise<Resolved> {
  const spool = contents.instanceId ? await tx.get(materialInstance, contents.instanceId) : null;
  const variantId = spool?.variantId ?? contents.variantId ?? null;
  const variant = variantId === null ? null : await tx.get(materialVariant, variantId);
  const materialId = variant?.materialId ?? contents.materialId ?? null;
  const known = materialId === null ? null : await tx.get(material, materialId);
  if (!known) {
    const materialType = contents.materialType ?? '';
    return {
      patch: { ...NOTHING_ASSIGNED, materialType, ...(await slotProfile(tx, contents)) },
      color: null,
      identifier: null,
    };
  }
  return {
    patch: {
      ...NOTHING_ASSIGNED,
      materialId: known.id,
      variantId: variant?.id ?? null,
      instanceId: spool?.id ?? null,
      materialType: known.type,
    },
    // A spool of several colours is told by its first: a slot has one.
    color: variant?.color?.split(';')[0] ?? null,
    identifier: known.identifier,
  };
}

/** @throws ApiError not_found for a printer */
async function slotsAt(
  tx: Transaction,
  printerIds: readonly string[],
  places: readonly Place[] | null,
): Promise<readonly PrinterSlot[]> {
  const wanted = places && new Set(places.map(nameOf));
  const found: PrinterSlot[] = [];
  for (const printerId of new Set(printerIds)) {
    if (!(await tx.find(printer, printerId))) throw notFound(printer.label, printerId);
    const slots = await slotsOf(tx, printerId);
    found.push(...slots.filter((slot) => wanted === null || wanted.has(nameOf(slot))));
  }
  return found;
}

/** Where the spool was until now nothing is known any more but what the printer reports. */
async function takeOut(tx: Transaction, instanceId: string, except: string): Promise<void> {
  const rows = await tx.db
    .selectFrom('printerSlot')
    .select('id')
    .where('storeId', '=', tx.context.storeId)
    .where('instanceId', '=', instanceId)
    .where('id', '!=', except)
    .execute();
  for (const { id } of rows) await tx.update(printerSlot, id, asReported(await tx.get(printerSlot, id)));
}

function assigned(
  slot: PrinterSlot,
  isTold: IsTold,
  what: Pick<AssignedSlot, 'type' | 'color' | 'identifier'>,
): AssignedSlot {
  const { printerId, amsIndex, slotIndex } = slot;
  return { printerId, place: { amsIndex, slotIndex }, ...what, told: isTold(slot) };
}

function nameOf({ amsIndex, slotIndex }: Place): string {
  return `${amsIndex}/${slotIndex}`;
}

function noSuchPlace(places: readonly Place[]): string {
  const named = places.slice(0, 5).map(({ amsIndex, slotIndex }) => `slot ${slotIndex} of unit ${amsIndex}`);
  return `No printer named has ${named.join(' or ')}; GET /v1/printer-slots lists the slots there are`;
}
