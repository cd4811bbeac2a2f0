import { afterEach, beforeEach, expect, it } from 'vitest';
import { recordAct } from '../../src/domain/audit.js';
import { pruneAudit } from '../../src/operations/audit/retention.js';
import { type TestDatabase, testDatabase } from '../fixtures/database.js';

const DAY_MS = 86_400_000;
const BEGIN = Date.UTC(2026, 0, 1);

let now = BEGIN;
let farm: TestDatabase;
beforeEach(async () => {
  now = BEGIN;
  farm = await testDatabase({ clock: { now: () => now } });
});
afterEach(() => farm.close());

/** Entries of this day. */
async function note(day: number, count: number): Promise<void> {
  now = BEGIN + day * DAY_MS;
  await farm.db.write(farm.context, async (tx) => {
    for (let at = 0; at < count; at += 1)
      await recordAct(tx, {
        entityType: 'Printers',
        ids: ['a'.repeat(24)],
        action: null,
        detailedAction: `printerCommand.day-${day}`,
        changes: null,
        metadata: null,
      });
  });
}

async function kept(): Promise<readonly (string | null)[]> {
  const rows = await farm.db.read
    .selectFrom('auditLog')
    .select('detailedAction')
    .distinct()
    .orderBy('detailedAction')
    .execute();
  return rows.map((row) => row.detailedAction);
}

const prune = () =>
  pruneAudit({ database: farm.db, storeId: farm.storeId, clock: { now: () => now }, retentionDays: 30 });

it('keeps entries for as many days as it is told, and forgets a day at a time', async () => {
  await note(0, 1_200);
  await note(1, 1);
  await note(2, 1);
  now = BEGIN + 30.9 * DAY_MS;
  // The oldest is too old, but not by a whole day: nothing is written for its sake.
  expect(await prune()).toBe(0);
  now = BEGIN + 31.5 * DAY_MS;
  expect(await prune()).toBe(1_201);
  expect(await kept()).toEqual(['printerCommand.day-2']);
  expect(await prune()).toBe(0);
});

it('has nothing to forget in an empty log', async () => {
  expect(await prune()).toBe(0);
});
