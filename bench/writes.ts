/**
 * `writes`: what the daemon writes to the disk, because farms run from memory cards.
 *
 * 100 emulated printers print. First figure: bytes that the daemon has caused to be written (the kernel's count)
 * in 60 s of printing without a job beginning or ending, against 64 KB for all of them. Second: bytes of the
 * write-ahead log for each job, from its being queued to its end, ÷ bytes of the values in the rows that it changed,
 * each row counted once however often it was written.
 *
 * What limits it: the first is nothing but what reports make the daemon write, so a field that flickers would show.
 * In the second every commit writes whole pages of 4 KB, one at least for each table and index that it touches, and a
 * dispatch is a handful of commits since each step is durable before the next has effect.
 */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import BetterSqlite, { type Database } from 'better-sqlite3';
import { z } from 'zod';
import { type Benchmark, type BenchmarkOptions, type Figure, median } from './benchmark.js';
import { EmulatedFarm } from './emulated.js';
import { Daemon, inFolder, install } from './farm.js';
import { writtenBytes } from './process-stat.js';
import { slicedFile } from './sliced-file.js';

const PRINTERS = 100;
const SECONDS = 60;
const ALLOWED_BYTES = 64 * 1024;
const FAST = 600;
const SHORT_PRINT_S = 600;
/** Longer than all that is measured, even at the fast speed that brings the prints under way. */
const LONG_PRINT_S = 200_000;
const SETTLE_MS = 5_000;
const JOBS_MS = 300_000;

export const writes: Benchmark = {
  name: 'writes',
  about: 'bytes written while printers print, and write-ahead log for each job against the rows it changed',
  run: (options) => inFolder('writes', (folder) => measure(folder, options)),
};

async function measure(folder: string, options: BenchmarkOptions): Promise<readonly [Figure, ...Figure[]]> {
  const count = options.printers ?? PRINTERS;
  const seconds = options.seconds ?? SECONDS;
  const emulated = await EmulatedFarm.start({ folder, count, model: 'X1C', speed: FAST });
  try {
    const farm = await install(join(folder, 'farm'), {
      printers: emulated.printers,
      caFiles: [emulated.caFile],
    });
    const daemon = await Daemon.start(farm, {
      probes: ['bench/child/probe-writes.js'],
      profileDir: options.profileDir,
    });
    try {
      await daemon.allOnline(count);
      const short = await daemon.api.addPart('short', 'short.gcode.3mf', await slicedFile(SHORT_PRINT_S));
      const long = await daemon.api.addPart('long', 'long.gcode.3mf', await slicedFile(LONG_PRINT_S));
      const jobs: JobWrites[] = [];
      for (let round = 1; round <= options.rounds; round++) {
        options.tell(`round ${round} of ${options.rounds}: ${count} jobs from the queue to their end`);
        jobs.push(await jobWrites(daemon, short, count, round));
      }
      await daemon.confirmBeds();
      await daemon.build(long, count);
      await daemon.jobsIn(['printing'], count, JOBS_MS);
      await emulated.setSpeed(1);
      await delay(SETTLE_MS);
      const idle: number[] = [];
      for (let round = 1; round <= options.rounds; round++) {
        options.tell(`round ${round} of ${options.rounds}: ${count} printers print for ${seconds} s`);
        const before = writtenBytes(daemon.pid);
        await delay(seconds * 1000);
        idle.push(writtenBytes(daemon.pid) - before);
      }
      return [
        {
          name: 'writes',
          goal: { op: '<=', value: 1 },
          subject: median(idle),
          baseline: ALLOWED_BYTES,
          unit: `bytes in ${seconds} s`,
          detail: { printers: count, rounds: idle.length, mostBytes: Math.max(...idle) },
        },
        {
          name: 'writes-per-job',
          goal: { op: '<=', value: 40 },
          subject: median(jobs.map((job) => job.walBytes / count)),
          baseline: median(jobs.map((job) => job.payloadBytes / count)),
          unit: 'bytes per job',
          detail: {
            jobs: count,
            rowsPerJob: median(jobs.map((job) => job.rows)) / count,
            commitsPerJob: median(jobs.map((job) => job.commits)) / count,
            rowWritesPerJob: median(jobs.map((job) => job.rowWrites)) / count,
            payloadOfAllRowWrites: median(jobs.map((job) => job.writtenPayload)) / count,
          },
        },
      ];
    } finally {
      await daemon.stop();
    }
  } finally {
    await emulated.stop();
  }
}

interface JobWrites {
  readonly walBytes: number;
  readonly payloadBytes: number;
  readonly rows: number;
  readonly commits: number;
  /** Rows as often as they were written, and their values. */
  readonly rowWrites: number;
  readonly writtenPayload: number;
}

const counted = z.object({ commits: z.int(), rows: z.int(), payloadBytes: z.int() });

/**
 * A reader that holds the state of before keeps SQLite from beginning its log anew, so that the log's length is all
 * that was written to it.
 */
async function jobWrites(daemon: Daemon, partId: string, count: number, round: number): Promise<JobWrites> {
  const file = join(daemon.installation.dataDir, 'printfarmd.db');
  await daemon.confirmBeds();
  await delay(SETTLE_MS);
  const holder = new BetterSqlite(file, { fileMustExist: true });
  try {
    holder.pragma('wal_checkpoint(TRUNCATE)');
    if (statSync(`${file}-wal`).size > 0) throw new Error('the write-ahead log could not be emptied');
    holder.exec('begin');
    const before = rowsOf(holder);
    const countedBefore = await daemon.child.ask(counted, 'commits');
    const writtenBefore = writtenBytes(daemon.pid);
    await daemon.build(partId, count);
    await daemon.jobsIn(['completed'], count * round, JOBS_MS);
    const walBytes = statSync(`${file}-wal`).size;
    if (writtenBytes(daemon.pid) - writtenBefore < walBytes) {
      throw new Error('the kernel does not count what is written here: is the data on a memory file system?');
    }
    const now = new BetterSqlite(file, { fileMustExist: true });
    const after = rowsOf(now);
    now.close();
    let payloadBytes = 0;
    let rows = 0;
    for (const [key, values] of after) {
      if (before.get(key)?.join('\0') === values.join('\0')) continue;
      rows++;
      payloadBytes += values.reduce((sum, value) => sum + Buffer.byteLength(value), 0);
    }
    const countedAfter = await daemon.child.ask(counted, 'commits');
    return {
      walBytes,
      payloadBytes,
      rows,
      commits: countedAfter.commits - countedBefore.commits,
      rowWrites: countedAfter.rows - countedBefore.rows,
      writtenPayload: countedAfter.payloadBytes - countedBefore.payloadBytes,
    };
  } finally {
    holder.close();
  }
}

const nameRows = z.array(z.object({ name: z.string() }));
const anyRow = z.record(z.string(), z.union([z.string(), z.number(), z.null()]));

/** Every row of every table, by table and place. */
function rowsOf(database: Database): Map<string, string[]> {
  const found = new Map<string, string[]>();
  const tables = nameRows.parse(
    database
      .prepare(`select name from sqlite_master where type = 'table' and name not like 'sqlite_%'`)
      .all(),
  );
  for (const { name } of tables) {
    for (const raw of database.prepare(`select rowid as "#", * from "${name}"`).all()) {
      const { '#': place, ...row } = anyRow.parse(raw);
      found.set(
        `${name} ${place}`,
        Object.values(row).map((value) => (value === null ? '' : String(value))),
      );
    }
  }
  return found;
}
