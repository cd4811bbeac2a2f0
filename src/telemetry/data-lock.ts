import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';

/** The data folder belongs to another running process. */
export class LockedError extends Error {
  constructor(
    readonly dataDir: string,
    /** Process that holds the lock, null when it left no note. */
    readonly pid: number | null,
  ) {
    const owner = pid === null ? 'another process' : `process ${pid}`;
    super(
      `${dataDir} is in use by ${owner}: one data folder serves one printfarmd. ` +
        `Stop that one${pid === null ? '' : ` (kill ${pid})`} or name another data folder (dataDir).`,
    );
    this.name = 'LockedError';
  }
}

const UNWRITABLE: ReadonlySet<string> = new Set([
  'SQLITE_CANTOPEN',
  'SQLITE_READONLY',
  'EROFS',
  'EACCES',
  'EPERM',
]);

/** A held lock. It also ends with the process, however that ends. */
export interface DataLock {
  /** Gives the folder back. May be repeated. */
  release(): void;
}

/**
 * Takes a data folder for this process alone. The lock is the operating system's own on `lock.db`, so that nothing
 * stale is left behind by `kill -9` or a power cut; `lock.pid` only says who holds it.
 *
 * Nobody else may open and close `lock.db` in this process: on POSIX systems that would drop the lock.
 *
 * @throws LockedError when another process, or another part of this one, holds it.
 */
export function acquireDataLock(dataDir: string): DataLock {
  const note = join(dataDir, 'lock.pid');
  const database = openLock(dataDir);
  try {
    // Nothing is ever written: a journal would only wear the disk.
    database.pragma('journal_mode = MEMORY');
    database.exec('BEGIN EXCLUSIVE');
    writeFileSync(note, `${process.pid}\n`, { mode: 0o600 });
  } catch (error) {
    database.close();
    if (isBusy(error)) throw new LockedError(dataDir, readPid(note));
    throw told(dataDir, error);
  }
  return {
    release() {
      if (!database.open) return;
      rmSync(note, { force: true });
      database.close();
    },
  };
}

function openLock(dataDir: string): Database.Database {
  try {
    return new Database(join(dataDir, 'lock.db'), { timeout: 0 });
  } catch (error) {
    throw told(dataDir, error);
  }
}

/** A folder that is only read is most often a service's sandbox, which no error of the system names. */
function told(dataDir: string, error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  if (!UNWRITABLE.has(String(code))) return error;
  return new Error(
    `${dataDir} cannot be written by this process (${code}): its user must own the folder, and as a service its unit ` +
      'must name it in ReadWritePaths (systemd/README.md, "Data elsewhere")',
    { cause: error },
  );
}

function isBusy(error: unknown): boolean {
  return error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY');
}

function readPid(note: string): number | null {
  try {
    const pid = Number.parseInt(readFileSync(note, 'utf8'), 10);
    return Number.isSafeInteger(pid) && pid > 0 ? pid : null;
  } catch {
    // The note is only a courtesy; the lock itself has been told.
    return null;
  }
}
