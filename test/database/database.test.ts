import { readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MIGRATIONS } from '../../migrations/index.js';
import type { CommittedWrite } from '../../src/database/change.js';
import { Database } from '../../src/database/database.js';
import type { Migration } from '../../src/database/migrate.js';
import { decodeRow } from '../../src/database/rows.js';
import { dispatch, folder, partBuild, printer, printJob } from '../../src/resources/index.js';
import { aPrinter as aRegisteredPrinter } from '../domain/rows.js';
import { type TestDatabase, testDatabase } from '../fixtures/database.js';

let farm: TestDatabase;

beforeEach(async () => {
  farm = await testDatabase();
});
afterEach(() => farm.close());

function open(
  migrations: readonly Migration[] = MIGRATIONS,
  create = false,
  onRead: (tookMs: number) => void = () => undefined,
) {
  return Database.open({
    dataDir: farm.dataDir,
    migrations,
    clock: { now: () => Date.UTC(2026, 0, 2) },
    create,
    onListenerError: () => undefined,
    onRead,
  });
}

const aPrinter = (name: string, deviceId: string) => ({
  storeId: farm.storeId,
  name,
  provider: 'Bambu' as const,
  deviceId,
});

describe('reading', () => {
  it('is told with the time it took, within transactions too; writing is not', async () => {
    await farm.db.write(farm.context, (tx) => tx.insert(printer, aPrinter('One', 'S1')));
    await farm.db.close();
    const told: number[] = [];
    const db = await open(MIGRATIONS, false, (tookMs) => told.push(tookMs));
    try {
      const count = async (work: () => Promise<unknown>) => {
        told.length = 0;
        await work();
        return told.length;
      };
      const find = () => db.read.selectFrom('printer').select('name').execute();
      expect(await count(find)).toBe(1);
      expect(await find()).toEqual([{ name: 'One' }]);
      expect(
        await count(() => db.write(farm.context, (tx) => tx.insert(printer, aPrinter('Two', 'S2')))),
      ).toBe(0);
      expect(await count(() => db.write(farm.context, (tx) => tx.find(printer, 'a'.repeat(24))))).toBe(1);
      expect(told.every((tookMs) => tookMs >= 0)).toBe(true);
    } finally {
      await db.close();
    }
  });
});

describe('a look at the file', () => {
  it('finds a disk that cannot be written any more once something was to be, and that it is over', async () => {
    const make = (name: string) =>
      farm.db.write(farm.context, (tx) => tx.insert(printer, aPrinter(name, name)));
    expect(farm.db.probe()).toBe('ok');
    await sql`pragma query_only = on`.execute(farm.db.read);
    expect(farm.db.probe()).toBe('ok');
    await expect(make('One')).rejects.toMatchObject({ code: 'SQLITE_READONLY' });
    expect(farm.db.probe()).toBe('unwritable');
    await sql`pragma query_only = off`.execute(farm.db.read);
    expect(farm.db.probe()).toBe('ok');
    await make('Two');
    // What a rule of the database refuses says nothing of the disk.
    await expect(make('Two')).rejects.toThrow();
    expect(farm.db.probe()).toBe('ok');
  });

  it('says that there is none of a database that is closed', async () => {
    const db = await open();
    await db.close();
    expect(db.probe()).toBe('unreadable');
  });
});

describe('writing', () => {
  it('gives an insert its defaults and reads the same back', async () => {
    const made = await farm.db.write(farm.context, (tx) => tx.insert(printer, aPrinter('One', 'S1')));
    expect(made).toMatchObject({ enabled: true, confirmedReady: false, tags: [], nozzleDiameter: '0.4' });
    expect(made.createdAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    const raw = await farm.db.read.selectFrom('printer').selectAll().executeTakeFirstOrThrow();
    expect(decodeRow(printer, raw)).toEqual(made);
  });

  it('tells the feed what was committed, in commit order, with old and new', async () => {
    const heard: CommittedWrite[] = [];
    farm.db.feed.on((write) => heard.push(write));
    const made = await farm.db.write(farm.context, (tx) => tx.insert(printer, aPrinter('One', 'S1')));
    await farm.db.write(farm.context, (tx) => tx.update(printer, made.id, { name: 'Two', tags: [] }));
    await farm.db.write(farm.context, (tx) => tx.remove(printer, made.id));
    expect(heard.map((write) => write.changes.map((change) => change.action))).toEqual([
      ['INSERT'],
      ['UPDATE'],
      ['DELETE'],
    ]);
    expect(heard[1]?.changes[0]).toMatchObject({
      fields: ['name'],
      before: { name: 'One' },
      after: { name: 'Two' },
    });
    expect(heard.map((write) => write.sequence)).toEqual([...heard.map((write) => write.sequence)].sort());
  });

  it('writes nothing and says nothing when nothing differs', async () => {
    const made = await farm.db.write(farm.context, (tx) => tx.insert(printer, aPrinter('One', 'S1')));
    const heard: CommittedWrite[] = [];
    farm.db.feed.on((write) => heard.push(write));
    const same = await farm.db.write(farm.context, (tx) =>
      tx.update(printer, made.id, { name: 'One', tags: [] }),
    );
    expect(same.updatedAt).toBe(made.updatedAt);
    expect(heard).toEqual([]);
  });

  it('undoes everything and tells nobody when the body fails', async () => {
    const heard: CommittedWrite[] = [];
    farm.db.feed.on((write) => heard.push(write));
    const failing = farm.db.write(farm.context, async (tx) => {
      await tx.insert(printer, aPrinter('One', 'S1'));
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(heard).toEqual([]);
    expect(await farm.db.read.selectFrom('printer').selectAll().execute()).toEqual([]);
  });

  it('lets a recorder add rows to the same transaction, and undoes both when it fails', async () => {
    const seen: number[] = [];
    const other = await testDatabase({
      recorders: [
        async (tx) => {
          seen.push(tx.changes.length);
          if (seen.length > 1) throw new Error('recorder failed');
        },
      ],
    });
    try {
      const failing = other.db.write(other.context, (tx) =>
        tx.insert(printer, { ...aPrinter('One', 'S1'), storeId: other.storeId }),
      );
      await expect(failing).rejects.toThrow('recorder failed');
      expect(await other.db.read.selectFrom('printer').selectAll().execute()).toEqual([]);
    } finally {
      await other.close();
    }
  });

  it('pain-37: refuses a transaction that waits for anything but its own queries', async () => {
    const failing = farm.db.write(farm.context, async (tx) => {
      await tx.insert(printer, aPrinter('One', 'S1'));
      await new Promise((resolve) => setImmediate(resolve));
      await new Promise((resolve) => setImmediate(resolve));
    });
    await expect(failing).rejects.toThrow('waited for something other');
    expect(await farm.db.read.selectFrom('printer').selectAll().execute()).toEqual([]);
  });

  it('never shows a row of another store', async () => {
    const made = await farm.db.write(farm.context, (tx) => tx.insert(printer, aPrinter('One', 'S1')));
    const elsewhere = { ...farm.context, storeId: 'b'.repeat(24) };
    expect(await farm.db.write(elsewhere, (tx) => tx.find(printer, made.id))).toBeNull();
    await expect(
      farm.db.write(elsewhere, (tx) => tx.update(printer, made.id, { name: 'Mine' })),
    ).rejects.toMatchObject({ code: 'not_found' });
  });

  it('pain-37: runs concurrent writes one after another', async () => {
    const names = Array.from({ length: 20 }, (_, index) => `P${index}`);
    await Promise.all(
      names.map((name) => farm.db.write(farm.context, (tx) => tx.insert(printer, aPrinter(name, name)))),
    );
    expect(await farm.db.read.selectFrom('printer').selectAll().execute()).toHaveLength(20);
  });
});

describe('pain-10: one job assigned twice', () => {
  async function journalRow(printerId: string, printJobId: string, token: number) {
    return farm.db.write(farm.context, (tx) =>
      tx.insert(dispatch, {
        storeId: farm.storeId,
        printJobId,
        printerId,
        phase: 'reserved',
        token,
        name: `job-${token}`,
        remoteName: `job-${token}.gcode.3mf`,
        plate: 1,
        sha256: 'a'.repeat(64),
        bytes: 1,
        filaments: [],
        slotSnapshot: '',
      }),
    );
  }

  async function aJob(): Promise<string> {
    return farm.db.write(farm.context, async (tx) => {
      const build = await tx.insert(partBuild, {
        storeId: farm.storeId,
        partCopy: {},
        quantity: 1,
        status: 'queued',
        printStatus: 'pending',
        priority: 100,
        position: 'back',
      });
      const job = await tx.insert(printJob, {
        storeId: farm.storeId,
        partBuildId: build.id,
        quantityIndex: 1,
        quantityTotal: 1,
        filesToPrint: ['x'],
        partName: 'Part',
        label: 'Part',
        queueOrder: 1024,
        priority: 100,
        status: 'pending',
      });
      return job.id;
    });
  }

  it('is forbidden by the database for a printer and for a job, until the first has ended', async () => {
    const [one, two] = [await aJob(), await aJob()];
    const first = await journalRow('p'.repeat(24), one, 1);
    await expect(journalRow('p'.repeat(24), two, 2)).rejects.toThrow(/UNIQUE/);
    await expect(journalRow('q'.repeat(24), one, 3)).rejects.toThrow(/UNIQUE/);
    await farm.db.write(farm.context, (tx) =>
      tx.update(dispatch, first.id, {
        phase: 'ended',
        endedAt: '2026-01-01T00:00:00.000Z',
        outcome: 'completed',
      }),
    );
    await journalRow('p'.repeat(24), one, 4);
  });
});

describe('opening', () => {
  const file = () => join(farm.dataDir, 'printfarmd.db');

  it('keeps the file to its owner and survives what was acknowledged', async () => {
    expect(statSync(file()).mode & 0o777).toBe(0o600);
    const pragmas = await sql<{ synchronous: number }>`pragma synchronous`.execute(farm.db.read);
    expect(pragmas.rows[0]?.synchronous).toBe(2);
    const mode = await sql<{ journal_mode: string }>`pragma journal_mode`.execute(farm.db.read);
    expect(mode.rows[0]?.journal_mode).toBe('wal');
  });

  it('sees within a transaction what it has written itself, and what the database did with it', async () => {
    await farm.db.write(farm.context, async (tx) => {
      const { id } = await tx.insert(printer, aPrinter('Before', 'S1'));
      expect((await tx.find(printer, id))?.name).toBe('Before');
      await tx.update(printer, id, { name: 'After' });
      expect((await tx.find(printer, id))?.name).toBe('After');
      await tx.update(printer, id, { name: 'After' });
      const stored = await tx.db
        .selectFrom('printer')
        .selectAll()
        .where('id', '=', id)
        .executeTakeFirstOrThrow();
      expect(await tx.find(printer, id)).toEqual(decodeRow(printer, stored));
      const inFolder = await tx.insert(folder, { storeId: farm.storeId, type: 'part', name: 'Top' });
      const inner = await tx.insert(folder, {
        storeId: farm.storeId,
        type: 'part',
        name: 'Inner',
        parentId: inFolder.id,
      });
      expect(await tx.find(folder, inner.id)).not.toBeNull();
      await tx.remove(folder, inFolder.id);
      expect(await tx.find(folder, inner.id)).toBeNull();
    });
  });

  it('refuses a missing, an empty and a damaged file, and leaves them as they are (pain-38)', async () => {
    await farm.db.close();
    truncateSync(file(), 0);
    await expect(open()).rejects.toMatchObject({ code: 'damaged' });
    expect(statSync(file()).size).toBe(0);
    writeFileSync(file(), Buffer.alloc(8192, 7));
    await expect(open()).rejects.toThrow(/damaged.*left as it is/);
  });

  it('refuses a file that is damaged somewhere in the middle (pain-38)', async () => {
    await farm.db.write(farm.context, async (tx) => {
      for (let line = 0; line < 300; line += 1)
        await tx.insert(printer, aPrinter(`Printer ${line}`, `S${line}`));
    });
    await farm.db.close();
    const bytes = readFileSync(file());
    bytes.fill(0xff, 20 * 2048, bytes.length - 2048);
    writeFileSync(file(), bytes);
    await expect(open()).rejects.toThrow(/damaged.*left as it is/);
    expect(readFileSync(file()).equals(bytes)).toBe(true);
  });

  it('says what to do when there is none', async () => {
    const missing = Database.open({
      dataDir: join(farm.dataDir, 'elsewhere'),
      migrations: MIGRATIONS,
      clock: { now: () => 0 },
      create: false,
      onListenerError: () => undefined,
    });
    await expect(missing).rejects.toThrow(/printfarmd init/);
  });

  it('copies a filled database before it changes the schema, and does each step as one transaction', async () => {
    await farm.db.write(farm.context, (tx) => tx.insert(printer, aPrinter('Kept', 'S1')));
    await farm.db.close();
    const failing: Migration = {
      name: '9001_failing',
      async up(db) {
        await db.schema.createTable('half').addColumn('id', 'text').execute();
        throw new Error('power cut');
      },
    };
    await expect(open([...MIGRATIONS, failing])).rejects.toThrow('power cut');
    expect(readdirSync(join(farm.dataDir, 'backups'))).toEqual([
      '2026-01-02T00-00-00-000Z-before-9001_failing.db',
    ]);
    const db = await open();
    expect(await db.read.selectFrom('printer').select('name').execute()).toEqual([{ name: 'Kept' }]);
    const half = await sql`select name from sqlite_master where name = 'half'`.execute(db.read);
    expect(half.rows).toEqual([]);
    await db.close();
  });

  it('gives printers of before the place of their camera, and leaves all else as it was', async () => {
    await farm.db.write(farm.context, (tx) => aRegisteredPrinter(tx));
    await farm.db.close();
    const before = new Sqlite(join(farm.dataDir, 'printfarmd.db'));
    before.exec(`alter table "printerConnection" drop column "cameraPort";
      delete from "_migration" where "name" = '0004_camera_port'`);
    before.close();
    const db = await open();
    const [row] = await db.read.selectFrom('printerConnection').selectAll().execute();
    expect(row).toMatchObject({
      host: '127.9.0.1',
      mqttPort: 8883,
      accessCode: '12345678',
      cameraPort: null,
    });
    await db.close();
  });

  it('refuses a schema from a newer version', async () => {
    await farm.db.close();
    const newer: Migration = { name: '9002_newer', up: async () => undefined };
    await (await open([...MIGRATIONS, newer])).close();
    await expect(open()).rejects.toThrow(/newer version.*9002_newer/);
  });
});
