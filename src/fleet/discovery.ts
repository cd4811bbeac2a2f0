import type { Logger } from 'pino';
import type { DiscoveredPrinter, PrinterDiscovery, PrinterDriver } from '../../drivers/driver.js';
import type { Fleet } from './fleet.js';

export type { DiscoveredPrinter } from '../../drivers/driver.js';

export interface DiscoveryOptions {
  readonly driver: PrinterDriver;
  readonly fleet: Fleet;
  readonly log: Logger;
  readonly enabled: boolean;
  readonly address: string;
  readonly ports: readonly number[];
  readonly expiryMs: number;
}

/** Listens for printers that announce themselves, and lets the fleet follow those it knows. */
export class Discovery {
  readonly #discovery: PrinterDiscovery;

  constructor(private readonly options: DiscoveryOptions) {
    const { driver, fleet, address, ports, expiryMs, log } = options;
    this.#discovery = driver.createDiscovery(
      { address, ports, expiryMs },
      (seen) => fleet.onAnnounced(seen),
      log,
    );
  }

  /** A port that cannot be had is no reason not to run a farm: printers are also reached by their configured address. */
  async start(): Promise<void> {
    if (!this.options.enabled) return;
    try {
      await this.#discovery.start();
    } catch (error) {
      this.options.log.warn({ err: error }, 'printers cannot be discovered; configured addresses still work');
    }
  }

  async stop(): Promise<void> {
    if (this.options.enabled) await this.#discovery.stop();
  }

  search(): void {
    if (this.options.enabled) this.#discovery.search();
  }

  list(): readonly DiscoveredPrinter[] {
    return this.options.enabled ? this.#discovery.list() : [];
  }
}
