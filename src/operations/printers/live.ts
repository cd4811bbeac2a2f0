import { notFound } from '../../contract/errors.js';
import { timestamp } from '../../contract/time.js';
import { watchedUpkeep } from '../../domain/maintenance-due.js';
import type { LivePrinter } from '../../fleet/live-printer.js';
import { printer } from '../../resources/index.js';
import type { Deps } from '../deps.js';
import { type Operation, operation } from '../operation.js';
import { idParam } from '../schemas.js';
import { attentionTo, attentionToUpkeep } from './attention.js';

/** What the daemon knows of a printer at this moment and keeps in no table: why it is away, and what was noticed. */
export function livePrinterOperations({ database, fleet, discovery, clock }: Deps): Operation[] {
  const live = operation({
    id: 'local.printers.live',
    method: 'GET',
    path: '/local/printers/{id}',
    status: 200,
    summary:
      'The connection of a printer with the reason for its loss, its live state in full, and what wants attention',
    permissions: ['printer.view'],
    params: idParam,
    body: null,
    async run({ params }, { caller }) {
      const row = await database.read
        .selectFrom('printer')
        .select(['id', 'name', 'deviceId', 'setAside', 'continuousEnded'])
        .where('storeId', '=', caller.storeId)
        .where('id', '=', params.id)
        .executeTakeFirst();
      if (!row) throw notFound(printer.label, params.id);
      const { setAside, continuousEnded } = printer.columns;
      const standing = {
        setAside: setAside.decode(row.setAside),
        continuousEnded: continuousEnded.decode(row.continuousEnded),
      };
      const seen = fleet.live(row.id);
      const lanOnly = seen === null ? null : announcedLanOnly(seen.serial);
      const upkeep = await watchedUpkeep(database.read, caller.storeId, row.id, clock.now());
      return {
        id: row.id,
        name: row.name,
        serial: row.deviceId,
        model: modelOf(seen),
        lanOnly,
        connection: connectionOf(seen),
        attention: [...attentionTo(seen, lanOnly, standing), ...attentionToUpkeep(upkeep)],
        lastReport: reportOf(seen, clock.now()),
        state: seen?.report?.complete ? seen.report.state : null,
        notices: fleet.notices(row.id).map(({ at, code, message }) => ({ at: timestamp(at), code, message })),
      };
    },
  });

  /** Whether the printer announces that it keeps away from the cloud; null while it announces nothing. */
  function announcedLanOnly(serial: string): boolean | null {
    const connect = discovery.list().find((heard) => heard.serial === serial)?.connect ?? null;
    return connect === null ? null : connect === 'lan' || connect === 'farm';
  }

  return [live];
}

function modelOf(seen: LivePrinter | null) {
  const capabilities = seen?.capabilities;
  return capabilities ? { code: capabilities.modelCode, name: capabilities.modelName } : null;
}

function connectionOf(seen: LivePrinter | null) {
  if (seen === null) return { status: 'stopped', since: null, reason: null, message: null };
  const { status, since, error } = seen.connection;
  return {
    status,
    since: timestamp(since),
    reason: error?.kind ?? null,
    message: error?.message ?? null,
  };
}

/** An old report stays worth something to a person who is told its age. */
function reportOf(seen: LivePrinter | null, now: number) {
  const report = seen?.report;
  if (!report) return null;
  const { activity, print, developerMode, firmware, upgrading, health } = report.state;
  return {
    at: timestamp(report.receivedAt),
    ageSeconds: Math.max(0, Math.round((now - report.receivedAt) / 1000)),
    complete: report.complete,
    activity,
    print: {
      name: print.identity.name,
      stage: print.stageText,
      layer: print.layer,
      layers: print.totalLayers,
    },
    developerMode,
    firmware,
    upgrading,
    health: health.map(({ code, severity, message }) => ({ code, severity, message })),
  };
}
