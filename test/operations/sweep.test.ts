import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { completeUpload, giveToPart, reserveUpload, resolveGivenFiles } from '../../src/domain/files.js';
import { sweepFiles } from '../../src/operations/storage/sweep.js';
import { part, partBuild, printJob } from '../../src/resources/index.js';
import { FileStore } from '../../src/storage/file-store.js';
import { createLogger } from '../../src/telemetry/log.js';
import { type TestDatabase, testDatabase } from '../fixtures/database.js';

const HOUR = 3_600_000;
const log = createLogger({ level: 'silent', pretty: false });

let now = Date.now();
const clock = { now: () => now };
let farm: TestDatabase;
let files: FileStore;

beforeAll(async () => {
  farm = await testDatabase({ clock });
  files = new FileStore({ root: join(farm.dataDir, 'files'), maxFileBytes: 1_000_000 });
  await files.start();
});
afterAll(() => farm.close());

/** @returns the upload's path */
async function upload(name: string, content: string): Promise<string> {
  const row = await farm.db.write(farm.context, (tx) => reserveUpload(tx, name, HOUR));
  const stored = await files.write(Readable.from([Buffer.from(content)]));
  await farm.db.write(farm.context, (tx) => completeUpload(tx, row.uri, stored));
  return row.uri;
}

async function newPart(path: string): Promise<{ id: string; uri: string }> {
  return farm.db.write(farm.context, async (tx) => {
    const row = await tx.insert(part, {
      storeId: farm.storeId,
      name: 'Part',
      type: 'stl',
      fileUris: ['x'],
      fileHashes: ['x'],
    });
    const [file] = await giveToPart(tx, row.id, await resolveGivenFiles(tx, [path], []));
    if (!file) throw new Error('The part has no file');
    await tx.update(part, row.id, { fileUris: [file.uri], fileHashes: [file.sha256] });
    return { id: row.id, uri: file.uri };
  });
}

async function newJob(partId: string, uri: string): Promise<string> {
  return farm.db.write(farm.context, async (tx) => {
    const common = { storeId: farm.storeId, partId, priority: 100 };
    const build = await tx.insert(partBuild, {
      ...common,
      partCopy: {},
      quantity: 1,
      status: 'queued',
      printStatus: 'pending',
      position: 'back',
    });
    const job = await tx.insert(printJob, {
      ...common,
      partBuildId: build.id,
      quantityIndex: 1,
      quantityTotal: 1,
      filesToPrint: [uri],
      partName: 'Part',
      label: 'Part',
      queueOrder: 0,
      status: 'pending',
    });
    return job.id;
  });
}

async function sweep(): Promise<void> {
  await sweepFiles({ database: farm.db, files, storeId: farm.storeId, clock, log, orphanMs: 24 * HOUR });
}

const blobs = () =>
  readdirSync(join(farm.dataDir, 'files', 'blobs'), { recursive: true }).filter((name) =>
    String(name).includes('/'),
  ).length;

const names = async () =>
  (await farm.db.read.selectFrom('storedFile').select('uri').execute()).map((row) => row.uri);

describe('the sweep', () => {
  it('takes what nobody needs any more, and nothing else', async () => {
    const unused = await upload('unused.stl', 'unused');
    const kept = await newPart(await upload('kept.stl', 'kept'));
    const queued = await newPart(await upload('queued.stl', 'queued'));
    const jobId = await newJob(queued.id, queued.uri);
    const gone = await newPart(await upload('gone.stl', 'gone'));
    const shared = await newPart(await upload('shared.stl', 'kept'));
    await farm.db.write(farm.context, async (tx) => {
      for (const one of [queued, gone, shared]) await tx.remove(part, one.id);
    });

    await sweep();
    expect(await names()).toEqual(expect.arrayContaining([unused, kept.uri, queued.uri]));
    expect(await names()).not.toContain(gone.uri);
    expect(blobs()).toBe(4);

    now += 25 * HOUR;
    await sweep();
    expect(await names()).toEqual(expect.arrayContaining([kept.uri, queued.uri]));
    expect(await names()).toHaveLength(2);
    expect(blobs()).toBe(2);

    await farm.db.write(farm.context, (tx) => tx.update(printJob, jobId, { status: 'completed' }));
    await sweep();
    expect(await names()).toEqual([kept.uri]);
    expect(blobs()).toBe(1);
  });

  it('takes the old file of a part that got another, once its jobs have ended', async () => {
    const made = await newPart(await upload('old.stl', 'old content'));
    const jobId = await newJob(made.id, made.uri);
    const fresh = await upload('new.stl', 'new content');
    const uri = await farm.db.write(farm.context, async (tx) => {
      const [file] = await giveToPart(tx, made.id, await resolveGivenFiles(tx, [fresh], [made.uri]));
      return file?.uri ?? '';
    });
    now += 25 * HOUR;
    await sweep();
    expect(await names()).toEqual(expect.arrayContaining([made.uri, uri]));
    await farm.db.write(farm.context, (tx) => tx.update(printJob, jobId, { status: 'cancelled' }));
    await sweep();
    expect(await names()).not.toContain(made.uri);
    expect(await names()).toContain(uri);
  });

  it('pain-42: leaves a job that has waited for years in the queue, and its file with it', async () => {
    const waiting = await newPart(await upload('waiting.stl', 'waiting'));
    const jobId = await newJob(waiting.id, waiting.uri);
    now += 5 * 365 * 24 * HOUR;
    await sweep();
    expect(await names()).toContain(waiting.uri);
    const job = await farm.db.write(farm.context, (tx) => tx.get(printJob, jobId));
    expect(job).toMatchObject({ status: 'pending', errorMessage: null });
  });
});
