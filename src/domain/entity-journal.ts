import type { Change, CommittedWrite } from '../database/change.js';
import {
  addChangeRow,
  dropChangeRows,
  dropChangeRowsBefore,
  newestChangeRow,
  setCursors,
} from '../database/change-rows.js';
import type { Database } from '../database/database.js';
import type { Transaction } from '../database/transaction.js';
import { type EntityBatch, eventsOf, toldEntity } from './entity-events.js';
import { storedChange } from './entity-states.js';
import { pendingBatches } from './entity-window.js';
import { systemContext } from './stores.js';

export interface EntityJournalOptions {
  /** Told once an hour at most when what nobody has taken is given up because it is too much or too old. */
  readonly onGivenUp?: (transactions: number) => void;
  readonly onError?: (error: unknown) => void;
  /** Transactions that are kept at most; 100,000 unless given. */
  readonly maxRows?: number;
  /** Events that are also kept in memory for those who have not taken them; 2,000 unless given. */
  readonly maxInMemory?: number;
  /** Transactions that everybody has and that may stand there while nothing else is written; 1,000 unless given. */
  readonly maxTaken?: number;
  /** Transactions that are given or read at once; 500 unless given. */
  readonly portion?: number;
}

const MAX_ROWS = 100_000;
const MAX_IN_MEMORY = 2_000;
const MAX_AGE_MS = 30 * 86_400_000;
const HOUR_MS = 3_600_000;
const MAX_TAKEN = 1_000;
const PORTION = 500;
/** Events in one row: a larger transaction has several, so that it can be told without holding all of it. */
const MAX_IN_ROW = 1_000;

interface Recorded {
  /** None where nobody is to be told. */
  readonly batches: readonly EntityBatch[];
  readonly droppedThrough: number;
  readonly cursors: Readonly<Record<string, number>>;
}

/** Somebody who is told. */
export interface Follower {
  /** The same from start to start. */
  readonly name: string;
  /** Whether it asks for a type at this moment; for every type when left out. */
  wants?(entityType: string): boolean;
}

/**
 * What was committed and must still be told, in commit order. A recorder writes it down in the transaction that changes
 * something, so that a crash loses none of it; those who have been told everything are remembered in the same row. What
 * they all have is removed in the transaction that adds the next.
 *
 * Nothing is written for what the daemon does by itself while nobody asks for it: a farm that prints all day writes for
 * its followers, and not in case there were any.
 */
export class EntityJournal {
  readonly #cursors = new Map<string, number>();
  readonly #listeners = new Set<() => void>();
  /** By the list of changes of the transaction, until it is committed. */
  readonly #recorded = new WeakMap<readonly Change[], Recorded>();
  #attached: { readonly database: Database; readonly storeId: string } | null = null;
  /** Null before they are known. */
  #followers: readonly Follower[] | null = null;
  /** As the newest row says; null before it was read. */
  #kept: Readonly<Record<string, number>> | null = null;
  #head = 0;
  /** The newest that was written down, undone or not. */
  #written = 0;
  #droppedThrough = 0;
  #checkedAgeAt = 0;
  #givenUp = 0;
  #toldGivenUpAt = Number.NEGATIVE_INFINITY;
  /** Newest ones, oldest first; what is not after `#floor` is in the table alone. */
  #recent: EntityBatch[] = [];
  #floor = 0;
  #trimming: Promise<void> | null = null;

  constructor(private readonly options: EntityJournalOptions = {}) {}

  /** To be called before anything is written. */
  attach(database: Database, storeId: string): void {
    this.#attached = { database, storeId };
    database.feed.on((write) => this.#onCommit(write));
  }

  get head(): number {
    return this.#head;
  }

  /** Transactions that are still to be told, by who is told. */
  get waiting(): ReadonlyMap<string, number> {
    return new Map([...this.#cursors].map(([name, passed]) => [name, Math.max(0, this.#head - passed)]));
  }

  /** A recorder of the database; the last, for it tells of what the others change too. */
  readonly record = async (tx: Transaction): Promise<void> => {
    if (!tx.changes.some(({ resource }) => toldEntity(resource) !== null)) return;
    if (this.#kept === null) await this.#load(tx.db);
    if (this.#isForNobody(tx)) return this.#dropAll(tx);
    const events = eventsOf(tx.changes);
    if (events.length === 0) return;
    const { storeId } = tx.context;
    const droppedThrough = await this.#drop(tx);
    const cursors = this.#cursorsNow();
    const batches: EntityBatch[] = [];
    for (let at = 0; at < events.length; at += MAX_IN_ROW) {
      const some = events.slice(at, at + MAX_IN_ROW);
      const row = { storeId, at: tx.at, cursors, changes: some.map(storedChange) };
      const sequence = await addChangeRow(tx.db, this.#head, row);
      batches.push({ sequence, storeId, events: some });
      this.#written = sequence;
    }
    this.#recorded.set(tx.changes, { batches, droppedThrough, cursors });
  };

  /** Names all who are told from now on. @returns up to which sequence each of them had everything, as far as is known */
  async open(followers: readonly Follower[]): Promise<readonly number[]> {
    const kept = await this.#load(this.#database.read);
    // Rows without any follower were written while none had been there yet: they are for everybody.
    const otherwise = Object.keys(kept).length === 0 ? 0 : this.#head;
    this.#followers = followers;
    for (const { name } of followers) this.#cursors.set(name, kept[name] ?? otherwise);
    return followers.map(({ name }) => this.#cursors.get(name) ?? otherwise);
  }

  async after(sequence: number): Promise<readonly EntityBatch[]> {
    const { portion = PORTION } = this.options;
    if (sequence < this.#floor) {
      const batches = await pendingBatches(this.#database, { sequence, head: this.#floor, portion });
      if (batches.length > 0) return batches;
    }
    const first = this.#recent.findIndex((batch) => batch.sequence > sequence);
    return first < 0 ? [] : this.#recent.slice(first, first + portion);
  }

  passed(name: string, sequence: number): void {
    this.#cursors.set(name, sequence);
    const taken = this.#taken();
    let first = 0;
    while ((this.#recent[first]?.sequence ?? Number.POSITIVE_INFINITY) <= taken) first++;
    if (first > 0) this.#recent.splice(0, first);
    if (taken - this.#droppedThrough > (this.options.maxTaken ?? MAX_TAKEN)) this.#trim();
  }

  onCommit(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Writes down who has what, for the next start. */
  async close(): Promise<void> {
    await this.#trimming;
    if (this.#followers !== null && this.#head > this.#droppedThrough) await this.#writeCursors();
  }

  get #database(): Database {
    if (this.#attached === null) throw new Error('the journal of entities has no database yet');
    return this.#attached.database;
  }

  async #load(db: Database['read']): Promise<Readonly<Record<string, number>>> {
    const newest = await newestChangeRow(db);
    this.#kept = newest?.cursors ?? {};
    this.#head = this.#written = this.#floor = newest?.sequence ?? 0;
    this.#recent = [];
    return this.#kept;
  }

  #onCommit({ changes }: CommittedWrite): void {
    const recorded = this.#recorded.get(changes);
    if (!recorded) return;
    const { batches, droppedThrough, cursors } = recorded;
    this.#droppedThrough = droppedThrough;
    this.#kept = cursors;
    if (batches.length === 0) return;
    for (const batch of batches) this.#remember(batch);
    for (const listener of this.#listeners) listener();
  }

  #remember(batch: EntityBatch): void {
    // What another program wrote down is in the table, and so are whole rows of which the transaction read only a part.
    const partial = batch.events.some((event) => event.partial);
    if (partial || batch.sequence > this.#head + 1) {
      this.#floor = partial ? batch.sequence : batch.sequence - 1;
      this.#recent = [];
    }
    this.#head = batch.sequence;
    if (partial) return;
    this.#recent.push(batch);
    let events = this.#recent.reduce((sum, one) => sum + one.events.length, 0);
    while (events > (this.options.maxInMemory ?? MAX_IN_MEMORY)) {
      const oldest = this.#recent.shift();
      if (!oldest) break;
      events -= oldest.events.length;
      this.#floor = oldest.sequence;
    }
  }

  /** Up to where everybody has everything. */
  #taken(): number {
    if (this.#followers === null) return 0;
    return Math.min(this.#head, ...this.#cursors.values());
  }

  #cursorsNow(): Readonly<Record<string, number>> {
    return this.#followers === null ? (this.#kept ?? {}) : Object.fromEntries(this.#cursors);
  }

  /**
   * Nobody waits for anything of before, nor asks for what the daemon changes here. What people and programs do is kept
   * all the same, for who comes back after a crash; unless there is no way to follow the farm at all.
   */
  #isForNobody({ context, changes }: Transaction): boolean {
    if (this.#followers === null || this.#taken() < this.#written) return false;
    if (this.#followers.length === 0) return true;
    if (context.actor.type !== 'system') return false;
    return !changes.some(({ resource }) => {
      const type = toldEntity(resource)?.type;
      return type !== undefined && this.#followers?.some((follower) => follower.wants?.(type) ?? true);
    });
  }

  /** What is there still has been told; told again after a crash, it would be told with what is changed here. */
  async #dropAll(tx: Transaction): Promise<void> {
    if (this.#head <= this.#droppedThrough) return;
    await dropChangeRows(tx.db, this.#head);
    this.#recorded.set(tx.changes, { batches: [], droppedThrough: this.#head, cursors: {} });
  }

  /** Removes what everybody has, and what is beyond the bounds. @returns up to where nothing is left */
  async #drop(tx: Transaction): Promise<number> {
    let through = this.#droppedThrough;
    const taken = this.#taken();
    if (taken > through) {
      await dropChangeRows(tx.db, taken);
      through = taken;
    }
    let givenUp = 0;
    const tooMany = this.#head + 1 - (this.options.maxRows ?? MAX_ROWS);
    if (tooMany > through) {
      givenUp += await dropChangeRows(tx.db, tooMany);
      through = tooMany;
    }
    if (tx.at - this.#checkedAgeAt >= HOUR_MS) {
      this.#checkedAgeAt = tx.at;
      givenUp += await dropChangeRowsBefore(tx.db, tx.at - MAX_AGE_MS);
    }
    this.#givenUp += givenUp;
    if (givenUp > 0 && tx.at - this.#toldGivenUpAt >= HOUR_MS) {
      this.options.onGivenUp?.(this.#givenUp);
      this.#givenUp = 0;
      this.#toldGivenUpAt = tx.at;
    }
    return through;
  }

  /** A long backlog that was taken goes by itself, where nothing else is written meanwhile. */
  #trim(): void {
    this.#trimming ??= this.#writeCursors()
      .catch((error: unknown) => this.options.onError?.(error))
      .finally(() => {
        this.#trimming = null;
      });
  }

  async #writeCursors(): Promise<void> {
    if (this.#attached === null) return;
    const { database, storeId } = this.#attached;
    const taken = this.#taken();
    await database.write(systemContext(storeId), async (tx) => {
      await dropChangeRows(tx.db, taken);
      if (taken < this.#head) await setCursors(tx.db, this.#head, this.#cursorsNow());
    });
    this.#droppedThrough = Math.max(this.#droppedThrough, taken);
  }
}
