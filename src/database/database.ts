import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Database as SqliteDatabase } from 'better-sqlite3';
import type { Kysely } from 'kysely';
import { z } from 'zod';
import type { Clock } from '../contract/time.js';
import type { Tables } from '../resources/index.js';
import { ChangeFeed, type WriteContext } from './change.js';
import { checkFile, type FileCheck } from './file-check.js';
import { type Migration, migrate } from './migrate.js';
import { databaseFile } from './places.js';
import { damaged, isDiskFault, openSqlite } from './sqlite.js';
import { Transaction } from './transaction.js';

const checkpointed = z.tuple([z.object({ busy: z.number(), checkpointed: z.number() })]);

/** Adds rows of its own to a transaction before it commits: an audit entry, an outbox row. */
export type Recorder = (tx: Transaction) => Promise<void>;

export interface DatabaseOptions {
  readonly dataDir: string;
  readonly migrations: readonly Migration[];
  readonly clock: Clock;
  /** Makes the file when it is missing; only `init` says true. */
  readonly create: boolean;
  readonly recorders?: readonly Recorder[];
  readonly onListenerError: (error: unknown) => void;
  /** The check of the file, where somebody has begun it already. */
  readonly check?: FileCheck;
  /** Told around every commit that changes something, for tests that end the process there. */
  readonly probe?: (point: 'before:commit' | 'after:commit') => void;
  /** Told of every transaction, committed or not: how long it waited for its turn, and then took. Milliseconds. */
  readonly onWrite?: (waitedMs: number, tookMs: number) => void;
  /** Told of every query that only reads, those of transactions too: how long it took, milliseconds. */
  readonly onRead?: (tookMs: number) => void;
}

/**
 * The farm's memory. Reads go through `read`; every change goes through `write`, whose commits reach `feed` in order.
 */
export class Database {
  readonly feed: ChangeFeed;
  #sequence = 0;
  /** Nothing has failed for the disk's sake since something was written. */
  #writable = true;

  private constructor(
    private readonly sqlite: SqliteDatabase,
    private readonly file: string,
    /** For queries. Never write through it: nobody would hear of the change. */
    readonly read: Kysely<Tables>,
    private readonly clock: Clock,
    private readonly recorders: readonly Recorder[],
    onListenerError: (error: unknown) => void,
    private readonly atCommit: NonNullable<DatabaseOptions['probe']>,
    private readonly onWrite: NonNullable<DatabaseOptions['onWrite']>,
  ) {
    this.feed = new ChangeFeed(onListenerError);
  }

  /** Opens the file and brings its schema up to date. @throws DatabaseError */
  static async open(options: DatabaseOptions): Promise<Database> {
    mkdirSync(options.dataDir, { recursive: true, mode: 0o700 });
    const backupsDir = join(options.dataDir, 'backups');
    const file = databaseFile(options.dataDir);
    const check = options.check ?? checkFile(file);
    const { create, onRead } = options;
    const { sqlite, kysely, schema } = openSqlite(file, { create, backupsDir, onRead });
    try {
      const found = await check;
      if (found !== 'ok') throw damaged(file, backupsDir, found);
      await migrate({
        sqlite,
        schema,
        migrations: options.migrations,
        backupsDir,
        now: () => new Date(options.clock.now()),
      });
    } catch (error) {
      sqlite.close();
      throw error;
    }
    const database = new Database(
      sqlite,
      file,
      kysely,
      options.clock,
      options.recorders ?? [],
      options.onListenerError,
      options.probe ?? (() => undefined),
      options.onWrite ?? (() => undefined),
    );
    database.optimise();
    return database;
  }

  /**
   * Runs `fn` as one transaction and commits before it resolves. An error undoes everything.
   * `fn` awaits only its own queries: all of them answer within the same turn of the event loop, so a transaction that
   * is still open at the next turn has waited for something else while holding the only writer, and is undone.
   */
  async write<T>(context: WriteContext, fn: (tx: Transaction) => Promise<T>): Promise<T> {
    let changes: Transaction['changes'] = [];
    const at = this.clock.now();
    const asked = performance.now();
    let began = asked;
    const transaction = this.read.transaction().execute(async (trx) => {
      began = performance.now();
      let waited = false;
      const nextTurn = setImmediate(() => {
        waited = true;
      });
      try {
        const tx = new Transaction(trx, context, at);
        const value = await fn(tx);
        if (tx.changes.length > 0) for (const record of this.recorders) await record(tx);
        if (waited) throw new Error('A transaction waited for something other than its own queries');
        changes = tx.changes;
        if (changes.length > 0) this.atCommit('before:commit');
        return value;
      } finally {
        clearImmediate(nextTurn);
      }
    });
    let result: T;
    try {
      result = await transaction;
    } catch (error) {
      if (isDiskFault(error)) this.#writable = false;
      throw error;
    } finally {
      this.onWrite(began - asked, performance.now() - began);
    }
    if (changes.length > 0) {
      this.#writable = true;
      this.atCommit('after:commit');
      this.#sequence += 1;
      this.feed.emit({ sequence: this.#sequence, context, at, changes });
    }
    return result;
  }

  /**
   * Runs `some` as one transaction after the other until it has done less than `most`, so that what is much never keeps
   * others from writing. @returns how much was done in all
   */
  async writeInPortions(
    context: WriteContext,
    most: number,
    some: (tx: Transaction) => Promise<number>,
    signal?: AbortSignal,
  ): Promise<number> {
    let total = 0;
    for (;;) {
      signal?.throwIfAborted();
      const done = await this.write(context, some);
      total += done;
      if (done < most) return total;
    }
  }

  /** A consistent copy of the whole database while it is in use. */
  async backup(file: string): Promise<void> {
    await this.sqlite.backup(file);
  }

  /**
   * Lets the planner see what the tables hold by now; costs next to nothing when that is much as it was. Without it
   * every index is equally good to it, and in a database of one store the store's id is the worst of all.
   */
  optimise(): void {
    this.sqlite.pragma('optimize = 0x10002');
  }

  /** Puts what the log holds into the file and empties it. Takes as long as the card needs for what is in it. */
  checkpoint(): { readonly pages: number; readonly whole: boolean } {
    const [row] = checkpointed.parse(this.sqlite.pragma('wal_checkpoint(TRUNCATE)'));
    return { pages: row.checkpointed, whole: row.busy === 0 };
  }

  /** Reads the whole file in a thread of its own, beside what goes on. @returns `ok`, or what is wrong with it */
  check(signal: AbortSignal): FileCheck {
    return checkFile(this.file, signal);
  }

  /**
   * A cheap look at what can be done with the file. Nothing is written unless the last that was to be written failed for
   * the disk's sake; then a page is, to see whether that is over.
   */
  probe(): 'ok' | 'unreadable' | 'unwritable' {
    try {
      const version = z.int().parse(this.sqlite.pragma('user_version', { simple: true }));
      if (this.#writable) return 'ok';
      try {
        this.sqlite.pragma(`user_version = ${version}`);
      } catch (error) {
        if (isDiskFault(error)) return 'unwritable';
        throw error;
      }
      this.#writable = true;
      return 'ok';
    } catch {
      // The reason is the log's business; here it only matters that there is one.
      return 'unreadable';
    }
  }

  async close(): Promise<void> {
    await this.read.destroy();
    // Where nothing was asked, the query builder never took the connection, and does not close it.
    this.sqlite.close();
  }
}
