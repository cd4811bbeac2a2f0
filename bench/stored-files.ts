/** Files that arrived at emulated printers, by the printers' own account. */
import type { EmulatedFarm } from './emulated.js';

export interface Stored {
  readonly serial: string;
  readonly bytes: number;
  /** Epoch milliseconds: STOR was taken, the last byte was written. */
  readonly beganAt: number;
  readonly endedAt: number;
}

/** @param position of the printers' log, from `logPosition` */
export async function storedSince(emulated: EmulatedFarm, position: number): Promise<readonly Stored[]> {
  const began = new Map<string, number>();
  const stored: Stored[] = [];
  for (const { kind, event, serial, path = '', time, bytes } of await emulated.log(position)) {
    if (kind !== 'ftp') continue;
    const key = `${serial} ${path}`;
    if (event === 'stor') began.set(key, Date.parse(time));
    const beganAt = began.get(key);
    if (event === 'stored' && beganAt !== undefined) {
      stored.push({ serial, bytes: bytes ?? 0, beganAt, endedAt: Date.parse(time) });
    }
  }
  return stored;
}
