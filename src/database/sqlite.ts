import { chmodSync, existsSync, statSync } from 'node:fs';
import BetterSqlite, { type Database as SqliteDatabase, SqliteError, type Statement } from 'better-sqlite3';
import { Kysely, SqliteDialect, type SqliteStatement } from 'kysely';
import type { Tables } from '../resources/index.js';

/** The database cannot be used as it is; the message says what stands in the way and what to do. */
export class DatabaseError extends Error {
  constructor(
    readonly code: 'damaged' | 'newer' | 'missing' | 'unreadable',
    message: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
    this.name = 'DatabaseError';
  }
}

const MAX_CACHED_STATEMENTS = 400;

/**
 * The log takes a whole page for every row that changes, so that half of SQLite's usual size halves what a job writes
 * to the card. Smaller ones still would make every start and every long list slower: see docs/performance.md.
 */
const PAGE_BYTES = 2048;

/** Told how long a query that only reads took, milliseconds; everything else waited for it. */
type OnRead = (tookMs: number) => void;

/**
 * SQLite as everything above sees it: one connection, statements prepared once.
 * Kysely prepares anew for each execution; on a small machine that costs more than most of our queries.
 */
class CachingConnection {
  readonly #statements = new Map<string, SqliteStatement>();

  constructor(
    readonly sqlite: SqliteDatabase,
    private readonly onRead: OnRead | null,
  ) {}

  prepare(sql: string): SqliteStatement {
    const known = this.#statements.get(sql);
    if (known) return known;
    const prepared = this.sqlite.prepare(sql);
    const isRead = prepared.reader && prepared.readonly;
    const statement = isRead && this.onRead ? timed(prepared, this.onRead) : prepared;
    if (this.#statements.size >= MAX_CACHED_STATEMENTS) {
      const oldest = this.#statements.keys().next();
      if (!oldest.done) this.#statements.delete(oldest.value);
    }
    this.#statements.set(sql, statement);
    return statement;
  }

  close(): void {
    this.#statements.clear();
    this.sqlite.close();
  }
}

/** A statement whose rows are fetched as before, and the time for it told. */
function timed(statement: Statement, onRead: OnRead): SqliteStatement {
  return {
    reader: true,
    all(parameters) {
      const began = performance.now();
      const rows = statement.all(parameters);
      onRead(performance.now() - began);
      return rows;
    },
    run: (parameters) => statement.run(parameters),
    iterate: (parameters) => statement.iterate(parameters),
  };
}

export interface OpenDatabase {
  readonly sqlite: SqliteDatabase;
  readonly kysely: Kysely<Tables>;
  /** The same connection for migrations, which know tables as they were then, not as they are now. */
  readonly schema: Kysely<unknown>;
}

/**
 * Opens the file with the settings that make an acknowledged write survive a power cut: write-ahead log, FULL sync.
 * A damaged file is never started over: that is an error that names the file and the backups folder.
 *
 * @throws DatabaseError
 */
export function openSqlite(
  file: string,
  options: { create: boolean; backupsDir: string; onRead?: OnRead | undefined },
): OpenDatabase {
  const exists = existsSync(file);
  if (!exists && !options.create) {
    throw new DatabaseError(
      'missing',
      `There is no database at ${file}. Run "printfarmd init" to make an installation.`,
    );
  }
  if (exists && !options.create && statSync(file).size === 0)
    throw damaged(file, options.backupsDir, 'it is empty');
  let sqlite: SqliteDatabase;
  try {
    sqlite = new BetterSqlite(file);
    // Only a file that is being made takes it; others keep the pages they have.
    if (!exists) sqlite.pragma(`page_size = ${PAGE_BYTES}`);
    sqlite.pragma('journal_mode = WAL');
    sqlite.pragma('synchronous = FULL');
    sqlite.pragma('foreign_keys = ON');
    sqlite.pragma('busy_timeout = 5000');
    // Bounds the log that a long run leaves on the card; checkpoints themselves stay SQLite's business.
    sqlite.pragma('journal_size_limit = 16777216');
    // SQLite's own folds ASCII letters alone; umlauts are letters too.
    sqlite.function('lower', { deterministic: true }, (text) =>
      typeof text === 'string' ? text.toLowerCase() : text,
    );
  } catch (error) {
    if (error instanceof DatabaseError) throw error;
    throw damaged(file, options.backupsDir, error instanceof Error ? error.message : String(error), error);
  }
  chmodSync(file, 0o600);
  const connection = new CachingConnection(sqlite, options.onRead ?? null);
  const dialect = new SqliteDialect({ database: connection });
  return { sqlite, kysely: new Kysely<Tables>({ dialect }), schema: new Kysely<unknown>({ dialect }) };
}

/** The disk is full, gone, failing, or has become read-only: nothing that a query could do better. */
export function isDiskFault(error: unknown): boolean {
  return error instanceof SqliteError && /^SQLITE_(FULL|IOERR|READONLY|CANTOPEN)/.test(error.code);
}

/** The error for a file that must not be used as it is. */
export function damaged(file: string, backupsDir: string, why: string, cause?: unknown): DatabaseError {
  return new DatabaseError(
    'damaged',
    `The database ${file} is damaged (${why}). It was left as it is. Put a backup from ${backupsDir} in its place, ` +
      'or move the file away to keep it for repair; the daemon does not start empty over it.',
    { cause },
  );
}
