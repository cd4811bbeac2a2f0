import { createHmac } from 'node:crypto';

/**
 * What a call is signed with: `t=<seconds since 1970>,v1=<hex>`, where `v1` is the HMAC-SHA-256 by the channel's key of
 * the time, a dot, and the body as it was sent. A receiver that refuses old times cannot be told anything twice by a
 * stranger.
 */
export function signature(apiKey: string, body: string, now: number): string {
  const seconds = Math.floor(now / 1000);
  const mac = createHmac('sha256', apiKey).update(`${seconds}.`).update(body).digest('hex');
  return `t=${seconds},v1=${mac}`;
}
