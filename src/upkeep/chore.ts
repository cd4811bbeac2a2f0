/** A piece of work that the daemon does by the clock, to keep itself in order. */
export interface Chore {
  readonly name: string;
  /** Five fields of a cron expression, on this machine's clock; null never does it. */
  readonly schedule: string | null;
  /** How long it may take, milliseconds: then its signal says so. */
  readonly timeoutMs: number;
  /** Its last run is kept, and one that was missed while the daemon was down is made up for. */
  readonly kept: boolean;
  /**
   * Ends soon after the signal.
   *
   * @returns what came of it, in words for a person
   */
  run(signal: AbortSignal): Promise<string>;
}

export interface ChoreRun {
  readonly chore: string;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  readonly durationMs: number;
  /** What came of it; null when it failed. */
  readonly result: string | null;
  /** Why it failed; null when it did not. */
  readonly error: string | null;
}

/** Where last runs are kept. */
export interface RunBook {
  all(): Promise<readonly ChoreRun[]>;
  write(run: ChoreRun): Promise<void>;
}

export interface ChoreReport {
  readonly name: string;
  readonly schedule: string | null;
  /** Epoch milliseconds; null when it is off. */
  readonly nextAt: number | null;
  /** Since when it is being done; null when it is not. */
  readonly runningSince: number | null;
  /** Its time has come, but another is being done. */
  readonly waiting: boolean;
  readonly last: ChoreRun | null;
}
