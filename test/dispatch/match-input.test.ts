import { describe, expect, it } from 'vitest';
import { Library, type LibraryRows } from '../../src/dispatch/library.js';
import { type JobSource, matchJob, type QueuedJob, type SlotRow } from '../../src/dispatch/match-input.js';
import { matchSlots } from '../../src/dispatch/match-slots.js';
import { modelByCode } from '../../src/domain/printer-models.js';
import type { PrinterSlot } from '../../src/domain/slots.js';
import { printerState, slotState } from '../realtime/states.js';

const common = { storeId: 's', createdAt: '2026-01-01T00:00:00.000Z', updatedAt: '2026-01-01T00:00:00.000Z' };
const unsaid = {
  ...common,
  tags: [],
  filamentUserProfileId: null,
  filamentSystemProfileId: null,
  pricePer1000g: null,
  source: null,
  externalId: null,
};
const red = {
  ...unsaid,
  id: 'red',
  name: 'Red',
  materialId: 'basic',
  color: '#FF0000FF',
  pressureAdvance: null,
};
const basic = {
  ...unsaid,
  id: 'basic',
  name: 'PLA',
  brand: 'Acme',
  type: 'PLA',
  identifier: 'GFA00',
  starred: false,
};

function library(rows: Partial<LibraryRows> = {}): Library {
  const none = { groups: [], members: [], profiles: [], fallbackProfile: null };
  return new Library({ materials: [basic], variants: [red], ...none, ...rows });
}

function group(id: string, priority: number, parentId: string | null) {
  return { ...common, id, name: id, priority, parentId };
}

function member(
  materialGroupId: string,
  priority: number,
  variantId: string | null,
  materialId: string | null,
) {
  const id = `${materialGroupId} ${priority}`;
  return { ...common, id, materialGroupId, priority, variantId, materialId, materialType: 'PLA' };
}

const slotRow: PrinterSlot = {
  ...common,
  id: 'slot',
  printerId: 'printer',
  materialId: null,
  variantId: null,
  instanceId: null,
  materialType: 'PLA',
  expectedData: { type: 'PLA', color: '#FFFFFFFF', identifier: '' },
  expectedDataSetAt: null,
  awaitedData: null,
  amsIndex: 0,
  slotIndex: 0,
  slot: 0,
  filamentUserProfileId: null,
  filamentSystemProfileId: null,
};

const queued: QueuedJob = {
  id: 'job',
  partId: 'part',
  partBuildId: 'build',
  priority: 100,
  queueOrder: 1024,
  createdAt: common.createdAt,
  requiredPrinterTags: {},
  excludedPrinterIds: [],
  extensions: { '3mf': { plateId: 1, gcodeFile: 'Metadata/plate_1.gcode' } },
  materialAssignments: null,
  filesToPrint: [],
  overriddenProcessProfileId: null,
  orderId: 'order',
};

function filament(id: number, more: object = {}) {
  return { id: String(id), type: 'PLA', color: '#FF0000', trayInfoIdx: 'GFA00', usedG: 3, ...more };
}

function source(sliced: object, more: Partial<JobSource> = {}, metadata: object = {}): JobSource {
  return {
    part: { type: 'gcode3mf', metadata: { plates: [{ id: 1, sliced }], ...metadata } },
    buildMaterials: null,
    partMaterials: new Map(),
    together: null,
    ...more,
  };
}

describe('the library', () => {
  it('puts the members of a group in order, those of its child groups behind them, without end in no loop', () => {
    const known = library({
      groups: [
        group('top', 0, 'loop'),
        group('late', 2, 'top'),
        group('early', 1, 'top'),
        group('loop', 0, 'late'),
      ],
      members: [
        member('top', 2, null, 'basic'),
        member('top', 1, 'red', 'basic'),
        member('late', 0, 'late-red', null),
        member('early', 0, null, null),
      ],
    });
    expect(known.members('top')).toEqual([
      { variantId: 'red' },
      { materialId: 'basic' },
      { materialType: 'PLA' },
      { variantId: 'late-red' },
    ]);
    expect(known.members('unknown')).toEqual([]);
  });

  it('names what is assigned to a slot, and nothing where the printer itself says it', () => {
    expect(library().assigned({ ...slotRow, materialId: 'basic', variantId: 'red' })).toEqual({
      type: 'PLA',
      materialId: 'basic',
      variantId: 'red',
      name: 'Acme PLA Red',
      color: '#FF0000FF',
      infoIdx: 'GFA00',
    });
    expect(library().assigned({ ...slotRow, materialType: 'PETG' })).toMatchObject({
      type: 'PETG',
      name: 'PETG',
    });
    expect(library().assigned(slotRow)).toBeNull();
  });

  it("slices with the variant's profile, else the material's; a bare type with the slot's, else the farm's", () => {
    const of = { modelId: modelByCode('C12')?.modelId ?? '', nozzleDiameter: '0.4' };
    const named = {
      ...common,
      ...of,
      materialId: null,
      variantId: null,
      userProfileId: null,
      systemProfileId: null,
    };
    const ofMaterial = { ...named, id: '1', materialId: 'basic', systemProfileId: 1 };
    const ofVariant = { ...named, id: '2', variantId: 'red', userProfileId: 'mine' };
    const held = { ...slotRow, materialId: 'basic', variantId: 'red' };
    const both = library({ profiles: [ofMaterial, ofVariant], fallbackProfile: { systemId: 9 } });
    expect(both.profile(held, of)).toEqual({ userId: 'mine' });
    expect(both.profile({ ...held, variantId: null }, of)).toEqual({ systemId: 1 });
    expect(both.profile(held, { ...of, nozzleDiameter: '0.6' })).toBeNull();
    expect(both.profile(slotRow, of)).toEqual({ systemId: 9 });
    expect(both.profile({ ...slotRow, filamentSystemProfileId: 4 }, of)).toEqual({ systemId: 4 });
    const general = library({ materials: [{ ...basic, filamentSystemProfileId: 3 }] });
    expect(general.profile(held, of)).toEqual({ systemId: 3 });
  });
});

describe('matchSlots', () => {
  const of = { modelId: null, nozzleDiameter: '0.4' };
  const slots = (rows: readonly SlotRow[], seen: Parameters<typeof slotState>[2] | null) =>
    matchSlots(rows, seen ? printerState({ slots: [slotState(0, 0, seen)] }) : null, library(), of);
  const held: SlotRow = {
    slot: {
      ...slotRow,
      materialId: 'basic',
      variantId: 'red',
      expectedData: { type: 'PLA', color: '#FF0000FF', identifier: 'GFA00' },
    },
    spoolGrams: null,
  };
  const reported = { type: 'PLA', color: 'FF0000FF', infoIdx: 'GFA00', loaded: true };

  it('pain-18: what was said of a spool does not count for another one that hangs there now', () => {
    expect(slots([held], reported)).toMatchObject([{ assigned: { variantId: 'red' }, type: 'PLA' }]);
    for (const other of [{ type: 'ASA' }, { color: '00FF00FF' }, { infoIdx: 'GFB00' }, { loaded: false }]) {
      expect(slots([held], { ...reported, ...other })).toMatchObject([{ assigned: null, ...other }]);
    }
    expect(slots([], reported)).toMatchObject([{ assigned: null, profile: null, type: 'PLA' }]);
  });

  it('knows what is left by the spool that is assigned, else by what the AMS makes of it', () => {
    const left = (row: SlotRow, seen: object) => slots([row], { ...reported, ...seen })[0]?.remainingGrams;
    const half = { remain: 50, spoolGrams: 1_000 };
    expect(left(held, half)).toBe(500);
    expect(left({ ...held, spoolGrams: 70 }, half)).toBe(70);
    expect(left({ ...held, spoolGrams: 70 }, { ...half, type: 'ASA' })).toBe(500);
    expect(left(held, { ...half, remain: -1 })).toBeNull();
    expect(left(held, { ...half, spoolGrams: null })).toBeNull();
  });

  it('shows a printer that has not reported yet as it was last seen', () => {
    expect(slots([held], null)).toMatchObject([
      { loaded: true, type: 'PLA', color: '#FF0000FF', external: false, assigned: { variantId: 'red' } },
    ]);
  });

  it('keeps the numbers of one-slot units and external holders, by which the printer is told', () => {
    const state = printerState({
      slots: [
        { ...slotState(1, 0, reported), unitId: 128, tray: 128, extruder: 1 },
        { ...slotState(-1, 0, reported), unitId: 255, tray: 254 },
      ],
    });
    expect(matchSlots([], state, library(), of)).toMatchObject([
      { unitId: 128, tray: 128, extruder: 1, external: false },
      { unitId: 255, tray: 254, external: true },
    ]);
  });
});

describe('matchJob', () => {
  it("asks for the job's materials, else the build's, else the part's, channel by channel", () => {
    const filaments = [filament(1), filament(2), filament(3), filament(4)];
    const made = matchJob(
      { ...queued, materialAssignments: { 0: [{ groupId: 'g' }] } },
      source(
        { filaments },
        {
          buildMaterials: { 0: [{ materialType: 'ABS' }], 1: [{ materialId: 'basic' }] },
          partMaterials: new Map([
            [1, [{ materialType: 'ABS' }]],
            [2, [{ variantId: 'red' }, { materialType: 'PLA' }]],
          ]),
        },
      ),
      library({ groups: [group('g', 0, null)], members: [member('g', 0, 'red', null)] }),
    );
    expect(made.channels.map(({ alternatives }) => alternatives)).toEqual([
      [{ groupId: 'g', members: [{ variantId: 'red' }] }],
      [{ materialId: 'basic' }],
      [{ variantId: 'red' }, { materialType: 'PLA' }],
      [],
    ]);
  });

  it('pain-20: tells by the file which extruder a filament was sliced for', () => {
    const extruders = (sliced: object, metadata: object = {}) =>
      matchJob(queued, source(sliced, {}, metadata), library()).channels.map(({ extruder }) => extruder);
    const both = [filament(1, { groupId: 0 }), filament(2, { groupId: 1 })];
    // The left nozzle is the file's first and the machine's second.
    expect(extruders({ filaments: both, nozzleDiameters: '0.4,0.4' })).toEqual([1, 0]);
    expect(extruders({ filaments: both }, { physicalExtruders: [0, 1] })).toEqual([0, 1]);
    // Files read before the group was kept still say which nozzle, by the plate's own list.
    const older = [filament(1), filament(2)];
    expect(extruders({ filaments: older, filamentMaps: '2 1', nozzleDiameters: '0.4,0.4' })).toEqual([0, 1]);
    expect(extruders({ filaments: both, nozzleDiameters: '0.4' })).toEqual([null, null]);
    expect(extruders({ filaments: older, nozzleDiameters: '0.4,0.4' })).toEqual([null, null]);
  });

  it('knows how far a plate reaches, and what it is kept together with', () => {
    const sliced = { boundingBox: [10, 20, 110, 220.5], height: 30 };
    expect(matchJob(queued, source(sliced), library()).file.reach).toEqual({ x: 110, y: 220.5, z: 30 });
    expect(matchJob(queued, source({}), library()).file.reach).toBeNull();
    expect(matchJob(queued, source({}, { together: 'order' }), library()).together).toBe('order');
  });

  it('takes the channels of a model from its part and asks the printer for a process unless it brings one', () => {
    const materials = [
      { index: 0, color: '#FF0000', type: 'PLA' },
      { index: 1, color: null, type: null, skip: true },
    ];
    const part = { type: '3mf', metadata: null, materials };
    const made = matchJob(queued, source({}, { part }), library());
    expect(made.file).toEqual({ kind: 'model', ownProcess: false, reach: null });
    expect(made.channels.map(({ skip }) => skip)).toEqual([false, true]);
    const own = { ...part, use3MFProcessProfile: true };
    expect(matchJob(queued, source({}, { part: own }), library()).file).toMatchObject({ ownProcess: true });
    const overridden = { ...queued, overriddenProcessProfileId: 'p' };
    expect(matchJob(overridden, source({}, { part }), library()).file).toMatchObject({ ownProcess: true });
  });
});
