import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createKey, type NewKey } from '../../src/domain/api-keys.js';
import { completeStore, createStore } from '../../src/domain/stores.js';
import { Authenticator } from '../../src/operations/access/authenticator.js';
import { apiKey } from '../../src/resources/index.js';
import { type TestDatabase, testDatabase } from '../fixtures/database.js';

const HERE = '127.0.0.1';
let farm: TestDatabase;
let authenticator: Authenticator;
/** Ids that were told to be stale. */
let stale: string[];
const clock = { at: 0, now: () => clock.at };

beforeEach(async () => {
  clock.at = Date.UTC(2027, 0, 1);
  farm = await testDatabase({ clock });
  await farm.db.write(farm.context, (tx) => completeStore(tx, null));
  authenticator = new Authenticator({ database: farm.db, clock, log: pino({ level: 'silent' }) });
  stale = [];
  authenticator.onStale((id) => stale.push(id));
});
afterEach(() => farm.close());

async function key(given: Partial<NewKey> = {}): Promise<{ id: string; key: string }> {
  const made = await farm.db.write(farm.context, (tx) => createKey(tx, { name: 'Key', ...given }));
  return { id: made.row.id, key: made.key };
}

const come = (secret: string, storeId: string | null = farm.storeId, address: string | null = HERE) =>
  authenticator.authenticate({ storeId, secret, address });

async function lastUsed(id: string): Promise<string | null> {
  // Behind the write of the last use, which nobody waits for.
  return farm.db.write(farm.context, async (tx) => (await tx.get(apiKey, id)).lastUsedAt);
}

describe('a key', () => {
  it('has the form that clients know: an id that is no secret, and 48 signs that are', async () => {
    const made = await key();
    expect(made.key).toMatch(/^[a-z0-9]{72}$/);
    expect(made.key.slice(0, 24)).toBe(made.id);
    const row = await farm.db.write(farm.context, (tx) => tx.get(apiKey, made.id));
    expect(row.secretHash).toMatch(/^[0-9a-f]{64}$/);
    expect(row.secretSalt).toMatch(/^[0-9a-f]{32}$/);
    expect(JSON.stringify(row)).not.toContain(made.key.slice(24));
    const twin = await key();
    expect(twin.key.slice(24)).not.toBe(made.key.slice(24));
  });

  it('notes its last use at most once a minute', async () => {
    const made = await key();
    const times: (string | null)[] = [];
    for (const seconds of [0, 1, 58, 1, 59, 1]) {
      clock.at += seconds * 1000;
      await come(made.key);
      times.push(await lastUsed(made.id));
    }
    const at = (seconds: number) => new Date(Date.UTC(2027, 0, 1) + seconds * 1000).toISOString();
    expect(times).toEqual([at(0), at(0), at(0), at(60), at(60), at(120)]);
    // Noting it makes nothing be looked at again.
    expect(stale).toEqual([]);
    expect(authenticator.knows(made.key)).toBe(true);
  });

  it('ends in the moment it expires', async () => {
    const made = await key({ expiresAt: new Date(clock.at + 1000).toISOString() });
    clock.at += 999;
    await come(made.key);
    clock.at += 1;
    await expect(come(made.key)).rejects.toMatchObject({ code: 'unauthorized' });
  });

  it('is held to its addresses, but for a door that does not ask', async () => {
    const made = await key({ ipAllowlist: ['10.1.0.0/16', '2001:db8::/32'] });
    await come(made.key, farm.storeId, '10.1.2.3');
    await come(made.key, farm.storeId, '::ffff:10.1.2.3');
    await come(made.key, farm.storeId, '2001:db8::1');
    for (const address of [HERE, '10.2.0.1', '2001:db9::1'])
      await expect(come(made.key, farm.storeId, address)).rejects.toMatchObject({ code: 'ip_not_allowed' });
    await come(made.key, farm.storeId, null);
    expect(await authenticator.admit({ storeId: farm.storeId, secret: made.key, address: HERE })).toBeNull();
  });

  it('opens its own store alone', async () => {
    const made = await key();
    const { id } = await createStore(farm.db, 'Another farm');
    await expect(come(made.key, id)).rejects.toMatchObject({ code: 'unauthorized' });
    await come(made.key);
  });

  it('is looked at again when anything about it changes, and tells who else must', async () => {
    const made = await key({ permissions: ['part.view'] });
    const other = await key();
    await come(made.key);
    await come(other.key);
    await farm.db.write(farm.context, (tx) => tx.update(apiKey, made.id, { permissions: ['part.edit'] }));
    expect(stale).toEqual([made.id]);
    expect([made, other].map((one) => authenticator.knows(one.key))).toEqual([false, true]);
    expect([...(await come(made.key)).permissions]).toEqual(['part.edit']);
    await farm.db.write(farm.context, (tx) => tx.update(apiKey, made.id, { active: false }));
    await expect(come(made.key)).rejects.toMatchObject({ code: 'unauthorized' });
    await farm.db.write(farm.context, (tx) => tx.remove(apiKey, made.id));
    await expect(come(made.key)).rejects.toMatchObject({ code: 'unauthorized' });
  });

  it('that is deleted while it is looked up is not remembered', async () => {
    const made = await key();
    const coming = come(made.key);
    await farm.db.write(farm.context, (tx) => tx.remove(apiKey, made.id));
    await coming.catch(() => undefined);
    await expect(come(made.key)).rejects.toMatchObject({ code: 'unauthorized' });
  });

  it('rests on its roles', async () => {
    const made = await key({ roleIds: ['viewer'] });
    const admitted = await authenticator.admit({ storeId: farm.storeId, secret: made.key, address: HERE });
    expect(admitted).toMatchObject({ keyId: made.id, restsOn: [made.id, 'viewer'], expiresAtMs: null });
  });
});
