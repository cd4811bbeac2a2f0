import type { JobStatus } from '../contract/enums.js';
import type { Observation, OurMarks, PrintIdentity } from './observation.js';

export type Phase = 'reserved' | 'transferring' | 'transferred' | 'start-sent' | 'printing' | 'ended';
export type Outcome = 'completed' | 'failed' | 'cancelled' | 'released' | 'not-started' | 'unknown';

/** What of a dispatch survives a crash: the part of the journal row that the machine decides by. Times are epoch ms. */
export interface Journal extends OurMarks {
  readonly phase: Phase;
  readonly transferAttempts: number;
  readonly startSentAt: number | null;
  readonly resentAt: number | null;
  readonly acceptedAt: number | null;
  readonly confirmedAt: number | null;
  readonly cancelRequestedAt: number | null;
  readonly stopSentAt: number | null;
  readonly firstError: string | null;
  readonly cancelSeen: boolean;
  readonly wasReady: boolean;
  /** What the printer showed just before the start. */
  readonly before: { readonly activity: string | null; readonly identity: PrintIdentity } | null;
}

/** What the daemon has seen with its own eyes since it last began to look. Lost with a crash, and rightly so. */
export interface Watch {
  /** Since when complete reports have come without a gap. */
  readonly since: number | null;
  /** Nothing was missed since the start command was sent by this process. */
  readonly fromStart: boolean;
  /** Our print was seen active without a gap until now. */
  readonly unbroken: boolean;
  /** Since when the machine shows something that does not fit a print of ours. */
  readonly strangeSince: number | null;
  /** Since when our print shows as failed; its reason may come a moment later. */
  readonly failedSince: number | null;
  readonly refusal: { readonly at: number; readonly message: string; readonly elsewhere: boolean } | null;
  readonly refreshAsked: boolean;
  readonly last: Observation | null;
}

export const NOT_WATCHED: Watch = {
  since: null,
  fromStart: false,
  unbroken: false,
  strangeSince: null,
  failedSince: null,
  refusal: null,
  refreshAsked: false,
  last: null,
};

export interface DispatchState {
  readonly journal: Journal;
  readonly watch: Watch;
}

export interface TransferFailure {
  readonly message: string;
  /** Trying the same printer again can help. */
  readonly retry: boolean;
}

export type DispatchEvent = { readonly at: number } & (
  | { readonly kind: 'transfer-begun' }
  | { readonly kind: 'transferred' }
  | { readonly kind: 'transfer-failed'; readonly failure: TransferFailure }
  | { readonly kind: 'start-cleared'; readonly before: Observation; readonly wasReady: boolean }
  | { readonly kind: 'start-blocked'; readonly reason: string; readonly exclude: boolean }
  /** No byte of the start command left the daemon. */
  | { readonly kind: 'start-unsent'; readonly message: string }
  /** `elsewhere`: the printer is at fault, not the file; another printer may take the job. */
  | { readonly kind: 'start-refused'; readonly message: string; readonly elsewhere: boolean }
  | { readonly kind: 'start-answered' }
  | { readonly kind: 'observed'; readonly observation: Observation }
  | { readonly kind: 'connection-lost' }
  | { readonly kind: 'tick' }
  | { readonly kind: 'cancel' }
  | { readonly kind: 'restarted' }
  | { readonly kind: 'printer-removed' }
);

export type Effect =
  | { readonly kind: 'upload'; readonly afterMs: number }
  | { readonly kind: 'abort-upload' }
  | { readonly kind: 'check-start' }
  | { readonly kind: 'send-start' }
  | { readonly kind: 'send-stop' }
  | { readonly kind: 'refresh' };

/** What happens to the job in the same transaction. */
export interface JobMove {
  readonly to: JobStatus;
  readonly message: string | null;
  /** The job is not to be tried on this printer again. */
  readonly excludePrinter: boolean;
}

export interface Ending {
  readonly outcome: Outcome;
  readonly message: string | null;
  /**
   * The bed: `restore` what it was before the start (proven not begun), `clear` to "not ready", `keep` when the
   * start was never sent.
   */
  readonly ready: 'restore' | 'clear' | 'keep';
}

export interface Step {
  readonly state: DispatchState;
  readonly job: JobMove | null;
  readonly ending: Ending | null;
  readonly effects: readonly Effect[];
}

/** How long the machine waits for what; milliseconds. Shortened in tests, never in a farm. */
export interface DispatchTiming {
  /** First phase of the confirmation: nothing of ours shows yet, which is normal; then everything is asked for once. */
  readonly firstSignMs: number;
  /** Whole time of fresh reports, from the start on, after which an idle printer without our print has not begun. */
  readonly confirmMs: number;
  /** After a failure the reason may follow its state. */
  readonly reasonMs: number;
  /** A refused start must be followed by this much idleness to be believed. */
  readonly refusalMs: number;
  /** Something strange must last this long to be believed. */
  readonly strangeMs: number;
  /** A stop without effect is repeated after this long. */
  readonly stopAgainMs: number;
  readonly maxTransferAttempts: number;
  /** Wait before the second, third … transfer. */
  readonly transferBackoffMs: readonly number[];
}

export const DEFAULT_TIMING: DispatchTiming = {
  firstSignMs: 90_000,
  confirmMs: 270_000,
  reasonMs: 5_000,
  refusalMs: 10_000,
  strangeMs: 60_000,
  stopAgainMs: 15_000,
  maxTransferAttempts: 3,
  transferBackoffMs: [5_000, 30_000],
};
