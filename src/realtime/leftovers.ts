import { setTimeout as rest } from 'node:timers/promises';
import type { BridgeConnection } from './bridge-connection.js';

/**
 * Looks for a while at what stands retained on topics that only this daemon writes, and names those of them that are not
 * known: of printers that went while it was down.
 *
 * @param filters where to look
 * @returns true when it was looked at; false when the connection ended first; null when the broker shows nothing
 */
export async function findLeftovers(
  connection: BridgeConnection,
  filters: readonly string[],
  { isKnown, onLeftover }: { isKnown(topic: string): boolean; onLeftover(topic: string): void },
  lookMs: number,
  signal: AbortSignal,
): Promise<boolean | null> {
  const leave = await connection.listen([...filters], ({ topic, empty, retained }) => {
    if (retained && !empty && !isKnown(topic)) onLeftover(topic);
  });
  if (leave === null) return null;
  const done = new AbortController();
  const over = rest(lookMs, true, { signal: AbortSignal.any([signal, done.signal]) });
  const looked = await Promise.race([over, connection.closed.then(() => false)]).catch(() => false);
  done.abort();
  leave();
  return looked;
}
