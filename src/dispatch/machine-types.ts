import type { JobStatus } from '../contract/enums.js';
import { NO_PROGRESS, type Observation, type Progress } from './observation.js';
import type { Known } from './sighting.js';

export type Phase = 'reserved' | 'transferring' | 'transferred' | 'start-sent' | 'printing' | 'ended';
export type Outcome = 'completed' | 'failed' | 'cancelled' | 'released' | 'not-started' | 'unknown';

/** What of a dispatch survives a crash: the part of the journal row that the machine decides by. Times are epoch ms. */
export interface Journal extends Known {
  readonly phase: Phase;
  readonly transferAttempts: number;
  readonly startSentAt: number | null;
  readonly resentAt: number | null;
  readonly acceptedAt: number | null;
  readonly cancelRequestedAt: number | null;
  readonly stopSentAt: number | null;
  readonly firstError: string | null;
  /** What `firstError` means, where the printer's numbers have words. */
  readonly firstErrorText: string | null;
  readonly cancelSeen: boolean;
  readonly wasReady: boolean;
}

/** When something happened: `at` for people and the journal, `mono` for every wait, so that no clock set by hand or by NTP can end one. */
export interface Moment {
  /** Wall clock, epoch milliseconds. */
  readonly at: number;
  /** Milliseconds that never jump; means something within this process only. */
  readonly mono: number;
}

/** What the daemon has seen with its own eyes since it last began to look. Lost with a crash, and rightly so. */
export interface Watch {
  /** `mono` since when a transfer that another process began waits for its printer's first report; null when none does. */
  readonly returningSince: number | null;
  /** Since when complete reports have come without a gap. */
  readonly since: Moment | null;
  /** Nothing was missed since the start command was sent by this process. */
  readonly fromStart: boolean;
  /** Nothing was missed since our print was last seen active, and no other print was. */
  readonly unbroken: boolean;
  /** Something that is not known to be ours has been active since the start. */
  readonly stirred: boolean;
  /** `mono` since when the machine shows something that does not fit a print of ours. */
  readonly strangeSince: number | null;
  /** `mono` since when nothing at all is active. */
  readonly calmSince: number | null;
  /** `mono` since when our print shows as failed; its reason may come a moment later. */
  readonly failedSince: number | null;
  readonly refusal: Refusal | null;
  /** `mono` of the last request for everything. */
  readonly askedAt: number | null;
  /** `mono` of the end of the window: one more look, then it is decided. */
  readonly lookingSince: number | null;
  /** When the printer had last said its activity before that look: only what it says since counts. */
  readonly lookedFrom: number | null;
  /** `mono` of the last stop sent by this process. */
  readonly stoppedAt: number | null;
  readonly last: Observation | null;
  /** How far our print was seen to be; outlives gaps. */
  readonly furthest: Progress;
  /** After a gap what runs under our name stood further back than before: it is another print. Outlives gaps. */
  readonly goneBack: boolean;
}

export interface Refusal {
  readonly mono: number;
  readonly message: string;
  /** The printer is at fault, not the file; another printer may take the job. */
  readonly elsewhere: boolean;
  /** Something else is about to lie on the bed. */
  readonly busy: boolean;
}

export const NOT_WATCHED: Watch = {
  returningSince: null,
  since: null,
  fromStart: false,
  unbroken: false,
  stirred: false,
  strangeSince: null,
  calmSince: null,
  failedSince: null,
  refusal: null,
  askedAt: null,
  lookingSince: null,
  lookedFrom: null,
  stoppedAt: null,
  last: null,
  furthest: NO_PROGRESS,
  goneBack: false,
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

export type DispatchEvent = Moment &
  (
    | { readonly kind: 'transfer-begun' }
    | { readonly kind: 'transferred' }
    | { readonly kind: 'transfer-failed'; readonly failure: TransferFailure }
    | { readonly kind: 'start-cleared'; readonly before: Observation; readonly wasReady: boolean }
    | { readonly kind: 'start-blocked'; readonly reason: string; readonly exclude: boolean }
    /** No byte of the start command left the daemon. `exclude`: it never would for this printer. */
    | { readonly kind: 'start-unsent'; readonly message: string; readonly exclude: boolean }
    | ({ readonly kind: 'start-refused' } & Omit<Refusal, 'mono'>)
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
  /** After its end the printer may still have the file of a print open: it is deleted so much later. */
  readonly settleMs: number;
  /** After a restart of the daemon a printer whose file was on its way has this long to show itself. */
  readonly returnMs: number;
  /** First phase of the confirmation: nothing of ours shows yet, which is normal; then everything is asked for once. */
  readonly firstSignMs: number;
  /** Whole time of fresh reports, from the start on, after which an idle printer without our print has not begun. */
  readonly confirmMs: number;
  /** At the end of that time everything is asked for again, and what comes after this long decides. */
  readonly lastLookMs: number;
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
  settleMs: 5_000,
  returnMs: 90_000,
  firstSignMs: 90_000,
  confirmMs: 270_000,
  lastLookMs: 15_000,
  reasonMs: 5_000,
  refusalMs: 10_000,
  strangeMs: 60_000,
  stopAgainMs: 15_000,
  maxTransferAttempts: 3,
  transferBackoffMs: [5_000, 30_000],
};
