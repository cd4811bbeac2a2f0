/** Who did it. */
export interface Actor {
  readonly type: 'api_key' | 'user' | 'cli' | 'system';
  /** Key id, user id; null for the daemon itself. */
  readonly id: string | null;
}

/** What every write carries: whose store, who, from where, and which request it belongs to. */
export interface WriteContext {
  readonly storeId: string;
  readonly actor: Actor;
  readonly address: string | null;
  readonly correlationId: string;
  /** Absent where no request stands behind the write. */
  readonly request?: RequestFacts;
}

/** What the audit log keeps of a request. */
export interface RequestFacts {
  /** What was asked for, such as `printJob.retry`. */
  readonly action: string;
  readonly userAgent: string | null;
  /** Why, in the caller's own words. */
  readonly reason: string | null;
}

export type ChangeAction = 'INSERT' | 'UPDATE' | 'DELETE';

/** One entity as it was and as it is. */
export interface Change {
  /** Name of the resource definition, such as `printJob`. */
  readonly resource: string;
  readonly action: ChangeAction;
  readonly id: string;
  readonly before: Readonly<Record<string, unknown>> | null;
  readonly after: Readonly<Record<string, unknown>> | null;
  /** Columns that differ, `updatedAt` aside; empty but for updates. */
  readonly fields: readonly string[];
  /**
   * Only an id went, because what it named was removed in this transaction. `ids`: one of very many, so that `before`
   * and `after` hold no more than what differs.
   */
  readonly released?: 'whole' | 'ids';
}

/** All that one transaction changed, in the order in which it did. */
export interface CommittedWrite {
  /** Counts up by one per commit of this process. */
  readonly sequence: number;
  readonly context: WriteContext;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly changes: readonly Change[];
}

export type ChangeListener = (write: CommittedWrite) => void;

/** Tells everyone who cares what was committed, in commit order. Listeners must be quick and must not throw. */
export class ChangeFeed {
  readonly #listeners = new Set<ChangeListener>();

  constructor(private readonly onListenerError: (error: unknown) => void) {}

  /** @returns how to stop listening */
  on(listener: ChangeListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  emit(write: CommittedWrite): void {
    for (const listener of this.#listeners) {
      try {
        listener(write);
      } catch (error) {
        // One bad listener must not keep the others from hearing of a commit that has happened.
        this.onListenerError(error);
      }
    }
  }
}
