import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PrinterTarget } from '../drivers/driver.js';
import { MIGRATIONS } from '../migrations/index.js';
import type { Config } from './config/config.js';
import { systemClock } from './contract/time.js';
import { dropAllChangeRows } from './database/change-rows.js';
import { Database, type DatabaseOptions } from './database/database.js';
import { decodeRow } from './database/rows.js';
import { createKey } from './domain/api-keys.js';
import { recordChanges } from './domain/audit.js';
import { recordCosts } from './domain/cost-totals.js';
import { EntityJournal } from './domain/entity-journal.js';
import { recordNotices } from './domain/notice-recorder.js';
import { inviteOwner } from './domain/owner-invitation.js';
import { completeStore, createStore, installedStoreId, systemContext } from './domain/stores.js';
import { keyRing } from './operations/keys/key-ring.js';
import { ownerInvitations } from './operations/keys/owner-invitations.js';
import { configured, trustAnchors } from './printer-settings.js';
import { printerConnection } from './resources/index.js';
import type { KeyRing, OwnerInvitation } from './telemetry/control-methods.js';
import { acquireDataLock } from './telemetry/data-lock.js';

const KEY_BYTES = 32;

/** Opens the database of an installation. @throws DatabaseError */
export function openDatabase(
  dataDir: string,
  options: Pick<DatabaseOptions, 'create' | 'probe' | 'check' | 'onWrite' | 'onRead'> &
    Partial<Pick<DatabaseOptions, 'onListenerError'>> & {
      /** Who tells others of what changes; without one it is kept for the next daemon. */
      readonly changes?: EntityJournal;
    },
): Promise<Database> {
  return Database.open({
    dataDir,
    migrations: MIGRATIONS,
    clock: systemClock,
    create: options.create,
    // Costs first: the others tell of what they change.
    recorders: [recordCosts, recordChanges, recordNotices, (options.changes ?? new EntityJournal()).record],
    onListenerError:
      options.onListenerError ??
      ((error) => {
        throw error;
      }),
    ...(options.probe ? { probe: options.probe } : {}),
    ...(options.check ? { check: options.check } : {}),
    ...(options.onWrite ? { onWrite: options.onWrite } : {}),
    ...(options.onRead ? { onRead: options.onRead } : {}),
  });
}

/**
 * Makes database, store, the owner's key and invitation, and the key of signed addresses. Key and invitation are
 * answered this once.
 */
export async function initialise(
  dataDir: string,
): Promise<{ storeId: string; apiKey: string; ownerInvitation: string }> {
  const database = await openDatabase(dataDir, { create: true });
  try {
    const store = await createStore(database, 'My farm');
    const { key, token } = await database.write(systemContext(store.id), async (tx) => {
      await completeStore(tx, null);
      const { key } = await createKey(tx, { name: 'Owner', fullAccess: true });
      return { key, token: (await inviteOwner(tx)).token };
    });
    // Nobody can have followed a farm before it was there.
    await database.write(systemContext(store.id), (tx) => dropAllChangeRows(tx.db));
    await urlKey(dataDir);
    return { storeId: store.id, apiKey: key, ownerInvitation: token };
  } finally {
    await database.close();
  }
}

/** The keys of an installation whose daemon does not run; holds its lock until closed. @throws LockedError */
export async function openKeyRing(dataDir: string): Promise<KeyRing & { close(): Promise<void> }> {
  const lock = acquireDataLock(dataDir);
  try {
    const database = await openDatabase(dataDir, { create: false });
    const ring = keyRing({
      database,
      storeId: await requireStoreId(database),
    });
    return {
      ...ring,
      async close() {
        await database.close();
        lock.release();
      },
    };
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** Invites the owner of an installation whose daemon does not run. @throws LockedError */
export async function inviteOwnerOf(dataDir: string): Promise<OwnerInvitation> {
  const lock = acquireDataLock(dataDir);
  try {
    const database = await openDatabase(dataDir, { create: false });
    try {
      return await ownerInvitations(database, await requireStoreId(database))();
    } finally {
      await database.close();
    }
  } finally {
    lock.release();
  }
}

/**
 * How a printer is reached, of an installation whose daemon does not run; by the configuration file where that names
 * it, else by the database. Null when neither does.
 *
 * @throws LockedError
 */
export async function storedPrinter(config: Config, serial: string): Promise<PrinterTarget | null> {
  const lock = acquireDataLock(config.dataDir);
  try {
    const anchors = await trustAnchors(config);
    const database = await openDatabase(config.dataDir, { create: false });
    try {
      const raw = await database.read
        .selectFrom('printerConnection')
        .selectAll()
        .where('storeId', '=', await requireStoreId(database))
        .where('serial', '=', serial)
        .executeTakeFirst();
      const row = raw ? decodeRow(printerConnection, raw) : null;
      const listed = config.printers.find((printer) => printer.serial === serial);
      const reached = listed === undefined ? row : configured(listed);
      if (reached === null) return null;
      const { host, mqttPort, ftpPort, accessCode, trust } = reached;
      return {
        serial,
        host,
        mqttPort,
        ftpPort,
        accessCode,
        trust,
        pinnedFingerprint: row?.trust === trust ? row.pinnedFingerprint : null,
        modelCode: reached.modelCode ?? row?.modelCode ?? null,
        extraCa: [...(anchors.get('') ?? []), ...(anchors.get(serial) ?? [])],
      };
    } finally {
      await database.close();
    }
  } finally {
    lock.release();
  }
}

/** The store of an installation. @throws Error when `init` has not been run */
export async function requireStoreId(database: Database): Promise<string> {
  const storeId = await installedStoreId(database);
  if (storeId === null)
    throw new Error('The database holds no store. Run "printfarmd init" to make an installation.');
  return storeId;
}

/** The secret that signs file addresses; made when it is missing, for then no address is out. */
export async function urlKey(dataDir: string): Promise<Buffer> {
  const { file, key } = await secretKey(dataDir, 'url-key');
  if (key.length !== KEY_BYTES)
    throw new Error(`${file} does not hold ${KEY_BYTES} bytes; delete it to make a new one`);
  return key;
}

/**
 * The secret that seals what notification channels are reached by, so that a database without it tells nothing. A lost or
 * damaged one is made anew: what it sealed must then be given again, and the daemon says so.
 */
export async function channelKey(dataDir: string): Promise<Buffer> {
  const { file, key } = await secretKey(dataDir, 'channel-key');
  if (key.length === KEY_BYTES) return key;
  await rename(file, `${file}.damaged`);
  return (await secretKey(dataDir, 'channel-key')).key;
}

/** A secret of this installation, in a file of its own. */
async function secretKey(
  dataDir: string,
  name: string,
): Promise<{ readonly file: string; readonly key: Buffer }> {
  const folder = join(dataDir, 'secrets');
  const file = join(folder, name);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  try {
    // On the disk before anything is made with it: a power cut must not leave what nothing opens.
    await writeFile(file, randomBytes(KEY_BYTES), { mode: 0o600, flag: 'wx', flush: true });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
  await chmod(file, 0o600);
  return { file, key: await readFile(file) };
}
