/** What a user of the emulator says and sees: specifications in, printers and ground truth out. */
import type { EmulatorCa } from './certificates.js';

export interface EmulatedPrinterSpec {
  /** Short name (`X1C`, `X1`, `X1E`, `P1P`, `P1S`, `P2S`, `A1M`, `A1`, `A2L`, `H2D`, `H2DPRO`, `H2S`, `H2C`, `X2D`) or model code. */
  readonly model: string;
  /** Its own loopback address, 127.x.y.z. */
  readonly host: string;
  /** Default 8883; 0 picks a free port. */
  readonly mqttPort?: number;
  /** Default 990; 0 picks a free port. */
  readonly ftpPort?: number;
  /** Default 6000 or 322, as its model has it; 0, and where `mqttPort` is 0 the default, picks a free port. */
  readonly cameraPort?: number;
  /** 15 characters; the default follows from the seed, the position and the model's prefix. */
  readonly serial?: string;
  /** 8 digits; the default follows from the seed. */
  readonly accessCode?: string;
  readonly name?: string;
  /** Millimetres as text, default `0.4`. */
  readonly nozzleDiameter?: string;
  readonly firmware?: string;
  /** Default true; false refuses control commands as the model's firmware does (docs/protocol.md §10). */
  readonly developerMode?: boolean;
  /** Default one unit with PLA white, PLA black, PETG red and PLA green. */
  readonly ams?: readonly EmulatedAmsUnit[];
  /** The external holder (the one with id 255 where there are two); default null, empty. */
  readonly external?: EmulatedSpool | null;
  /** Capacity of the card, default 4 GB; nothing is reserved on the host. */
  readonly storageBytes?: number;
}

export interface EmulatedAmsUnit {
  /** 0-3, 16 (A2L), 128-135 (one-slot units). */
  readonly id: number;
  readonly slots: readonly (EmulatedSpool | null)[];
  /** Extruder the unit feeds on machines with two, default 0. */
  readonly extruder?: number;
}

export interface EmulatedSpool {
  readonly type: string;
  /** `RRGGBBAA`. */
  readonly color: string;
  /** Preset id; the default is the generic one of the type. */
  readonly infoIdx?: string;
  readonly tagUid?: string;
  readonly trayUuid?: string;
  /** Percent, default 100; -1 is unknown. */
  readonly remain?: number;
}

export interface SsdpOptions {
  readonly address: string;
  readonly port: number;
  /** Real milliseconds between announcements, default 5000. */
  readonly intervalMs?: number;
  /** When set, every printer also answers M-SEARCH on this UDP port of its own address. */
  readonly searchPort?: number;
}

export interface EmulatorOptions {
  readonly printers: readonly EmulatedPrinterSpec[];
  /** Default 1; everything random follows from it. */
  readonly seed?: number;
  /** Virtual seconds per real second, default 1. */
  readonly speed?: number;
  /** Real milliseconds between periodic reports while active, default 1000. */
  readonly reportIntervalMs?: number;
  /** Null, the default, keeps every printer silent. */
  readonly ssdp?: SsdpOptions | null;
  /** HTTP control API; null, the default, leaves it out. Port 0 picks a free one. */
  readonly control?: { readonly host: string; readonly port: number } | null;
  /** Certificate authority to reuse between processes or restarts. */
  readonly ca?: EmulatorCa;
}

export interface EmulatedPrinter {
  readonly serial: string;
  readonly host: string;
  /** Real port after start. */
  readonly mqttPort: number;
  /** Real port after start. */
  readonly ftpPort: number;
  /** Real port after start. */
  readonly cameraPort: number;
  readonly accessCode: string;
  readonly modelCode: string;
  readonly name: string;
  /** `IDLE`, `PREPARE`, `SLICING`, `RUNNING`, `PAUSE`, `FINISH` or `FAILED`. */
  readonly activity: string;
  /** Switched on, and booted. */
  readonly powered: boolean;
  /** @throws Error naming every fault when the name is unknown or the arguments do not fit. */
  addFault(name: string, args?: Record<string, unknown>): void;
  clearFaults(): void;
  /** False drops every socket and stops listening; true boots and resolves when it listens again. */
  power(on: boolean): Promise<void>;
  files(): readonly { name: string; bytes: number }[];
  /** Unit 255 or 254 is an external holder. */
  setSpool(unitId: number, slotIndex: number, spool: EmulatedSpool | null): void;
  /** The buttons of the touchscreen. */
  pressCancel(): void;
  pressPause(): void;
  pressResume(): void;
  /** Acknowledges a finished or failed print: back to IDLE. */
  dismiss(): void;
  /** A print that nobody sent over the network. */
  startExternalJob(name: string, seconds: number): void;
}
