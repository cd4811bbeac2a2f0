import type {
  Capabilities,
  DiscoveredPrinter,
  DiscoveryOptions,
  DriverLog,
  PrinterDiscovery,
  PrinterDriver,
  PrinterSession,
  PrinterTarget,
  SessionEvents,
} from '../driver.js';
import { type CameraOptions, cameraParts } from './camera.js';
import { BambuDiscovery } from './discovery.js';
import { examine } from './examine.js';
import type { FileTransfer } from './file-transfer.js';
import { capabilitiesOfModel, findModel, MODELS } from './models.js';
import { CONNECT_RATE, Pace, type Rate } from './pace.js';
import { BambuSession, type SessionParts } from './session.js';
import { SESSION_TIMING, type SessionTiming } from './timing.js';
import { BambuFileTransfer } from './transfer.js';
import { FifoSlots } from './transfer-slots.js';
import type { TransferTiming } from './transfer-timing.js';

export interface BambuDriverOptions {
  readonly log: DriverLog;
  /** Handshakes under way at one time, over all printers. */
  readonly maxConnecting: number;
  /** Connection attempts in time, over all printers. */
  readonly connectRate?: Rate;
  /** File transfers under way at one time, over all printers. */
  readonly maxTransfers: number;
  readonly camera?: CameraOptions;
  readonly timing?: Partial<SessionTiming>;
  readonly transferTiming?: Partial<TransferTiming>;
  /** 0 to 1, for jitter. */
  readonly random?: () => number;
  /** Epoch milliseconds. */
  readonly now?: () => number;
}

/** The driver for Bambu Lab printers on the local network. */
export function createBambuDriver(options: BambuDriverOptions): PrinterDriver {
  const now = options.now ?? Date.now;
  const transfer: FileTransfer = new BambuFileTransfer({
    simultaneous: options.maxTransfers,
    log: options.log,
    timing: options.transferTiming ?? {},
  });
  const parts: SessionParts = {
    transfer,
    pace: new Pace(options.connectRate ?? CONNECT_RATE),
    camera: cameraParts(options.camera ?? {}),
    connecting: new FifoSlots(options.maxConnecting),
    timing: { ...SESSION_TIMING, ...options.timing },
    random: options.random ?? Math.random,
    now,
  };
  return {
    provider: 'Bambu',
    createSession: (target: PrinterTarget, events: SessionEvents, log: DriverLog): PrinterSession =>
      new BambuSession(target, events, log, parts),
    createDiscovery: (
      discoveryOptions: DiscoveryOptions,
      onSeen: (printer: DiscoveredPrinter) => void,
      log: DriverLog,
    ): PrinterDiscovery => new BambuDiscovery(discoveryOptions, onSeen, log, now),
    examine: (target, examineOptions) =>
      examine(target, examineOptions, {
        transfer,
        sessionMs: parts.timing.examineMs,
        createSession: (to, events) => new BambuSession(to, events, options.log, parts),
      }),
    models: MODELS.map(capabilitiesOfModel),
    capabilitiesOf: (modelCode: string | null, serial: string): Capabilities | null => {
      const model = findModel(modelCode, serial);
      return model === null ? null : capabilitiesOfModel(model);
    },
  };
}
