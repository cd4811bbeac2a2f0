import type { Priority } from '../contract/enums.js';

/** One material a channel may be printed with, from the most to the least specific way of saying so. */
export type MaterialChoice =
  | { readonly variantId: string }
  | { readonly materialId: string }
  | { readonly materialType: string };

/** A group carries its members in order of preference, those of child groups after its own. */
export type MaterialAlternative =
  | MaterialChoice
  | { readonly groupId: string; readonly members: readonly MaterialChoice[] };

/** One filament channel of the plate that is to be printed. */
export interface MatchChannel {
  /** Filament index in the file, from 0. */
  readonly index: number;
  /** Filament type as the slicer writes it, such as `PLA`. */
  readonly type: string;
  /** `#RRGGBB` or `RRGGBBAA`; '' when unknown. */
  readonly color: string;
  /** Filament preset id such as `GFA00`; '' when unknown. */
  readonly infoIdx: string;
  readonly usedGrams: number | null;
  /** The slicer's nozzle group; `extruder` is what it resolves to. */
  readonly groupId: number | null;
  /** Physical extruder this channel was sliced for; null when the file does not bind it. */
  readonly extruder: number | null;
  /** Materials that will do, best first. Empty: anything of the channel's type, nearest colour first. */
  readonly alternatives: readonly MaterialAlternative[];
  /** True when the plate leaves this channel out; it then needs no slot. */
  readonly skip?: boolean;
}

/** A file sliced elsewhere: it binds printer model, nozzle and filament types (docs/protocol.md §9). */
export interface SlicedPlateFile {
  readonly kind: 'gcode3mf';
  /** Model code such as `C12`; null when the file does not say. */
  readonly modelCode: string | null;
  /** Model name such as `Bambu Lab P1S`; null when the file does not say. */
  readonly modelName: string | null;
  /** Millimetres as text, one per nozzle the slicer planned for; empty when the file does not say. */
  readonly nozzleDiameters: readonly string[];
  /** Machine profile names the file runs with, such as `Bambu Lab P1S 0.4 nozzle`. */
  readonly compatibleNames: readonly string[];
  /** True when objects reach beyond the bed. */
  readonly outside: boolean;
}

export type MatchFile = SlicedPlateFile;

export interface MatchJob {
  readonly id: string;
  readonly partId: string | null;
  readonly plateId: number | null;
  readonly priority: Priority;
  readonly queueOrder: number;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  /** Effective required tags: key to the text the user wrote. */
  readonly tags: Readonly<Record<string, string>>;
  /** Printers on which this job failed and must not be tried again. */
  readonly excludedPrinterIds: readonly string[];
  readonly file: MatchFile;
  readonly channels: readonly MatchChannel[];
}

/** One place for a spool, as the printer reports it and as the farm has assigned it. */
export interface MatchSlot {
  /** Unit's position from 0; -1 for external holders. */
  readonly amsIndex: number;
  readonly slotIndex: number;
  /** Global tray number. */
  readonly tray: number;
  readonly unitId: number;
  /** Extruder this place feeds; null when the printer has one or does not say. */
  readonly extruder: number | null;
  readonly external: boolean;
  readonly loaded: boolean;
  /** Filament type the printer reports; '' when unknown. */
  readonly type: string;
  /** `RRGGBBAA`; '' when unknown. */
  readonly color: string;
  readonly infoIdx: string;
  /** Percent, -1 unknown. */
  readonly remain: number;
  /** What the farm assigned to this place; null when nothing. */
  readonly materialId: string | null;
  readonly variantId: string | null;
  readonly materialType: string | null;
}

export interface MatchPrinter {
  readonly id: string;
  readonly name: string;
  readonly provider: string;
  readonly enabled: boolean;
  readonly isInMaintenance: boolean;
  /** Epoch milliseconds; null when unknown or not in maintenance. */
  readonly inMaintenanceSince: number | null;
  readonly online: boolean;
  /** Epoch milliseconds of the last report; null when there never was one. */
  readonly lastSeenAt: number | null;
  /** Why it is offline, in words; null when online or not known. */
  readonly awayBecause: string | null;
  /** The machine could take a job now. */
  readonly available: boolean;
  /** What it is doing, in words: `printing "Bracket"`, `updating its firmware`. */
  readonly doing: string;
  /** The bed is clear. */
  readonly ready: boolean;
  readonly developerMode: 'on' | 'off' | 'unknown';
  /** Why the daemon sends nothing to this printer for now; null when it does. */
  readonly setAside: { readonly reason: string } | null;
  readonly modelCode: string | null;
  readonly modelName: string | null;
  /** Other names of the model a tag may use, such as `X1C`. */
  readonly modelAliases: readonly string[];
  /** Model codes whose sliced files run here. */
  readonly runsFilesFor: readonly string[];
  /** Diameter in millimetres as text; null when the printer has not said. */
  readonly nozzles: readonly { readonly index: number; readonly diameter: string | null }[];
  readonly tags: readonly string[];
  /** True: AMS slots only. False: external holders only. */
  readonly useAms: boolean;
  readonly slots: readonly MatchSlot[];
  /** Epoch milliseconds when its last print began; null when it never printed. */
  readonly lastPrintedAt: number | null;
  readonly lifetimePrintHours: number;
}

export interface MatchSettings {
  /** Lets low-priority jobs fill printers that no normal job can use. */
  readonly processLowPriorityJobs: boolean;
  /** Most jobs that may be under way at once; null is no limit. */
  readonly maxConcurrentJobs: number | null;
  /** Jobs under way now. */
  readonly activeJobs: number;
  /** How many prints may begin now, and what holds the others; absent or null is no limit. */
  readonly startsLeft?: StartsLeft | null;
}

/** A limit on the prints that begin now, such as the hours of the farm or what the mains can bear. */
export interface StartsLeft {
  readonly count: number;
  /** In words, as a sentence. */
  readonly because: string;
}
