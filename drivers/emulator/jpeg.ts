/**
 * A small baseline JPEG: grey blocks of eight by eight pixels, each of one shade, and a comment. No two numbers give
 * the same picture.
 */

const WIDTH_BLOCKS = 20;
const HEIGHT_BLOCKS = 12;
/** Shades are coded in steps of this. */
const DC_STEP = 8;

/** @param number of the picture: a bar moves with it. @param comment text that the file carries */
export function greyJpeg(number: number, comment: string): Buffer {
  return Buffer.concat([
    Buffer.from([0xff, 0xd8]),
    segment(0xfe, Buffer.from(comment, 'utf8')),
    segment(0xdb, Buffer.from([0, ...Array.from({ length: 64 }, () => DC_STEP)])),
    segment(0xc0, frameHeader()),
    segment(
      0xc4,
      Buffer.from([0x00, ...codesOfLength(4, 12), ...Array.from({ length: 12 }, (_, size) => size)]),
    ),
    segment(0xc4, Buffer.from([0x10, ...codesOfLength(1, 1), 0x00])),
    segment(0xda, Buffer.from([1, 1, 0x00, 0, 63, 0])),
    scan(number),
    Buffer.from([0xff, 0xd9]),
  ]);
}

function segment(marker: number, content: Buffer): Buffer {
  const head = Buffer.from([0xff, marker, 0, 0]);
  head.writeUInt16BE(content.length + 2, 2);
  return Buffer.concat([head, content]);
}

function frameHeader(): Buffer {
  const head = Buffer.from([8, 0, 0, 0, 0, 1, 1, 0x11, 0]);
  head.writeUInt16BE(HEIGHT_BLOCKS * 8, 1);
  head.writeUInt16BE(WIDTH_BLOCKS * 8, 3);
  return head;
}

/** The sixteen counts of a Huffman table that has codes of one length only. */
function codesOfLength(length: number, count: number): number[] {
  return Array.from({ length: 16 }, (_, at) => (at === length - 1 ? count : 0));
}

/** Differences of the shades, four bits for their size and then the bits themselves, and one bit that ends a block. */
function scan(number: number): Buffer {
  let bits = '';
  let before = 0;
  for (let block = 0; block < WIDTH_BLOCKS * HEIGHT_BLOCKS; block++) {
    const column = block % WIDTH_BLOCKS;
    const row = Math.floor(block / WIDTH_BLOCKS);
    const isBar = column === number % WIDTH_BLOCKS;
    const isDigit = row === 0 && ((number >>> column) & 1) === 1;
    const level = isBar || isDigit ? 100 : -60 + row * 4;
    const difference = level - before;
    before = level;
    const size = difference === 0 ? 0 : Math.floor(Math.log2(Math.abs(difference))) + 1;
    const value = difference < 0 ? difference + 2 ** size - 1 : difference;
    bits += size.toString(2).padStart(4, '0');
    if (size > 0) bits += value.toString(2).padStart(size, '0');
    bits += '0';
  }
  const bytes: number[] = [];
  for (let at = 0; at < bits.length; at += 8) {
    const byte = Number.parseInt(bits.slice(at, at + 8).padEnd(8, '1'), 2);
    bytes.push(byte);
    if (byte === 0xff) bytes.push(0);
  }
  return Buffer.from(bytes);
}
