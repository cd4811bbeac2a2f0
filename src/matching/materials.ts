import { assign } from './assignment.js';
import { colourDistance, MAX_DISTANCE } from './colour.js';
import { filamentType } from './filament.js';
import type { MatchSlot, MaterialAlternative, MaterialChoice } from './input.js';
import type { Demand, PreparedJob, PreparedPrinter, UsableSlot } from './prepare.js';

/** Every needed channel has a slot of its own, or what is in the way. */
export type Placement =
  | {
      readonly placed: true;
      /** The slot of each demand, in the order of the demands. */
      readonly slots: readonly UsableSlot[];
      /** Worst position among the alternatives that won. */
      readonly rank: number;
    }
  | { readonly placed: false; readonly obstacle: Obstacle };

export type Obstacle =
  /** No slot holds the type, or only on the other extruder, or none that the alternatives admit. */
  | { readonly kind: 'type' | 'extruder' | 'alternatives'; readonly demand: Demand }
  /** Each could be fed, but not all at once. */
  | { readonly kind: 'too-few'; readonly demands: readonly Demand[]; readonly slots: readonly UsableSlot[] };

/**
 * Chooses the slots. What counts, in this order: the best alternatives, the same filament preset, the nearest
 * colours, the first slots. Each of the first three is the least sum over all channels.
 */
export function placeChannels(job: PreparedJob, printer: PreparedPrinter): Placement {
  const { demands } = job;
  const first = demands[0];
  if (first === undefined) return { placed: true, slots: [], rank: 0 };
  for (const demand of demands) {
    if (!printer.types.has(demand.type)) return { placed: false, obstacle: { kind: 'type', demand } };
  }
  return demands.length === 1 ? placeOne(first, printer.usable) : placeAll(demands, printer.usable);
}

/** Position of the alternative that admits this slot, 0 when there are none to choose from, -1 when none does. */
export function slotRank(demand: Demand, candidate: UsableSlot): number {
  if (candidate.type !== demand.type || !feeds(candidate.slot, demand.channel.extruder)) return -1;
  const { alternatives } = demand.channel;
  if (alternatives.length === 0) return 0;
  return alternatives.findIndex((alternative) => admits(alternative, candidate));
}

function placeOne(demand: Demand, usable: readonly UsableSlot[]): Placement {
  let best: UsableSlot | null = null;
  let least = Number.POSITIVE_INFINITY;
  for (const candidate of usable) {
    const cost = costOf(demand, candidate);
    if (cost < least) {
      least = cost;
      best = candidate;
    }
  }
  if (best === null) return { placed: false, obstacle: obstacleOf(demand, usable) };
  return { placed: true, slots: [best], rank: slotRank(demand, best) };
}

function placeAll(demands: readonly Demand[], usable: readonly UsableSlot[]): Placement {
  const costs = demands.map((demand, row) => {
    // Among equals the earlier channel takes the earlier slot.
    const weight = demands.length - row;
    return usable.map((candidate, column) => costOf(demand, candidate) * ORDER_RANGE + weight * column);
  });
  for (const [row, demand] of demands.entries()) {
    if (costs[row]?.every((cost) => cost === Number.POSITIVE_INFINITY)) {
      return { placed: false, obstacle: obstacleOf(demand, usable) };
    }
  }
  const assignment = assign(costs);
  if (!assignment.feasible) {
    return {
      placed: false,
      obstacle: {
        kind: 'too-few',
        demands: assignment.rows.flatMap((row) => demands[row] ?? []),
        slots: assignment.columns.flatMap((column) => usable[column] ?? []),
      },
    };
  }
  const slots = assignment.columnOf.flatMap((column) => usable[column] ?? []);
  const ranks = demands.map((demand, row) => {
    const slot = slots[row];
    return slot === undefined ? 0 : slotRank(demand, slot);
  });
  return { placed: true, slots, rank: Math.max(...ranks) };
}

/*
 * A cost is one integer with a range for each criterion, wide enough that up to 32 channels cannot carry over
 * into the next: colour in tenths, then presets, then ranks, then (in placeAll) the order of slots below all.
 */
const PRESET_COST = 32 * MAX_DISTANCE * 10 + 1;
const RANK_COST = 33 * PRESET_COST;
const LAST_RANK = 63;
const ORDER_RANGE = 2 ** 16;

function costOf(demand: Demand, candidate: UsableSlot): number {
  const rank = slotRank(demand, candidate);
  if (rank < 0) return Number.POSITIVE_INFINITY;
  const samePreset = demand.infoIdx !== '' && demand.infoIdx === candidate.infoIdx;
  const distance = demand.color === null ? 0 : colourDistance(demand.color, candidate.color);
  return Math.min(rank, LAST_RANK) * RANK_COST + (samePreset ? 0 : PRESET_COST) + Math.round(distance * 10);
}

function obstacleOf(demand: Demand, usable: readonly UsableSlot[]): Obstacle {
  const ofType = usable.filter((candidate) => candidate.type === demand.type);
  if (ofType.length === 0) return { kind: 'type', demand };
  const within = ofType.filter((candidate) => feeds(candidate.slot, demand.channel.extruder));
  return { kind: within.length === 0 ? 'extruder' : 'alternatives', demand };
}

function feeds(slot: MatchSlot, extruder: number | null): boolean {
  return slot.extruder === null || extruder === null || slot.extruder === extruder;
}

function admits(alternative: MaterialAlternative, candidate: UsableSlot): boolean {
  return 'groupId' in alternative
    ? alternative.members.some((member) => isMaterial(member, candidate))
    : isMaterial(alternative, candidate);
}

/** A slot of which only the type is known satisfies only demands for a type. */
function isMaterial(choice: MaterialChoice, candidate: UsableSlot): boolean {
  if ('variantId' in choice) return candidate.slot.variantId === choice.variantId;
  if ('materialId' in choice) return candidate.slot.materialId === choice.materialId;
  return candidate.type === filamentType(choice.materialType);
}
