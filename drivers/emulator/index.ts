/** Emulated Bambu printers for demos, virtual printers and tests: real SSDP, MQTT and FTPS on loopback. */
export type {
  EmulatedAmsUnit,
  EmulatedPrinter,
  EmulatedPrinterSpec,
  EmulatedSpool,
  EmulatorOptions,
  SsdpOptions,
} from './api.js';
export { createEmulatorCa, type EmulatorCa } from './certificates.js';
export { Emulator } from './emulator.js';
export { FAULT_NAMES } from './faults.js';
export type { GroundTruth, TruthEntry } from './ground-truth.js';
