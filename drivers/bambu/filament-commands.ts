import type { PrinterCommand, PrinterState, SlotAddress, SlotState } from '../driver.js';
import { EXTERNAL_TRAY, isExternalUnit, trayNumber } from './ams-numbers.js';
import {
  knownModel,
  knownState,
  type Plan,
  plan,
  rejected,
  type Situation,
  unsupported,
  within,
} from './command-plan.js';
import type { BambuCommand } from './commands.js';
import { isOlderFirmware } from './firmware-version.js';
import { gcode } from './gcode-commands.js';
import { GENERIC_TYPES, genericFilament } from './generic-filaments.js';
import type { BambuModel } from './models.js';

/** Commands about spools and slots (docs/protocol.md §6.4). */

type CommandOf<K extends PrinterCommand['kind']> = Extract<PrinterCommand, { readonly kind: K }>;

/** Meant by `target` and `slot_id`: nothing, that is, unload. */
const NOWHERE = 255;

export function loadFilament(command: CommandOf<'load-filament'>, situation: Situation): Plan {
  const model = knownModel(situation);
  const state = knownState(situation);
  const slot = requireSlot(command.slot, state, model);
  const target = warmth(command.targetCelsius, slot, model);
  const current = warmth(command.currentCelsius, activeSlot(state), model);
  const { unitId, slotIndex } = command.slot;
  const from = { ams_id: unitId, slot_id: isExternalUnit(unitId) ? 0 : slotIndex };
  const [first, ...others] = loadTargets(command.slot, model).map((tray) =>
    changeFilament(from, tray, current.value, target.value),
  );
  if (first === undefined)
    throw unsupported(`The ${model.name} has no place ${slotIndex} in unit ${unitId}.`);
  return plan(first, { note: target.note, again: others[0] ?? null });
}

/** With an AMS the printer has to be told where the filament goes back to. */
export function unloadFilament(_command: CommandOf<'unload-filament'>, situation: Situation): Plan {
  const model = knownModel(situation);
  const state = knownState(situation);
  const slot = activeSlot(state);
  // Where there are two extruders the printer has to be told which, AMS or not.
  const one = model.externalUnits.length === 1;
  if (slot === null || (one && state.amsUnits.length === 0)) {
    return plan({ type: 'print', fields: { command: 'unload_filament' } });
  }
  const { value } = warmth(0, slot, model);
  return plan(changeFilament({ ams_id: slot.unitId, slot_id: NOWHERE }, NOWHERE, value, value));
}

export function readSpool({ slot }: CommandOf<'read-spool'>, situation: Situation): Plan {
  const model = knownModel(situation);
  if (isExternalUnit(slot.unitId)) throw unsupported('An external holder has no reader for tags.');
  requireSlot(slot, knownState(situation), model);
  const { unitId, slotIndex } = slot;
  return isOlderFirmware(situation.firmware, model.control.readsTagsFrom)
    ? plan(gcode(`M620 R${trayNumber(unitId, slotIndex)}`))
    : plan({ type: 'print', fields: { command: 'ams_get_rfid', ams_id: unitId, slot_id: slotIndex } });
}

export function setFilament(command: CommandOf<'set-filament'>, situation: Situation): Plan {
  const model = knownModel(situation);
  const slot = requireSlot(command.slot, knownState(situation), model);
  const type = command.type.trim();
  const address = slotFields(command.slot);
  if (type === '') {
    return plan(
      filamentSetting(address, {
        infoIdx: '',
        type: '',
        color: '00000000',
        nozzleTempMin: 0,
        nozzleTempMax: 0,
      }),
    );
  }
  const infoIdx = command.infoIdx?.trim() || genericFilament(type);
  if (infoIdx === null) {
    throw rejected(
      `There is no generic preset for "${type.slice(0, 40)}": name one by its id, or take one of ${GENERIC_TYPES.join(', ')}.`,
    );
  }
  const low = within(Math.round(command.nozzleTempMin), 0, model.nozzleTempMaxC, 'Lowest nozzle', '°C');
  const high = within(Math.round(command.nozzleTempMax), 0, model.nozzleTempMaxC, 'Highest nozzle', '°C');
  if (low.value > high.value) {
    throw rejected(`The lowest nozzle temperature (${low.value}) is above the highest (${high.value}).`);
  }
  return plan(
    filamentSetting(address, {
      infoIdx,
      type,
      color: command.color === null ? slot?.color || 'FFFFFFFF' : wireColor(command.color),
      nozzleTempMin: low.value,
      nozzleTempMax: high.value,
    }),
    { note: [low.note, high.note].filter((note) => note !== null).join('; ') || null },
  );
}

/** Whether the slot shows what a `set-filament` asked for. */
export function showsFilament(command: CommandOf<'set-filament'>, state: PrinterState): boolean {
  const slot = findSlot(command.slot, state);
  if (slot === null || slot.type !== command.type.trim()) return false;
  if (slot.type === '') return true;
  const color = command.color === null ? slot.color : wireColor(command.color);
  const infoIdx = command.infoIdx?.trim() || genericFilament(slot.type);
  return slot.color === color && slot.infoIdx === infoIdx;
}

/** Whether a slot feeds the machine. */
export function isActive(address: SlotAddress, state: PrinterState): boolean {
  return state.activeTray !== null && state.activeTray === (findSlot(address, state)?.tray ?? null);
}

function findSlot({ unitId, slotIndex }: SlotAddress, state: PrinterState): SlotState | null {
  const external = isExternalUnit(unitId);
  const found = state.slots.find(
    (slot) => slot.unitId === unitId && (external || slot.slotIndex === slotIndex),
  );
  return found ?? null;
}

/** Null for an external holder that the printer has, but does not list. */
function requireSlot(address: SlotAddress, state: PrinterState, model: BambuModel): SlotState | null {
  const { unitId, slotIndex } = address;
  const slot = findSlot(address, state);
  if (slot !== null || model.externalUnits.includes(unitId)) return slot;
  const fitted = state.amsUnits.map((unit) => unit.unitId);
  throw unsupported(
    `This printer has no slot ${slotIndex} in unit ${unitId}; its units are ${[...fitted, ...model.externalUnits].join(', ')}.`,
  );
}

function activeSlot(state: PrinterState): SlotState | null {
  return state.activeTray === null
    ? null
    : (state.slots.find((slot) => slot.tray === state.activeTray) ?? null);
}

/** Tray number; where there are two external holders they go by their unit ids here, a lone one by either number. */
function loadTargets({ unitId, slotIndex }: SlotAddress, model: BambuModel): readonly number[] {
  if (!isExternalUnit(unitId)) return [trayNumber(unitId, slotIndex)];
  return model.externalUnits.length > 1 ? [unitId] : model.control.externalTargets;
}

/** Stages in which filament is moved or warmed for it (docs/protocol.md §5.3). */
const FILAMENT_STAGES: readonly (number | null)[] = [4, 7, 22, 24];

/** Whether a change of filament has begun. */
export function filamentMoves(before: PrinterState, state: PrinterState): boolean {
  const target = (of: PrinterState) => Math.max(0, ...of.nozzles.map((nozzle) => nozzle.target ?? 0));
  return (
    state.activeTray !== before.activeTray ||
    FILAMENT_STAGES.includes(state.print.stage) ||
    target(state) > target(before)
  );
}

const FILAMENT_MIN_C = 180;
const UNKNOWN_FILAMENT_C = 210;

/** Temperature to move filament at: as asked, or for 0 the middle of what its spool allows. */
function warmth(asked: number, slot: SlotState | null, model: BambuModel): ReturnType<typeof within> {
  const low = slot?.nozzleTempMin ?? null;
  const high = slot?.nozzleTempMax ?? null;
  const middle = low === null || high === null ? UNKNOWN_FILAMENT_C : (low + high) / 2;
  const celsius = Math.round(asked === 0 ? middle : asked);
  return within(celsius, FILAMENT_MIN_C, model.nozzleTempMaxC, 'Filament', '°C');
}

function changeFilament(
  from: { readonly ams_id: number; readonly slot_id: number },
  target: number,
  currentCelsius: number,
  targetCelsius: number,
): BambuCommand {
  return {
    type: 'print',
    fields: {
      command: 'ams_change_filament',
      ...from,
      target,
      curr_temp: currentCelsius,
      tar_temp: targetCelsius,
    },
  };
}

interface SlotFields {
  readonly ams_id: number;
  readonly tray_id: number;
  readonly slot_id: number;
}

/** External holders have one tray number here, whichever of them is meant. */
function slotFields({ unitId, slotIndex }: SlotAddress): SlotFields {
  return isExternalUnit(unitId)
    ? { ams_id: unitId, tray_id: EXTERNAL_TRAY, slot_id: 0 }
    : { ams_id: unitId, tray_id: slotIndex, slot_id: slotIndex };
}

interface FilamentFacts {
  readonly infoIdx: string;
  readonly type: string;
  readonly color: string;
  readonly nozzleTempMin: number;
  readonly nozzleTempMax: number;
}

function filamentSetting(address: SlotFields, facts: FilamentFacts): BambuCommand {
  return {
    type: 'print',
    fields: {
      command: 'ams_filament_setting',
      ...address,
      tray_info_idx: facts.infoIdx,
      setting_id: '',
      tray_type: facts.type,
      tray_sub_brands: '',
      tray_color: facts.color,
      nozzle_temp_min: facts.nozzleTempMin,
      nozzle_temp_max: facts.nozzleTempMax,
    },
  };
}

/** @throws DriverError `rejected` for what is no colour */
function wireColor(color: string): string {
  const digits = color.trim().replace(/^#/, '').toUpperCase();
  if (/^[0-9A-F]{8}$/.test(digits)) return digits;
  if (/^[0-9A-F]{6}$/.test(digits)) return `${digits}FF`;
  throw rejected(`A colour is RRGGBB or RRGGBBAA in hex digits, not "${color.slice(0, 40)}".`);
}
