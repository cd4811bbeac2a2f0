import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cameraGreeting, JpegFrames, LARGEST_FRAME_BYTES } from '../../../drivers/bambu/camera-jpeg.js';
import { greyJpeg } from '../../../drivers/emulator/jpeg.js';

function framed(jpeg: Buffer, size = jpeg.length): Buffer {
  const header = Buffer.alloc(16);
  header.writeUInt32LE(size, 0);
  header.writeUInt32LE(1, 8);
  return Buffer.concat([header, jpeg]);
}

/** The stream in pieces that end at these places. */
function pieces(stream: Buffer, cuts: readonly number[]): Buffer[] {
  const ends = [...new Set(cuts.map((cut) => cut % stream.length))].sort((a, b) => a - b);
  return [...ends, stream.length].map((end, at) => stream.subarray(ends[at - 1] ?? 0, end));
}

describe('the greeting of a camera', () => {
  it('is 80 bytes: four words, name and code', () => {
    const greeting = cameraGreeting('12345678');
    expect(greeting).toHaveLength(80);
    expect([0, 4, 8, 12].map((at) => greeting.readUInt32LE(at))).toEqual([0x40, 0x3000, 0, 0]);
    expect(greeting.subarray(16, 48)).toEqual(Buffer.concat([Buffer.from('bblp'), Buffer.alloc(28)]));
    expect(greeting.subarray(48)).toEqual(Buffer.concat([Buffer.from('12345678'), Buffer.alloc(24)]));
  });

  it('has no room for a code of more than 32 bytes, and says so without it', () => {
    expect(() => cameraGreeting('x'.repeat(33))).toThrow(/^(?!.*xxx).*longer than any camera takes/);
  });
});

describe('pictures out of a stream', () => {
  const jpegs = [1, 2, 3].map((number) => greyJpeg(number, `picture ${number}`));
  const stream = Buffer.concat(jpegs.map((jpeg) => framed(jpeg)));

  it('are the same however the network cuts it', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(stream.length - 1), { maxLength: 40 }), (cuts) => {
        const frames = new JpegFrames();
        expect(pieces(stream, cuts).flatMap((piece) => frames.push(piece))).toEqual(jpegs);
      }),
    );
  });

  it.each([
    ['without its first mark', Buffer.concat([Buffer.alloc(2), Buffer.alloc(60), Buffer.from([0xff, 0xd9])])],
    ['without its last mark', Buffer.concat([Buffer.from([0xff, 0xd8]), Buffer.alloc(60)])],
  ])('are not taken %s', (_case, payload) => {
    expect(() => new JpegFrames().push(framed(payload))).toThrow('no whole JPEG picture');
  });

  it.each([0, 3, LARGEST_FRAME_BYTES + 1, 0xffff_ffff])(
    'of %d bytes are refused before they come',
    (size) => {
      expect(() => new JpegFrames().push(framed(Buffer.alloc(0), size))).toThrow(
        `a picture of ${size} bytes`,
      );
    },
  );
});
