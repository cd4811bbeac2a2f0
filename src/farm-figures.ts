import { stat, statfs } from 'node:fs/promises';
import { DRIVER_ERROR_KINDS, PRINTER_ACTIVITIES } from '../drivers/driver.js';
import { JOB_STATUSES } from './contract/enums.js';
import type { Clock } from './contract/time.js';
import type { Database } from './database/database.js';
import { databaseFile } from './database/places.js';
import type { DispatchRunner } from './dispatch/runner.js';
import type { EntityJournal } from './domain/entity-journal.js';
import { hasEnded } from './domain/job-status.js';
import type { Fleet } from './fleet/fleet.js';
import { isOnline, type LivePrinter, takesJobs } from './fleet/live-printer.js';
import type { BridgeStatus } from './realtime/bridge-story.js';
import type { RealtimeBroker } from './realtime/broker.js';
import type { Metrics } from './telemetry/metrics.js';
import type { Sample } from './telemetry/tally.js';

export interface FarmFigureParts {
  readonly database: Database;
  readonly storeId: string;
  readonly config: { readonly dataDir: string };
  readonly version: string;
  readonly fleet: Fleet;
  readonly runner: DispatchRunner;
  readonly broker: Pick<RealtimeBroker, 'clients'>;
  /** Null without an external broker. */
  readonly bridge: { readonly status: BridgeStatus } | null;
  readonly changes: Pick<EntityJournal, 'waiting'>;
  readonly clock: Clock;
}

/** Jobs that have not ended. Those that have are many, and are counted as they end. */
const OPEN_STATUSES = JOB_STATUSES.filter((status) => !hasEnded(status));
const PHASES = ['reserved', 'transferring', 'transferred', 'start-sent', 'printing'] as const;
const NOT_ONLINE = ['connecting', 'stale', 'offline', 'refused', 'stopped'] as const;
const STATES = [...NOT_ONLINE, 'unknown', ...PRINTER_ACTIVITIES.map((word) => word.toLowerCase())];

/** What is read from the parts when somebody scrapes, and what is counted by listening to them. */
export function farmFigures(metrics: Metrics, parts: FarmFigureParts): void {
  metrics.gauge('build_info', 'Version of the daemon and of Node.js.', ['version', 'node'], () => [
    [[parts.version, process.versions.node], 1],
  ]);
  printerFigures(metrics, parts);
  jobFigures(metrics, parts);
  diskFigures(metrics, parts.config.dataDir);
  metrics.gauge('mqtt_clients', 'MQTT clients that are logged in.', [], () => [[[], parts.broker.clients]]);
  bridgeFigures(metrics, parts.bridge);
  metrics.gauge(
    'entity_changes_waiting',
    'Transactions whose changes of entities are still to be told, by who is told.',
    ['consumer'],
    () => [...parts.changes.waiting].map(([consumer, waiting]): Sample => [[consumer], waiting]),
  );
}

/** Without an external broker they have no value. */
function bridgeFigures(metrics: Metrics, bridge: FarmFigureParts['bridge']): void {
  const of = (read: (status: BridgeStatus) => number) => (): Sample[] =>
    bridge === null ? [] : [[[], read(bridge.status)]];
  metrics.gauge(
    'mqtt_bridge_connected',
    'Whether the external broker is connected, 1 or 0.',
    [],
    of(({ connected }) => (connected ? 1 : 0)),
  );
  metrics.gauge(
    'mqtt_bridge_waiting_messages',
    'Messages that wait for the external broker.',
    [],
    of(({ buffered }) => buffered),
  );
  metrics.counter(
    'mqtt_bridge_replaced_messages_total',
    'States that newer ones replaced before the external broker took them.',
    [],
    of(({ dropped }) => dropped),
  );
}

function printerFigures(
  metrics: Metrics,
  { fleet, runner, database, storeId, clock }: FarmFigureParts,
): void {
  const reports = metrics.count('reports_total', 'Reports read from printers.');
  const errors = metrics.tally(
    'printer_errors_total',
    'Connections to printers that failed, by why.',
    ['kind'],
    DRIVER_ERROR_KINDS,
  );
  fleet.on({
    report: () => reports.add(),
    connection: ({ connection }) => {
      if (connection.error !== null) errors.of(connection.error.kind).add();
    },
  });
  metrics.gauge('printers', 'Printers by what they do.', ['state'], () =>
    counted(STATES, fleet.all().map(stateOf)),
  );
  metrics.gauge('printers_available', 'Printers that would begin a print now.', [], () => [
    [[], fleet.all().filter((one) => takesJobs(one) && !runner.isBusy(one.printerId)).length],
  ]);
  metrics.gauge('printer_online', 'Whether the printer is connected and reports.', ['printer'], () =>
    fleet.all().map((one): Sample => [[one.printerId], isOnline(one) ? 1 : 0]),
  );
  metrics.gauge('printer_report_age_seconds', 'Time since the last report.', ['printer'], () =>
    fleet
      .all()
      .flatMap(({ printerId, report }): Sample[] =>
        report === null ? [] : [[[printerId], Math.max(0, clock.now() - report.receivedAt) / 1000]],
      ),
  );
  metrics.gauge('printer_info', 'Name and model of the printer.', ['printer', 'name', 'model'], async () => {
    const rows = await database.read
      .selectFrom('printer')
      .select(['id', 'name'])
      .where('storeId', '=', storeId)
      .execute();
    return rows.map(({ id, name }): Sample => [[id, name, fleet.live(id)?.capabilities?.modelName ?? ''], 1]);
  });
}

function jobFigures(metrics: Metrics, { database, storeId, runner }: FarmFigureParts): void {
  const changes = metrics.tally(
    'job_changes_total',
    'Jobs that came into a status.',
    ['status'],
    JOB_STATUSES,
  );
  database.feed.on((write) => {
    for (const { resource, after, before } of write.changes) {
      if (resource !== 'printJob' || after === null || after.status === before?.status) continue;
      changes.of(String(after.status)).add();
    }
  });
  metrics.gauge('jobs', 'Jobs that have not ended, by status.', ['status'], async () => {
    const rows = await openJobCounts(database, storeId).execute();
    const found = new Map(rows.map(({ status, jobs }) => [String(status), jobs]));
    return OPEN_STATUSES.map((status): Sample => [[status], found.get(status) ?? 0]);
  });
  metrics.gauge('dispatches', 'Open dispatches by phase.', ['phase'], () => counted(PHASES, runner.phases));
}

/** One look along the queue's index, which holds all that is asked. */
export function openJobCounts(database: Database, storeId: string) {
  return database.read
    .selectFrom('printJob')
    .select(['status', ({ fn }) => fn.countAll<number>().as('jobs')])
    .where('storeId', '=', storeId)
    .where('status', 'in', [...OPEN_STATUSES])
    .groupBy('status');
}

function diskFigures(metrics: Metrics, dataDir: string): void {
  const file = databaseFile(dataDir);
  metrics.gauge('database_file_bytes', 'Size of the database and of its log.', ['file'], async () => [
    [['database'], await sizeOf(file)],
    [['log'], await sizeOf(`${file}-wal`)],
  ]);
  metrics.gauge('data_free_bytes', 'Room left on the disk of the data folder.', [], async () => {
    const { bavail, bsize } = await statfs(dataDir);
    return [[[], bavail * bsize]];
  });
}

/** A file that is not there takes no room: SQLite removes its log when nobody uses it. */
async function sizeOf(file: string): Promise<number> {
  try {
    return (await stat(file)).size;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return 0;
    throw error;
  }
}

function stateOf({ connection, report }: LivePrinter): string {
  if (connection.status !== 'online') return connection.status;
  return report?.state.activity?.toLowerCase() ?? 'unknown';
}

/** How many there are of each; those of which there is none say so. */
function counted(all: readonly string[], found: readonly string[]): Sample[] {
  const counts = new Map(all.map((one) => [one, 0]));
  for (const one of found) counts.set(one, (counts.get(one) ?? 0) + 1);
  return [...counts].map(([one, count]) => [[one], count]);
}
