import type { Duplex } from 'node:stream';

/**
 * Ends a connection so that its client sees an end and not a fault, which TLS and WebSocket have words for: clients of
 * libmosquitto come again after the one, and give up after the other. What still waits for the client is not sent.
 */
export function hangUp(stream: Duplex): void {
  if (stream.destroyed) return;
  // Behind what waits, the words would come late or never.
  if (stream.writableLength === 0) stream.end();
  setImmediate(() => stream.destroy());
}
