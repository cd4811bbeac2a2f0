import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import BetterSqlite, { type Database } from 'better-sqlite3';
import { z } from 'zod';

const flag = z.int().transform((value) => value === 1);

const json = <T>(schema: z.ZodType<T>) => z.string().transform((text) => schema.parse(JSON.parse(text)));
const alternative = z.union([
  z.object({ variantId: z.string() }),
  z.object({ materialId: z.string() }),
  z.object({ materialType: z.string() }),
  z.object({ groupId: z.string() }),
]);
const mapped = z.object({
  skip: z.boolean().optional(),
  variantId: z.string().optional(),
  materialId: z.string().optional(),
  materialType: z.string().optional(),
});

const jobRow = z.object({
  id: z.string(),
  partBuildId: z.string(),
  partId: z.string().nullable(),
  status: z.string(),
  errorMessage: z.string().nullable(),
  assignedPrinterId: z.string().nullable(),
  excludedPrinterIds: json(z.array(z.string())),
  priority: z.int(),
  queueOrder: z.int(),
  requiredPrinterTags: json(z.record(z.string(), z.string())),
  materialAssignments: json(z.record(z.string(), z.array(alternative).readonly()).nullable()).nullable(),
  materialMapping: json(z.array(mapped).nullable()).nullable(),
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
  isInMaintenance: flag,
  tags: json(z.array(z.string())),
  continuousPrint: flag,
  fabmaticRemainingJobs: z.int().nullable(),
  isSetAside: flag,
  lifetimeJobCount: z.int(),
  lifetimePrintHours: z.number(),
});
const slotRow = z.object({
  printerId: z.string(),
  amsIndex: z.int(),
  slotIndex: z.int(),
  variantId: z.string().nullable(),
  loaded: flag,
});

const settingsRow = z.object({ processLowPriorityJobs: flag });

export type JobRow = z.infer<typeof jobRow>;
export type DispatchRow = z.infer<typeof dispatchRow>;
export type PrinterRow = z.infer<typeof printerRow>;
export type SlotRow = z.infer<typeof slotRow>;

/** What the daemon's database says at one moment. */
export interface Snapshot {
  readonly jobs: ReadonlyMap<string, JobRow>;
  readonly dispatches: readonly DispatchRow[];
  readonly printers: readonly PrinterRow[];
  readonly slots: readonly SlotRow[];
  /** Whether jobs of low priority may fill what normal ones leave. */
  readonly lowPriorityFills: boolean;
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
    `select id, partBuildId, partId, status, errorMessage, assignedPrinterId, excludedPrinterIds, priority, queueOrder,
     requiredPrinterTags, materialAssignments, materialMapping from printJob`,
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
      `select id, deviceId as serial, enabled, confirmedReady, isOnline, isAvailable, printingJobId,
       isInMaintenance, tags, continuousPrint, fabmaticRemainingJobs, lifetimeJobCount, lifetimePrintHours,
       coalesce(setAside, 'null') <> 'null' as isSetAside from printer`,
    ),
    slots: rows(
      slotRow,
      `select printerId, amsIndex, slotIndex, variantId, coalesce(expectedData, 'null') <> 'null' as loaded from printerSlot`,
    ),
    lowPriorityFills: rows(settingsRow, 'select processLowPriorityJobs from storeSettings').some(
      ({ processLowPriorityJobs }) => processLowPriorityJobs,
    ),
  };
}
