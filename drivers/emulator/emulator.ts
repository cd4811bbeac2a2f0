/** A farm of emulated printers in one process. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EmulatedPrinter, EmulatorOptions } from './api.js';
import { createEmulatorCa, type EmulatorCa, LeafIssuer } from './certificates.js';
import { ControlServer } from './control.js';
import { type GroundTruth, TruthLog } from './ground-truth.js';
import { Printer } from './printer.js';
import { SsdpAnnouncer } from './ssdp.js';
import { VirtualClock } from './virtual-clock.js';

export class Emulator {
  readonly #options: EmulatorOptions;
  readonly #clock: VirtualClock;
  readonly #truth = new TruthLog();
  #ca: EmulatorCa | undefined;
  #printers: Printer[] = [];
  #storageRoot: string | undefined;
  #ssdp: SsdpAnnouncer | undefined;
  readonly #control: ControlServer;

  constructor(options: EmulatorOptions) {
    this.#options = options;
    this.#clock = new VirtualClock(options.speed ?? 1);
    this.#control = new ControlServer({
      printers: () => this.#printers,
      log: this.#truth,
      setSpeed: (speed) => this.setSpeed(speed),
      speed: () => this.#clock.speed,
    });
  }

  /** Where the control API listens, null when it does not. */
  get controlUrl(): string | null {
    return this.#control.url;
  }

  /** Trust anchor of all its printers. @throws Error before start. */
  get caPem(): string {
    return this.#required(this.#ca).certificatePem;
  }

  get printers(): readonly EmulatedPrinter[] {
    return this.#printers;
  }

  get log(): GroundTruth {
    return this.#truth;
  }

  /** @throws Error when no printer has this serial. */
  printer(serial: string): EmulatedPrinter {
    return this.#printer(serial);
  }

  setSpeed(speed: number): void {
    this.#clock.setSpeed(speed);
  }

  /**
   * Every listener is bound when it resolves; when it rejects nothing is left behind.
   * @throws Error naming the address that could not be bound, or what is wrong with the printers asked for.
   */
  async start(): Promise<void> {
    try {
      await this.#makePrinters();
      for (const printer of this.#printers) await printer.start();
      const { control, ssdp } = this.#options;
      if (control) await this.#control.start(control.host, control.port);
      if (ssdp) {
        this.#ssdp = new SsdpAnnouncer(ssdp, this.#printers);
        await this.#ssdp.start();
      }
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Cuts everything off and removes the printers' files. */
  async stop(): Promise<void> {
    await this.#ssdp?.stop();
    this.#ssdp = undefined;
    await this.#control.stop();
    await Promise.all(this.#printers.map((printer) => printer.stop()));
    this.#clock.stop();
    if (this.#storageRoot !== undefined) await rm(this.#storageRoot, { recursive: true, force: true });
    this.#storageRoot = undefined;
  }

  async #makePrinters(): Promise<void> {
    const { seed = 1, reportIntervalMs = 1000 } = this.#options;
    this.#ca = this.#options.ca ?? (await createEmulatorCa());
    const storageRoot = await mkdtemp(join(tmpdir(), 'printfarmd-emulator-'));
    this.#storageRoot = storageRoot;
    const issuer = new LeafIssuer(this.#ca);
    const recorder = (serial: string) => this.#truth.recorder(serial);
    this.#printers = this.#options.printers.map(
      (spec, index) =>
        new Printer({
          spec,
          index,
          seed,
          clock: this.#clock,
          issuer,
          recorder,
          reportIntervalMs,
          storageRoot,
        }),
    );
    const serials = new Set(this.#printers.map((printer) => printer.serial));
    if (serials.size < this.#printers.length) throw new Error('two emulated printers have the same serial');
  }

  #printer(serial: string): Printer {
    const printer = this.#printers.find((p) => p.serial === serial);
    if (printer === undefined) {
      throw new Error(
        `no emulated printer ${serial}; there are ${this.#printers.map((p) => p.serial).join(', ')}`,
      );
    }
    return printer;
  }

  #required<T>(value: T | undefined): T {
    if (value === undefined) throw new Error('the emulator has not been started');
    return value;
  }
}
