import type { Transaction } from '../../src/database/transaction.js';
import { partBuild, printJob } from '../../src/resources/index.js';
import { type TestDatabase, testDatabase } from '../fixtures/database.js';

/** A database with one build, to whose queue a test adds jobs. */
export interface Queue {
  readonly farm: TestDatabase;
  readonly buildId: string;
}

export async function openQueue(): Promise<Queue> {
  const farm = await testDatabase();
  const build = await farm.db.write(farm.context, (tx) =>
    tx.insert(partBuild, {
      storeId: farm.storeId,
      partCopy: {},
      quantity: 1,
      status: 'queued',
      printStatus: 'pending',
      priority: 100,
      position: 'back',
    }),
  );
  return { farm, buildId: build.id };
}

/** A pending job. @returns its id */
export async function addJob(
  tx: Transaction,
  { farm, buildId }: Queue,
  job: { readonly label: string; readonly priority: number; readonly queueOrder: number },
): Promise<string> {
  const made = await tx.insert(printJob, {
    storeId: farm.storeId,
    partBuildId: buildId,
    quantityIndex: 1,
    quantityTotal: 1,
    filesToPrint: ['x'],
    partName: 'Part',
    status: 'pending',
    ...job,
  });
  return made.id;
}
