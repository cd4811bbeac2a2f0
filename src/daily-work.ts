import type { Logger } from 'pino';
import type { Config } from './config/config.js';
import { type Clock, timestamp } from './contract/time.js';
import type { Database } from './database/database.js';
import { writeRun } from './domain/chore-runs.js';
import { noteDue } from './domain/maintenance-due.js';
import { forgetEnded } from './domain/sessions.js';
import { systemContext } from './domain/stores.js';
import { pruneAudit } from './operations/audit/retention.js';
import { sweepFiles } from './operations/storage/sweep.js';
import type { FileStore } from './storage/file-store.js';
import type { Chore, RunBook } from './upkeep/chore.js';
import { Upkeep } from './upkeep/upkeep.js';
import { pruneNotices } from './webhooks/retention.js';

export interface DailyWorkOptions {
  readonly config: Pick<Config, 'upkeep' | 'storage' | 'audit' | 'webhooks'>;
  readonly database: Database;
  readonly storeId: string;
  readonly files: FileStore;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface DailyWork {
  readonly upkeep: Upkeep;
  /** False once the database file was found damaged, until it is found sound. */
  isSound(): boolean;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** What keeps the farm in order by the clock, each piece on its schedule (`upkeep` in the configuration). */
export function dailyWork(options: DailyWorkOptions): DailyWork {
  const { config, database, storeId, clock, log } = options;
  const { maintenance, retention, checkpoint, integrity } = config.upkeep;
  let sound = true;

  const chores: readonly Chore[] = [
    {
      name: 'maintenance',
      schedule: maintenance,
      timeoutMs: 5 * MINUTE_MS,
      kept: false,
      async run() {
        await database.write(systemContext(storeId), (tx) => noteDue(tx, null));
        return 'looked at what has come due';
      },
    },
    {
      name: 'retention',
      schedule: retention,
      timeoutMs: HOUR_MS,
      kept: false,
      run: (signal) => tidy(options, signal),
    },
    {
      name: 'checkpoint',
      schedule: checkpoint,
      timeoutMs: 5 * MINUTE_MS,
      kept: true,
      async run() {
        database.optimise();
        const { pages, whole } = database.checkpoint();
        if (!whole) throw new Error('a reader kept the log from being emptied; it is tried again next time');
        return `${pages} pages of the log put in place`;
      },
    },
    {
      name: 'integrity',
      schedule: integrity,
      timeoutMs: 2 * HOUR_MS,
      kept: true,
      async run(signal) {
        const found = await checked(database, signal);
        sound = found === 'ok';
        if (sound) return 'the database file is sound';
        log.fatal(
          { found },
          'THE DATABASE FILE IS DAMAGED. Nothing was deleted or changed. Stop the daemon, keep a copy of the data folder, ' +
            'and put a backup in place: the daemon does not start with a damaged file',
        );
        throw new Error(`the database file is damaged: ${found}`);
      },
    },
  ];
  return {
    upkeep: new Upkeep({ chores, book: runBook(database, storeId), clock, log }),
    isSound: () => sound,
  };
}

/** Forgets what is kept no longer. */
async function tidy(options: DailyWorkOptions, signal: AbortSignal): Promise<string> {
  const { config, database, storeId, files, clock, log } = options;
  database.optimise();
  const orphanMs = config.storage.orphanHours * HOUR_MS;
  const swept = await sweepFiles({ database, files, storeId, clock, log, orphanMs, signal });
  signal.throwIfAborted();
  const sessions = await database.write(systemContext(storeId), forgetEnded);
  const { retentionDays } = config.audit;
  const entries = await pruneAudit({ database, storeId, clock, retentionDays, signal });
  const { logDays } = config.webhooks;
  const notices = await pruneNotices({ database, storeId, clock, log, logDays, signal });
  return `removed: ${swept.files} files, ${sessions} sessions, ${entries} entries of the audit log, ${notices} notices`;
}

/** A thread that cannot be had, or a disk that is busy, is no damage: what is found bad is looked at once more. */
async function checked(database: Database, signal: AbortSignal): Promise<string> {
  const first = await database.check(signal);
  signal.throwIfAborted();
  if (first === 'ok') return first;
  const second = await database.check(signal);
  signal.throwIfAborted();
  return second;
}

function runBook(database: Database, storeId: string): RunBook {
  return {
    async all() {
      const rows = await database.read
        .selectFrom('choreRun')
        .selectAll()
        .where('storeId', '=', storeId)
        .execute();
      return rows.map(({ chore, startedAt, durationMs, result, error }) => ({
        chore,
        startedAt: Date.parse(startedAt),
        durationMs,
        result,
        error,
      }));
    },
    write: (run) =>
      database.write(systemContext(storeId), (tx) =>
        writeRun(tx, { ...run, startedAt: timestamp(run.startedAt) }),
      ),
  };
}
