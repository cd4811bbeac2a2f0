import type { Transaction } from '../../src/database/transaction.js';
import { createBuild, planBuild } from '../../src/domain/builds.js';
import { moveJob } from '../../src/domain/jobs.js';
import { type Printer, registerPrinter } from '../../src/domain/printers.js';
import { dispatch, part, printer } from '../../src/resources/index.js';
import type { Insert, Patch } from '../../src/resources/resource.js';

const METADATA = {
  printerModel: 'Bambu Lab P1S',
  plates: [{ id: 1, gcodeFile: 'Metadata/plate_1.gcode', sliced: { filaments: [] } }],
};

let serials = 0;

/** A registered printer. */
export async function aPrinter(tx: Transaction, changes: Patch<typeof printer> = {}): Promise<Printer> {
  serials += 1;
  const made = await registerPrinter(tx, {
    serial: `01P00A${String(serials).padStart(9, '0')}`,
    name: 'P1S',
    host: '127.9.0.1',
    mqttPort: 8883,
    ftpPort: 990,
    accessCode: '12345678',
    trust: 'ca',
    pinnedFingerprint: null,
    modelCode: 'C12',
    modelName: 'Bambu Lab P1S',
    configured: false,
  });
  return tx.update(printer, made.id, changes);
}

/** Jobs of one build, as the queue holds them. */
export async function jobs(tx: Transaction, count = 1): Promise<string[]> {
  const source = await tx.insert(part, {
    storeId: tx.context.storeId,
    name: 'cube',
    type: 'gcode3mf',
    fileUris: ['parts/cube.3mf'],
    fileHashes: ['a'.repeat(64)],
    metadata: METADATA,
  });
  const plan = planBuild(source, {
    partId: source.id,
    quantity: count,
    priority: 100,
    position: 'back',
    label: null,
    tags: {},
    materials: null,
  });
  const build = await createBuild(tx, plan, null);
  const rows = await tx.db
    .selectFrom('printJob')
    .select('id')
    .where('partBuildId', '=', build.id)
    .orderBy('queueOrder')
    .execute();
  return rows.map(({ id }) => id);
}

/** A job that prints on the printer since so long ago. */
export async function printing(tx: Transaction, printerId: string, startedAt: string): Promise<string> {
  const [id = ''] = await jobs(tx);
  await moveJob(tx, id, 'assigned', { assignedPrinterId: printerId });
  await moveJob(tx, id, 'ready-for-printer');
  await moveJob(tx, id, 'sending-to-printer');
  await moveJob(tx, id, 'printing', { printingStartedAt: startedAt });
  await tx.update(printer, printerId, { printingJobId: id, confirmedReady: false });
  return id;
}

export async function aDispatch(
  tx: Transaction,
  printerId: string,
  changes: Partial<Insert<typeof dispatch>> = {},
) {
  const printJobId = changes.printJobId ?? (await jobs(tx))[0] ?? '';
  return tx.insert(dispatch, {
    storeId: tx.context.storeId,
    printJobId,
    printerId,
    phase: 'reserved',
    token: 4711,
    name: 'cube-4711',
    remoteName: 'cube-4711.gcode.3mf',
    plate: 1,
    sha256: 'a'.repeat(64),
    bytes: 1,
    filaments: [],
    slotSnapshot: '',
    ...changes,
  });
}
