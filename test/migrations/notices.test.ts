import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { MIGRATIONS } from '../../migrations/index.js';
import { createStore, systemContext } from '../../src/domain/stores.js';
import { notificationSetting } from '../../src/resources/index.js';
import { openAfter, withColumnsOfToday } from '../fixtures/database.js';

const STEP = MIGRATIONS.findIndex(({ name }) => name === '0023_notices');

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'printfarmd-migration-'));
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

it('0023 keeps the settings that were there, which then lead nowhere, and has no notices', async () => {
  const before = await openAfter(dataDir, STEP, true);
  const { id: storeId } = await createStore(before, 'Farm');
  await withColumnsOfToday(before, () =>
    before.write(systemContext(storeId), (tx) =>
      tx.insert(notificationSetting, { storeId, channel: 'slack', onJobStarted: true }),
    ),
  );
  await before.close();

  const after = await openAfter(dataDir, STEP + 1, false);
  expect(await after.read.selectFrom('notificationSetting').selectAll().execute()).toMatchObject([
    {
      channel: 'slack',
      enabled: 1,
      onJobStarted: 1,
      channelData: null,
      disabledReason: null,
      enabledSince: null,
    },
  ]);
  expect(await after.read.selectFrom('notice').selectAll().execute()).toEqual([]);
  await after.close();
});
