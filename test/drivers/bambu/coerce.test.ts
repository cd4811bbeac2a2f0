import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  hasBit,
  readBoolean,
  readHexBits,
  readInteger,
  readNumber,
  readObjects,
  readPath,
  readText,
  readUint32,
} from '../../../drivers/bambu/coerce.js';

describe('tolerant reading', () => {
  it('never throws', () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        readNumber(value);
        readInteger(value);
        readUint32(value);
        readText(value);
        readBoolean(value);
        readHexBits(value);
        readObjects(value);
      }),
    );
  });

  it('reads any finite number from itself and from its text', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (number) => {
        expect(readNumber(number)).toBe(number);
        expect(readNumber(String(number))).toBeCloseTo(number);
      }),
    );
  });

  it('reads unsigned numbers from signed ones', () => {
    expect(readUint32(-1067070064)).toBe(0xc065cd90);
    expect(readUint32('-1')).toBe(0xffffffff);
    expect(readUint32(2 ** 32)).toBeNull();
    expect(readUint32('ten')).toBeNull();
  });

  it('reads hex flags beyond what a number can hold', () => {
    expect(readHexBits('7FFFFFFFFFFFFFFF')).toBe(0x7fffffffffffffffn);
    expect(readHexBits('0x10')).toBe(16n);
    expect(readHexBits(16)).toBe(16n);
    expect(readHexBits('')).toBeNull();
    expect(readHexBits('xyz')).toBeNull();
    expect(readHexBits(-1)).toBeNull();
    expect(hasBit(0x8000000000000000n, 63)).toBe(true);
  });

  it('reads flags of any kind', () => {
    expect([true, 1, '1', 'true'].map(readBoolean)).toEqual([true, true, true, true]);
    expect([false, 0, '0', 'false'].map(readBoolean)).toEqual([false, false, false, false]);
    expect([null, 2, 'yes', {}].map(readBoolean)).toEqual([null, null, null, null]);
  });

  it('follows a path as far as it goes', () => {
    expect(readPath({ a: { b: 1 } }, 'a', 'b')).toBe(1);
    expect(readPath({ a: 1 }, 'a', 'b')).toBeUndefined();
    expect(readPath({}, 'a', 'b')).toBeUndefined();
  });
});
