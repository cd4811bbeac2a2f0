import { join } from 'node:path';
import * as z from 'zod';

/**
 * How the command line speaks to a running daemon: over a unix socket in the data folder, one JSON object per line
 * each way. Requests carry an id that their answer repeats. Whoever may open the socket is the owner.
 */

/** Longest line either side accepts, bytes. */
export const MAX_LINE_BYTES = 256 * 1024;

export const controlRequestSchema = z.strictObject({
  id: z.int().nonnegative(),
  method: z.string().min(1).max(64),
  params: z.unknown(),
});
export type ControlRequest = z.output<typeof controlRequestSchema>;

export const CONTROL_ERROR_CODES = [
  /** The line was no request, or its parameters do not fit. */
  'invalid',
  'unknown-method',
  /** What was named does not exist. */
  'not-found',
  /** The request does not suit the present state of things. */
  'conflict',
  'timeout',
  'failed',
] as const;
export type ControlErrorCode = (typeof CONTROL_ERROR_CODES)[number];

export const controlResponseSchema = z.union([
  z.strictObject({ id: z.int(), result: z.unknown() }),
  z.strictObject({
    id: z.int(),
    error: z.strictObject({ code: z.enum(CONTROL_ERROR_CODES), message: z.string() }),
  }),
]);
export type ControlResponse = z.output<typeof controlResponseSchema>;

/** A request that could not be served; handlers throw it to choose the code their client sees. */
export class ControlError extends Error {
  constructor(
    readonly code: ControlErrorCode,
    message: string,
  ) {
    super(message);
    this.name = 'ControlError';
  }
}

/** `sun_path` of the operating system, less the zero at its end. */
const LONGEST_PATH_BYTES = process.platform === 'linux' ? 107 : 103;

/**
 * Where the socket of a data folder stands.
 *
 * @throws ControlError when the folder's path is too long for a unix socket.
 */
export function controlSocketPath(dataDir: string): string {
  const path = join(dataDir, 'control.sock');
  const length = Buffer.byteLength(path);
  if (length > LONGEST_PATH_BYTES) {
    const message = `${path} is ${length} bytes long, but a unix socket may have ${LONGEST_PATH_BYTES}: choose a shorter dataDir`;
    throw new ControlError('invalid', message);
  }
  return path;
}
