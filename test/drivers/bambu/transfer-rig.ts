/** An emulated printer, a folder of local files and a target, as the tests of file transfer want them. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PrinterTarget, UploadRequest } from '../../../drivers/driver.js';
import {
  type EmulatedPrinter,
  Emulator,
  type EmulatorOptions,
  type TruthEntry,
} from '../../../drivers/emulator/index.js';

/** Short enough for tests, long enough for a busy machine. */
export const QUICK = {
  connectMs: 5_000,
  replyMs: 10_000,
  idleMs: 10_000,
  sizeSettleMs: 100,
  sizeIntervalMs: 20,
  busyPauseMs: 20,
};

export class TransferRig {
  readonly emulator: Emulator;
  private folder = '';
  private count = 0;

  constructor(options: EmulatorOptions) {
    this.emulator = new Emulator(options);
  }

  async start(): Promise<void> {
    this.folder = await mkdtemp(join(tmpdir(), 'printfarmd-transfer-'));
    await this.emulator.start();
  }

  async stop(): Promise<void> {
    await this.emulator.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  printer(index = 0): EmulatedPrinter {
    const printer = this.emulator.printers[index];
    if (printer === undefined) throw new Error(`the rig has no printer ${index}`);
    return printer;
  }

  target(index = 0, changes: Partial<PrinterTarget> = {}): PrinterTarget {
    const printer = this.printer(index);
    return {
      serial: printer.serial,
      host: printer.host,
      mqttPort: printer.mqttPort,
      ftpPort: printer.ftpPort,
      accessCode: printer.accessCode,
      trust: 'ca',
      extraCa: [this.emulator.caPem],
      pinnedFingerprint: null,
      modelCode: printer.modelCode,
      ...changes,
    };
  }

  /** A request for a new local file; large ones are holes, which read as zeros. */
  async request(bytes: number, changes: Partial<UploadRequest> = {}): Promise<UploadRequest> {
    const localPath = join(this.folder, `local-${this.count}`);
    const remoteName = `job-${this.count++}.gcode.3mf`;
    await writeFile(localPath, bytes <= 4_000_000 ? randomBytes(bytes) : '');
    await truncate(localPath, bytes);
    return { localPath, sizeBytes: bytes, remoteName, signal: new AbortController().signal, ...changes };
  }

  /** What the FTP servers saw, oldest first. */
  ftp(event?: string): TruthEntry[] {
    return this.emulator.log.entries.filter(
      (e) => e.kind === 'ftp' && (event === undefined || e.event === event),
    );
  }
}
