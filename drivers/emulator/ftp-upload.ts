/** Receives one file into the card, byte by byte to disk, as a machine does: slowly, cut, or until the card is full. */
import { open } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { FAULTS, type FaultSet } from './faults.js';
import type { DataChannel } from './ftp-data.js';
import type { Storage } from './storage.js';

export type UploadEnd =
  /** Everything arrived and the peer said so. */
  | { readonly kind: 'complete'; readonly bytes: number }
  /** The channel broke; what arrived is kept. */
  | { readonly kind: 'cut'; readonly bytes: number }
  | { readonly kind: 'full'; readonly bytes: number }
  /** A fault cuts control and data channel. */
  | { readonly kind: 'drop'; readonly bytes: number };

export async function receive(
  channel: DataChannel,
  storage: Storage,
  path: string,
  faults: FaultSet,
  signal: AbortSignal,
): Promise<UploadEnd> {
  const file = await open(storage.hostPath(path), 'w');
  const fullAt = faults.take(FAULTS.ftp552, (args) => args.afterBytes !== undefined)?.afterBytes;
  const room = Math.min(storage.freeBytes, fullAt ?? Number.POSITIVE_INFINITY);
  const dropAt = faults.peek(FAULTS.ftpDropAt)?.bytes ?? Number.POSITIVE_INFINITY;
  const stallAt = faults.take(FAULTS.ftpStallAt)?.bytes ?? Number.POSITIVE_INFINITY;
  let bytes = 0;
  try {
    // The stream outlives the loop: what becomes of it depends on how the upload ended.
    for await (const piece of channel.stream.iterator({ destroyOnReturn: false })) {
      const chunk: Buffer = Buffer.from(piece);
      const taken = chunk.subarray(0, Math.max(0, Math.min(room, dropAt, stallAt) - bytes));
      await file.write(taken);
      bytes += taken.length;
      if (bytes >= dropAt) {
        faults.take(FAULTS.ftpDropAt);
        return { kind: 'drop', bytes };
      }
      if (bytes >= stallAt) await gone(channel, signal);
      if (taken.length < chunk.length) return { kind: 'full', bytes };
      const slow = faults.peek(FAULTS.ftpSlow);
      if (slow !== null) await delay((chunk.length / slow.bytesPerSecond) * 1000, undefined, { signal });
    }
  } catch {
    // A reset channel or an aborted wait: both leave a file that is not whole.
    return { kind: 'cut', bytes };
  } finally {
    await file.close();
  }
  return channel.endedOrderly() && !signal.aborted ? { kind: 'complete', bytes } : { kind: 'cut', bytes };
}

/** The peer has given up. Nothing is read meanwhile, so that it feels that nothing is taken. */
async function gone(channel: DataChannel, signal: AbortSignal): Promise<never> {
  await new Promise<void>((resolve) => {
    channel.stream.once('close', () => resolve());
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
  throw new Error('The peer gave up');
}
