import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, open, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FileStore } from '../../src/storage/file-store.js';
import { writeStream } from '../../src/storage/write-stream.js';

const MB = 1024 * 1024;
let folder: string;
let store: FileStore;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'printfarmd-storage-'));
  store = new FileStore({ root: join(folder, 'files'), maxFileBytes: 8 * MB });
  await store.start();
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const code = (expected: string) => expect.objectContaining({ name: 'StorageError', code: expected });
const sha256 = (content: string | Buffer) => createHash('sha256').update(content).digest('hex');
const leftovers = () => readdir(join(folder, 'files', 'tmp'));

/** Pretends that a file was stored earlier. */
async function age(hash: string, at: number): Promise<void> {
  await utimes(store.path(hash), new Date(at), new Date(at));
}

describe('writing', () => {
  it('keeps a stream under its hash, for the owner alone', async () => {
    const content = Buffer.alloc(3 * MB, 'printfarm ');
    const stored = await store.write(Readable.from([content.subarray(0, 10), content.subarray(10)]));
    expect(stored).toEqual({ sha256: sha256(content), bytes: content.length });
    expect(store.path(stored.sha256)).toBe(
      join(folder, 'files', 'blobs', stored.sha256.slice(0, 2), stored.sha256.slice(2)),
    );
    expect(content.equals(await readFile(store.path(stored.sha256)))).toBe(true);
    expect((await stat(store.path(stored.sha256))).mode & 0o777).toBe(0o600);
    for (const part of ['', 'blobs', 'tmp', join('blobs', stored.sha256.slice(0, 2))]) {
      expect((await stat(join(folder, 'files', part))).mode & 0o777).toBe(0o700);
    }
    expect(await store.has(stored.sha256)).toBe(true);
    expect(await leftovers()).toEqual([]);
  });

  it('keeps an empty file', async () => {
    const stored = await store.write(Readable.from([]), { expectedBytes: 0 });
    expect(stored).toEqual({ sha256: sha256(''), bytes: 0 });
    expect(await buffer((await store.open(stored.sha256)).stream)).toHaveLength(0);
  });

  it('keeps equal contents once and makes them young again', async () => {
    const first = await store.write(Readable.from(['same']));
    await age(first.sha256, 1000);
    const inode = (await stat(store.path(first.sha256))).ino;
    expect(await store.write(Readable.from(['sa', 'me']))).toEqual(first);
    const again = await stat(store.path(first.sha256));
    expect(again.ino).toBe(inode);
    expect(again.mtimeMs).toBeGreaterThan(1000);
    expect(await leftovers()).toEqual([]);
  });

  it('replaces a blob that was cut short on disk', async () => {
    const stored = await store.write(Readable.from(['whole']));
    await writeFile(store.path(stored.sha256), 'who');
    await store.write(Readable.from(['whole']));
    expect((await readFile(store.path(stored.sha256))).toString()).toBe('whole');
  });

  it('stores many at once without mixing them up', async () => {
    const texts = Array.from({ length: 40 }, (_, i) => `file ${i % 20} `.repeat(1000));
    const stored = await Promise.all(texts.map((text) => store.write(Readable.from([text]))));
    expect(stored.map((file) => file.sha256)).toEqual(texts.map((text) => sha256(text)));
    expect(await leftovers()).toEqual([]);
  });
});

describe('what is refused leaves nothing', () => {
  afterEach(async () => {
    expect(await leftovers()).toEqual([]);
    expect(await readdir(join(folder, 'files', 'blobs'))).toEqual([]);
  });

  it('a stream above the limit, which is left usable', async () => {
    const source = new PassThrough();
    source.write(Buffer.alloc(2000));
    await expect(store.write(source, { maxBytes: 1999 })).rejects.toEqual(code('too-large'));
    expect(source.destroyed).toBe(false);
    source.destroy();
  });

  it('an announced size above the limit, before reading a byte', async () => {
    const source = new PassThrough();
    source.write('abc');
    await expect(store.write(source, { expectedBytes: 9 * MB })).rejects.toEqual(code('too-large'));
    expect(source.readableLength).toBe(3);
    source.destroy();
  });

  it('a limit of the caller above the own', async () => {
    const source = Readable.from([Buffer.alloc(8 * MB), Buffer.alloc(1)]);
    await expect(store.write(source, { maxBytes: 100 * MB })).rejects.toEqual(code('too-large'));
  });

  it('another number of bytes than announced', async () => {
    await expect(store.write(Readable.from(['abc']), { expectedBytes: 4 })).rejects.toEqual(
      code('incomplete'),
    );
    await expect(store.write(Readable.from(['abcde']), { expectedBytes: 4 })).rejects.toEqual(
      code('incomplete'),
    );
  });

  it('a connection that breaks', async () => {
    const cut = new PassThrough();
    cut.write('abc');
    const written = store.write(cut);
    cut.destroy();
    await expect(written).rejects.toEqual(code('incomplete'));
    const failing = Readable.from(
      (async function* () {
        yield 'abc';
        throw new Error('the source broke');
      })(),
    );
    await expect(store.write(failing)).rejects.toThrow('the source broke');
  });

  it('what is not wanted any more', async () => {
    const abort = new AbortController();
    const source = new PassThrough();
    source.write('abc');
    const written = store.write(source, { signal: abort.signal });
    abort.abort(new Error('not wanted'));
    await expect(written).rejects.toThrow('not wanted');
    await expect(store.write(Readable.from(['a']), { signal: abort.signal })).rejects.toThrow('not wanted');
  });
});

describe('a full disk', () => {
  it('is named', async () => {
    const full = await open('/dev/full', 'w');
    const limits = { maxBytes: MB, expectedBytes: undefined, signal: undefined };
    await expect(writeStream(Readable.from(['abc']), full, limits)).rejects.toEqual(code('no-space'));
    await full.close();
  });
});

describe('starting', () => {
  it('removes what an earlier run left half-written and keeps what it finished', async () => {
    const stored = await store.write(Readable.from(['kept']));
    await writeFile(join(folder, 'files', 'tmp', 'half'), 'ha');
    await store.start();
    expect(await leftovers()).toEqual([]);
    expect(await store.has(stored.sha256)).toBe(true);
  });

  it('does not hide that it cannot make its folders', async () => {
    await writeFile(join(folder, 'occupied'), '');
    const store = new FileStore({ root: join(folder, 'occupied', 'x'), maxFileBytes: 1 });
    await expect(store.start()).rejects.toThrow(/ENOTDIR/);
  });
});

describe('reading', () => {
  it('gives the whole file or a part', async () => {
    const { sha256: hash } = await store.write(Readable.from(['0123456789']));
    const whole = await store.open(hash);
    expect([whole.bytes, whole.totalBytes, (await buffer(whole.stream)).toString()]).toEqual([
      10,
      10,
      '0123456789',
    ]);
    const part = await store.open(hash, { start: 2, end: 4 });
    expect([part.bytes, part.totalBytes, (await buffer(part.stream)).toString()]).toEqual([3, 10, '234']);
    await expect(store.open(hash, { start: 2, end: 10 })).rejects.toEqual(code('bad-range'));
    await expect(store.open(hash, { start: 4, end: 3 })).rejects.toEqual(code('bad-range'));
  });

  it('says when a file is not there', async () => {
    await expect(store.open(sha256('nothing'))).rejects.toEqual(code('not-found'));
    expect(await store.has(sha256('nothing'))).toBe(false);
    await expect(store.remove(sha256('nothing'))).resolves.toBeUndefined();
  });

  it.each([
    '',
    '../../etc/passwd',
    'A'.repeat(64),
    '0'.repeat(63),
    `${'0'.repeat(64)}\n`,
    `../${'0'.repeat(61)}`,
  ])('makes no path of %j', async (hash) => {
    expect(() => store.path(hash)).toThrow(code('bad-hash'));
    await expect(store.has(hash)).rejects.toEqual(code('bad-hash'));
    await expect(store.open(hash)).rejects.toEqual(code('bad-hash'));
    await expect(store.remove(hash)).rejects.toEqual(code('bad-hash'));
  });
});

describe('clean-up', () => {
  const now = 1_800_000_000_000;

  it('removes old files that nothing refers to, and no others', async () => {
    const names = ['referred', 'old', 'young'];
    const [referred = '', old = '', young = ''] = await Promise.all(
      names.map(async (name) => (await store.write(Readable.from([name]))).sha256),
    );
    await age(referred, now - 100_000);
    await age(old, now - 50_000);
    await age(young, now - 49_999);
    await writeFile(join(folder, 'files', 'blobs', 'README'), 'not ours');
    await mkdir(join(folder, 'files', 'blobs', 'zz'));
    await writeFile(join(folder, 'files', 'blobs', 'zz', 'note'), 'not ours');
    const asked: string[] = [];
    const removed = await store.removeUnreferenced(
      async (hashes) => {
        asked.push(...hashes);
        return new Set([referred]);
      },
      50_000,
      now,
    );
    expect(removed).toBe(1);
    expect(asked.toSorted()).toEqual([referred, old].toSorted());
    expect([await store.has(referred), await store.has(old), await store.has(young)]).toEqual([
      true,
      false,
      true,
    ]);
    expect(await readFile(join(folder, 'files', 'blobs', 'zz', 'note'), 'utf8')).toBe('not ours');
  });

  it('asks in batches', async () => {
    for (let i = 0; i < 520; i++) {
      const hash = sha256(`blob ${i}`);
      await mkdir(join(folder, 'files', 'blobs', hash.slice(0, 2)), { recursive: true });
      await writeFile(store.path(hash), '');
    }
    const sizes: number[] = [];
    const removed = await store.removeUnreferenced(
      async (hashes) => {
        sizes.push(hashes.length);
        return new Set();
      },
      0,
      Date.now() + 60_000,
    );
    expect([sizes, removed]).toEqual([[500, 20], 520]);
  });

  it('keeps a file that is stored anew while it asks', async () => {
    const { sha256: hash } = await store.write(Readable.from(['again']));
    await age(hash, now - 100_000);
    const later = Date.now();
    await age(hash, later - 100_000);
    const removed = await store.removeUnreferenced(
      async () => {
        await store.write(Readable.from(['again']));
        return new Set();
      },
      50_000,
      later,
    );
    expect(removed).toBe(0);
    expect(await store.has(hash)).toBe(true);
  });
});
