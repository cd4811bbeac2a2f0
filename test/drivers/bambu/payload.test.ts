import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodePayload } from '../../../drivers/bambu/payload.js';

const read = (...parts: (string | number[])[]) =>
  decodePayload(
    Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from(part)))),
  );

describe('a payload', () => {
  it('is an object or nothing', () => {
    expect(read('{"print":{}}')).toEqual({ print: {} });
    for (const text of ['', '  ', 'null', '[]', '1', '"a"', '{"print":', "{'print': None}"])
      expect(read(text)).toBeNull();
  });

  it('fault-07: may end in NULs and blanks', () => {
    expect(read('{"a":1}', [0, 0, 10, 0])).toEqual({ a: 1 });
    expect(read([0, 0, 0])).toBeNull();
  });

  it('fault-06: may hold bytes that are no UTF-8', () => {
    expect(read('{"name":"', [0xff, 0xfe, 0xc3], '","n":1}')).toEqual({ name: '\ufffd\ufffd\ufffd', n: 1 });
  });

  it('is not read beyond a megabyte', () => {
    expect(read(`{"a":"${'x'.repeat(1024 * 1024)}"}`)).toBeNull();
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => void decodePayload(Buffer.from(bytes))),
    );
  });
});
