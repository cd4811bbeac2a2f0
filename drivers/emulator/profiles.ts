/**
 * What the models do differently, as data (docs/protocol.md §1). Families share a base, rows state the rest; no code
 * asks for a model by name.
 */
export type AmsKind = 'ams' | 'ams-lite' | 'ams-2-pro' | 'ams-ht';

/** Forms of `project_file.url` (docs/protocol.md §6.2). */
export type UrlForm =
  /** `ftp://<name>`, a file in the root. */
  | 'ftp-root'
  /** `ftp:///<name>`, a file in the root. */
  | 'ftp-slash-root'
  /** `ftp:///<path>`, any folder. */
  | 'ftp-slash-path'
  /** `file:///sdcard/<path>`. */
  | 'file-sdcard'
  /** `file:///mnt/sdcard/<path>`. */
  | 'file-mnt-sdcard';

/** How a control command is refused without Developer Mode (docs/protocol.md §10). */
export type RefusalShape = 'verify-failed' | 'bare' | 'silent';

export interface Profile {
  readonly code: string;
  readonly shortName: string;
  readonly name: string;
  readonly serialPrefix: string;
  readonly firmware: string;
  /** `product_name` of the ota module; null on firmware that says `project_name` instead. */
  readonly productName: string | null;
  /** hw_ver of the processor module, from which old firmware is recognised. */
  readonly processor: { readonly module: 'esp32' | 'ap'; readonly hardware: string };
  /** Layout of reports: what keys there are and how trays look. */
  readonly layout: 'x1' | 'p1' | 'h2';
  /** `full`: the whole object every period. `delta`: changed keys only, the whole on request. */
  readonly reports: 'full' | 'delta';
  /** The `sequence_id` of reports: counting, or the constant some firmware sends. */
  readonly reportSequence: 'counting' | 'constant';
  readonly idleStage: number;
  /** Virtual seconds between an accepted start command and PREPARE. */
  readonly startDelaySeconds: readonly [number, number];
  /** The new subtask id shows while the old FINISH still stands. */
  readonly echoesIdEarly: boolean;
  readonly bootSeconds: number;
  readonly maxClients: number;
  /** More `pushall` than this within 60 s earn a silence; null is unlimited. */
  readonly pushallLimit: number | null;
  /** `gcode_file` is a path inside the machine, or the name of the uploaded file. */
  readonly gcodeFile: 'path' | 'name';
  readonly preparePercentEnd: number;
  readonly zeroesTotalLayers: boolean;
  /** Ids above 2^31-1 become 2^31-1. */
  readonly clampsIds: boolean;
  /** A start command while busy kills the running print. */
  readonly busyStartAborts: boolean;
  readonly keepsFailReason: boolean;
  readonly hasChamberSensor: boolean;
  readonly hasChamberHeater: boolean;
  readonly hasDoorSensor: boolean;
  readonly hasAuxFan: boolean;
  readonly hasChamberFan: boolean;
  readonly nozzles: 1 | 2;
  readonly nozzleType: string;
  readonly lightNodes: readonly string[];
  /** External holders by id; the first is the one called 255 in `ams_mapping2`. */
  readonly externalIds: readonly number[];
  readonly sendsFun: boolean;
  readonly amsKind: AmsKind;
  /** Unit id of the first unit; its slots are 0-3 in `ams_mapping`, on the A2L although the unit is 16. */
  readonly amsFirstUnit: number;
  readonly urlForms: readonly UrlForm[];
  /** print_error of a URL the firmware cannot follow or a file that is not there. */
  readonly pathError: number;
  /** `printer_model_id` values whose files run here. */
  readonly runsFilesFor: readonly string[];
  readonly refusal: RefusalShape;
  /** Raises the HMS message of a failed signature check on a refusal: firmware without `fun`. */
  readonly refusalRaisesHms: boolean;
  /** Stages of a print's beginning, in order; the last part is stage 0. */
  readonly openingStages: readonly number[];
  /** `jpeg`: single pictures on port 6000; `rtsps`: a video stream on port 322. */
  readonly camera: 'jpeg' | 'rtsps';
  readonly ftp: FtpProfile;
}

export interface FtpProfile {
  /** The data channel must resume the control channel's TLS session, else 522. */
  readonly requiresSessionReuse: boolean;
  /** PASV names 0.0.0.0. */
  readonly pasvZeroAddress: boolean;
  /** Virtual seconds between the end of the data and 226. */
  readonly completionDelaySeconds: number;
  readonly nlstFullPaths: boolean;
  readonly greeting: string;
  readonly folders: readonly string[];
}

export const PRINT_ERROR = {
  cancelled: 0x0300_400c,
  pathUnsupported: 0x0500_4002,
  unparsable: 0x0500_4003,
  busy: 0x0500_4004,
  wrongModel: 0x0500_4046,
  wrongNozzle: 0x0500_4038,
  storageException: 0x0500_c010,
  mappingFailed: 0x0700_8012,
  externalMappingFailed: 0x07ff_8012,
  externalRunout: 0x07ff_8011,
  secondExternalRunout: 0x07fe_8011,
  amsLost: 0x0700_8021,
  unauthorised: 0x0502_4007,
} as const;

const VSFTPD: FtpProfile = {
  requiresSessionReuse: true,
  pasvZeroAddress: false,
  completionDelaySeconds: 0,
  nlstFullPaths: true,
  greeting: '(vsFTPd 3.0.3)',
  folders: ['cache', 'image', 'timelapse', 'model', 'data', 'data/Metadata'],
};

const X1_FAMILY = ['BL-P001', 'BL-P002', 'C13', 'C11', 'C12'];

type Family = Omit<Profile, 'code' | 'shortName' | 'name' | 'serialPrefix' | 'productName' | 'runsFilesFor'>;

const X1: Family = {
  firmware: '01.09.00.01',
  processor: { module: 'ap', hardware: 'AP05' },
  layout: 'x1',
  reports: 'full',
  reportSequence: 'counting',
  idleStage: -1,
  startDelaySeconds: [2, 2],
  echoesIdEarly: false,
  bootSeconds: 30,
  maxClients: 16,
  pushallLimit: null,
  gcodeFile: 'path',
  preparePercentEnd: 100,
  zeroesTotalLayers: false,
  clampsIds: false,
  busyStartAborts: false,
  keepsFailReason: true,
  hasChamberSensor: true,
  hasChamberHeater: false,
  hasDoorSensor: true,
  hasAuxFan: true,
  hasChamberFan: true,
  nozzles: 1,
  nozzleType: 'hardened_steel',
  lightNodes: ['chamber_light', 'work_light'],
  externalIds: [255],
  sendsFun: true,
  amsKind: 'ams',
  amsFirstUnit: 0,
  urlForms: ['ftp-root', 'file-sdcard', 'file-mnt-sdcard'],
  pathError: PRINT_ERROR.pathUnsupported,
  refusal: 'verify-failed',
  refusalRaisesHms: false,
  openingStages: [2, 13, 4, 14, 1, 3, 8],
  camera: 'rtsps',
  ftp: VSFTPD,
};

const P1: Family = {
  ...X1,
  camera: 'jpeg',
  firmware: '01.08.02.00',
  processor: { module: 'esp32', hardware: 'AP04' },
  layout: 'p1',
  reports: 'delta',
  idleStage: 255,
  startDelaySeconds: [10, 10],
  maxClients: 4,
  pushallLimit: 3,
  gcodeFile: 'name',
  preparePercentEnd: 99,
  clampsIds: true,
  keepsFailReason: false,
  hasChamberSensor: false,
  hasDoorSensor: false,
  nozzleType: 'stainless_steel',
  lightNodes: ['chamber_light'],
  externalIds: [254],
  sendsFun: false,
  urlForms: ['ftp-root', 'ftp-slash-root', 'file-sdcard'],
  pathError: PRINT_ERROR.storageException,
  refusalRaisesHms: true,
  openingStages: [2, 13, 4, 14, 1],
  ftp: { ...VSFTPD, pasvZeroAddress: true, nlstFullPaths: false, folders: ['cache', 'timelapse', 'model'] },
};

const A1: Family = {
  ...P1,
  firmware: '01.06.00.00',
  processor: { module: 'esp32', hardware: 'AP05' },
  idleStage: 0,
  preparePercentEnd: 100,
  clampsIds: false,
  hasAuxFan: false,
  hasChamberFan: false,
  amsKind: 'ams-lite',
  urlForms: ['ftp-root', 'file-sdcard'],
  refusalRaisesHms: true,
  openingStages: [2, 13, 14, 4, 1, 8, 19],
  ftp: {
    ...VSFTPD,
    requiresSessionReuse: false,
    nlstFullPaths: false,
    folders: ['cache', 'timelapse', 'model'],
  },
};

const H2: Family = {
  ...X1,
  firmware: '01.02.00.00',
  layout: 'h2',
  reports: 'delta',
  reportSequence: 'constant',
  startDelaySeconds: [50, 50],
  echoesIdEarly: true,
  hasChamberHeater: true,
  nozzles: 2,
  nozzleType: 'HS01',
  lightNodes: ['chamber_light', 'chamber_light2', 'work_light'],
  externalIds: [255, 254],
  amsKind: 'ams-2-pro',
  urlForms: ['ftp-root', 'ftp-slash-path'],
  refusal: 'bare',
  openingStages: [29, 13, 4, 8, 14, 1, 3, 39],
  ftp: { ...VSFTPD, completionDelaySeconds: 35 },
};

const NEW: Family = { ...H2, startDelaySeconds: [10, 10], echoesIdEarly: false, ftp: VSFTPD };

export const PROFILES: readonly Profile[] = [
  {
    ...X1,
    code: 'BL-P001',
    shortName: 'X1C',
    name: 'Bambu Lab X1 Carbon',
    serialPrefix: '00M',
    productName: 'Bambu Lab X1-Carbon',
    runsFilesFor: X1_FAMILY,
  },
  {
    ...X1,
    code: 'BL-P002',
    shortName: 'X1',
    name: 'Bambu Lab X1',
    serialPrefix: '00W',
    productName: 'Bambu Lab X1',
    runsFilesFor: X1_FAMILY,
  },
  {
    ...X1,
    code: 'C13',
    shortName: 'X1E',
    name: 'Bambu Lab X1E',
    serialPrefix: '03W',
    firmware: '01.01.02.00',
    productName: null,
    processor: { module: 'ap', hardware: 'AP02' },
    hasChamberHeater: true,
    runsFilesFor: X1_FAMILY,
  },
  {
    ...P1,
    code: 'C11',
    shortName: 'P1P',
    name: 'Bambu Lab P1P',
    serialPrefix: '01S',
    productName: null,
    startDelaySeconds: [10, 135],
    hasChamberFan: false,
    runsFilesFor: X1_FAMILY,
  },
  {
    ...P1,
    code: 'C12',
    shortName: 'P1S',
    name: 'Bambu Lab P1S',
    serialPrefix: '01P',
    firmware: '01.10.00.00',
    productName: null,
    zeroesTotalLayers: true,
    refusal: 'silent',
    runsFilesFor: X1_FAMILY,
  },
  {
    ...NEW,
    code: 'N7',
    shortName: 'P2S',
    name: 'Bambu Lab P2S',
    serialPrefix: '22E',
    productName: 'Bambu Lab P2S',
    nozzles: 1,
    hasChamberHeater: false,
    lightNodes: ['chamber_light', 'work_light'],
    externalIds: [255],
    urlForms: ['ftp-root', 'ftp-slash-path'],
    runsFilesFor: ['N7'],
  },
  {
    ...A1,
    code: 'N1',
    shortName: 'A1M',
    name: 'Bambu Lab A1 mini',
    serialPrefix: '030',
    productName: null,
    busyStartAborts: true,
    runsFilesFor: ['N1'],
  },
  {
    ...A1,
    code: 'N2S',
    shortName: 'A1',
    name: 'Bambu Lab A1',
    serialPrefix: '039',
    productName: null,
    runsFilesFor: ['N2S'],
  },
  {
    ...NEW,
    code: 'N9',
    shortName: 'A2L',
    name: 'Bambu Lab A2L',
    serialPrefix: '26A',
    productName: 'Bambu Lab A2L',
    camera: 'jpeg',
    idleStage: 0,
    maxClients: 4,
    gcodeFile: 'name',
    hasChamberSensor: false,
    hasChamberHeater: false,
    hasDoorSensor: false,
    hasAuxFan: false,
    hasChamberFan: false,
    nozzles: 1,
    lightNodes: ['chamber_light'],
    externalIds: [255],
    amsKind: 'ams-lite',
    amsFirstUnit: 16,
    urlForms: ['ftp-root', 'ftp-slash-path', 'file-sdcard'],
    runsFilesFor: ['N9'],
    ftp: { ...VSFTPD, requiresSessionReuse: false, nlstFullPaths: false },
  },
  {
    ...H2,
    code: 'O1D',
    shortName: 'H2D',
    name: 'Bambu Lab H2D',
    serialPrefix: '094',
    productName: 'Bambu Lab H2D',
    runsFilesFor: ['O1D', 'O1E'],
  },
  {
    ...H2,
    code: 'O1E',
    shortName: 'H2DPRO',
    name: 'Bambu Lab H2D Pro',
    serialPrefix: '239',
    productName: 'Bambu Lab H2D Pro',
    startDelaySeconds: [80, 210],
    runsFilesFor: ['O1E', 'O1D'],
  },
  {
    ...H2,
    code: 'O1S',
    shortName: 'H2S',
    name: 'Bambu Lab H2S',
    serialPrefix: '093',
    productName: 'Bambu Lab H2S',
    nozzles: 1,
    externalIds: [255],
    openingStages: [29, 13, 4, 8, 14, 1, 3],
    ftp: VSFTPD,
    runsFilesFor: ['O1S'],
  },
  {
    ...H2,
    code: 'O1C2',
    shortName: 'H2C',
    name: 'Bambu Lab H2C',
    serialPrefix: '31B',
    productName: 'Bambu Lab H2C',
    startDelaySeconds: [50, 120],
    runsFilesFor: ['O1C2', 'O1C'],
  },
  {
    ...NEW,
    code: 'N6',
    shortName: 'X2D',
    name: 'Bambu Lab X2D',
    serialPrefix: '20P',
    productName: 'Bambu Lab X2D',
    lightNodes: ['chamber_light', 'work_light'],
    runsFilesFor: ['N6'],
  },
];

/** @throws Error listing the models when none has this short name or code. */
export function profileOf(model: string): Profile {
  const wanted = model.toUpperCase().replaceAll(' ', '');
  const profile = PROFILES.find((p) => p.shortName === wanted || p.code === wanted);
  if (profile === undefined) {
    const known = PROFILES.map((p) => `${p.shortName} (${p.code})`).join(', ');
    throw new Error(`no emulated model ${JSON.stringify(model)}; known are ${known}`);
  }
  return profile;
}

/** Where real cameras listen. */
export const CAMERA_PORTS = { jpeg: 6000, rtsps: 322 } as const;

/** Where the camera of a model listens. @throws Error naming every model when there is none of this name. */
export function cameraPortOf(model: string): number {
  return CAMERA_PORTS[profileOf(model).camera];
}
