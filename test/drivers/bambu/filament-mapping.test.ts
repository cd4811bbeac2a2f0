import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mapFilaments } from '../../../drivers/bambu/filament-mapping.js';
import type { FilamentSource } from '../../../drivers/driver.js';

const ams = (unitId: number, slotIndex: number): FilamentSource => ({
  unitId,
  slotIndex,
  external: false,
  extruder: null,
});
const external = (unitId: number, extruder: number | null): FilamentSource => ({
  unitId,
  slotIndex: 0,
  external: true,
  extruder,
});

describe('where filaments come from', () => {
  it.each([
    ['a slot of the first unit', ams(0, 3), 3, { ams_id: 0, slot_id: 3 }, true],
    ['a slot of the last unit', ams(3, 1), 13, { ams_id: 3, slot_id: 1 }, true],
    ['a one-slot unit', ams(130, 0), 130, { ams_id: 130, slot_id: 0 }, true],
    ['the outlying unit', ams(16, 2), 2, { ams_id: 16, slot_id: 2 }, true],
    ['the only external spool', external(255, null), -1, { ams_id: 255, slot_id: 0 }, false],
    ['the external spool of extruder 0', external(255, 0), -1, { ams_id: 255, slot_id: 0 }, false],
    ['the external spool of extruder 1', external(254, 1), -1, { ams_id: 254, slot_id: 0 }, false],
  ])('%s', (_what, source, flat, address, useAms) => {
    expect(mapFilaments([source])).toEqual({ use_ams: useAms, ams_mapping: [flat], ams_mapping2: [address] });
  });

  it('fact-11: are listed by filament index, unused ones between marked as such, unused ones behind left out', () => {
    expect(mapFilaments([null, ams(1, 0), null, external(255, null), null, null])).toEqual({
      use_ams: true,
      ams_mapping: [-1, 4, -1, -1],
      ams_mapping2: [
        { ams_id: 255, slot_id: 255 },
        { ams_id: 1, slot_id: 0 },
        { ams_id: 255, slot_id: 255 },
        { ams_id: 255, slot_id: 0 },
      ],
    });
  });

  it('fact-11, pain-21: never names an external holder in the flat list, and uses the AMS exactly when a slot of it is mapped', () => {
    const source = fc.oneof(
      fc.tuple(fc.constantFrom(0, 1, 2, 3), fc.nat(3)).map(([unit, slot]) => ams(unit, slot)),
      fc.constantFrom(128, 135).map((unit) => ams(unit, 0)),
      fc.constantFrom(external(255, null), external(255, 0), external(254, 1)),
      fc.constant(null),
    );
    fc.assert(
      fc.property(fc.array(source, { maxLength: 16 }), (sources) => {
        fc.pre(sources.some((candidate) => candidate !== null));
        const mapping = mapFilaments(sources);
        const last = sources.findLastIndex((candidate) => candidate !== null);
        expect(mapping.ams_mapping).toHaveLength(last + 1);
        expect(mapping.ams_mapping2).toHaveLength(last + 1);
        expect(mapping.ams_mapping).not.toContain(254);
        expect(mapping.ams_mapping).not.toContain(255);
        expect(mapping.use_ams).toBe(sources.some((candidate) => candidate !== null && !candidate.external));
      }),
    );
  });

  it('pain-19: refuses when nothing is mapped', () => {
    expect(() => mapFilaments([])).toThrow(/No filament/);
    expect(() => mapFilaments([null])).toThrow(/No filament/);
  });
});
