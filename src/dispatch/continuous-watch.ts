import type { Logger } from 'pino';
import type { Change } from '../database/change.js';
import type { Database } from '../database/database.js';
import { endContinuous } from '../domain/printer-standing.js';
import { systemContext } from '../domain/stores.js';
import type { Fleet } from '../fleet/fleet.js';
import type { LivePrinter } from '../fleet/live-printer.js';
import { whyAttended } from '../fleet/unattended.js';

export interface ContinuousWatchOptions {
  readonly database: Database;
  readonly storeId: string;
  readonly fleet: Fleet;
  readonly log: Logger;
  /** Milliseconds that never jump. */
  readonly monotonic: () => number;
}

/** No report for so long, and nobody knows what the printer is doing; milliseconds. */
const SILENT_MS = 120_000;
const LOOK_MS = 5_000;

/**
 * Switches continuous printing off where a printer should not be left to itself any longer, and tells people what the
 * daemon decided about printers. How prints end is seen to where they end.
 */
export class ContinuousWatch {
  /** When each printer that prints on by itself was last heard. */
  readonly #heard = new Map<string, number>();
  #unsubscribe: (() => void)[] = [];
  #timer: NodeJS.Timeout | null = null;
  readonly #writing = new Set<Promise<void>>();

  constructor(private readonly options: ContinuousWatchOptions) {}

  async start(): Promise<void> {
    const { database, storeId, fleet, monotonic } = this.options;
    this.#unsubscribe = [
      database.feed.on(({ changes }) => {
        for (const change of changes)
          if (change.resource === 'printer' && !change.released) this.#onChange(change);
      }),
      fleet.on({ report: (printer) => this.#onReport(printer) }),
    ];
    const rows = await database.read
      .selectFrom('printer')
      .select('id')
      .where('storeId', '=', storeId)
      .where('continuousPrint', '=', 1)
      .execute();
    for (const { id } of rows) this.#heard.set(id, monotonic());
    this.#timer = setInterval(() => this.look(), LOOK_MS);
  }

  async stop(): Promise<void> {
    if (this.#timer) clearInterval(this.#timer);
    for (const end of this.#unsubscribe) end();
    await Promise.all(this.#writing);
  }

  /** Looks for printers that have fallen silent. */
  look(): void {
    const now = this.options.monotonic();
    for (const [id, heard] of this.#heard) {
      if (now - heard >= SILENT_MS) this.#end(id, `no report came from it for ${SILENT_MS / 1000} s`);
    }
  }

  #onReport({ printerId, report }: LivePrinter): void {
    if (!this.#heard.has(printerId) || !report?.complete) return;
    this.#heard.set(printerId, this.options.monotonic());
    const why = whyAttended(report.state);
    if (why !== null) this.#end(printerId, why);
  }

  #end(printerId: string, reason: string): void {
    const { database, storeId, log, monotonic } = this.options;
    this.#heard.delete(printerId);
    const writing = database
      .write(systemContext(storeId), (tx) => endContinuous(tx, printerId, reason))
      .then(() => undefined)
      .catch((error: unknown) => {
        log.error({ err: error, printer: printerId }, 'continuous printing could not be switched off');
        // With its next report, or when it stays silent, it is tried again.
        this.#heard.set(printerId, monotonic());
      })
      .finally(() => this.#writing.delete(writing));
    this.#writing.add(writing);
  }

  #onChange({ id, action, fields, before, after }: Change): void {
    if (action === 'DELETE' || after?.continuousPrint !== true) this.#heard.delete(id);
    else if (before?.continuousPrint !== true) this.#heard.set(id, this.options.monotonic());
    const { fleet } = this.options;
    const ended = reasonOf(after?.continuousEnded);
    if (fields.includes('continuousEnded') && ended !== null)
      fleet.notice(id, 'continuous-off', `continuous printing is off: ${ended}`);
    const aside = reasonOf(after?.setAside);
    if (fields.includes('setAside') && aside !== null)
      fleet.notice(id, 'set-aside', `it is given no more jobs: ${aside}`);
  }
}

function reasonOf(value: unknown): string | null {
  if (typeof value !== 'object' || value === null || !('reason' in value)) return null;
  return typeof value.reason === 'string' ? value.reason : null;
}
