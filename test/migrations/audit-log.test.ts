import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { newId } from '../../src/contract/ids.js';
import { recordAct } from '../../src/domain/audit.js';
import { systemContext } from '../../src/domain/stores.js';
import { printer } from '../../src/resources/index.js';
import { bareStore, openAfter, withColumnsOfToday } from '../fixtures/database.js';

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'printfarmd-migration-'));
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

const open = (steps: number, create: boolean) => openAfter(dataDir, steps, create);

it('0002 gives a filled farm an audit log, keeps what was there, and leaves a copy of before', async () => {
  const before = await open(1, true);
  const { id: storeId } = await bareStore(before, 'Farm');
  await withColumnsOfToday(before, () =>
    before.write(systemContext(storeId), (tx) =>
      tx.insert(printer, { storeId, provider: 'Bambu', name: 'Kept', deviceId: 'S1' }),
    ),
  );
  await before.close();

  const after = await open(2, false);
  expect(readdirSync(join(dataDir, 'backups'))).toEqual([
    '2026-01-02T00-00-00-000Z-before-0002_audit_log.db',
  ]);
  expect(await after.read.selectFrom('printer').select('name').execute()).toEqual([{ name: 'Kept' }]);
  await after.write(systemContext(storeId), (tx) =>
    recordAct(tx, {
      entityType: 'Printers',
      ids: [newId()],
      action: null,
      detailedAction: 'printerCommand.stop',
      changes: null,
      metadata: null,
    }),
  );
  expect(await after.read.selectFrom('auditLog').select('actorId').execute()).toEqual([
    { actorId: 'system' },
  ]);
  await after.close();
});
