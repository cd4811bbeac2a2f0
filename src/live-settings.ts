import { isDeepStrictEqual } from 'node:util';
import type { Config, ConfigPrinter } from './config/config.js';
import type { Database } from './database/database.js';
import type { StartPolicy } from './dispatch/start-policy.js';
import { syncConfiguredPrinters } from './domain/configured-printers.js';
import { systemContext } from './domain/stores.js';
import type { Fleet } from './fleet/fleet.js';
import type { TrafficLog } from './fleet/traffic-log.js';
import { configured, trustAnchors } from './printer-settings.js';

export interface LiveSettingsOptions {
  readonly config: Config;
  readonly database: Database;
  readonly storeId: string;
  readonly fleet: Fleet;
  /** The trust anchors that the fleet reads; changed in place. */
  readonly anchors: Map<string, readonly string[]>;
  /** The limits that the gate reads; changed in place. */
  readonly rateLimit: { perMinute: number; perHour: number };
  readonly traffic: TrafficLog;
  readonly policy: StartPolicy;
  /** Reads what changed settings of notification channels name. @returns what puts them in effect */
  readonly reconfigureNotices: (webhooks: Config['webhooks']) => Promise<() => void>;
}

/**
 * The settings that change while the daemon runs: the printers of the file, how often a key may call, whether messages
 * are kept, when prints may begin, and where notices may be sent to.
 */
export class LiveSettings {
  readonly #options: LiveSettingsOptions;
  #printers: ReadonlyMap<string, ConfigPrinter>;

  constructor(options: LiveSettingsOptions) {
    this.#options = options;
    this.#printers = bySerial(options.config);
  }

  /**
   * Puts them in effect. Printers that are new get a session, those reached otherwise are pointed anew, those gone from
   * the file are disabled and their sessions end; all others are left in peace.
   */
  async apply(config: Config): Promise<void> {
    const { rateLimit, traffic, policy, reconfigureNotices } = this.#options;
    // Read before anything is changed, too.
    const applyNotices = await reconfigureNotices(config.webhooks);
    await this.#applyPrinters(config);
    applyNotices();
    rateLimit.perMinute = config.rateLimit.perMinute;
    rateLimit.perHour = config.rateLimit.perHour;
    traffic.configure(config.diagnostics.messages);
    policy.configure(config.queue);
  }

  async #applyPrinters(config: Config): Promise<void> {
    const { database, storeId, fleet, anchors } = this.#options;
    const before = this.#printers;
    const after = bySerial(config);
    const changed = [...after].filter(([serial, printer]) => !isDeepStrictEqual(printer, before.get(serial)));
    const gone = [...before.keys()].filter((serial) => !after.has(serial));
    if (changed.length === 0 && gone.length === 0) return;

    // Read before anything is changed: a file that cannot be read leaves all as it was.
    const ownAnchors = await trustAnchors(config);
    await database.write(systemContext(storeId), (tx) =>
      syncConfiguredPrinters(tx, config.printers.map(configured)),
    );
    this.#printers = after;
    for (const serial of [...changed.map(([serial]) => serial), ...gone]) {
      const own = ownAnchors.get(serial);
      if (own === undefined) anchors.delete(serial);
      else anchors.set(serial, own);
    }
    const ids = await this.#printerIds();
    const known = (serials: readonly string[]) => serials.flatMap((serial) => ids.get(serial) ?? []);
    await Promise.all(known(gone).map((id) => fleet.remove(id)));
    for (const id of known(changed.map(([serial]) => serial))) await fleet.refresh(id);
  }

  async #printerIds(): Promise<ReadonlyMap<string, string>> {
    const { database, storeId } = this.#options;
    const rows = await database.read
      .selectFrom('printerConnection')
      .select(['serial', 'printerId'])
      .where('storeId', '=', storeId)
      .execute();
    return new Map(rows.map((row) => [row.serial, row.printerId]));
  }
}

function bySerial(config: Config): ReadonlyMap<string, ConfigPrinter> {
  return new Map(config.printers.map((printer) => [printer.serial, printer]));
}
