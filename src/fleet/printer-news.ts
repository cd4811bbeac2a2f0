import type { Logger } from 'pino';
import { type Clock, timestamp } from '../contract/time.js';
import type { Database } from '../database/database.js';
import { rememberedNews, rememberNews } from '../domain/printer-news.js';
import { systemContext } from '../domain/stores.js';
import type { HealthNote } from '../resources/printer-news.js';
import { healthCode, healthLevel } from './health-level.js';
import { isOnline, type LivePrinter } from './live-printer.js';
import { type Moment, NEWS_TIMING, NewsMemory, type NewsTiming, NOTHING_TOLD } from './news-memory.js';

type HeardPrinter = Pick<LivePrinter, 'printerId' | 'connection' | 'report'>;

/** What of the fleet's events it hears. */
export interface PrinterListener {
  connection(printer: HeardPrinter): void;
  report(printer: HeardPrinter): void;
  removed(printerId: string): void;
}

export interface PrinterNewsOptions {
  readonly database: Database;
  readonly storeId: string;
  readonly fleet: { on(listener: PrinterListener): () => void };
  readonly clock: Clock;
  /** Milliseconds that never jump. */
  readonly monotonic: () => number;
  readonly log: Pick<Logger, 'error'>;
  readonly timing?: Partial<NewsTiming>;
}

const RETRY_MS = 5_000;

interface Watched {
  readonly memory: NewsMemory;
  timer: NodeJS.Timeout | null;
  timerDueAt: number;
  writing: Promise<void> | null;
}

/**
 * Hears of every printer what people want to hear of at once: that it is away or back, and what it complains of. Writes
 * only when there is something to tell, and with it what was told, so that nothing is told twice, whatever restarts.
 */
export class PrinterNews {
  readonly #watched = new Map<string, Watched>();
  readonly #timing: NewsTiming;
  #leave: (() => void) | null = null;

  constructor(private readonly options: PrinterNewsOptions) {
    this.#timing = { ...NEWS_TIMING, ...options.timing };
  }

  /** To be called before printers are heard. */
  async start(): Promise<void> {
    const { database, storeId, fleet } = this.options;
    for (const { printerId, awaySince, health } of await rememberedNews(database.read, storeId))
      this.#watch(printerId, new NewsMemory({ awaySince, health }, this.#timing));
    this.#leave = fleet.on({
      connection: (printer) => this.#onConnection(printer),
      report: (printer) => this.#onReport(printer),
      removed: (printerId) => this.#forget(printerId),
    });
  }

  /** Nothing that is seen from now on is news: sessions that are ended look like printers that went away. */
  async stop(): Promise<void> {
    this.#leave?.();
    this.#leave = null;
    const writing = [...this.#watched.values()].map((watched) => watched.writing);
    for (const printerId of [...this.#watched.keys()]) this.#forget(printerId);
    await Promise.all(writing);
  }

  #onConnection(printer: HeardPrinter): void {
    const { status } = printer.connection;
    // An attempt under way says nothing yet, and a session that was ended nothing any more.
    if (status === 'connecting' || status === 'stopped') return;
    const watched = this.#of(printer.printerId);
    watched.memory.noteConnection(isOnline(printer), this.#now());
    this.#look(printer.printerId, watched);
  }

  #onReport({ printerId, report }: HeardPrinter): void {
    if (!report?.complete) return;
    const notes = notesOf(report.state.health);
    const known = this.#watched.get(printerId);
    // Most printers have nothing to say with most of their reports.
    if (!known && notes.length === 0) return;
    const watched = known ?? this.#of(printerId);
    watched.memory.noteHealth(notes, this.#now());
    this.#look(printerId, watched);
  }

  #of(printerId: string): Watched {
    return this.#watched.get(printerId) ?? this.#watch(printerId, new NewsMemory(NOTHING_TOLD, this.#timing));
  }

  #watch(printerId: string, memory: NewsMemory): Watched {
    const watched: Watched = { memory, timer: null, timerDueAt: Number.POSITIVE_INFINITY, writing: null };
    this.#watched.set(printerId, watched);
    return watched;
  }

  #forget(printerId: string): void {
    const watched = this.#watched.get(printerId);
    if (watched?.timer) clearTimeout(watched.timer);
    this.#watched.delete(printerId);
  }

  /** Tells what there is to tell, and sees that it is asked again in time. One write at a time for a printer. */
  #look(printerId: string, watched: Watched): void {
    if (watched.writing) return;
    const news = watched.memory.news(this.options.monotonic());
    if (news === null) {
      this.#arm(printerId, watched);
      return;
    }
    const { database, storeId, log } = this.options;
    watched.writing = database
      .write(systemContext(storeId), (tx) => rememberNews(tx, printerId, news))
      .then(
        () => {
          watched.memory.written(news);
          return true;
        },
        (error: unknown) => {
          log.error({ err: error, printerId }, 'what became of a printer could not be told');
          return false;
        },
      )
      .then((told) => {
        watched.writing = null;
        if (this.#watched.get(printerId) !== watched) return;
        // With the next that is heard of the printer it is tried again, or when it is due anyhow.
        if (told) this.#look(printerId, watched);
        else this.#arm(printerId, watched, RETRY_MS);
      });
  }

  #arm(printerId: string, watched: Watched, leastMs = 1): void {
    const { dueAt } = watched.memory;
    if (dueAt === null ? watched.timer === null : watched.timerDueAt === dueAt) return;
    if (watched.timer) clearTimeout(watched.timer);
    watched.timer = null;
    watched.timerDueAt = dueAt ?? Number.POSITIVE_INFINITY;
    if (dueAt === null) return;
    const waitMs = Math.max(leastMs, Math.ceil(dueAt - this.options.monotonic()));
    watched.timer = setTimeout(() => {
      watched.timer = null;
      watched.timerDueAt = Number.POSITIVE_INFINITY;
      this.#look(printerId, watched);
    }, waitMs);
  }

  #now(): Moment {
    return { mono: this.options.monotonic(), at: timestamp(this.options.clock.now()) };
  }
}

function notesOf(health: NonNullable<LivePrinter['report']>['state']['health']): readonly HealthNote[] {
  return health.flatMap((message) => {
    const level = healthLevel(message);
    return level === 'info' ? [] : [{ level, code: healthCode(message.code), message: message.message }];
  });
}
