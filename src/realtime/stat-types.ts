/** The contract's words for filament types; '' is "none of these". */
export const FILAMENT_TYPES = [
  '',
  'PLA',
  'PET',
  'ABS',
  'ASA',
  'FLEX',
  'HIPS',
  'EDGE',
  'NGEN',
  'PA',
  'NYLON',
  'PVA',
  'PC',
  'PP',
  'PEI',
  'PEEK',
  'PEKK',
  'POM',
  'PSU',
  'PVDF',
  'SCAFF',
  'PETG',
  'TPU',
  'TPU-AMS',
  'PA-CF',
  'PA6-CF',
  'PA6-GF',
  'PLA-CF',
  'PET-CF',
  'PETG-CF',
  'PLA-AERO',
  'PPS',
  'PPS-CF',
  'PPA-CF',
  'PPA-GF',
  'PCTG',
  'ABS-GF',
  'ASA-Aero',
  'PE',
  'PE-CF',
  'PP-GF',
  'EVA',
  'PHA',
  'BVOH',
  'PP-CF',
] as const;
export type FilamentTypeName = (typeof FILAMENT_TYPES)[number];

export interface FilamentInfo {
  readonly id: string;
  /** `#RRGGBBAA`. */
  readonly color: string;
  /** Preset id such as `GFA00`. */
  readonly info: string;
  readonly tagId?: string;
  readonly type: FilamentTypeName;
  /** Percent, -1 unknown. */
  readonly remaining: number;
  /** Identity of the spool. */
  readonly v?: string;
}

export interface HealthMessages {
  readonly errors: readonly HealthMessage[];
  readonly warnings: readonly HealthMessage[];
  readonly infos: readonly HealthMessage[];
}

export interface HealthMessage {
  /** `0300-8013`. */
  readonly code: string;
  readonly message: string;
}

export interface PrinterStatData {
  /** Degrees Celsius of the active nozzle, the bed and the chamber; what the machine does not measure is absent. */
  readonly temps?: {
    readonly bedTemp?: number;
    readonly bedTempTarget?: number;
    readonly nozzleTemp?: number;
    readonly nozzleTempTarget?: number;
    readonly chamberTemp?: number;
    readonly chamberTempTarget?: number;
  };
  /** `on`, `off` or `flashing`. */
  readonly lights?: { readonly chamber?: string; readonly work?: string };
  /** Percent. */
  readonly fans?: { readonly part?: number; readonly aux?: number; readonly chamber?: number };
  readonly printer?: {
    /** Millimetres as text; '' when unknown. */
    readonly nozzleDiameter: string;
    readonly homeAxes: { readonly x?: boolean; readonly y?: boolean; readonly z?: boolean };
  };
  readonly print?: {
    readonly downloadPercent?: number;
    readonly percent?: number;
    /** Minutes. */
    readonly timeRemaining?: number;
    readonly stage: string;
    readonly activity?: string;
    /** `0300_400C`; '' when there is none. */
    readonly errorCode: string;
    readonly printError: number;
    readonly currentLayer?: number;
    readonly totalLayers?: number;
    readonly taskId: string;
    readonly taskName: string;
  };
  readonly filament?: {
    readonly ams: {
      /** One character per slot, AMS by AMS: `1` where the statement holds. */
      readonly status: { readonly slotsLoaded: string; readonly slotsReading: string };
      readonly ams: readonly { readonly slots: readonly ({ readonly id: string } | FilamentInfo)[] }[];
    };
    readonly spool?: FilamentInfo;
  };
  readonly health: HealthMessages;
}

/** A complete picture of a printer, never a difference from an earlier one. */
export interface PrinterStat {
  readonly printerId: string;
  readonly storeId: string;
  /** The machine's own word, such as `PREPARE`; null while offline. */
  readonly state: string | null;
  readonly isOnline: boolean;
  readonly isAvailable: boolean;
  readonly receivedAt: string;
  /** From then on a reader takes the printer for stale. */
  readonly expiresAt: string;
  readonly data: PrinterStatData;
}
