/** What the first bytes of a connection say. */
export type ConnectHead =
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'not-mqtt' }
  | {
      readonly kind: 'connect';
      /** Protocol level: 4 is MQTT 3.1.1, 5 is MQTT 5. */
      readonly level: number;
      /** Of the whole packet. */
      readonly bytes: number;
    };

const CONNECT = 0x10;
const NAMES: readonly string[] = ['MQTT', 'MQIsdp'];
const LONGEST_NAME = 6;

/** Reads just enough of a CONNECT packet to know which protocol is spoken and how much is to come. */
export function readConnectHead(data: Buffer): ConnectHead {
  if (data.length === 0) return { kind: 'incomplete' };
  if (data[0] !== CONNECT) return { kind: 'not-mqtt' };
  const length = readLength(data, 1);
  if (length === null) return data.length > 4 ? { kind: 'not-mqtt' } : { kind: 'incomplete' };
  const nameAt = length.end + 2;
  if (data.length < nameAt) return { kind: 'incomplete' };
  const nameLength = data.readUInt16BE(length.end);
  if (nameLength > LONGEST_NAME) return { kind: 'not-mqtt' };
  const level = data[nameAt + nameLength];
  if (level === undefined) return { kind: 'incomplete' };
  const name = data.toString('utf8', nameAt, nameAt + nameLength);
  return NAMES.includes(name)
    ? { kind: 'connect', level, bytes: length.end + length.value }
    : { kind: 'not-mqtt' };
}

/** MQTT's variable-length number: seven bits a byte, least first, at most four bytes; null when it is not whole. */
export function readLength(data: Buffer, start: number): { value: number; end: number } | null {
  let value = 0;
  for (let at = 0; at < 4; at++) {
    const byte = data[start + at];
    if (byte === undefined) return null;
    value += (byte & 0x7f) * 128 ** at;
    if (byte < 0x80) return { value, end: start + at + 1 };
  }
  return null;
}
