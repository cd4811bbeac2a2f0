import fc from 'fast-check';
import type {
  AssignedFilament,
  MatchChannel,
  MatchJob,
  MatchPrinter,
  MatchSettings,
  MatchSlot,
  SlicedPlateFile,
} from '../../src/matching/input.js';

export const SETTINGS: MatchSettings = {
  processLowPriorityJobs: false,
  maxConcurrentJobs: null,
  activeJobs: 0,
  checkRemaining: 'warn',
  distinctSlots: false,
  begun: new Set(),
};

export function channel(index: number, changes: Partial<MatchChannel> = {}): MatchChannel {
  return {
    index,
    type: 'PLA',
    color: '#FFFFFF',
    infoIdx: '',
    usedGrams: 12,
    groupId: null,
    extruder: null,
    alternatives: [],
    ...changes,
  };
}

export function slicedFile(changes: Partial<SlicedPlateFile> = {}): SlicedPlateFile {
  return {
    kind: 'gcode3mf',
    modelCode: 'C12',
    modelName: 'Bambu Lab P1S',
    nozzleDiameters: ['0.4'],
    compatibleNames: [],
    outside: false,
    reach: null,
    ...changes,
  };
}

export function job(changes: Partial<MatchJob> = {}): MatchJob {
  return {
    id: 'job-1',
    partId: 'part00000000000000000001',
    plateId: 1,
    priority: 100,
    queueOrder: 0,
    createdAt: 0,
    together: null,
    tags: {},
    excludedPrinterIds: [],
    file: slicedFile(),
    channels: [channel(0)],
    ...changes,
  };
}

export function slot(amsIndex: number, slotIndex: number, changes: Partial<MatchSlot> = {}): MatchSlot {
  const external = amsIndex < 0;
  return {
    amsIndex,
    slotIndex,
    tray: external ? 254 + slotIndex : amsIndex * 4 + slotIndex,
    unitId: external ? 255 - slotIndex : amsIndex,
    extruder: null,
    external,
    loaded: true,
    type: 'PLA',
    color: 'FFFFFFFF',
    infoIdx: '',
    remainingGrams: null,
    assigned: null,
    profile: null,
    ...changes,
  };
}

/** What the farm says is in a slot. */
export function assigned(
  type: string,
  materialId: string | null = null,
  variantId: string | null = null,
  changes: Partial<AssignedFilament> = {},
): AssignedFilament {
  return { type, materialId, variantId, name: '', color: null, infoIdx: null, ...changes };
}

export function printer(changes: Partial<MatchPrinter> = {}): MatchPrinter {
  return {
    id: 'printer-1',
    name: 'P1S-01',
    provider: 'Bambu',
    enabled: true,
    isInMaintenance: false,
    inMaintenanceSince: null,
    online: true,
    lastSeenAt: 0,
    awayBecause: null,
    available: true,
    doing: '',
    ready: true,
    developerMode: 'on',
    setAside: null,
    modelCode: 'C12',
    modelName: 'Bambu Lab P1S',
    modelAliases: ['P1S'],
    runsFilesFor: ['C12', 'C11'],
    nozzles: [{ index: 0, diameter: '0.4' }],
    bedSize: [256, 256, 256],
    profiles: { machine: false, process: false },
    tags: [],
    useAms: true,
    slots: [slot(0, 0)],
    lastPrintedAt: null,
    lifetimePrintHours: 0,
    ...changes,
  };
}

const types = fc.constantFrom('PLA', 'pla', 'PETG', 'PLA-S', 'ABS', '');
const colors = fc.constantFrom('FFFFFFFF', '000000FF', 'FF0000FF', '00AE42FF', '0A2989FF', '');
const presets = fc.constantFrom('', 'GFA00', 'GFL99', 'gfa00');
const extruders = fc.constantFrom(null, 0, 1);
const materials = fc.constantFrom(null, 'material-1', 'material-2');
const variants = fc.constantFrom(null, 'variant-1', 'variant-2');

const choices = fc.oneof(
  fc.constantFrom('variant-1', 'variant-2').map((variantId) => ({ variantId })),
  fc.constantFrom('material-1', 'material-2').map((materialId) => ({ materialId })),
  types.map((materialType) => ({ materialType })),
);

const alternatives = fc.oneof(
  choices,
  fc.array(choices, { maxLength: 3 }).map((members) => ({ groupId: 'group-1', members })),
);

export const channelsArb: fc.Arbitrary<readonly MatchChannel[]> = fc
  .uniqueArray(fc.nat({ max: 7 }), { maxLength: 5 })
  .chain((indexes) =>
    fc.tuple(
      ...indexes.map((index) =>
        fc
          .record({
            type: types,
            color: colors,
            infoIdx: presets,
            extruder: extruders,
            alternatives: fc.oneof(
              { weight: 3, arbitrary: fc.constant([]) },
              fc.array(alternatives, { maxLength: 3 }),
            ),
            skip: fc.constantFrom(false, false, false, true),
          })
          .map((changes) => channel(index, changes)),
      ),
    ),
  );

export const slotsArb: fc.Arbitrary<readonly MatchSlot[]> = fc
  .uniqueArray(fc.constantFrom(...[0, 1, 2, 3, 4, 5, 6, 7, 254, 255]), { maxLength: 8 })
  .chain((trays) =>
    fc.tuple(
      ...trays.map((tray) =>
        fc
          .record({
            loaded: fc.constantFrom(true, true, true, false),
            type: types,
            color: colors,
            infoIdx: presets,
            extruder: extruders,
            remainingGrams: fc.constantFrom(null, null, 5, 12, 400),
            assigned: fc.oneof(
              fc.constant(null),
              fc
                .tuple(fc.constantFrom('PLA', 'PETG'), materials, variants)
                .map(([type, materialId, variantId]) => assigned(type, materialId, variantId)),
            ),
          })
          .map((changes) =>
            tray >= 254 ? slot(-1, tray - 254, changes) : slot(tray >> 2, tray & 3, changes),
          ),
      ),
    ),
  );

const tagsArb = fc.constantFrom<Readonly<Record<string, string>>[]>(
  {},
  {},
  {},
  { 'user.tags': 'big' },
  { 'user.tags': '!=big' },
  { 'user.tags': 'big|fast' },
  { 'filament.type': 'PLA|PETG' },
  { 'printer.modelName': 'p1s' },
  { 'printer.id': 'printer-0' },
);

const filesArb = fc.constantFrom<SlicedPlateFile[]>(
  slicedFile(),
  slicedFile(),
  slicedFile(),
  slicedFile({ modelCode: 'N1', modelName: 'Bambu Lab A1 mini' }),
  slicedFile({ modelCode: null, modelName: null }),
  slicedFile({ nozzleDiameters: ['0.6'] }),
  slicedFile({ outside: true }),
);

export const jobArb: fc.Arbitrary<MatchJob> = fc
  .record({
    id: fc.string({ minLength: 1, maxLength: 8 }),
    partId: fc.constantFrom(null, 'part-1', 'part-2'),
    plateId: fc.constantFrom(null, 1, 2),
    priority: fc.constantFrom<MatchJob['priority'][]>(100, 100, 1000),
    queueOrder: fc.nat({ max: 4 }),
    createdAt: fc.nat({ max: 3 }),
    tags: tagsArb,
    excludedPrinterIds: fc.subarray(['printer-0', 'printer-1']),
    file: filesArb,
    channels: channelsArb,
  })
  .map(job);

/** Half of them plain single channels, so that jobs and printers often fit and jobs are often equal. */
export const easyJobArb: fc.Arbitrary<MatchJob> = fc
  .tuple(jobArb, fc.constantFrom('PLA', 'PETG'), colors, fc.boolean())
  .map(([base, type, color, plain]) =>
    plain
      ? {
          ...base,
          tags: {},
          excludedPrinterIds: [],
          file: slicedFile(),
          channels: [channel(0, { type, color })],
        }
      : base,
  );

export const jobsArb: fc.Arbitrary<MatchJob[]> = fc.uniqueArray(easyJobArb, {
  minLength: 2,
  selector: (one) => one.id,
  maxLength: 16,
});

const usually = fc.oneof({ weight: 19, arbitrary: fc.constant(true) }, fc.constant(false));

export const printersArb: fc.Arbitrary<MatchPrinter[]> = fc
  .array(
    fc.record({
      name: fc.constantFrom('A', 'B'),
      enabled: usually,
      isInMaintenance: usually.map((value) => !value),
      online: usually,
      available: usually,
      ready: usually,
      developerMode: fc.constantFrom<MatchPrinter['developerMode'][]>(
        'on',
        'on',
        'on',
        'on',
        'unknown',
        'off',
      ),
      setAside: fc.constantFrom(null, null, null, null, null, null, { reason: 'storage trouble' }),
      tags: fc.subarray(['big', 'fast']),
      useAms: usually,
      slots: fc.oneof(
        slotsArb,
        fc.constantFrom([slot(0, 0), slot(0, 1, { type: 'PETG' })], [slot(0, 0, { color: '000000FF' })]),
      ),
      lastPrintedAt: fc.constantFrom(null, 1, 2),
      lifetimePrintHours: fc.constantFrom(0, 5),
    }),
    { minLength: 1, maxLength: 8 },
  )
  .map((changes) => changes.map((change, at) => printer({ ...change, id: `printer-${at}` })));

export const settingsArb: fc.Arbitrary<MatchSettings> = fc.record({
  processLowPriorityJobs: fc.boolean(),
  maxConcurrentJobs: fc.constantFrom(null, null, 3, 6),
  activeJobs: fc.nat({ max: 3 }),
  startsLeft: fc.constantFrom(null, null, null, { count: 2, because: 'Not now.' }),
  checkRemaining: fc.constantFrom<MatchSettings['checkRemaining'][]>('off', 'warn', 'refuse'),
  distinctSlots: fc.boolean(),
  begun: fc.constant(new Set<string>()),
});
