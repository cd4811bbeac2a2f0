import type { DriverError, PrinterTarget } from '../driver.js';

/** How long the parts of a camera wait, milliseconds. */
export interface CameraTiming {
  /** For TCP with TLS. */
  readonly connectMs: number;
  /** Without a picture for this long a stream is given up; who waits for one is told as late. */
  readonly frameMs: number;
  /** A picture not older than this answers at once. */
  readonly freshMs: number;
  /** Unused for this long the connection is closed: a camera serves one viewer, and the printer has better to do. */
  readonly idleMs: number;
  /** After a failure everybody gets the same answer for this long, and the printer is left in peace. */
  readonly retryMs: number;
}

export const CAMERA_TIMING: CameraTiming = {
  connectMs: 8_000,
  frameMs: 10_000,
  freshMs: 2_000,
  idleMs: 15_000,
  retryMs: 5_000,
};

export interface CameraStream {
  /** Null takes the protocol's own. */
  readonly port: number | null;
  readonly timing: CameraTiming;
  readonly signal: AbortSignal;
  /** A whole JPEG. The buffer is the receiver's. */
  readonly onFrame: (jpeg: Buffer) => void;
  /** Whether somebody waits for a picture just now; where making one costs something. */
  readonly isWanted: () => boolean;
}

/**
 * Connects to a camera, proves the printer's identity before the access code is sent, and gives pictures until the
 * signal fires or the printer ends it; resolves with how it ended.
 * @throws DriverError when it could not be opened
 */
export type CameraSource = (target: PrinterTarget, stream: CameraStream) => Promise<DriverError>;
