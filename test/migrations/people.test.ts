import { expect, it } from 'vitest';
import { MIGRATIONS } from '../../migrations/index.js';
import { membersOf } from '../../src/domain/members.js';
import { completeStore, systemContext } from '../../src/domain/stores.js';
import { bareStore, openAfter } from '../fixtures/database.js';
import { temporaryFolder } from '../telemetry/temporary-folder.js';

const STEP = MIGRATIONS.findIndex(({ name }) => name === '0013_people');

it('0013 gives a filled farm its people, and the first start an owner, settings and a plan, once', async () => {
  const dataDir = await temporaryFolder();
  const before = await openAfter(dataDir, STEP, true);
  const { id, createdAt } = await bareStore(before, 'Old farm');
  await before.close();

  const after = await openAfter(dataDir, STEP + 1, false);
  const count = async (table: 'entitlement' | 'addon' | 'storeSettings' | 'subscription') =>
    (await after.read.selectFrom(table).select('id').execute()).length;
  expect(await count('storeSettings')).toBe(0);
  await after.write(systemContext(id), (tx) => completeStore(tx, null));
  const [owner, ...others] = await membersOf(after.read, id);
  expect(others).toEqual([]);
  expect(owner).toMatchObject({ isOwner: true, user: { email: null, displayName: 'Owner' } });
  const since = await after.read.selectFrom('entitlement').select('enabledAt').distinct().execute();
  expect(since).toEqual([{ enabledAt: createdAt }]);
  const rows = [await count('entitlement'), await count('addon'), await count('subscription')];

  let changes = 0;
  after.feed.on((write) => {
    changes += write.changes.length;
  });
  await after.write(systemContext(id), (tx) => completeStore(tx, null));
  expect(changes).toBe(0);
  await after.write(systemContext(id), (tx) => completeStore(tx, 4));
  expect(changes).toBe(1);
  expect([await count('entitlement'), await count('addon'), await count('subscription')]).toEqual(rows);
  expect(await membersOf(after.read, id)).toEqual([owner]);
  await after.close();
});
