import type { Duplex } from 'node:stream';
import { type ConnectHead, readConnectHead } from './connect-head.js';

/**
 * How to refuse a protocol level: a client of MQTT 5 gets CONNACK 0x84 "unsupported protocol version" in the form of its
 * own version (MQTT 5, 3.2), every other one the 0x01 of MQTT 3.1.1 (MQTT-3.1.2-2). Both tell a client that can to come
 * again with 3.1.1.
 */
export function versionRefusal(level: number): Buffer {
  return Buffer.from(level === 5 ? [0x20, 0x03, 0x00, 0x84, 0x00] : [0x20, 0x02, 0x00, 0x01]);
}

/** CONNECT carries an id, a store, a key and perhaps a will nobody wants. */
const MAX_CONNECT_BYTES = 16 * 1024;
const MQTT_3_1_1 = 4;

export type GateVerdict = 'speaks 3.1.1' | 'not MQTT' | 'too large' | 'closed' | { readonly level: number };

/**
 * Looks at the first packet of a connection and puts it back. Memory is safe meanwhile: at most a chunk is read
 * before the verdict.
 */
export function checkFirstPacket(stream: Duplex): Promise<GateVerdict> {
  return new Promise((resolve) => {
    let seen = Buffer.alloc(0);
    const finish = (verdict: GateVerdict) => {
      stream.off('readable', onReadable);
      stream.off('close', onClose);
      stream.off('end', onClose);
      if (seen.length > 0 && !stream.destroyed) stream.unshift(seen);
      resolve(verdict);
    };
    const onClose = () => finish('closed');
    const onReadable = () => {
      for (let chunk = read(stream); chunk !== null; chunk = read(stream))
        seen = Buffer.concat([seen, chunk]);
      const verdict = judge(readConnectHead(seen));
      if (verdict !== null) finish(verdict);
    };
    stream.on('readable', onReadable);
    stream.on('close', onClose);
    stream.on('end', onClose);
  });
}

function judge(head: ConnectHead): GateVerdict | null {
  if (head.kind === 'incomplete') return null;
  if (head.kind === 'not-mqtt') return 'not MQTT';
  if (head.level !== MQTT_3_1_1) return { level: head.level };
  return head.bytes > MAX_CONNECT_BYTES ? 'too large' : 'speaks 3.1.1';
}

function read(stream: Duplex): Buffer | null {
  const chunk: unknown = stream.read();
  return Buffer.isBuffer(chunk) ? chunk : null;
}
