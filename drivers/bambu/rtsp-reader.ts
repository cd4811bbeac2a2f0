import { DriverError } from '../driver.js';

/** An answer to a request of ours. */
export interface RtspResponse {
  readonly kind: 'response';
  readonly status: number;
  /** Names in lower case; of repeated ones the first. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** A packet of one of the channels inside the connection. */
export interface RtspPacket {
  readonly kind: 'packet';
  readonly channel: number;
  readonly bytes: Buffer;
}

const HEAD_LIMIT = 16 * 1024;
const BODY_LIMIT = 64 * 1024;
const PACKET_MARK = 0x24;

/** Takes the stream of an RTSP connection apart into answers and packets, however the network cuts it. */
export class RtspReader {
  #rest: Buffer = Buffer.alloc(0);

  /** @throws DriverError `protocol` when it is no RTSP */
  push(chunk: Buffer): readonly (RtspResponse | RtspPacket)[] {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const found: (RtspResponse | RtspPacket)[] = [];
    for (let next = this.#next(); next !== null; next = this.#next()) found.push(next);
    return found;
  }

  #next(): RtspResponse | RtspPacket | null {
    if (this.#rest.length === 0) return null;
    return this.#rest[0] === PACKET_MARK ? this.#packet() : this.#response();
  }

  #packet(): RtspPacket | null {
    if (this.#rest.length < 4) return null;
    const end = 4 + this.#rest.readUInt16BE(2);
    if (this.#rest.length < end) return null;
    return { kind: 'packet', channel: this.#rest.readUInt8(1), bytes: this.#take(end).subarray(4) };
  }

  #response(): RtspResponse | null {
    const end = this.#rest.indexOf('\r\n\r\n');
    if (end < 0) {
      if (this.#rest.length > HEAD_LIMIT) throw noRtsp();
      return null;
    }
    const [first = '', ...lines] = this.#rest.subarray(0, end).toString('latin1').split('\r\n');
    const status = /^RTSP\/1\.\d (\d{3})\b/.exec(first)?.[1];
    if (status === undefined) throw noRtsp();
    const headers = new Map<string, string>();
    for (const line of lines) {
      const colon = line.indexOf(':');
      const name = line.slice(0, colon).trim().toLowerCase();
      if (colon > 0 && !headers.has(name)) headers.set(name, line.slice(colon + 1).trim());
    }
    const length = Number(headers.get('content-length') ?? 0);
    if (!Number.isInteger(length) || length < 0 || length > BODY_LIMIT) throw noRtsp();
    if (this.#rest.length < end + 4 + length) return null;
    const body = this.#take(end + 4 + length)
      .subarray(end + 4)
      .toString('utf8');
    return { kind: 'response', status: Number(status), headers, body };
  }

  #take(bytes: number): Buffer {
    const taken = this.#rest.subarray(0, bytes);
    this.#rest = this.#rest.subarray(bytes);
    return taken;
  }
}

function noRtsp(): DriverError {
  return new DriverError('protocol', 'The camera answers, but not in the words of RTSP.');
}
