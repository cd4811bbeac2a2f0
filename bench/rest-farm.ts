/** Installations with many parts and jobs, made from the one part and the one job that the daemon has made itself. */
import { join } from 'node:path';
import BetterSqlite from 'better-sqlite3';
import { Daemon, type Installation, install } from './farm.js';
import { copyRow } from './history.js';
import { slicedFile } from './sliced-file.js';

export interface RestFarm {
  readonly installation: Installation;
  readonly databaseFile: string;
}

const PRINT_S = 600;
const JOBS_PER_BUILD = 100;
/** A second apart, so that the order by age is the order of the numbers. */
const AT = `strftime('%Y-%m-%dT%H:%M:%fZ', '2025-01-01', '+' || n || ' seconds')`;

/** Jobs are spread evenly over the parts; nine of ten are completed, the rest failed. */
export async function restFarm(
  folder: string,
  { parts, jobs }: { readonly parts: number; readonly jobs: number },
): Promise<RestFarm> {
  const installation = await install(join(folder, `farm-${parts}-${jobs}`), { printers: [], caFiles: [] });
  const daemon = await Daemon.start(installation);
  try {
    const part = await daemon.api.addPart('Part', 'part.gcode.3mf', await slicedFile(PRINT_S));
    await daemon.build(part, 1);
  } finally {
    await daemon.stop();
  }
  const databaseFile = join(installation.dataDir, 'printfarmd.db');
  fill(databaseFile, parts, jobs);
  return { installation, databaseFile };
}

export const partId = (n: number): string => `part${String(n).padStart(20, '0')}`;
export const jobId = (n: number): string => `jobs${String(n).padStart(20, '0')}`;

function fill(file: string, parts: number, jobs: number): void {
  const database = new BetterSqlite(file, { fileMustExist: true });
  try {
    const work = database.transaction(() => {
      copyRow(database, 'part', parts, {
        id: `printf('part%020d', n)`,
        name: `"name" || ' ' || n`,
        createdAt: AT,
      });
      copyRow(database, 'partBuild', Math.ceil(jobs / JOBS_PER_BUILD), {
        id: `printf('buil%020d', n)`,
        status: `'success'`,
        createdAt: AT,
      });
      copyRow(database, 'printJob', jobs, {
        id: `printf('jobs%020d', n)`,
        partId: `printf('part%020d', (n - 1) % ${parts} + 1)`,
        partBuildId: `printf('buil%020d', (n - 1) / ${JOBS_PER_BUILD} + 1)`,
        quantityIndex: `(n - 1) % ${JOBS_PER_BUILD} + 1`,
        quantityTotal: String(JOBS_PER_BUILD),
        queueOrder: `"queueOrder" + n`,
        // Of the jobs of each part, not of all in a row.
        status: `case when (n - 1) / ${parts} % 10 = 9 then 'failed' else 'completed' end`,
        createdAt: AT,
      });
      // What they were copied from.
      database.prepare(`delete from "printJob" where "id" not like 'jobs%'`).run();
      database.prepare(`delete from "part" where "id" not like 'part%'`).run();
    });
    work();
    database.pragma('wal_checkpoint(TRUNCATE)');
  } finally {
    database.close();
  }
}
