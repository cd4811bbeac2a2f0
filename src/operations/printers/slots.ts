import { z } from 'zod';
import { nozzleRange } from '../../domain/filament-temperatures.js';
import { type AssignedSlot, assignSlots, clearSlots, setSlotProfile } from '../../domain/slot-assignment.js';
import type { PrinterSlot } from '../../domain/slots.js';
import { answered } from '../../resources/answered.js';
import { printerSlot } from '../../resources/index.js';
import type { Deps } from '../deps.js';
import { type CallContext, NOTHING, type Operation, operation } from '../operation.js';
import { id, ids, noParams } from '../schemas.js';
import type { CommandTeller } from './command-teller.js';

const SLOTS = '/v1/materials/printer-slots';

const place = z.object({ amsIndex: z.int().min(-1), slotIndex: z.int().min(0) });
const places = z.array(place).max(1_000);
const profiles = {
  filamentUserProfileId: id.nullable().optional(),
  filamentSystemProfileId: z.int().nullable().optional(),
};

const LEVELS = ['materialType', 'materialId', 'variantId', 'instanceId'] as const;

const assignment = z
  .object({
    printerIds: ids,
    visualSlots: places,
    setOnPrinter: z.boolean().optional(),
    materialType: z.string().trim().min(1).max(255).nullable().optional(),
    materialId: id.nullable().optional(),
    variantId: id.nullable().optional(),
    instanceId: id.nullable().optional(),
    ...profiles,
  })
  .refine((body) => LEVELS.filter((level) => body[level] != null).length === 1, {
    error: `exactly one of ${LEVELS.join(', ')}`,
  });

/** What is said to be in the slots of printers; the rules are in `domain/slot-assignment.ts`. */
export function slotOperations(deps: Deps, teller: CommandTeller): Operation[] {
  const { database, fleet, presenter } = deps;

  const stateOf = ({
    printerId,
    amsIndex,
    slotIndex,
  }: Pick<PrinterSlot, 'printerId' | 'amsIndex' | 'slotIndex'>) =>
    fleet
      .live(printerId)
      ?.report?.state.slots.find((slot) => slot.amsIndex === amsIndex && slot.slotIndex === slotIndex) ??
    null;

  /** A spool with a tag speaks for itself: the printer would go back to what the tag says. */
  const hasTag = (slot: PrinterSlot) => (stateOf(slot)?.tagUid ?? null) !== null;

  /** Never fails: what the printers made of it is in the log of their commands. */
  async function setOnPrinters(slots: readonly AssignedSlot[], context: CallContext): Promise<void> {
    await Promise.all(
      slots.map(({ printerId, place: { amsIndex, slotIndex }, type, color, identifier }) => {
        const unitId = amsIndex < 0 ? -1 : (stateOf({ printerId, amsIndex, slotIndex })?.unitId ?? amsIndex);
        const { min, max } = type === null ? { min: 0, max: 0 } : nozzleRange(type);
        const info = {
          amsId: unitId,
          slotId: slotIndex,
          trayType: type ?? '',
          nozzleTempMin: min,
          nozzleTempMax: max,
          ...(color === null ? {} : { color }),
          ...(identifier === null ? {} : { identifier }),
        };
        return teller.tell([printerId], { command: 'set-slot-info', info }, context);
      }),
    );
  }

  const assign = operation({
    id: 'printerSlots.assign',
    method: 'PATCH',
    path: `${SLOTS}/assign`,
    status: 200,
    summary: 'Say what is in slots of printers: a type, a material, a variant or one spool',
    permissions: ['printer.edit'],
    params: noParams,
    body: assignment,
    answer: null,
    async run({ body }, context) {
      const { printerIds, visualSlots, setOnPrinter = true, ...contents } = body;
      const isTold = (slot: PrinterSlot) => setOnPrinter && !hasTag(slot);
      const assigned = await database.write(context.write, (tx) =>
        assignSlots(tx, printerIds, visualSlots, contents, isTold),
      );
      await setOnPrinters(
        assigned.filter(({ told }) => told),
        context,
      );
      return NOTHING;
    },
  });

  const clear = operation({
    id: 'printerSlots.clear',
    method: 'PATCH',
    path: `${SLOTS}/clear`,
    status: 200,
    summary: 'Take back what was said of slots; with setOnPrinter the printers forget it too',
    permissions: ['printer.edit'],
    params: noParams,
    body: z.object({ printerIds: ids, slots: places, setOnPrinter: z.boolean().optional() }),
    answer: null,
    async run({ body }, context) {
      const cleared = await database.write(context.write, (tx) =>
        clearSlots(tx, body.printerIds, body.slots, (slot) => body.setOnPrinter === true && !hasTag(slot)),
      );
      await setOnPrinters(
        cleared.filter(({ told }) => told),
        context,
      );
      return NOTHING;
    },
  });

  const clearAll = operation({
    id: 'printerSlots.clearAll',
    method: 'DELETE',
    path: `${SLOTS}/clear-all`,
    status: 200,
    summary: 'Take back what was said of all slots of printers',
    permissions: ['printer.edit'],
    params: noParams,
    body: z.object({ ids }),
    answer: null,
    async run({ body }, context) {
      await database.write(context.write, (tx) => clearSlots(tx, body.ids, null, () => false));
      return NOTHING;
    },
  });

  const profile = operation({
    id: 'printerSlots.profile',
    method: 'PATCH',
    path: `${SLOTS}/profile`,
    status: 200,
    summary: 'Name the filament profile of slots that hold a bare type; answers them',
    permissions: ['printer.edit'],
    params: noParams,
    body: z.object({ printerIds: ids, slot: place, ...profiles }),
    answer: () => z.array(answered(printerSlot)),
    async run({ body }, context) {
      const { printerIds, slot, ...given } = body;
      const rows = await database.write(context.write, (tx) => setSlotProfile(tx, printerIds, slot, given));
      return rows.map((row) => printerSlot.present(row, presenter));
    },
  });

  return [assign, clear, clearAll, profile];
}
