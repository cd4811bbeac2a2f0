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
  /** Filament type as the slicer writes it, such as `PLA`; a sliced file binds it. */
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
  /** How far the objects reach from the bed's corner; null when the file does not say. */
  readonly reach: Reach | null;
}

/** A model that is sliced here once its printer is chosen: with that printer's profiles and those of its slots. */
export interface ModelFile {
  readonly kind: 'model';
  /** It names a process profile, or brings one along: the printer needs none. */
  readonly ownProcess: boolean;
  readonly reach: Reach | null;
}

export type MatchFile = SlicedPlateFile | ModelFile;

/** Millimetres from the corner of the bed; null where not known. */
export interface Reach {
  readonly x: number;
  readonly y: number;
  readonly z: number | null;
}

export interface MatchJob {
  readonly id: string;
  readonly partId: string | null;
  readonly plateId: number | null;
  readonly priority: Priority;
  readonly queueOrder: number;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  /** Pending jobs with the same word are printed one after another; null for a job by itself. */
  readonly together: string | null;
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
  /** Filament left on the spool; null when nobody knows. */
  readonly remainingGrams: number | null;
  /** What the farm says is in this place: it counts before the report. Null when it says nothing. */
  readonly assigned: AssignedFilament | null;
  /** The filament profile that a model would be sliced with from here; null when there is none. */
  readonly profile: FilamentProfile | null;
}

/** A type alone, a material in whatever colour, or one variant of it. */
export interface AssignedFilament {
  readonly type: string;
  readonly materialId: string | null;
  readonly variantId: string | null;
  /** What people call it. */
  readonly name: string;
  /** `#RRGGBBAA`; null where the printer's own word counts. */
  readonly color: string | null;
  /** Filament preset id; null where the printer's own word counts. */
  readonly infoIdx: string | null;
}

/** One of the farm's own profiles, or one of the slicer's. */
export type FilamentProfile = { readonly userId: string } | { readonly systemId: number };

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
  /** Millimetres X, Y, Z; null when the model is not known. */
  readonly bedSize: readonly [number, number, number] | null;
  /** Which of the profiles that slicing needs are chosen for it. */
  readonly profiles: { readonly machine: boolean; readonly process: boolean };
  /** True: AMS slots only. False: external holders only. */
  readonly useAms: boolean;
  readonly slots: readonly MatchSlot[];
  /** Epoch milliseconds when its last print began; null when it never printed. */
  readonly lastPrintedAt: number | null;
  readonly lifetimePrintHours: number;
}

/** What the farm wants of slots. */
export interface MatchRules {
  /** `refuse`: a slot known to hold less than the job needs does not do; `warn` only says so; `off` never looks. */
  readonly checkRemaining: 'off' | 'warn' | 'refuse';
  /** Channels of models that are sliced here take slots of their own where they can. Sliced files always do. */
  readonly distinctSlots: boolean;
}

/** What lets jobs through at all now. */
export interface MatchGates {
  /** Lets low-priority jobs fill printers that no normal job can use. */
  readonly processLowPriorityJobs: boolean;
  /** Most jobs that may be under way at once; null is no limit. */
  readonly maxConcurrentJobs: number | null;
  /** Jobs under way now. */
  readonly activeJobs: number;
  /** How many prints may begin now, and what holds the others; absent or null is no limit. */
  readonly startsLeft?: StartsLeft | null;
  /** Words of `MatchJob.together` of which a job is under way: the others go on before those not begun. */
  readonly begun: ReadonlySet<string>;
}

export type MatchSettings = MatchRules & MatchGates;

/** A limit on the prints that begin now, such as the hours of the farm or what the mains can bear. */
export interface StartsLeft {
  readonly count: number;
  /** In words, as a sentence. */
  readonly because: string;
}
