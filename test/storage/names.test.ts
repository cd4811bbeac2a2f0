import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contentDisposition } from '../../src/storage/content-disposition.js';
import { decodeFileName, encodeFileName, fileNameOf } from '../../src/storage/file-name.js';
import { contentRange, parseRange } from '../../src/storage/range.js';
import { isSamePath, parseStoragePath, partFilePath, uploadPath } from '../../src/storage/storage-path.js';

const badName = expect.objectContaining({ name: 'StorageError', code: 'bad-name' });

describe('file names', () => {
  it.each([
    ['model.stl', 'model.stl'],
    ['a/b c.3mf', 'b c.3mf'],
    ['C:\\parts\\größe +1.3mf', 'größe +1.3mf'],
    ['/abs/x.stl', 'x.stl'],
    ['a\u0000b\r\n.stl', 'ab.stl'],
    ['evil\u202egnp.exe', 'evilgnp.exe'],
    ['half \ud800.stl', 'half \ufffd.stl'],
    ['a..b', 'a..b'],
    ['...', '...'],
  ])('takes %j as %j', (given, name) => {
    expect(fileNameOf(given)).toBe(name);
  });

  it.each(['', '/', 'a/', '..', '../x', 'a/../x', '..\\x', '.', ' ', '\n', '.\u200e.', 'x'.repeat(1025)])(
    'refuses %j',
    (given) => {
      expect(() => fileNameOf(given)).toThrow(badName);
    },
  );

  it('come back from their encoded form', () => {
    expect(encodeFileName('a b+ü.3mf')).toBe('a%20b%2B%C3%BC.3mf');
    expect(decodeFileName('100%.stl')).toBe('100%.stl');
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (name) => {
        expect(decodeFileName(encodeFileName(name))).toBe(name.replace(/\p{Surrogate}/gu, '\ufffd'));
        expect(encodeFileName(name)).toMatch(/^[\w.!~*'()%-]*$/);
      }),
    );
  });
});

describe('storage paths', () => {
  it('have the forms that clients know', () => {
    expect(uploadPath('s1', 'u1', 'a b.3mf')).toBe('uploads:s1/u1/a%20b.3mf');
    expect(partFilePath('s1', 'p1', 'a b.3mf')).toBe('s1/parts/p1/a%20b.3mf');
  });

  it('are read back, encoded or not', () => {
    const upload = { kind: 'upload', storeId: 's1', uploadId: 'u1', fileName: 'a b.3mf' };
    expect(parseStoragePath('uploads:s1/u1/a%20b.3mf')).toEqual(upload);
    expect(parseStoragePath('uploads:s1/u1/a b.3mf')).toEqual(upload);
    expect(parseStoragePath('s1/parts/p1/x.stl')).toEqual({
      kind: 'part',
      storeId: 's1',
      partId: 'p1',
      fileName: 'x.stl',
    });
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), (name) => {
        expect(parseStoragePath(uploadPath('s', 'u', name))).toMatchObject({ fileName: name });
        expect(parseStoragePath(partFilePath('s', 'p', name))).toMatchObject({ fileName: name });
      }),
    );
  });

  it.each([
    '',
    'x',
    'uploads:s1/u1/',
    'uploads:s1/u1/a/b',
    's1/parts/p1/a/b',
    's1/other/p1/a',
    '../parts/p1/a',
    'uploads:../u/a',
  ])('are not %j', (path) => {
    expect(parseStoragePath(path)).toBeNull();
  });

  it('mean the same file when a client has decoded the name', () => {
    const stored = partFilePath('s1', 'p1', '50% größer.3mf');
    expect(isSamePath(stored, stored)).toBe(true);
    expect(isSamePath(stored, 's1/parts/p1/50% größer.3mf')).toBe(true);
    expect(isSamePath(stored, 's1/parts/p1/50%25%20gr.3mf')).toBe(false);
    expect(isSamePath(stored, stored.replace('p1', 'p2'))).toBe(false);
  });
});

describe('ranges', () => {
  it.each([
    ['bytes=0-0', 10, { start: 0, end: 0 }],
    ['bytes=2-4', 10, { start: 2, end: 4 }],
    ['Bytes = 2 - 4', 10, { start: 2, end: 4 }],
    ['bytes=5-', 10, { start: 5, end: 9 }],
    ['bytes=5-99999999999999999999', 10, { start: 5, end: 9 }],
    ['bytes=-3', 10, { start: 7, end: 9 }],
    ['bytes=-30', 10, { start: 0, end: 9 }],
    ['bytes=10-', 10, 'unsatisfiable'],
    ['bytes=99999999999999999999-', 10, 'unsatisfiable'],
    ['bytes=-0', 10, 'unsatisfiable'],
    ['bytes=0-', 0, 'unsatisfiable'],
    [undefined, 10, null],
    ['', 10, null],
    ['bytes=', 10, null],
    ['bytes=-', 10, null],
    ['bytes=4-2', 10, null],
    ['bytes=0-1,3-4', 10, null],
    ['items=0-1', 10, null],
    ['bytes=a-b', 10, null],
    ['bytes=1.5-2', 10, null],
  ])('%j of %i', (header, total, expected) => {
    expect(parseRange(header, total)).toEqual(expected);
  });

  it('always lie inside', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.tuple(fc.nat(), fc.nat()).map(([a, b]) => `bytes=${a}-${b}`),
        ),
        fc.nat(),
        (header, total) => {
          const range = parseRange(header, total);
          if (range === null || range === 'unsatisfiable') return;
          expect(range.start).toBeGreaterThanOrEqual(0);
          expect(range.end).toBeGreaterThanOrEqual(range.start);
          expect(range.end).toBeLessThan(total);
        },
      ),
    );
  });

  it('are told to the client', () => {
    expect(contentRange({ start: 2, end: 4 }, 10)).toBe('bytes 2-4/10');
    expect(contentRange(null, 10)).toBe('bytes */10');
  });
});

describe('Content-Disposition', () => {
  it('carries the true name and a plain one', () => {
    expect(contentDisposition('attachment', 'größe "5%" (1).3mf')).toBe(
      `attachment; filename="gr__e _5__ (1).3mf"; filename*=UTF-8''gr%C3%B6%C3%9Fe%20%225%25%22%20%281%29.3mf`,
    );
  });

  it('never lets a name out of its quotes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (name) => {
        expect(contentDisposition('inline', name)).toMatch(
          /^inline; filename="[ !#$&-[\]-~]*"; filename\*=UTF-8''[\w.!~%-]*$/,
        );
      }),
    );
  });
});
