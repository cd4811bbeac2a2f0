import type { MatchSlot } from './input.js';
import { fallsShort, type Obstacle } from './materials.js';
import type { Demand, PreparedPrinter, UsableSlot } from './prepare.js';

/** `AMS 1 slot 3`, `external spool`; people count from 1. */
export function placeName(slot: MatchSlot): string {
  if (!slot.external) return `AMS ${slot.amsIndex + 1} slot ${slot.slotIndex + 1}`;
  return slot.slotIndex === 0 ? 'external spool' : `external spool ${slot.slotIndex + 1}`;
}

/** `AMS 1 slot 3 (PLA #FF0000) holding Acme PLA Red`, the last where the farm says more than the printer. */
export function describeSlot({ slot, type }: UsableSlot): string {
  const { assigned } = slot;
  const holds = [type === '' ? 'unknown filament' : type, colorText(assigned?.color ?? slot.color)];
  const named = assigned?.materialId ? ` holding ${assigned.name}` : '';
  return `${placeName(slot)} (${holds.filter((part) => part !== '').join(' ')})${named}`;
}

/** `filament 1 (PLA #FF0000)`, numbered as the slicer does, from 1. */
export function describeChoice(demand: Demand): string {
  const { channel } = demand;
  const parts = [channel.type === '' ? 'unknown type' : channel.type, colorText(channel.color)];
  return `filament ${channel.index + 1} (${parts.filter((part) => part !== '').join(' ')})`;
}

export function describePlaces(printer: PreparedPrinter): string {
  const { useAms, slots } = printer.printer;
  const config = useAms ? 'Use AMS is on' : 'Use AMS is off';
  if (printer.usable.length > 0) return `${config}; loaded: ${listSlots(printer)}.`;
  const elsewhere = slots.filter((slot) => slot.external === useAms && slot.loaded);
  const hint =
    elsewhere.length === 0
      ? ''
      : ` Filament is loaded in ${elsewhere.map(placeName).join(', ')}: to use it, switch Use AMS ${useAms ? 'off' : 'on'}.`;
  const missing = useAms
    ? 'no AMS slot holds filament'
    : 'no filament is loaded or assigned to the external spool';
  return `${config}, but ${missing}.${hint}`;
}

export function describeObstacle(obstacle: Obstacle, printer: PreparedPrinter): string {
  if (obstacle.kind === 'too-few') {
    const wanting = obstacle.demands.map(describeChoice).join(', ');
    return (
      `Each filament needs a slot of its own: ${wanting} need ${obstacle.demands.length}, but only ` +
      `${obstacle.slots.map(describeSlot).join(', ')} will do.`
    );
  }
  const wanting = `${describeChoice(obstacle.demand).replace(/^f/, 'F')} has no slot`;
  const loaded = `Loaded: ${listSlots(printer)}.`;
  switch (obstacle.kind) {
    case 'type':
      return `${wanting}: none holds ${obstacle.demand.channel.type || 'an unknown type'}. ${loaded}`;
    case 'extruder':
      return (
        `${wanting}: it was sliced for extruder ${obstacle.demand.channel.extruder}, and no slot there holds ` +
        `${obstacle.demand.channel.type || 'filament'}. ${loaded}`
      );
    case 'alternatives':
      return `${wanting}: none holds one of the materials assigned to it. ${loaded}`;
    case 'remaining':
      return `${wanting}: those that would do hold less than the ${grams(obstacle.demand.channel.usedGrams)} it needs. ${loaded}`;
  }
}

/** A warning where a spool is known to hold less than its channel needs; '' where it is not. */
export function describeShortage(demand: Demand, chosen: UsableSlot): string {
  if (!fallsShort(demand, chosen)) return '';
  const { remainingGrams } = chosen.slot;
  return ` (may run out: about ${grams(remainingGrams)} left of the ${grams(demand.channel.usedGrams)} it needs)`;
}

function grams(amount: number | null): string {
  return `${Math.round(amount ?? 0)} g`;
}

function listSlots(printer: PreparedPrinter): string {
  return printer.usable.length === 0 ? 'nothing' : printer.usable.map(describeSlot).join(', ');
}

function colorText(color: string): string {
  const rgb = color.replace(/^#/, '').slice(0, 6).toUpperCase();
  return rgb === '' ? '' : `#${rgb}`;
}
