import { DriverError } from '../driver.js';
import { replyCode, StallError } from './transfer-errors.js';
import { type Sent, sendFile } from './transfer-send.js';
import type { FtpSession, OpenTransfer } from './transfer-session.js';
import type { TransferTiming } from './transfer-timing.js';
import { uploadDeadlineMs } from './transfer-timing.js';

export interface StoreRequest {
  readonly localPath: string;
  readonly sizeBytes: number;
  readonly remoteName: string;
  readonly finalReplyMs: number;
  readonly onProgress: ((sentBytes: number) => void) | undefined;
}

/** How a transfer ended. Whether the file is whole is for its size to say, whatever stands here. */
export type StoreEnd =
  | { readonly kind: 'confirmed' }
  /** The printer refused before any data was sent. */
  | { readonly kind: 'refused'; readonly error: DriverError }
  /** Something went wrong once data could flow. */
  | { readonly kind: 'doubtful'; readonly error: DriverError; readonly stalled: boolean };

/** The most that the buffers of both systems hold of one connection. */
const HELD_BYTES = 8 * 1024 * 1024;
/** For the reply that explains why a data channel broke. */
const EXPLANATION_MS = 2_000;

/** Sends one local file with STOR (docs/protocol.md §8.3). Never rejects: how it ended is the result. */
export async function storeFile(
  session: FtpSession,
  request: StoreRequest,
  timing: TransferTiming,
): Promise<StoreEnd> {
  const { remoteName, sizeBytes } = request;
  let transfer: OpenTransfer | null = null;
  const deadlineMs = uploadDeadlineMs(timing, sizeBytes);
  const overdue = setTimeout(() => {
    const rate = timing.slowestBytesPerSecond / 1000;
    const text = `Sending ${remoteName} took more than ${deadlineMs / 1000} s, slower than ${rate} kB/s.`;
    session.fail(new DriverError('unreachable', text));
  }, deadlineMs);
  try {
    transfer = await session.openTransfer(`STOR /${remoteName}`, remoteName);
    // Read from the printer, so that its goodbye does not lie unread when we close: that would cost our last bytes.
    transfer.socket.resume();
    const sent = await sendFile(transfer.socket, { ...request, idleMs: timing.idleMs });
    const limitMs = request.finalReplyMs + drainMs(timing, sizeBytes, sent);
    await session.step(`Finishing ${remoteName}`, finalReply(transfer), limitMs);
    return { kind: 'confirmed' };
  } catch (thrown) {
    const error = await firstCause(session, transfer, thrown, remoteName);
    const refused = transfer === null && replyCode(error.cause) !== null;
    return refused
      ? { kind: 'refused', error }
      : { kind: 'doubtful', error, stalled: error instanceof StallError };
  } finally {
    clearTimeout(overdue);
    transfer?.socket.destroy();
  }
}

/**
 * Once the last byte is handed over, the systems on both sides still hold some of the file. A slow printer is given the
 * time to take that, at the pace it took what came before.
 */
function drainMs(timing: TransferTiming, sizeBytes: number, { lastBytes, lastMs }: Sent): number {
  const held = Math.min(sizeBytes, HELD_BYTES);
  const slowest = (held / timing.slowestBytesPerSecond) * 1000;
  return lastBytes === 0 ? 0 : Math.round(Math.min(slowest, (held / lastBytes) * lastMs));
}

const finalReply = (transfer: OpenTransfer) => () => transfer.final;

/** A broken data channel is the consequence; the printer's reply, if one comes, is the cause. */
async function firstCause(
  session: FtpSession,
  transfer: OpenTransfer | null,
  thrown: unknown,
  name: string,
): Promise<DriverError> {
  if (thrown instanceof DriverError) return thrown;
  if (session.failure !== null) return session.failure;
  try {
    if (transfer !== null) await session.step(`Sending ${name}`, finalReply(transfer), EXPLANATION_MS);
  } catch (explanation) {
    if (explanation instanceof DriverError && explanation.code !== null) return explanation;
  }
  const detail = thrown instanceof Error ? thrown.message : String(thrown);
  const text = `Sending ${name}: the data channel broke off: ${detail}.`;
  return new DriverError('unreachable', text, { cause: thrown });
}
