import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import BetterSqlite, { type Database } from 'better-sqlite3';
import { z } from 'zod';

const flag = z.int().transform((value) => value === 1);

const jobRow = z.object({
  id: z.string(),
  partBuildId: z.string(),
  partId: z.string().nullable(),
  status: z.string(),
  errorMessage: z.string().nullable(),
  assignedPrinterId: z.string().nullable(),
  excludedPrinterIds: z.string().transform((text) => z.array(z.string()).parse(JSON.parse(text))),
});
const dispatchRow = z.object({
  id: z.string(),
  printJobId: z.string(),
  printerId: z.string(),
  phase: z.string(),
  token: z.int(),
  previousToken: z.int().nullable(),
  remoteName: z.string(),
  uploaded: flag,
  startSentAt: z.string().nullable(),
  cancelRequestedAt: z.string().nullable(),
  endedAt: z.string().nullable(),
  outcome: z.string().nullable(),
  message: z.string().nullable(),
  remoteRemovedAt: z.string().nullable(),
});
const printerRow = z.object({
  id: z.string(),
  serial: z.string(),
  enabled: flag,
  confirmedReady: flag,
  isOnline: flag,
  isAvailable: flag,
  printingJobId: z.string().nullable(),
  setAside: z.string().nullable(),
});

export type JobRow = z.infer<typeof jobRow>;
export type DispatchRow = z.infer<typeof dispatchRow>;
export type PrinterRow = z.infer<typeof printerRow>;

/** What the daemon's database says at one moment. */
export interface Snapshot {
  readonly jobs: ReadonlyMap<string, JobRow>;
  readonly dispatches: readonly DispatchRow[];
  readonly printers: readonly PrinterRow[];
}

const FILE = 'printfarmd.db';

/**
 * Reads the database beside a running daemon. A file that a dead one left is copied first: whoever opens it next
 * recovers it, and that must be the daemon under test.
 */
export function takeSnapshot(dataDir: string, running: boolean): Snapshot {
  if (running) return read(join(dataDir, FILE));
  const folder = mkdtempSync(join(tmpdir(), 'printfarmd-look-'));
  try {
    for (const suffix of ['', '-wal']) {
      const file = join(dataDir, FILE + suffix);
      if (existsSync(file)) copyFileSync(file, join(folder, FILE + suffix));
    }
    return read(join(folder, FILE));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function read(file: string): Snapshot {
  const sqlite = new BetterSqlite(file, { readonly: true, timeout: 5_000 });
  try {
    return sqlite.transaction(() => readAll(sqlite))();
  } finally {
    sqlite.close();
  }
}

function readAll(sqlite: Database): Snapshot {
  const rows = <T>(schema: z.ZodType<T>, sql: string): T[] =>
    z.array(schema).parse(sqlite.prepare(sql).all());
  const jobs = rows(
    jobRow,
    'select id, partBuildId, partId, status, errorMessage, assignedPrinterId, excludedPrinterIds from printJob',
  );
  return {
    jobs: new Map(jobs.map((job) => [job.id, job])),
    dispatches: rows(
      dispatchRow,
      `select id, printJobId, printerId, phase, token, previousToken, remoteName, uploaded, startSentAt,
       cancelRequestedAt, endedAt, outcome, message, remoteRemovedAt from dispatch order by createdAt, id`,
    ),
    printers: rows(
      printerRow,
      `select id, deviceId as serial, enabled, confirmedReady, isOnline, isAvailable, printingJobId, setAside from printer`,
    ),
  };
}
