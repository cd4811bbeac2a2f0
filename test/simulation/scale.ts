import type { DispatchTiming } from '../../src/dispatch/machine-types.js';

/** Virtual seconds of the emulated printers per real second. */
export const SPEED = 120;

/**
 * The daemon's waits, shortened like the printers' time. A printer begins within 210 of its seconds, which are less
 * than 2 here; what is left of the window is for a busy computer, whose stalls are not shortened with it.
 */
export const DISPATCH: Partial<DispatchTiming> = {
  firstSignMs: 1_700,
  confirmMs: 5_000,
  lastLookMs: 500,
  reasonMs: 400,
  refusalMs: 600,
  strangeMs: 1_500,
  stopAgainMs: 700,
  transferBackoffMs: [100, 400],
};

export const SESSION = {
  connectMs: 10_000,
  firstReportMs: 3_000,
  staleMs: 6_000,
  staleGraceMs: 2_000,
  firstFullReportMs: 1_500,
  fullReportRetryMs: 1_500,
  resyncMs: 4_000,
  refreshFloorMs: 300,
  backOffFirstMs: 50,
  backOffLastMs: 800,
  crowdedBackOffMs: 1_000,
  refusedRetryMs: 800,
  settledMs: 1_000,
  acknowledgementMs: 1_500,
  filamentAcknowledgementMs: 1_500,
  startAcknowledgementMs: 2_000,
  startConfirmationMs: 5_000,
};

export const TRANSFER = {
  connectMs: 5_000,
  replyMs: 2_500,
  idleMs: 2_500,
  finalReplyMs: 2_500,
  shortestDeadlineMs: 10_000,
  sizeSettleMs: 300,
  sizeIntervalMs: 50,
  busyPauseMs: 200,
  cleanupMs: 1_500,
};

/** Real milliseconds between reports of a printer that has nothing new to tell. */
export const REPORT_MS = 1_000;
