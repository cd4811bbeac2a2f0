import { assign } from './assignment.js';
import { colourDistance, MAX_DISTANCE } from './colour.js';
import type { MatchRules, MatchSlot } from './input.js';
import type { Choice, Demand, PreparedJob, PreparedPrinter, UsableSlot } from './prepare.js';

/** Every needed channel has a slot, or what is in the way. */
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
  /** No slot holds the type, or only on the other extruder, or none that the alternatives admit, or too little. */
  | { readonly kind: 'type' | 'extruder' | 'alternatives' | 'remaining'; readonly demand: Demand }
  /** Each could be fed, but not all at once. */
  | { readonly kind: 'too-few'; readonly demands: readonly Demand[]; readonly slots: readonly UsableSlot[] };

/**
 * Chooses the slots. What counts, in this order: the best alternatives, the same filament preset, the nearest
 * colours, of equal spools the one with least left that suffices, the first slots. Each of the first three is the
 * least sum over all channels. Models that are sliced here are coloured by their slots: of those only the
 * alternatives and the order of slots count, and channels may share a slot.
 */
export function placeChannels(job: PreparedJob, printer: PreparedPrinter, rules: MatchRules): Placement {
  const { demands } = job;
  const first = demands[0];
  if (first === undefined) return { placed: true, slots: [], rank: 0 };
  if (job.sliced) {
    for (const demand of demands) {
      if (!printer.types.has(demand.type)) return { placed: false, obstacle: { kind: 'type', demand } };
    }
  }
  const { usable } = printer;
  if (demands.length === 1) return placeOne(first, usable, job.sliced, rules);
  if (job.sliced) return placeAll(demands, usable, true, rules);
  if (rules.distinctSlots) {
    const apart = placeAll(demands, usable, false, rules);
    if (apart.placed) return apart;
  }
  return placeShared(demands, usable, rules);
}

/**
 * Whether `placeChannels` finds a place for every channel. It chooses nothing, so that it costs a fraction: a pass asks
 * this of every pair, and for places only of those that it brings together.
 */
export function canPlace(job: PreparedJob, { usable, types }: PreparedPrinter, rules: MatchRules): boolean {
  const { demands, sliced } = job;
  for (const demand of demands) {
    if (sliced && !types.has(demand.type)) return false;
    if (!isFed(demand, usable, rules)) return false;
  }
  return demands.length < 2 || !sliced || canPlaceApart(demands, usable, rules);
}

function isFed(demand: Demand, usable: readonly UsableSlot[], rules: MatchRules): boolean {
  for (const candidate of usable) if (admits(demand, candidate, rules)) return true;
  return false;
}

function admits(demand: Demand, candidate: UsableSlot, { checkRemaining }: MatchRules): boolean {
  return slotRank(demand, candidate) >= 0 && !(checkRemaining === 'refuse' && fallsShort(demand, candidate));
}

/** Gives each channel a slot of its own, whichever, moving channels placed before to others where need be. */
function canPlaceApart(
  demands: readonly Demand[],
  usable: readonly UsableSlot[],
  rules: MatchRules,
): boolean {
  const holders = new Array<number>(usable.length).fill(-1);
  const makeRoom = (row: number, visited: Set<number>): boolean => {
    const demand = demands[row];
    if (demand === undefined) return false;
    for (const [column, candidate] of usable.entries()) {
      if (visited.has(column) || !admits(demand, candidate, rules)) continue;
      visited.add(column);
      const holder = holders[column] ?? -1;
      if (holder >= 0 && !makeRoom(holder, visited)) continue;
      holders[column] = row;
      return true;
    }
    return false;
  };
  return demands.length <= usable.length && demands.every((_, row) => makeRoom(row, new Set()));
}

/**
 * Position among the choices of the first that admits this slot, 0 when there are none to choose from, -1 when none
 * does.
 */
export function slotRank(demand: Demand, candidate: UsableSlot): number {
  if (demand.type !== '' && candidate.type !== demand.type) return -1;
  if (!feeds(candidate.slot, demand.channel.extruder)) return -1;
  const { choices } = demand;
  if (choices === null) return 0;
  for (let at = 0; at < choices.length; at++) {
    const choice = choices[at];
    if (choice !== undefined && isMaterial(choice, candidate)) return at;
  }
  return -1;
}

/** True when the spool in the slot is known to hold less than the channel needs. */
export function fallsShort(demand: Demand, { slot }: UsableSlot): boolean {
  const { usedGrams } = demand.channel;
  return usedGrams !== null && slot.remainingGrams !== null && slot.remainingGrams < usedGrams;
}

function placeOne(
  demand: Demand,
  usable: readonly UsableSlot[],
  sliced: boolean,
  rules: MatchRules,
): Placement {
  let best: UsableSlot | null = null;
  let least = Number.POSITIVE_INFINITY;
  for (const candidate of usable) {
    const cost = costOf(demand, candidate, sliced, rules);
    if (cost < least || (cost === least && best !== null && isBefore(demand, candidate, best, rules))) {
      least = cost;
      best = candidate;
    }
  }
  if (best === null) return { placed: false, obstacle: obstacleOf(demand, usable) };
  return { placed: true, slots: [best], rank: alternativeOf(demand, best) };
}

/** A slot for each by itself: the same one may serve several. */
function placeShared(
  demands: readonly Demand[],
  usable: readonly UsableSlot[],
  rules: MatchRules,
): Placement {
  const slots: UsableSlot[] = [];
  let rank = 0;
  for (const demand of demands) {
    const placement = placeOne(demand, usable, false, rules);
    if (!placement.placed) return placement;
    slots.push(...placement.slots);
    rank = Math.max(rank, placement.rank);
  }
  return { placed: true, slots, rank };
}

function placeAll(
  demands: readonly Demand[],
  usable: readonly UsableSlot[],
  sliced: boolean,
  rules: MatchRules,
): Placement {
  const costs = demands.map((demand, row) => {
    // Among equals the earlier channel takes the better slot.
    const weight = demands.length - row;
    const places = preference(demand, usable, rules);
    return usable.map((candidate, column) => {
      const place = weight * (places[column] ?? 0);
      return costOf(demand, candidate, sliced, rules) * ORDER_RANGE + place;
    });
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
    return slot === undefined ? 0 : alternativeOf(demand, slot);
  });
  return { placed: true, slots, rank: Math.max(...ranks) };
}

/** Place of each slot in the order in which a channel would take them were they equal otherwise. */
function preference(demand: Demand, usable: readonly UsableSlot[], rules: MatchRules): readonly number[] {
  const order = usable.map((_, column) => column);
  order.sort((a, b) => {
    const [one, other] = [usable[a], usable[b]];
    if (one === undefined || other === undefined) return 0;
    if (isBefore(demand, one, other, rules)) return -1;
    return isBefore(demand, other, one, rules) ? 1 : a - b;
  });
  const places = new Array<number>(usable.length).fill(0);
  for (const [place, column] of order.entries()) places[column] = place;
  return places;
}

/** Spools that are known to suffice come first, the emptiest of them before the others; then unknown ones. */
function isBefore(demand: Demand, one: UsableSlot, other: UsableSlot, { checkRemaining }: MatchRules) {
  if (checkRemaining === 'off' || demand.channel.usedGrams === null) return false;
  const [a, b] = [sufficiency(demand, one), sufficiency(demand, other)];
  if (a !== b) return a < b;
  return a === 0 && (one.slot.remainingGrams ?? 0) < (other.slot.remainingGrams ?? 0);
}

function sufficiency(demand: Demand, candidate: UsableSlot): 0 | 1 | 2 {
  if (candidate.slot.remainingGrams === null) return 1;
  return fallsShort(demand, candidate) ? 2 : 0;
}

/*
 * A cost is one integer with a range for each criterion, wide enough that up to 32 channels cannot carry over
 * into the next: colour in tenths, then presets, then ranks, then (in placeAll) the order of slots below all.
 */
const PRESET_COST = 32 * MAX_DISTANCE * 10 + 1;
const RANK_COST = 33 * PRESET_COST;
const LAST_RANK = 1023;
const ORDER_RANGE = 2 ** 16;

function costOf(demand: Demand, candidate: UsableSlot, sliced: boolean, rules: MatchRules): number {
  const rank = slotRank(demand, candidate);
  if (rank < 0) return Number.POSITIVE_INFINITY;
  if (rules.checkRemaining === 'refuse' && fallsShort(demand, candidate)) return Number.POSITIVE_INFINITY;
  const alternative = Math.min(rank, LAST_RANK) * RANK_COST;
  if (!sliced) return alternative;
  const samePreset = demand.infoIdx !== '' && demand.infoIdx === candidate.infoIdx;
  const distance = demand.color === null ? 0 : colourDistance(demand.color, candidate.color);
  return alternative + (samePreset ? 0 : PRESET_COST) + Math.round(distance * 10);
}

function alternativeOf(demand: Demand, chosen: UsableSlot): number {
  return demand.choices?.[slotRank(demand, chosen)]?.rank ?? 0;
}

function obstacleOf(demand: Demand, usable: readonly UsableSlot[]): Obstacle {
  const ofType = usable.filter(({ type }) => demand.type === '' || type === demand.type);
  if (ofType.length === 0) return { kind: 'type', demand };
  const within = ofType.filter((candidate) => feeds(candidate.slot, demand.channel.extruder));
  if (within.length === 0) return { kind: 'extruder', demand };
  const admitted = within.some((candidate) => slotRank(demand, candidate) >= 0);
  return { kind: admitted ? 'remaining' : 'alternatives', demand };
}

function feeds(slot: MatchSlot, extruder: number | null): boolean {
  return slot.extruder === null || extruder === null || slot.extruder === extruder;
}

/** A slot of which only the type is known satisfies only demands for a type. */
function isMaterial({ level, value }: Choice, candidate: UsableSlot): boolean {
  switch (level) {
    case 'variant':
      return candidate.variantId === value;
    case 'material':
      return candidate.materialId === value;
    case 'type':
      return candidate.type === value;
  }
}
