import fc from 'fast-check';
import type { PrinterState } from '../../src/fleet/live-printer.js';

type Slot = PrinterState['slots'][number];

export const PRINTER_ID = 'printer0000000000000001a';
export const STORE_ID = 'store000000000000000001a';

export function slotState(amsIndex: number, slotIndex: number, changes: Partial<Slot> = {}): Slot {
  const external = amsIndex < 0;
  return {
    unitId: external ? 255 - slotIndex : amsIndex,
    amsIndex,
    slotIndex,
    tray: external ? 254 + slotIndex : amsIndex * 4 + slotIndex,
    extruder: null,
    loaded: true,
    reading: false,
    identified: null,
    type: 'PLA',
    color: 'FF0000FF',
    colors: ['FF0000FF'],
    infoIdx: 'GFA00',
    brand: 'PLA Basic',
    tagUid: null,
    trayUuid: null,
    remain: -1,
    spoolGrams: null,
    nozzleTempMin: 190,
    nozzleTempMax: 240,
    ...changes,
  };
}

export function unitState(amsIndex: number): PrinterState['amsUnits'][number] {
  return {
    unitId: amsIndex,
    amsIndex,
    kind: 'ams',
    extruder: null,
    humidityLevel: 3,
    humidityPercent: null,
    temperature: 25,
    dryMinutesLeft: 0,
    dryPhase: null,
    dryTarget: null,
  };
}

export function printerState(changes: Partial<PrinterState> = {}): PrinterState {
  return {
    activity: 'RUNNING',
    print: {
      identity: { taskId: '4711', subtaskId: '4711', jobId: '0', name: 'bracket-7f3a', file: 'bracket.3mf' },
      percent: 42,
      remainingMinutes: 17,
      layer: 10,
      totalLayers: 100,
      downloadPercent: 100,
      stage: 0,
      stageText: 'printing',
      printError: 0,
      errorCode: null,
      failReason: 0,
      skippedObjects: [],
    },
    bedTemp: 60.5,
    bedTarget: 60,
    nozzles: [{ index: 0, diameter: '0.4', type: 'HS01', temp: 219, target: 220, hasFilament: null }],
    activeNozzle: 0,
    chamberTemp: null,
    chamberTarget: null,
    fans: { part: 100, aux: 0, chamber: null, secondAux: 30, internal: 40, heatbreak: 100 },
    airMode: 'cooling',
    lights: { chamber_light: 'on' },
    homed: { x: true, y: true, z: false },
    doorOpen: null,
    storage: 'ok',
    wifiDbm: -48,
    wired: false,
    address: null,
    amsUnits: [unitState(0)],
    slots: [
      slotState(0, 0, { tagUid: '0123456789ABCDEF', trayUuid: 'F'.repeat(32), remain: 80 }),
      slotState(0, 1, { loaded: false, type: '', color: '', infoIdx: '' }),
      slotState(0, 2, { reading: true, type: 'PA12-CF', color: '00000080' }),
      slotState(0, 3),
      slotState(-1, 0, { loaded: false, type: '', color: '', infoIdx: '' }),
    ],
    activeTray: 0,
    health: [],
    developerMode: 'on',
    firmware: '01.09.00.00',
    upgrading: false,
    speedLevel: 2,
    ...changes,
  };
}

const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: null });
const degrees = fc.integer({ min: -20, max: 400 });

const slotArb = fc
  .record({
    amsIndex: fc.integer({ min: -1, max: 3 }),
    slotIndex: fc.nat({ max: 3 }),
    loaded: fc.boolean(),
    reading: fc.boolean(),
    type: fc.oneof(fc.constantFrom('', 'PLA', 'PLA-S', 'PAHT-CF', 'TPU 95A', 'asa-aero'), fc.string()),
    color: fc.oneof(fc.constantFrom('', 'FF0000FF', 'ff0000', '#FF0000'), fc.string({ maxLength: 9 })),
    tagUid: maybe(fc.string()),
    trayUuid: maybe(fc.string()),
    remain: fc.integer({ min: -1, max: 100 }),
  })
  .map(({ amsIndex, slotIndex, ...changes }) => slotState(amsIndex, slotIndex, changes));

const healthArb: fc.Arbitrary<PrinterState['health'][number]> = fc.record({
  code: fc.constantFrom('0300_8013', '0500_0600_0002_0070'),
  message: fc.string(),
  severity: fc.constantFrom('fatal', 'serious', 'common', 'info'),
  source: fc.constantFrom('hms', 'print-error', 'state'),
  wikiCode: fc.constantFrom('HMS_0500_0600_0002_0070', null),
});

/** States with anything unknown that may be unknown. */
export const stateArb: fc.Arbitrary<PrinterState> = fc
  .record({
    activity: maybe(
      fc.constantFrom<NonNullable<PrinterState['activity']>[]>(
        'IDLE',
        'PREPARE',
        'SLICING',
        'RUNNING',
        'PAUSE',
        'FINISH',
        'FAILED',
      ),
    ),
    print: fc.record({
      identity: fc.record({
        taskId: fc.string(),
        subtaskId: fc.string(),
        jobId: fc.string(),
        name: fc.string(),
        file: fc.string(),
      }),
      percent: maybe(fc.nat({ max: 100 })),
      remainingMinutes: maybe(fc.nat({ max: 9999 })),
      layer: maybe(fc.nat({ max: 999 })),
      totalLayers: maybe(fc.nat({ max: 999 })),
      downloadPercent: maybe(fc.nat({ max: 100 })),
      stage: maybe(fc.nat({ max: 77 })),
      stageText: fc.string(),
      printError: fc.constantFrom(0, 50348044),
      errorCode: fc.constantFrom(null, '0300_400C'),
      failReason: fc.constantFrom(0),
      skippedObjects: fc.constant([]),
    }),
    bedTemp: maybe(degrees),
    bedTarget: maybe(degrees),
    nozzles: fc.array(
      fc.record({
        index: fc.nat({ max: 1 }),
        diameter: maybe(fc.constantFrom('0.4', '0.6')),
        type: fc.constant(null),
        temp: maybe(degrees),
        target: maybe(degrees),
        hasFilament: maybe(fc.boolean()),
      }),
      { maxLength: 2 },
    ),
    activeNozzle: fc.nat({ max: 1 }),
    chamberTemp: maybe(degrees),
    chamberTarget: maybe(degrees),
    fans: fc.record({
      part: maybe(fc.nat({ max: 100 })),
      aux: maybe(fc.nat({ max: 100 })),
      chamber: fc.constant(null),
      secondAux: maybe(fc.nat({ max: 100 })),
      internal: fc.constant(null),
      heatbreak: maybe(fc.nat({ max: 100 })),
    }),
    lights: fc.constantFrom<PrinterState['lights'][]>({}, { chamber_light: 'off', work_light: 'flashing' }),
    homed: maybe(fc.record({ x: fc.boolean(), y: fc.boolean(), z: fc.boolean() })),
    amsUnits: fc.subarray([unitState(0), unitState(1), unitState(2)]),
    slots: fc.array(slotArb, { maxLength: 10 }),
    health: fc.array(healthArb, { maxLength: 4 }),
  })
  .map(printerState);
