/** A long past for an installation, made from the one job that it has printed. */
import BetterSqlite, { type Database } from 'better-sqlite3';
import { z } from 'zod';

const JOBS_PER_BUILD = 100;

/** Copies the only build, job and dispatch until there are so many jobs. The daemon must not run. */
export function fillHistory(file: string, jobs: number): void {
  const database = new BetterSqlite(file, { fileMustExist: true });
  try {
    const fill = database.transaction(() => {
      const builds = Math.ceil(jobs / JOBS_PER_BUILD);
      copyRow(database, 'partBuild', builds, { id: `printf('bench%019d', n)` });
      copyRow(database, 'printJob', jobs, {
        id: `printf('bench%019d', n)`,
        partBuildId: `printf('bench%019d', (n - 1) / ${JOBS_PER_BUILD} + 1)`,
        quantityIndex: `(n - 1) % ${JOBS_PER_BUILD}`,
        quantityTotal: String(JOBS_PER_BUILD),
        queueOrder: `"queueOrder" + n`,
        taskId: 'n',
      });
      copyRow(database, 'dispatch', jobs, {
        id: `printf('bench%019d', n)`,
        printJobId: `printf('bench%019d', n)`,
        token: 'n',
        name: `"name" || n`,
        remoteName: `n || "remoteName"`,
        // Their files were deleted from the printer long ago.
        remoteRemovedAt: '"endedAt"',
      });
    });
    fill();
    database.pragma('wal_checkpoint(TRUNCATE)');
  } finally {
    database.close();
  }
}

const columnRows = z.array(z.object({ name: z.string() }));

/** Copies a table's first row; `changed` says by column what differs, as SQL over the copy's number `n`. */
export function copyRow(
  database: Database,
  table: string,
  copies: number,
  changed: Readonly<Record<string, string>>,
): void {
  const columns = columnRows.parse(database.pragma(`table_info("${table}")`)).map(({ name }) => name);
  const names = columns.map((name) => `"${name}"`).join(', ');
  const values = columns.map((name) => changed[name] ?? `"${name}"`).join(', ');
  database
    .prepare(
      `with recursive counter(n) as (select 1 union all select n + 1 from counter where n < ${copies})
       insert into "${table}" (${names})
       select ${values} from (select * from "${table}" limit 1), counter`,
    )
    .run();
}
