/** How long each step of a transfer may take, in milliseconds (docs/protocol.md §8). */
export interface TransferTiming {
  /** TCP connection and TLS handshake, control and data channel alike. */
  readonly connectMs: number;
  /** A reply on the control channel. */
  readonly replyMs: number;
  /** Without a byte taken by the printer. */
  readonly idleMs: number;
  /** The reply after the last byte; null takes the model's. */
  readonly finalReplyMs: number | null;
  /** A whole upload may take this long whatever its size. */
  readonly shortestDeadlineMs: number;
  /** Slowest rate a large upload may have. */
  readonly slowestBytesPerSecond: number;
  /** The size may lag behind the end of the transfer. */
  readonly sizeSettleMs: number;
  readonly sizeIntervalMs: number;
  /** Pause before trying again when the printer has another transfer open, and how often to try. */
  readonly busyPauseMs: number;
  readonly busyRetries: number;
  /** Removing what an aborted upload left behind. */
  readonly cleanupMs: number;
}

export const TRANSFER_TIMING: TransferTiming = {
  connectMs: 10_000,
  replyMs: 30_000,
  idleMs: 30_000,
  finalReplyMs: null,
  shortestDeadlineMs: 600_000,
  slowestBytesPerSecond: 25_000,
  sizeSettleMs: 3_000,
  sizeIntervalMs: 300,
  busyPauseMs: 5_000,
  busyRetries: 3,
  cleanupMs: 5_000,
};

/** Milliseconds an upload of this size may take. */
export function uploadDeadlineMs(timing: TransferTiming, bytes: number): number {
  return Math.max(timing.shortestDeadlineMs, (bytes / timing.slowestBytesPerSecond) * 1000);
}
