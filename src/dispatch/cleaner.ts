import { sql } from 'kysely';
import type { Logger } from 'pino';
import type { Clock } from '../contract/time.js';
import type { Database } from '../database/database.js';
import { systemContext } from '../domain/stores.js';
import type { Fleet } from '../fleet/fleet.js';
import { isMachineFree, type LivePrinter } from '../fleet/live-printer.js';
import { dispatch } from '../resources/index.js';
import type { StepProbe } from './printer-work.js';

interface Options {
  readonly database: Database;
  readonly storeId: string;
  readonly fleet: Fleet;
  readonly clock: Clock;
  readonly log: Logger;
  /** Between the end of a print and the deletion of its file, milliseconds. */
  readonly settleMs: number;
  readonly probe?: StepProbe;
}

interface Leftover {
  readonly id: string;
  readonly printerId: string;
  readonly remoteName: string;
}

const AGAIN_MS = 60_000;

/** Files that may still lie on printers although their prints are over. */
export function leftovers(db: Database['read'], storeId: string) {
  return (
    db
      .selectFrom('dispatch')
      .select(['id', 'printerId', 'remoteName'])
      .where('storeId', '=', storeId)
      // Written out, as its index has it: a bound value would make this a look through the whole past.
      .where('uploaded', '=', sql.lit(1))
      .where('remoteRemovedAt', 'is', null)
      .where('endedAt', 'is not', null)
  );
}

/**
 * Deletes our files from printers once the print is over: some models print a file that lies there when they are
 * switched on (docs/protocol.md §8.4). Only while the printer is idle, and until it has worked.
 */
export class Cleaner {
  readonly #leftovers = new Map<string, Leftover[]>();
  readonly #notBefore = new Map<string, number>();
  readonly #busy = new Map<string, Promise<void>>();
  readonly #stopping = new AbortController();

  constructor(private readonly options: Options) {}

  async start(): Promise<void> {
    const rows = await leftovers(this.options.database.read, this.options.storeId).execute();
    for (const row of rows) this.#remember(row);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#busy.values());
  }

  /** A dispatch has ended; its file may lie on the printer. */
  add(row: Leftover & { readonly uploaded: boolean }): void {
    if (!row.uploaded) return;
    this.#remember(row);
    this.#notBefore.set(row.printerId, this.options.clock.now() + this.options.settleMs);
    const live = this.options.fleet.live(row.printerId);
    if (live) this.onReport(live);
  }

  onReport(printer: LivePrinter): void {
    const { printerId } = printer;
    if (!this.#leftovers.has(printerId) || this.#busy.has(printerId) || !isMachineFree(printer)) return;
    if (this.options.clock.now() < (this.#notBefore.get(printerId) ?? 0) || this.#stopping.signal.aborted)
      return;
    const done = this.#clean(printer).finally(() => this.#busy.delete(printerId));
    this.#busy.set(printerId, done);
  }

  #remember({ id, printerId, remoteName }: Leftover): void {
    const list = this.#leftovers.get(printerId) ?? [];
    list.push({ id, printerId, remoteName });
    this.#leftovers.set(printerId, list);
  }

  async #clean(printer: LivePrinter): Promise<void> {
    const { database, storeId, clock, log, probe } = this.options;
    const { printerId } = printer;
    for (const leftover of [...(this.#leftovers.get(printerId) ?? [])]) {
      try {
        probe?.('before:remove');
        await printer.session.remove(leftover.remoteName, this.#stopping.signal);
        probe?.('after:remove');
        await database.write(systemContext(storeId), (tx) =>
          tx.update(dispatch, leftover.id, { remoteRemovedAt: tx.now }),
        );
        probe?.('after:removed');
      } catch (error) {
        if (this.#stopping.signal.aborted) return;
        this.#notBefore.set(printerId, clock.now() + AGAIN_MS);
        log.warn(
          { err: error, printer: printer.serial, file: leftover.remoteName },
          'our file could not be deleted yet',
        );
        return;
      }
      const rest = (this.#leftovers.get(printerId) ?? []).filter(({ id }) => id !== leftover.id);
      if (rest.length > 0) this.#leftovers.set(printerId, rest);
      else this.#leftovers.delete(printerId);
    }
  }
}
