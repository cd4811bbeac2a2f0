/**
 * One H.264 key picture without compression: every macroblock carries its samples as they are. Any decoder reads it,
 * and no library is needed to write it.
 */

const WIDTH_BLOCKS = 11;
const HEIGHT_BLOCKS = 9;
const SAMPLES = 256;
const CHROMA_SAMPLES = 64;

const SEQUENCE = 0x67;
const PICTURE = 0x68;
const KEY_SLICE = 0x65;

/** Writes bits, whole bytes and the numbers of the standard. */
class Bits {
  #text = '';

  fixed(value: number, width: number): this {
    this.#text += value.toString(2).padStart(width, '0');
    return this;
  }

  /** Exp-Golomb. */
  number(value: number): this {
    const code = (value + 1).toString(2);
    this.#text += '0'.repeat(code.length - 1) + code;
    return this;
  }

  aligned(filling: '0' | '10'): this {
    if (filling === '10') this.#text += '1';
    this.#text = this.#text.padEnd(Math.ceil(this.#text.length / 8) * 8, '0');
    return this;
  }

  bytes(): Buffer {
    const { length } = this.#text;
    return Buffer.from(
      Array.from({ length: length / 8 }, (_, at) => Number.parseInt(this.#text.slice(at * 8, at * 8 + 8), 2)),
    );
  }
}

/** 176 by 144 pixels, baseline, pictures in the order of decoding. */
export const SEQUENCE_SET: Buffer = unit(
  SEQUENCE,
  new Bits()
    .fixed(66, 8)
    .fixed(0, 8)
    .fixed(10, 8)
    .number(0) // its id
    .number(0) // four bits of frame number
    .number(2) // order of output is order of decoding
    .number(0) // reference pictures
    .fixed(0, 1)
    .number(WIDTH_BLOCKS - 1)
    .number(HEIGHT_BLOCKS - 1)
    .fixed(1, 1) // whole frames
    .fixed(0, 3)
    .aligned('10')
    .bytes(),
);

export const PICTURE_SET: Buffer = unit(
  PICTURE,
  new Bits()
    .number(0) // its id
    .number(0) // its sequence
    .fixed(0, 2)
    .number(0) // one slice group
    .number(0)
    .number(0)
    .fixed(0, 3)
    .number(0)
    .number(0)
    .number(0)
    .fixed(0, 3)
    .aligned('10')
    .bytes(),
);

/** @param number of the picture: a bar moves with it */
export function keyPicture(number: number): Buffer {
  const parts: Buffer[] = [];
  for (let block = 0; block < WIDTH_BLOCKS * HEIGHT_BLOCKS; block++) {
    const bits = new Bits();
    if (block === 0) {
      bits
        .number(0) // first macroblock
        .number(7) // all intra
        .number(0) // picture set
        .fixed(0, 4) // frame number
        .number(number % 2) // differs from the key picture before
        .fixed(0, 2)
        .number(0); // quantiser as it is
    }
    // Samples as they are; every macroblock ends on a whole byte.
    parts.push(bits.number(25).aligned('0').bytes(), samples(block % WIDTH_BLOCKS === number % WIDTH_BLOCKS));
  }
  parts.push(Buffer.from([0x80]));
  return unit(KEY_SLICE, Buffer.concat(parts));
}

function samples(bright: boolean): Buffer {
  return Buffer.concat([Buffer.alloc(SAMPLES, bright ? 220 : 60), Buffer.alloc(CHROMA_SAMPLES * 2, 128)]);
}

/** A unit with its first byte; three bytes that would look like a start code are kept apart. */
function unit(head: number, content: Buffer): Buffer {
  const bytes = [head];
  let zeros = 0;
  for (const byte of content) {
    if (zeros >= 2 && byte <= 3) {
      bytes.push(3);
      zeros = 0;
    }
    bytes.push(byte);
    zeros = byte === 0 ? zeros + 1 : 0;
  }
  return Buffer.from(bytes);
}
