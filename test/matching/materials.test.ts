import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { colourDistance, parseColour } from '../../src/matching/colour.js';
import type { MatchChannel, MatchFile, MatchRules, MatchSlot } from '../../src/matching/input.js';
import { channelMapping } from '../../src/matching/mapping.js';
import { canPlace, placeChannels, slotRank } from '../../src/matching/materials.js';
import { type Demand, prepareJob, preparePrinter, type UsableSlot } from '../../src/matching/prepare.js';
import {
  assigned,
  channel,
  channelsArb,
  job,
  printer,
  SETTINGS,
  slicedFile,
  slot,
  slotsArb,
} from './samples.js';

function place(
  channels: readonly MatchChannel[],
  slots: readonly MatchSlot[],
  useAms = true,
  { rules = {}, file = slicedFile() }: { rules?: Partial<MatchRules>; file?: MatchFile } = {},
) {
  const preparedJob = prepareJob(job({ channels, file }));
  const preparedPrinter = preparePrinter(printer({ slots, useAms }));
  const placement = placeChannels(preparedJob, preparedPrinter, { ...SETTINGS, ...rules });
  const mapping = placement.placed ? channelMapping(preparedJob, placement.slots) : null;
  return { preparedJob, preparedPrinter, placement, mapping };
}

function trays(...given: Parameters<typeof place>) {
  return place(...given).mapping?.map((entry) => ('skip' in entry ? null : entry.tray)) ?? null;
}

/** Rank, presets missed and colour distance of a whole choice, compared in this order. */
function quality(demands: readonly Demand[], chosen: readonly UsableSlot[]): [number, number, number] {
  let [rank, missed, distance] = [0, 0, 0];
  for (const [at, demand] of demands.entries()) {
    const candidate = chosen[at];
    if (candidate === undefined) throw new Error('no slot');
    rank += slotRank(demand, candidate);
    missed += demand.infoIdx !== '' && demand.infoIdx === candidate.infoIdx ? 0 : 1;
    const wanted = parseColour(demand.channel.color);
    distance +=
      wanted === null ? 0 : Math.round(colourDistance(wanted, parseColour(candidate.slot.color)) * 10);
  }
  return [rank, missed, distance];
}

/** Every choice of distinct admitted slots. */
function* choices(demands: readonly Demand[], usable: readonly UsableSlot[]): Generator<UsableSlot[]> {
  const [demand, ...others] = demands;
  if (demand === undefined) {
    yield [];
    return;
  }
  for (const candidate of usable) {
    if (slotRank(demand, candidate) < 0) continue;
    const left = usable.filter((one) => one !== candidate);
    for (const rest of choices(others, left)) yield [candidate, ...rest];
  }
}

function isBetter(one: readonly number[], other: readonly number[]): boolean {
  const at = one.findIndex((value, index) => value !== other[index]);
  return at >= 0 && (one[at] ?? 0) < (other[at] ?? 0);
}

describe('placeChannels', () => {
  it('takes the nearest colour of the type', () => {
    const slots = [
      slot(0, 0, { color: '000000FF' }),
      slot(0, 1, { color: 'FF3333FF' }),
      slot(0, 2, { type: 'PETG', color: 'FF0000FF' }),
    ];
    expect(trays([channel(0, { color: '#FF0000' })], slots)).toEqual([1]);
  });

  it('puts the same preset before a nearer colour', () => {
    const slots = [slot(0, 0, { color: 'FF0000FF' }), slot(0, 1, { color: '000000FF', infoIdx: 'GFA00' })];
    expect(trays([channel(0, { color: '#FF0000', infoIdx: 'gfa00' })], slots)).toEqual([1]);
  });

  it('never takes a support type for its base type, but compares types without case', () => {
    expect(trays([channel(0)], [slot(0, 0, { type: 'PLA-S' })])).toBeNull();
    expect(trays([channel(0)], [slot(0, 0, { type: 'pla' })])).toEqual([0]);
  });

  it('gives channels slots of their own, the best in sum and not one by one', () => {
    // Alone, filament 1 would take the grey slot; filament 2 has no other.
    const slots = [slot(0, 0, { color: '808080FF' }), slot(0, 1, { color: 'FFFFFFFF' })];
    const channels = [
      channel(0, { color: '#909090', alternatives: [] }),
      channel(1, { color: '#808080', extruder: null }),
    ];
    expect(trays(channels, slots)).toEqual([1, 0]);
  });

  it('skips indexes the plate does not use', () => {
    const slots = [slot(0, 0), slot(0, 1, { type: 'PETG' })];
    const channels = [channel(3, { type: 'PETG' }), channel(1), channel(2, { skip: true, type: 'ABS' })];
    expect(trays(channels, slots)).toEqual([null, 0, null, 1]);
  });

  it('pain-20: keeps a channel on the extruder it was sliced for', () => {
    const slots = [slot(0, 0, { extruder: 0 }), slot(1, 0, { extruder: 1, color: '000000FF' })];
    expect(trays([channel(0, { extruder: 1 })], slots)).toEqual([4]);
    expect(place([channel(0, { extruder: 1 })], slots.slice(0, 1)).placement).toMatchObject({
      placed: false,
      obstacle: { kind: 'extruder' },
    });
  });

  it('uses AMS slots or external holders as configured, never both', () => {
    const slots = [slot(0, 0, { color: '000000FF' }), slot(-1, 0)];
    expect(trays([channel(0)], slots, true)).toEqual([0]);
    expect(trays([channel(0)], slots, false)).toEqual([254]);
    expect(place([channel(0), channel(1)], slots, false).placement).toMatchObject({
      placed: false,
      obstacle: { kind: 'too-few' },
    });
  });

  it('counts an assigned external spool as loaded, an assigned AMS slot not', () => {
    const empty = { loaded: false, type: '', color: '', assigned: assigned('PLA') };
    expect(trays([channel(0)], [slot(-1, 0, empty)], false)).toEqual([254]);
    expect(trays([channel(0)], [slot(0, 0, empty)], true)).toBeNull();
  });

  it('lets what the farm says of a spool overrule what the printer reports of it', () => {
    const respooled = slot(0, 0, {
      type: 'PETG',
      assigned: assigned('PLA', null, null, { color: '#FF0000FF' }),
    });
    const channels = [channel(0, { color: '#FF0000' })];
    expect(trays(channels, [slot(0, 1, { color: '00FF00FF' }), respooled])).toEqual([0]);
    expect(trays([channel(0, { type: 'PETG' })], [respooled])).toBeNull();
  });

  it('takes alternatives in order and lets them only narrow the type', () => {
    const slots = [
      slot(0, 0, { assigned: assigned('PLA', 'basic', 'red') }),
      slot(0, 1, { assigned: assigned('PLA', 'basic', 'blue') }),
      slot(0, 2, { assigned: assigned('PETG', 'other', 'green') }),
      slot(0, 3),
    ];
    const wanting = (...alternatives: MatchChannel['alternatives']) => [channel(0, { alternatives })];
    expect(trays(wanting({ variantId: 'blue' }, { variantId: 'red' }), slots)).toEqual([1]);
    expect(trays(wanting({ variantId: 'grey' }, { materialId: 'basic' }), slots)).toEqual([0]);
    expect(trays(wanting({ variantId: 'green' }), slots)).toBeNull();
    expect(trays(wanting({ materialType: 'pla' }), slots.slice(3))).toEqual([3]);
    expect(trays(wanting({ materialId: 'basic' }), slots.slice(3))).toBeNull();
    expect(
      trays(wanting({ groupId: 'g', members: [{ variantId: 'none' }, { variantId: 'blue' }] }), slots),
    ).toEqual([1]);
  });

  it('tries the members of a group in their order, whatever slot they are in', () => {
    const slots = [
      slot(0, 0, { assigned: assigned('PLA', 'b', 'b-red') }),
      slot(0, 1, { assigned: assigned('PLA', 'a', 'a-red') }),
    ];
    const members = [{ variantId: 'a-red' }, { materialId: 'b' }];
    const wanting = (alternatives: MatchChannel['alternatives']) => [channel(0, { alternatives })];
    expect(trays(wanting([{ groupId: 'g', members }]), slots)).toEqual([1]);
    expect(trays(wanting([{ groupId: 'g', members: members.toReversed() }]), slots)).toEqual([0]);
    // The rank is that of the alternative, not of the member.
    const { placement } = place(wanting([{ variantId: 'none' }, { groupId: 'g', members }]), slots);
    expect(placement).toMatchObject({ placed: true, rank: 1 });
  });

  it('of equal spools takes the one with least left that still suffices', () => {
    const left = [400, 15, 5, null].map((remainingGrams, at) => slot(0, at, { remainingGrams }));
    expect(trays([channel(0)], left)).toEqual([1]);
    expect(trays([channel(0), channel(1)], left)).toEqual([1, 0]);
    // Unknown spools come before those known to fall short, and all of them when nobody looks.
    expect(trays([channel(0)], left.slice(2))).toEqual([3]);
    expect(trays([channel(0)], left, true, { rules: { checkRemaining: 'off' } })).toEqual([0]);
    expect(trays([channel(0)], left.slice(2, 3), true, { rules: { checkRemaining: 'refuse' } })).toBeNull();
    // A nearer colour still counts more.
    const black = slot(0, 0, { color: '000000FF', remainingGrams: 400 });
    expect(trays([channel(0, { color: '#000000' })], [...left.slice(1), black])).toEqual([0]);
  });

  it('lets channels of models share a slot, or keeps them apart where it can', () => {
    const file: MatchFile = { kind: 'model', ownProcess: true, reach: null };
    const any = [channel(0, { type: '' }), channel(1, { type: '' })];
    const slots = [slot(0, 0, { type: 'PETG' }), slot(0, 1)];
    const apart = { file, rules: { distinctSlots: true } };
    expect(trays(any, slots, true, { file })).toEqual([0, 0]);
    expect(trays(any, slots, true, apart)).toEqual([0, 1]);
    expect(trays(any, slots.slice(0, 1), true, apart)).toEqual([0, 0]);
    const petg = [channel(0, { alternatives: [{ materialType: 'PLA' }, { materialType: 'PETG' }] })];
    expect(trays(petg, slots, true, { file })).toEqual([1]);
  });

  it('names the channels that compete and the slots they compete for', () => {
    const slots = [slot(0, 0), slot(0, 1, { type: 'PETG' })];
    const { placement } = place([channel(0), channel(1), channel(2, { type: 'PETG' })], slots);
    expect(placement).toMatchObject({ placed: false, obstacle: { kind: 'too-few' } });
    if (placement.placed || placement.obstacle.kind !== 'too-few') throw new Error('expected a conflict');
    expect(placement.obstacle.demands.map((demand) => demand.channel.index)).toEqual([0, 1]);
    expect(placement.obstacle.slots.map((one) => one.slot.tray)).toEqual([0]);
  });

  it('gives only loaded slots of the right type and extruder, none twice', () => {
    fc.assert(
      fc.property(channelsArb, slotsArb, fc.boolean(), (channels, slots, useAms) => {
        const { mapping } = place(channels, slots, useAms);
        if (mapping === null) return;
        const used = mapping.flatMap((entry) => ('skip' in entry ? [] : [entry]));
        expect(used.map((entry) => entry.index)).toEqual(
          channels
            .filter((one) => !one.skip)
            .map((one) => one.index)
            .sort((a, b) => a - b),
        );
        expect(new Set(used.map((entry) => entry.tray)).size).toBe(used.length);
        for (const entry of used) {
          const wanted = channels.find((one) => one.index === entry.index);
          const source = slots.find((one) => one.tray === entry.tray);
          if (wanted === undefined || source === undefined) throw new Error('mapped from nowhere');
          expect(source.external).toBe(!useAms);
          expect(source.loaded || (source.external && source.assigned !== null)).toBe(true);
          expect(entry.type.toUpperCase()).toBe(wanted.type.toUpperCase());
          if (wanted.extruder !== null) expect([null, wanted.extruder]).toContain(source.extruder);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('is possible exactly when some choice is, and no choice is better', () => {
    fc.assert(
      fc.property(channelsArb, slotsArb, (channels, slots) => {
        const { preparedJob, preparedPrinter, placement } = place(channels, slots);
        const all = [...choices(preparedJob.demands, preparedPrinter.usable)];
        const possible = all.length > 0 && preparedJob.demands.every((demand) => demand.type !== '');
        expect(placement.placed).toBe(possible);
        expect(canPlace(preparedJob, preparedPrinter, SETTINGS)).toBe(possible);
        if (!placement.placed) return;
        const found = quality(preparedJob.demands, placement.slots);
        for (const choice of all) {
          expect(isBetter(quality(preparedJob.demands, choice), found)).toBe(false);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('knows without choosing whether there is a choice, under every rule', () => {
    const rulesArb = fc.record({
      checkRemaining: fc.constantFrom<MatchRules['checkRemaining'][]>('off', 'warn', 'refuse'),
      distinctSlots: fc.boolean(),
    });
    const files = fc.constantFrom<MatchFile[]>(slicedFile(), {
      kind: 'model',
      ownProcess: true,
      reach: null,
    });
    fc.assert(
      fc.property(channelsArb, slotsArb, rulesArb, files, (channels, slots, rules, file) => {
        const { preparedJob, preparedPrinter, placement } = place(channels, slots, true, { rules, file });
        expect(canPlace(preparedJob, preparedPrinter, rules)).toBe(placement.placed);
      }),
      { numRuns: 500 },
    );
  });

  it('does not depend on the order of channels and slots', () => {
    fc.assert(
      fc.property(channelsArb, slotsArb, (channels, slots) => {
        const { mapping } = place(channels, slots);
        expect(place(channels.toReversed(), slots.toReversed()).mapping).toEqual(mapping);
      }),
      { numRuns: 500 },
    );
  });
});
