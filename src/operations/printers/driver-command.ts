import type { PrinterCommand, PrinterState, SlotAddress } from '../../fleet/live-printer.js';
import type { SentCommand } from './command-bodies.js';

const LIGHT_NODE = { chamber_light: 'chamber_light', working_light: 'work_light' } as const;

/**
 * A command of the contract in the words of the driver.
 *
 * @param state what the printer reported last, in which slots are looked up; null when it reported nothing
 */
export function toDriverCommand(sent: SentCommand, state: PrinterState | null): PrinterCommand {
  switch (sent.command) {
    case 'stop':
    case 'pause':
    case 'resume':
      return { kind: sent.command };
    case 'resync-data':
      return { kind: 'refresh' };
    case 'led-control':
      return { kind: 'light', node: LIGHT_NODE[sent.light], on: sent.state === 'on' };
    case 'set-temperature':
      return {
        kind: 'set-temperature',
        heater: sent.type,
        celsius: sent.temperature,
        extruder: sent.extruderIndex ?? null,
      };
    case 'set-fan':
      return { kind: 'set-fan', fan: sent.type, percent: sent.speed };
    case 'home-axis': {
      // Naming no axis at all means every one, as it does in G-code.
      const all = Object.keys(sent.axes).length === 0;
      const { x = all, y = all, z = all } = sent.axes;
      return { kind: 'home', axes: { x, y, z } };
    }
    case 'move-axis': {
      const { x = 0, y = 0, z = 0, e = 0 } = sent.axes;
      return { kind: 'move', x, y, z, e };
    }
    case 'extrude-filament':
      return { kind: 'extrude', mm: sent.amount };
    case 'select-tool':
      return { kind: 'select-extruder', extruder: sent.toolIndex };
    case 'calibration':
      return { kind: 'calibrate', options: sent.option_value };
    case 'load-filament':
      return {
        kind: 'load-filament',
        slot: slotAt(sent.targetSlot.amsIndex, sent.targetSlot.slotIndex, state, ['amsIndex', 'unitId']),
        targetCelsius: sent.targetTemp,
        currentCelsius: sent.currentTemp,
      };
    case 'unload-filament':
      return { kind: 'unload-filament' };
    case 'refresh-slot':
      return { kind: 'read-spool', slot: slotAt(sent.amsId, sent.slotId, state, ['unitId', 'amsIndex']) };
    case 'set-slot-info': {
      const { info } = sent;
      return {
        kind: 'set-filament',
        slot: slotAt(info.amsId ?? -1, info.slotId, state, ['unitId', 'amsIndex']),
        type: info.trayType,
        color: info.color ?? null,
        infoIdx: info.identifier ?? null,
        nozzleTempMin: info.nozzleTempMin,
        nozzleTempMax: info.nozzleTempMax,
      };
    }
    case 'skip-objects':
      return { kind: 'skip-objects', objectIds: sent.objectIds };
  }
}

/** External holders, as slots have them in `unitId`: the first, and the second of machines with two nozzles. */
const EXTERNAL = 255;
const SECOND_EXTERNAL = 254;

/**
 * Clients name a unit by the printer's own id or by its position. The two are the same on most farms; where they
 * differ the first that fits counts, in the order given.
 */
function slotAt(
  unit: number,
  slotIndex: number,
  state: PrinterState | null,
  order: readonly ('unitId' | 'amsIndex')[],
): SlotAddress {
  const slots = state?.slots ?? [];
  if (unit < 0 || unit === EXTERNAL || unit === SECOND_EXTERNAL) {
    const second = unit === SECOND_EXTERNAL || slotIndex === 1;
    const hasSecond = slots.some((slot) => slot.unitId === SECOND_EXTERNAL);
    return second && (hasSecond || slotIndex === 1)
      ? { unitId: SECOND_EXTERNAL, slotIndex: 0 }
      : { unitId: EXTERNAL, slotIndex: 0 };
  }
  for (const name of order) {
    const found = slots.find((slot) => slot.amsIndex >= 0 && slot[name] === unit);
    if (found !== undefined) return { unitId: found.unitId, slotIndex };
  }
  return { unitId: unit, slotIndex };
}
