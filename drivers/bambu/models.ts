import type { Capabilities } from '../driver.js';

/**
 * What is known of each printer model, as data (docs/protocol.md §1). Quirks live here and nowhere else: the flow
 * of the driver never asks for a model by name.
 */
export interface BambuModel {
  /** Code of announcements and of sliced files. */
  readonly code: string;
  /** Further codes for the same machine. */
  readonly aliases: readonly string[];
  readonly name: string;
  /** First three characters of the serial. */
  readonly serialPrefix: string;
  /** `product_name` of the firmware module; empty where no capture shows one. */
  readonly productName: string;
  /** How firmware without `product_name` gives itself away; `project` '' means the field is absent or empty. */
  readonly moduleHint: { readonly hardware: string | null; readonly project: string | null } | null;
  readonly nozzles: 1 | 2;
  /** Other codes whose sliced files run on this machine. */
  readonly alsoRuns: readonly string[];
  readonly nozzleTempMaxC: number;
  readonly bedTempMaxC: number;
  /** Highest chamber setpoint; null without an active heater. */
  readonly chamberTempMaxC: number | null;
  readonly bedSizeMm: readonly [number, number, number];
  /** False where the field exists but says nothing (docs/protocol.md §5.5). */
  readonly hasChamberTemp: boolean;
  /** Word whose bit 23 is the door; null without a sensor. */
  readonly doorBitIn: 'home_flag' | 'stat' | null;
  /** First firmware that reads the sensor; null = every release, or no sensor. */
  readonly doorFrom: string | null;
  /** Null where sources disagree: then a reported value is passed on. */
  readonly fans: { readonly aux: boolean | null; readonly chamber: boolean | null };
  readonly lightNodes: readonly string[];
  /** External holders by extruder index, as the printer numbers them. */
  readonly externalUnits: readonly number[];
  /** Kind of AMS this machine takes when the unit does not say it. */
  readonly plainAms: 'ams' | 'ams-lite';
  /** `tray_now` may count from 0 within a unit where several are fitted (docs/protocol.md §5.6). */
  readonly countsTraysWithinUnit: boolean;
  /** Value of `stg_cur` between prints. */
  readonly idleStage: number;
  /** Hint only: every model is treated as one that may send changes alone. */
  readonly fullReports: boolean;
  readonly sendsFun: boolean | null;
  /** Shortest time between two requests for everything; small processors stall when asked often. */
  readonly refreshFloorMs: number;
  /** First firmware that refuses unsigned commands; `all` = every release, null = not known. */
  readonly authorisationFrom: string | null;
  /** What the commands of a person take from the model (docs/protocol.md §6.4). */
  readonly control: {
    /** Bed limit on 220 V mains where that is lower; null where it is not. */
    readonly bedTempMaxOn220VoltsC: number | null;
    /** Axes whose sign is turned: there the bed moves, or the gantry does, against what a person means. */
    readonly invertedAxes: readonly ('y' | 'z')[];
    readonly hasLidar: boolean;
    /** The air has to be turned inwards when the chamber is heated by G-code. */
    readonly turnsAirForHeating: boolean;
    /**
     * Tray numbers by which the only external holder is loaded, those after the first where nothing came of it; where
     * there are two, each goes by its unit id.
     */
    readonly externalTargets: readonly number[];
    /** First firmware with a command for reading a spool's tag; null = every release. */
    readonly readsTagsFrom: string | null;
  };
  readonly start: {
    /** Put before the name of a file in the root folder; those after the first in case it is refused. */
    readonly urlPrefixes: readonly string[];
    readonly vibrationCalibration: boolean;
    /** `nozzle_offset_cali`: 0 off, 1 on, 2 left to the printer. */
    readonly nozzleOffsetCalibration: 0 | 1 | 2;
  };
  /** `jpeg`: single pictures; `rtsps`: a video stream (docs/protocol.md §13). */
  readonly camera: 'jpeg' | 'rtsps';
  readonly ftps: {
    /** `required`: the server drops a data channel without it; `offered`: harmless, so always tried. */
    readonly sessionReuse: 'required' | 'offered';
    /** Encrypted data channels stall on some firmware; a clear one may be tried after that. */
    readonly clearDataFallback: boolean;
    /** The reply after the last byte may take this long. */
    readonly finalReplyTimeoutMs: number;
  };
}

const SMALL_PROCESSOR_FLOOR_MS = 30_000;
const FLOOR_MS = 5_000;
const FINAL_REPLY_MS = 60_000;
const LATE_FINAL_REPLY_MS = 120_000;

const x1 = {
  nozzles: 1,
  nozzleTempMaxC: 300,
  bedTempMaxC: 120,
  chamberTempMaxC: null,
  bedSizeMm: [256, 256, 250],
  hasChamberTemp: true,
  doorBitIn: 'home_flag',
  doorFrom: '01.07.00.00',
  fans: { aux: true, chamber: true },
  lightNodes: ['chamber_light', 'work_light'],
  externalUnits: [255],
  plainAms: 'ams',
  countsTraysWithinUnit: false,
  idleStage: -1,
  fullReports: true,
  sendsFun: null,
  refreshFloorMs: FLOOR_MS,
  authorisationFrom: '01.08.50.32',
  control: {
    bedTempMaxOn220VoltsC: 110,
    invertedAxes: [],
    hasLidar: true,
    turnsAirForHeating: false,
    externalTargets: [254],
    readsTagsFrom: '01.09.00.00',
  },
  start: {
    urlPrefixes: ['ftp://', 'file:///sdcard/'],
    vibrationCalibration: true,
    nozzleOffsetCalibration: 0,
  },
  camera: 'rtsps',
  ftps: { sessionReuse: 'required', clearDataFallback: false, finalReplyTimeoutMs: FINAL_REPLY_MS },
} as const;

const p1 = {
  nozzles: 1,
  nozzleTempMaxC: 300,
  bedTempMaxC: 100,
  chamberTempMaxC: null,
  bedSizeMm: [256, 256, 250],
  hasChamberTemp: false,
  doorBitIn: null,
  doorFrom: null,
  lightNodes: ['chamber_light'],
  externalUnits: [255],
  plainAms: 'ams',
  countsTraysWithinUnit: false,
  idleStage: 255,
  fullReports: false,
  sendsFun: false,
  refreshFloorMs: SMALL_PROCESSOR_FLOOR_MS,
  authorisationFrom: '01.08.02.00',
  control: {
    bedTempMaxOn220VoltsC: null,
    invertedAxes: [],
    hasLidar: false,
    turnsAirForHeating: false,
    externalTargets: [254],
    readsTagsFrom: '01.08.01.00',
  },
  start: {
    urlPrefixes: ['ftp://', 'ftp:///', 'file:///sdcard/'],
    vibrationCalibration: true,
    nozzleOffsetCalibration: 0,
  },
  camera: 'jpeg',
  ftps: { sessionReuse: 'required', clearDataFallback: false, finalReplyTimeoutMs: FINAL_REPLY_MS },
} as const;

const a1 = {
  alsoRuns: [],
  nozzles: 1,
  nozzleTempMaxC: 300,
  chamberTempMaxC: null,
  hasChamberTemp: false,
  doorBitIn: null,
  doorFrom: null,
  fans: { aux: false, chamber: false },
  lightNodes: ['chamber_light'],
  externalUnits: [255],
  plainAms: 'ams-lite',
  countsTraysWithinUnit: false,
  idleStage: 0,
  fullReports: false,
  refreshFloorMs: SMALL_PROCESSOR_FLOOR_MS,
  control: {
    bedTempMaxOn220VoltsC: null,
    invertedAxes: ['y', 'z'],
    hasLidar: false,
    turnsAirForHeating: false,
    externalTargets: [254],
    readsTagsFrom: '01.06.00.00',
  },
  start: {
    urlPrefixes: ['ftp://', 'file:///sdcard/', 'ftp:///'],
    vibrationCalibration: true,
    nozzleOffsetCalibration: 0,
  },
  camera: 'jpeg',
  ftps: { sessionReuse: 'offered', clearDataFallback: true, finalReplyTimeoutMs: FINAL_REPLY_MS },
} as const;

const h2 = {
  moduleHint: null,
  nozzleTempMaxC: 350,
  bedTempMaxC: 120,
  chamberTempMaxC: 65,
  hasChamberTemp: true,
  doorBitIn: 'stat',
  doorFrom: null,
  fans: { aux: true, chamber: true },
  lightNodes: ['chamber_light', 'chamber_light2', 'heatbed_light', 'work_light'],
  plainAms: 'ams',
  countsTraysWithinUnit: true,
  idleStage: -1,
  fullReports: false,
  sendsFun: true,
  refreshFloorMs: FLOOR_MS,
  control: {
    bedTempMaxOn220VoltsC: null,
    invertedAxes: [],
    hasLidar: false,
    turnsAirForHeating: true,
    externalTargets: [254, 255],
    readsTagsFrom: null,
  },
  camera: 'rtsps',
  ftps: { sessionReuse: 'offered', clearDataFallback: false, finalReplyTimeoutMs: LATE_FINAL_REPLY_MS },
} as const;

const oneNozzle = {
  urlPrefixes: ['ftp://', 'ftp:///'],
  vibrationCalibration: true,
  nozzleOffsetCalibration: 0,
} as const;
const twoNozzles = {
  urlPrefixes: ['ftp://', 'ftp:///'],
  vibrationCalibration: true,
  nozzleOffsetCalibration: 2,
} as const;

export const MODELS: readonly BambuModel[] = [
  {
    ...x1,
    code: 'BL-P001',
    aliases: ['3DPrinter-X1-Carbon'],
    name: 'Bambu Lab X1 Carbon',
    serialPrefix: '00M',
    productName: 'Bambu Lab X1-Carbon',
    moduleHint: { hardware: 'AP05', project: '' },
    alsoRuns: ['BL-P002', 'C11', 'C12', 'C13'],
  },
  {
    ...x1,
    code: 'BL-P002',
    aliases: ['3DPrinter-X1'],
    name: 'Bambu Lab X1',
    serialPrefix: '00W',
    productName: 'Bambu Lab X1',
    moduleHint: null,
    alsoRuns: ['BL-P001', 'C11', 'C12', 'C13'],
  },
  {
    ...x1,
    code: 'C13',
    aliases: [],
    name: 'Bambu Lab X1E',
    serialPrefix: '03W',
    productName: 'Bambu Lab X1E',
    moduleHint: { hardware: 'AP02', project: null },
    alsoRuns: ['BL-P001', 'BL-P002', 'C11', 'C12'],
    nozzleTempMaxC: 320,
    bedTempMaxC: 110,
    chamberTempMaxC: 60,
    doorFrom: '01.01.02.00',
    control: { ...x1.control, bedTempMaxOn220VoltsC: null },
    authorisationFrom: null,
  },
  {
    ...p1,
    code: 'C11',
    aliases: [],
    name: 'Bambu Lab P1P',
    serialPrefix: '01S',
    productName: 'Bambu Lab P1P',
    moduleHint: { hardware: 'AP04', project: 'C11' },
    alsoRuns: ['BL-P001', 'BL-P002', 'C12', 'C13'],
    fans: { aux: true, chamber: null },
  },
  {
    ...p1,
    code: 'C12',
    aliases: [],
    name: 'Bambu Lab P1S',
    serialPrefix: '01P',
    productName: 'Bambu Lab P1S',
    moduleHint: { hardware: 'AP04', project: 'C12' },
    alsoRuns: ['BL-P001', 'BL-P002', 'C11', 'C13'],
    fans: { aux: true, chamber: true },
  },
  {
    code: 'N7',
    aliases: [],
    name: 'Bambu Lab P2S',
    serialPrefix: '22E',
    productName: 'Bambu Lab P2S',
    moduleHint: null,
    nozzles: 1,
    alsoRuns: [],
    nozzleTempMaxC: 300,
    bedTempMaxC: 110,
    chamberTempMaxC: null,
    bedSizeMm: [256, 256, 256],
    hasChamberTemp: true,
    doorBitIn: 'stat',
    doorFrom: null,
    fans: { aux: true, chamber: null },
    lightNodes: ['chamber_light', 'work_light'],
    externalUnits: [255],
    plainAms: 'ams',
    countsTraysWithinUnit: true,
    idleStage: -1,
    fullReports: false,
    sendsFun: true,
    refreshFloorMs: FLOOR_MS,
    authorisationFrom: 'all',
    control: {
      bedTempMaxOn220VoltsC: null,
      invertedAxes: [],
      hasLidar: false,
      turnsAirForHeating: false,
      externalTargets: [254, 255],
      readsTagsFrom: null,
    },
    start: { urlPrefixes: ['ftp://', 'ftp:///'], vibrationCalibration: false, nozzleOffsetCalibration: 0 },
    camera: 'rtsps',
    ftps: { sessionReuse: 'required', clearDataFallback: false, finalReplyTimeoutMs: FINAL_REPLY_MS },
  },
  {
    ...a1,
    code: 'N1',
    aliases: [],
    name: 'Bambu Lab A1 mini',
    serialPrefix: '030',
    productName: 'Bambu Lab A1 mini',
    moduleHint: { hardware: null, project: 'N1' },
    bedTempMaxC: 80,
    bedSizeMm: [180, 180, 180],
    sendsFun: false,
    authorisationFrom: '01.05.00.00',
  },
  {
    ...a1,
    code: 'N2S',
    aliases: [],
    name: 'Bambu Lab A1',
    serialPrefix: '039',
    productName: 'Bambu Lab A1',
    moduleHint: { hardware: 'AP05', project: 'N2S' },
    bedTempMaxC: 100,
    bedSizeMm: [256, 256, 256],
    sendsFun: false,
    authorisationFrom: '01.05.00.00',
  },
  {
    ...a1,
    code: 'N9',
    aliases: [],
    name: 'Bambu Lab A2L',
    serialPrefix: '26A',
    productName: 'Bambu Lab A2L',
    moduleHint: null,
    bedTempMaxC: 80,
    bedSizeMm: [330, 320, 325],
    sendsFun: true,
    countsTraysWithinUnit: true,
    control: { ...a1.control, externalTargets: [254, 255], readsTagsFrom: null },
    authorisationFrom: 'all',
  },
  {
    ...h2,
    code: 'O1D',
    aliases: [],
    name: 'Bambu Lab H2D',
    serialPrefix: '094',
    productName: 'Bambu Lab H2D',
    nozzles: 2,
    alsoRuns: ['O1E', 'O2D'],
    bedSizeMm: [350, 320, 325],
    externalUnits: [255, 254],
    authorisationFrom: '01.01.00.00',
    start: twoNozzles,
  },
  {
    ...h2,
    code: 'O1E',
    aliases: ['O2D'],
    name: 'Bambu Lab H2D Pro',
    serialPrefix: '239',
    productName: 'Bambu Lab H2D Pro',
    nozzles: 2,
    alsoRuns: ['O2D', 'O1D'],
    bedSizeMm: [350, 320, 325],
    externalUnits: [255, 254],
    authorisationFrom: '01.01.00.00',
    start: twoNozzles,
  },
  {
    ...h2,
    code: 'O1S',
    aliases: [],
    name: 'Bambu Lab H2S',
    serialPrefix: '093',
    productName: 'Bambu Lab H2S',
    nozzles: 1,
    alsoRuns: [],
    bedSizeMm: [340, 320, 340],
    externalUnits: [255],
    authorisationFrom: 'all',
    start: oneNozzle,
  },
  {
    ...h2,
    code: 'O1C2',
    aliases: ['O1C'],
    name: 'Bambu Lab H2C',
    serialPrefix: '31B',
    productName: 'Bambu Lab H2C',
    nozzles: 2,
    alsoRuns: ['O1C'],
    bedSizeMm: [330, 320, 325],
    externalUnits: [255, 254],
    authorisationFrom: 'all',
    start: twoNozzles,
  },
  {
    ...h2,
    code: 'N6',
    aliases: [],
    name: 'Bambu Lab X2D',
    serialPrefix: '20P',
    productName: 'Bambu Lab X2D',
    nozzles: 2,
    alsoRuns: [],
    nozzleTempMaxC: 300,
    bedSizeMm: [256, 256, 261],
    lightNodes: ['chamber_light', 'chamber_light2', 'work_light'],
    externalUnits: [255, 254],
    authorisationFrom: 'all',
    start: twoNozzles,
  },
];

/** Codes that announce themselves like printers and are none (a laser device). */
export const OTHER_DEVICES: readonly string[] = ['N8'];

const byCode = new Map(
  MODELS.flatMap((model) => [model.code, ...model.aliases].map((code) => [code, model])),
);
const bySerial = new Map(MODELS.map((model) => [model.serialPrefix, model]));

/** Announcements may carry a generation mark behind the code. */
const GENERATION_MARK = /-V\d$/i;

export function modelByCode(code: string): BambuModel | null {
  const trimmed = code.trim();
  return byCode.get(trimmed) ?? byCode.get(trimmed.replace(GENERATION_MARK, '')) ?? null;
}

export function modelBySerial(serial: string): BambuModel | null {
  return bySerial.get(serial.slice(0, 3)) ?? null;
}

/** By its code; only without one by the serial, whose prefixes are less certain. */
export function findModel(code: string | null, serial: string): BambuModel | null {
  return code === null ? modelBySerial(serial) : modelByCode(code);
}

const capabilitiesByModel = new Map<BambuModel, Capabilities>(
  MODELS.map((model) => [
    model,
    Object.freeze({
      modelCode: model.code,
      modelName: model.name,
      nozzles: model.nozzles,
      runsFilesFor: [model.code, ...model.alsoRuns],
      hasChamberTemp: model.hasChamberTemp,
      hasChamberHeater: model.chamberTempMaxC !== null,
      hasDoorSensor: model.doorBitIn !== null,
      nozzleTempMaxC: model.nozzleTempMaxC,
      bedTempMaxC: model.bedTempMaxC,
      chamberTempMaxC: model.chamberTempMaxC,
      bedSizeMm: model.bedSizeMm,
      camera: model.camera,
    }),
  ]),
);

/** The same object for the same model every time. */
export function capabilitiesOfModel(model: BambuModel): Capabilities {
  const capabilities = capabilitiesByModel.get(model);
  if (capabilities === undefined) throw new Error(`The model table does not hold ${model.code}.`);
  return capabilities;
}
