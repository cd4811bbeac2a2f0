import { truncate } from 'node:fs/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Archive } from '../../src/threemf/archive.js';
import { DEFAULT_ARCHIVE_LIMITS } from '../../src/threemf/archive-limits.js';
import { assertSafeEntryName } from '../../src/threemf/entry-name.js';
import { readEntry } from '../../src/threemf/read-entry.js';
import { type RawEntry, rawZip, scratchFolder } from './raw-zip.js';

const limits = DEFAULT_ARCHIVE_LIMITS;
let scratch: Awaited<ReturnType<typeof scratchFolder>>;
beforeAll(async () => {
  scratch = await scratchFolder();
});
afterAll(() => scratch.remove());

const code = (expected: string) => expect.objectContaining({ name: 'SlicedFileError', code: expected });

async function opened(entries: RawEntry[], options?: { claimedEntries?: number }): Promise<Archive> {
  return Archive.open(await scratch.save(rawZip(entries, options)), limits);
}

describe('reading', () => {
  it('gives entries whole, stored or deflated, with names in UTF-8', async () => {
    const archive = await opened([
      { name: 'a/größe.txt', content: 'deflated '.repeat(1000) },
      { name: 'b.png', content: Buffer.from([1, 2, 3]), stored: true },
    ]);
    expect((await archive.read('a/größe.txt')).toString()).toBe('deflated '.repeat(1000));
    expect(await archive.read('b.png')).toEqual(Buffer.from([1, 2, 3]));
    expect(archive.entries.get('b.png')?.bytes).toBe(3);
    archive.close();
  });

  it('gives the head of an entry without the rest', async () => {
    const archive = await opened([{ name: 'long', content: Buffer.alloc(500_000, 'x') }]);
    expect((await archive.head('long', 100)).toString()).toBe('x'.repeat(100));
    expect((await archive.head('long', 1_000_000)).length).toBe(500_000);
    archive.close();
  });

  it('names the entry that is not there', async () => {
    const path = await scratch.save(rawZip([{ name: 'a', content: 'a' }]));
    await expect(readEntry(path, 'Metadata/plate_1.png')).rejects.toThrow(/holds no Metadata\/plate_1\.png/);
    expect((await readEntry(path, 'a')).toString()).toBe('a');
  });

  it('stops when told to', async () => {
    const path = await scratch.save(rawZip([{ name: 'a', content: Buffer.alloc(900_000, 'ab') }]));
    const abort = new AbortController();
    const archive = await Archive.open(path, limits, abort.signal);
    const chunks = archive.chunks('a');
    await chunks.next();
    abort.abort(new Error('enough'));
    await expect(chunks.next()).rejects.toThrow('enough');
    archive.close();
    await expect(Archive.open(path, limits, abort.signal)).rejects.toThrow('enough');
  });
});

describe('files that are no archive', () => {
  it('says so', async () => {
    for (const bytes of [Buffer.alloc(0), Buffer.from('G1 X10'), Buffer.alloc(5000, 7)]) {
      await expect(Archive.open(await scratch.save(bytes), limits)).rejects.toEqual(code('not-a-zip'));
    }
  });

  it('tells an archive cut short at any byte from none at all', async () => {
    const whole = rawZip([
      { name: 'one', content: 'one '.repeat(100) },
      { name: 'two', content: 'two '.repeat(100) },
    ]);
    for (let length = 4; length < whole.length; length += 13) {
      const path = await scratch.save(whole.subarray(0, length));
      await expect(Archive.open(path, limits)).rejects.toEqual(code('truncated'));
    }
  });

  it('meets a directory that points nowhere', async () => {
    const whole = rawZip([{ name: 'one', content: 'one' }]);
    whole.writeUInt32LE(whole.length + 100, whole.length - 6);
    await expect(Archive.open(await scratch.save(whole), limits)).rejects.toEqual(code('truncated'));
    await expect(opened([{ name: 'one', content: 'one' }], { claimedEntries: 3 })).rejects.toEqual(
      code('truncated'),
    );
  });

  it('never ends otherwise than in an archive or a typed error, whatever bytes are flipped', async () => {
    const whole = rawZip([
      { name: 'Metadata/a', content: 'abc '.repeat(50) },
      { name: 'b', content: 'b', stored: true },
    ]);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 }),
        async (flips) => {
          const bytes = Buffer.from(whole);
          for (const [at, value] of flips) bytes[at] = value;
          const path = await scratch.save(bytes);
          try {
            const archive = await Archive.open(path, limits);
            try {
              for (const name of archive.entries.keys()) await archive.read(name);
            } finally {
              archive.close();
            }
          } catch (error) {
            expect(error).toMatchObject({ name: 'SlicedFileError' });
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('what an archive may not hold', () => {
  it('refuses encrypted entries', async () => {
    await expect(opened([{ name: 'a', content: 'a', flags: 0x801 }])).rejects.toEqual(code('encrypted'));
    await expect(opened([{ name: 'a', content: 'a', flags: 0x841 }])).rejects.toEqual(code('encrypted'));
  });

  it.each(['../up', 'a/../../up', '/etc/passwd', 'C:/x', 'a\\b', 'a\0b', './a', ''])(
    'refuses the name %j',
    async (name) => {
      await expect(opened([{ name, content: 'x' }])).rejects.toEqual(code('unsafe-path'));
    },
  );

  it('accepts names that only look odd', () => {
    for (const name of ['a..b', '...', 'a b/c', '[Content_Types].xml', 'x/.rels']) {
      expect(() => assertSafeEntryName(name)).not.toThrow();
    }
  });

  it('refuses one name twice: readers would disagree on which counts', async () => {
    const twice = [
      { name: 'Metadata/plate_1.gcode', content: 'G28' },
      { name: 'Metadata/plate_1.gcode', content: 'G29' },
    ];
    await expect(opened(twice)).rejects.toEqual(code('malformed'));
  });

  it('refuses a compression no slicer uses, when the entry is read', async () => {
    const archive = await opened([{ name: 'a', content: 'a', method: 14 }]);
    await expect(archive.read('a')).rejects.toEqual(code('malformed'));
    archive.close();
  });
});

describe('bombs', () => {
  it('refuses too many entries before reading them', async () => {
    await expect(opened([{ name: 'a', content: 'a' }], { claimedEntries: 5000 })).rejects.toEqual(
      code('too-large'),
    );
  });

  it('refuses a declared size above the total', async () => {
    const entries = ['a', 'b', 'c'].map((name) => ({ name, content: name, claimedBytes: 700_000 }));
    const path = await scratch.save(rawZip(entries));
    await expect(Archive.open(path, { ...limits, totalBytes: 2_000_000 })).rejects.toEqual(code('too-large'));
  });

  it('refuses a ratio that no real file reaches', async () => {
    await expect(opened([{ name: 'zeros', content: Buffer.alloc(4_000_000) }])).rejects.toEqual(
      code('too-large'),
    );
    const harmless = await opened([{ name: 'zeros', content: Buffer.alloc(900_000) }]);
    harmless.close();
  });

  it('refuses an entry that inflates to more than it declares', async () => {
    const archive = await opened([{ name: 'liar', content: Buffer.alloc(900_000), claimedBytes: 10_000 }]);
    await expect(archive.read('liar')).rejects.toEqual(code('too-large'));
    archive.close();
  });

  it('refuses to hold a large entry in memory', async () => {
    const path = await scratch.save(rawZip([{ name: 'a', content: Buffer.alloc(2000, 'x') }]));
    const archive = await Archive.open(path, { ...limits, entryBytes: 1999 });
    await expect(archive.read('a')).rejects.toEqual(code('too-large'));
    archive.close();
  });
});

describe('damage inside', () => {
  it('notices a wrong checksum and a missing end', async () => {
    const archive = await opened([
      { name: 'crc', content: 'abc', claimedCrc: 1 },
      { name: 'short', content: 'abc', claimedBytes: 4 },
    ]);
    await expect(archive.read('crc')).rejects.toEqual(code('malformed'));
    await expect(archive.read('short')).rejects.toEqual(code('truncated'));
    archive.close();
  });

  it('notices a file that shrinks while it is open', async () => {
    const path = await scratch.save(
      rawZip([{ name: 'a', content: Buffer.alloc(500_000, 'abc'), stored: true }]),
    );
    const archive = await Archive.open(path, limits);
    await truncate(path, 1000);
    await expect(archive.read('a')).rejects.toEqual(code('truncated'));
    archive.close();
  });
});
