import { isPrinting } from '../../drivers/driver.js';
import type { PrintJob } from '../domain/jobs.js';
import type { Printer } from '../domain/printers.js';
import { type SlicedMetadata, slicedMetadata } from '../domain/sliced-part.js';
import { isMachineFree, isOnline, type LivePrinter } from '../fleet/live-printer.js';
import type {
  MatchChannel,
  MatchFile,
  MatchJob,
  MatchPrinter,
  MaterialAlternative,
} from '../matching/input.js';

/** The columns of a job that matching needs. */
export type QueuedJob = Pick<
  PrintJob,
  | 'id'
  | 'partId'
  | 'partBuildId'
  | 'priority'
  | 'queueOrder'
  | 'createdAt'
  | 'requiredPrinterTags'
  | 'excludedPrinterIds'
  | 'extensions'
  | 'materialAssignments'
  | 'filesToPrint'
>;

/** A queued job as the matcher sees it. `metadata` is that of the build's frozen part. */
export function matchJob(job: QueuedJob, metadata: unknown): MatchJob {
  const data = slicedMetadata(metadata);
  const plateId = job.extensions?.['3mf']?.plateId ?? null;
  return {
    id: job.id,
    partId: job.partId,
    plateId,
    priority: job.priority === 1000 ? 1000 : 100,
    queueOrder: job.queueOrder,
    createdAt: Date.parse(job.createdAt),
    tags: job.requiredPrinterTags,
    excludedPrinterIds: job.excludedPrinterIds,
    file: matchFile(data, plateId),
    channels: matchChannels(data, plateId, job.materialAssignments),
  };
}

function plateOf(data: SlicedMetadata | null, plateId: number | null) {
  return data?.plates.find((plate) => plate.id === plateId) ?? null;
}

function matchFile(data: SlicedMetadata | null, plateId: number | null): MatchFile {
  const sliced = plateOf(data, plateId)?.sliced;
  const diameters = sliced?.nozzleDiameters ?? data?.nozzleDiameter ?? '';
  const compat = data?.profileCompat;
  return {
    kind: 'gcode3mf',
    modelCode: sliced?.printerModelId ?? null,
    modelName: data?.printerModel ? data.printerModel : null,
    nozzleDiameters: diameters
      .split(',')
      .map((text) => text.trim())
      .filter((text) => text !== ''),
    compatibleNames: compat
      ? [compat.sliced, ...compat.compatible, ...compat.safe].filter((name) => name !== '')
      : [],
    outside: sliced?.outside ?? false,
  };
}

function matchChannels(
  data: SlicedMetadata | null,
  plateId: number | null,
  assignments: QueuedJob['materialAssignments'],
): readonly MatchChannel[] {
  return (plateOf(data, plateId)?.sliced?.filaments ?? []).flatMap((filament) => {
    // Filament numbers in the file count from 1.
    const index = Number(filament.id) - 1;
    if (!Number.isInteger(index) || index < 0) return [];
    return [
      {
        index,
        type: filament.type,
        color: filament.color,
        infoIdx: filament.trayInfoIdx,
        usedGrams: filament.usedG,
        groupId: null,
        extruder: null,
        alternatives: (assignments?.[String(index)] ?? []).map(alternative),
      },
    ];
  });
}

function alternative(
  given: NonNullable<QueuedJob['materialAssignments']>[string][number],
): MaterialAlternative {
  return 'groupId' in given ? { groupId: given.groupId, members: [] } : given;
}

/** A printer as the matcher sees it: what the farm has decided about it and what it shows now. */
export function matchPrinter(row: Printer, live: LivePrinter | null): MatchPrinter {
  const report = live?.report ?? null;
  const state = report?.state ?? null;
  const online = live !== null && isOnline(live);
  return {
    id: row.id,
    name: row.name,
    provider: row.provider,
    enabled: row.enabled,
    isInMaintenance: row.isInMaintenance,
    inMaintenanceSince:
      row.isInMaintenance && row.lastMaintenanceOfflineAt !== null
        ? Date.parse(row.lastMaintenanceOfflineAt)
        : null,
    online,
    lastSeenAt: report?.receivedAt ?? null,
    awayBecause: online ? null : (live?.connection.error?.message ?? null),
    available: live !== null && isMachineFree(live) && row.printingJobId === null,
    doing: doing(row, live),
    ready: row.confirmedReady,
    developerMode: state?.developerMode ?? 'unknown',
    setAside: row.setAside,
    modelCode: live?.capabilities?.modelCode ?? null,
    modelName: live?.capabilities?.modelName ?? null,
    modelAliases: [],
    runsFilesFor: live?.capabilities?.runsFilesFor ?? [],
    nozzles: (state?.nozzles ?? []).map(({ index, diameter }) => ({ index, diameter })),
    tags: row.tags,
    useAms: usesAms(row, live),
    slots: (state?.slots ?? []).map((slot) => ({
      amsIndex: slot.amsIndex,
      slotIndex: slot.slotIndex,
      tray: slot.tray,
      unitId: slot.unitId,
      extruder: slot.extruder,
      external: slot.amsIndex < 0,
      loaded: slot.loaded,
      type: slot.type,
      color: slot.color,
      infoIdx: slot.infoIdx,
      remain: slot.remain,
      materialId: null,
      variantId: null,
      materialType: slot.type === '' ? null : slot.type,
    })),
    lastPrintedAt: row.lastPrintedAt === null ? null : Date.parse(row.lastPrintedAt),
    lifetimePrintHours: row.lifetimePrintHours,
  };
}

/** The setting counts where there is an AMS; a printer without one can only feed from its external holder. */
function usesAms(row: Printer, live: LivePrinter | null): boolean {
  const wanted = row.providerConfig?.use_ams ?? true;
  return wanted && (live?.report?.state.amsUnits.length ?? 0) > 0;
}

function doing(row: Printer, live: LivePrinter | null): string {
  const state = live?.report?.state;
  if (row.printingJobId !== null) return 'busy with a job of the queue';
  if (!live?.report?.complete || !state) return 'not known yet: no full report has arrived';
  if (state.upgrading) return 'updating its firmware';
  if (isPrinting(state.activity)) {
    const { name } = state.print.identity;
    return name === ''
      ? 'printing something the daemon did not start'
      : `printing "${name}", which the daemon did not start`;
  }
  return state.activity === null ? 'in a state it did not name' : state.activity.toLowerCase();
}
