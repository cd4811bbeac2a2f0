import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineReader } from '../../src/telemetry/line-reader.js';

describe('lines of a stream', () => {
  it('are the same however the stream is cut', async () => {
    const line = fc.string({ unit: 'grapheme', maxLength: 20 }).map((text) => text.replaceAll('\n', ''));
    await fc.assert(
      fc.property(fc.array(line), fc.array(fc.nat({ max: 30 })), (lines, cuts) => {
        const bytes = Buffer.from(lines.map((one) => `${one}\n`).join(''));
        const reader = new LineReader(1000);
        const read: string[] = [];
        let rest = bytes;
        for (const cut of cuts) {
          read.push(...reader.push(rest.subarray(0, cut)));
          rest = rest.subarray(cut);
        }
        read.push(...reader.push(rest));
        expect(read).toEqual(lines);
      }),
    );
  });

  it('are bounded, also while they have no end', () => {
    expect(new LineReader(4).push(Buffer.from('1234\n'))).toEqual(['1234']);
    expect(() => new LineReader(4).push(Buffer.from('12345\n'))).toThrow(RangeError);
    const reader = new LineReader(4);
    reader.push(Buffer.from('123'));
    expect(() => reader.push(Buffer.from('45'))).toThrow('a line of more than 4 bytes');
  });
});
