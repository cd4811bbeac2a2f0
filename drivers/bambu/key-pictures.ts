import { LARGEST_FRAME_BYTES } from './camera-jpeg.js';

const START_CODE = Buffer.from([0, 0, 0, 1]);
const TYPE = 0x1f;
const KEY_SLICE = 5;
const SEQUENCE_SET = 7;
const PICTURE_SET = 8;
const AGGREGATE = 24;
const FRAGMENT = 28;
const RTP_HEADER_BYTES = 12;

/**
 * Key pictures of an H.264 stream that comes as RTP packets (RFC 6184), each with what a decoder must know before it.
 * The pictures between are left out: they cannot be read alone. Timestamps are not looked at, for some firmware has
 * them stand still.
 */
export class KeyPictures {
  readonly #sets = new Map<number, Buffer>();
  #slices: Buffer[] = [];
  #bytes = 0;
  #fragment: Buffer[] | null = null;
  #spoilt = false;

  /** @param sets units that the stream's description carries, in base64 with commas between */
  constructor(sets: string) {
    for (const set of sets.split(',').filter(Boolean)) this.#unit(Buffer.from(set, 'base64'));
  }

  /** @returns a whole key picture when this packet ends one */
  push(packet: Buffer): Buffer | null {
    const payload = payloadOf(packet);
    const type = (payload[0] ?? 0) & TYPE;
    if (type === FRAGMENT) this.#part(payload);
    else if (type === AGGREGATE) for (const unit of aggregated(payload)) this.#unit(unit);
    else this.#unit(payload);
    const ends = ((packet[1] ?? 0) & 0x80) !== 0;
    return ends ? this.#finish() : null;
  }

  #part(payload: Buffer): void {
    const [indicator = 0, flags = 0] = payload;
    if ((flags & 0x80) !== 0) this.#fragment = [Buffer.from([(indicator & 0xe0) | (flags & TYPE)])];
    if (this.#fragment === null) return;
    this.#fragment.push(payload.subarray(2));
    this.#grow(payload.length);
    if ((flags & 0x40) === 0 || this.#fragment === null) return;
    const unit = Buffer.concat(this.#fragment);
    this.#fragment = null;
    this.#unit(unit);
  }

  #unit(unit: Buffer): void {
    const type = (unit[0] ?? 0) & TYPE;
    if (type === SEQUENCE_SET || type === PICTURE_SET) this.#sets.set(type, Buffer.from(unit));
    if (type !== KEY_SLICE) return;
    this.#grow(unit.length);
    this.#slices.push(unit);
  }

  #grow(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes <= 2 * LARGEST_FRAME_BYTES) return;
    // No picture is that large: what there is of it is dropped, up to its end.
    this.#spoilt = true;
    this.#slices = [];
    this.#fragment = null;
  }

  #finish(): Buffer | null {
    const slices = this.#slices;
    const spoilt = this.#spoilt;
    this.#slices = [];
    this.#fragment = null;
    this.#bytes = 0;
    this.#spoilt = false;
    const sets = [this.#sets.get(SEQUENCE_SET), this.#sets.get(PICTURE_SET)];
    if (slices.length === 0 || spoilt || sets.some((set) => set === undefined)) return null;
    return Buffer.concat(
      [...sets, ...slices].flatMap((unit) => (unit === undefined ? [] : [START_CODE, unit])),
    );
  }
}

/** What an RTP packet carries, without its headers and its padding. */
function payloadOf(packet: Buffer): Buffer {
  if (packet.length < RTP_HEADER_BYTES) return Buffer.alloc(0);
  const first = packet.readUInt8(0);
  let start = RTP_HEADER_BYTES + (first & 0x0f) * 4;
  if ((first & 0x10) !== 0 && packet.length >= start + 4) start += 4 + packet.readUInt16BE(start + 2) * 4;
  const padding = (first & 0x20) === 0 ? 0 : (packet.at(-1) ?? 0);
  return packet.subarray(start, Math.max(start, packet.length - padding));
}

function* aggregated(payload: Buffer): Generator<Buffer> {
  for (let at = 1; at + 2 <= payload.length; ) {
    const end = at + 2 + payload.readUInt16BE(at);
    yield payload.subarray(at + 2, end);
    at = end;
  }
}
