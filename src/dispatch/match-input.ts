import { z } from 'zod';
import { isPrinting } from '../../drivers/driver.js';
import type { PrintJob } from '../domain/jobs.js';
import { modelByCode } from '../domain/printer-models.js';
import type { Printer } from '../domain/printers.js';
import { type SlicedMetadata, slicedMetadata } from '../domain/sliced-part.js';
import type { PrinterSlot } from '../domain/slots.js';
import { isMachineFree, isOnline, type LivePrinter } from '../fleet/live-printer.js';
import type { MatchChannel, MatchFile, MatchJob, MatchPrinter } from '../matching/input.js';
import { type MaterialAssignments, partMaterial } from '../resources/shapes.js';
import type { Library, StoredAlternative } from './library.js';
import { matchSlots } from './match-slots.js';

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
  | 'overriddenProcessProfileId'
  | 'orderId'
>;

/** What stands behind a job, as far as matching needs it. */
export interface JobSource {
  /** The frozen part of its build, as it was stored. */
  readonly part: unknown;
  /** What the build says of materials. */
  readonly buildMaterials: MaterialAssignments | null;
  /** What the part says of them today, by channel, best first. */
  readonly partMaterials: ReadonlyMap<number, readonly StoredAlternative[]>;
  /** The SKU build or order that its jobs are kept together by; null for none. */
  readonly together: string | null;
}

/** Which pending jobs are printed one after another. */
export type KeepTogether = 'none' | 'sku' | 'order';

const frozenPart = z.object({
  type: z.string(),
  metadata: z.unknown(),
  use3MFProcessProfile: z.boolean().catch(false),
  overriddenProcessProfileId: z.string().nullable().catch(null),
  materials: z.array(partMaterial).nullable().catch(null),
});
type FrozenPart = z.infer<typeof frozenPart>;

/** A queued job as the matcher sees it. @throws ZodError for a build whose part cannot be read */
export function matchJob(job: QueuedJob, source: JobSource, library: Library): MatchJob {
  const part = frozenPart.parse(source.part);
  const data = slicedMetadata(part.metadata);
  const plateId = job.extensions?.['3mf']?.plateId ?? null;
  const channels = part.type === 'gcode3mf' ? slicedChannels(data, plateId) : modelChannels(part);
  return {
    id: job.id,
    partId: job.partId,
    plateId,
    priority: job.priority === 1000 ? 1000 : 100,
    queueOrder: job.queueOrder,
    createdAt: Date.parse(job.createdAt),
    together: source.together,
    tags: job.requiredPrinterTags,
    excludedPrinterIds: job.excludedPrinterIds,
    file:
      part.type === 'gcode3mf'
        ? slicedFile(data, plateId)
        : {
            kind: 'model',
            ownProcess:
              part.use3MFProcessProfile ||
              (job.overriddenProcessProfileId ?? part.overriddenProcessProfileId) !== null,
            reach: null,
          },
    channels: channels.map((channel) => ({
      ...channel,
      alternatives: library.alternatives(materialsOf(channel.index, job, source)),
    })),
  };
}

/** The job's own word on a channel, else its build's, else the part's; nothing said is any material. */
function materialsOf(index: number, job: QueuedJob, source: JobSource): readonly StoredAlternative[] {
  const key = String(index);
  return (
    job.materialAssignments?.[key] ?? source.buildMaterials?.[key] ?? source.partMaterials.get(index) ?? []
  );
}

function plateOf(data: SlicedMetadata | null, plateId: number | null) {
  return data?.plates.find((plate) => plate.id === plateId) ?? null;
}

function slicedFile(data: SlicedMetadata | null, plateId: number | null): MatchFile {
  const sliced = plateOf(data, plateId)?.sliced;
  const diameters = sliced?.nozzleDiameters ?? data?.nozzleDiameter ?? '';
  const compat = data?.profileCompat;
  const box = sliced?.boundingBox;
  return {
    kind: 'gcode3mf',
    modelCode: sliced?.printerModelId ?? null,
    modelName: data?.printerModel ? data.printerModel : null,
    nozzleDiameters: words(diameters),
    compatibleNames: compat
      ? [compat.sliced, ...compat.compatible, ...compat.safe].filter((name) => name !== '')
      : [],
    outside: sliced?.outside ?? false,
    reach: box ? { x: box[2], y: box[3], z: sliced?.height ?? null } : null,
  };
}

function slicedChannels(data: SlicedMetadata | null, plateId: number | null): readonly MatchChannel[] {
  const sliced = plateOf(data, plateId)?.sliced;
  return (sliced?.filaments ?? []).flatMap((filament) => {
    // Filament numbers in the file count from 1.
    const index = Number(filament.id) - 1;
    if (!Number.isInteger(index) || index < 0) return [];
    const groupId = filament.groupId ?? logicalExtruder(sliced?.filamentMaps, index);
    return [
      {
        index,
        type: filament.type,
        color: filament.color,
        infoIdx: filament.trayInfoIdx,
        // Slicers write 0 where they do not know.
        usedGrams: filament.usedG > 0 ? filament.usedG : null,
        groupId,
        extruder: physicalExtruder(data, sliced?.nozzleDiameters, groupId),
        alternatives: [],
      },
    ];
  });
}

/** `filament_maps` numbers the logical extruder of each filament from 1. */
function logicalExtruder(maps: string | undefined, index: number): number | null {
  const number = Number(words(maps ?? '')[index]);
  return Number.isInteger(number) && number > 0 ? number - 1 : null;
}

/** The left nozzle is logical extruder 0 and physical 1 where a file for two does not say otherwise (docs/protocol.md §9). */
const TWO_EXTRUDERS = [1, 0];

function physicalExtruder(
  data: SlicedMetadata | null,
  diameters: string | undefined,
  groupId: number | null,
): number | null {
  if (groupId === null) return null;
  const two = words(diameters ?? data?.nozzleDiameter ?? '').length > 1;
  return (data?.physicalExtruders ?? (two ? TWO_EXTRUDERS : []))[groupId] ?? null;
}

function modelChannels({ materials }: FrozenPart): readonly MatchChannel[] {
  const channels = materials ?? [{ index: 0, color: null, type: null }];
  return channels.map(({ index, color, type, skip }) => ({
    index,
    type: type ?? '',
    color: color ?? '',
    infoIdx: '',
    usedGrams: null,
    groupId: null,
    extruder: null,
    alternatives: [],
    skip: skip ?? false,
  }));
}

function words(list: string): string[] {
  return list.split(/[\s,;]+/).filter((word) => word !== '');
}

/** The rows of a printer: itself and its slots, each with what is left on the spool assigned to it. */
export interface PrinterRows {
  readonly printer: Printer;
  readonly slots: readonly SlotRow[];
}

export interface SlotRow {
  readonly slot: PrinterSlot;
  /** Grams; null when no spool is assigned. */
  readonly spoolGrams: number | null;
}

/** A printer as the matcher sees it: what the farm has decided about it and what it shows now. */
export function matchPrinter(rows: PrinterRows, live: LivePrinter | null, library: Library): MatchPrinter {
  const row = rows.printer;
  const report = live?.report ?? null;
  const state = report?.state ?? null;
  const online = live !== null && isOnline(live);
  const modelCode = live?.capabilities?.modelCode ?? textOrNull(row.metadata?.dev_model_name);
  const known = modelCode === null ? null : modelByCode(modelCode);
  const nozzles = state
    ? state.nozzles.map(({ index, diameter }) => ({ index, diameter }))
    : [{ index: 0, diameter: row.nozzleDiameter }];
  const nozzleDiameter = nozzles.find(({ diameter }) => diameter !== null)?.diameter ?? row.nozzleDiameter;
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
    modelCode,
    modelName: live?.capabilities?.modelName ?? textOrNull(row.metadata?.dev_product_name),
    modelAliases: [known?.name, textOrNull(row.metadata?.dev_product_name)].flatMap((name) => name ?? []),
    runsFilesFor: live?.capabilities?.runsFilesFor ?? [],
    nozzles,
    bedSize: live?.capabilities?.bedSizeMm ?? null,
    profiles: {
      machine: (row.machineUserProfileId ?? row.machineSystemProfileId) !== null,
      process: (row.processUserProfileId ?? row.processSystemProfileId) !== null,
    },
    tags: row.tags,
    useAms: usesAms(rows, live),
    slots: matchSlots(rows.slots, state, library, { modelId: known?.modelId ?? null, nozzleDiameter }),
    lastPrintedAt: row.lastPrintedAt === null ? null : Date.parse(row.lastPrintedAt),
    lifetimePrintHours: row.lifetimePrintHours,
  };
}

function textOrNull(text: string | undefined): string | null {
  return text === undefined || text === '' ? null : text;
}

/** The setting counts where there is an AMS; a printer without one can only feed from its external holder. */
function usesAms({ printer, slots }: PrinterRows, live: LivePrinter | null): boolean {
  const units = live?.report
    ? live.report.state.amsUnits.length
    : slots.filter(({ slot }) => slot.amsIndex >= 0).length;
  return (printer.providerConfig?.use_ams ?? true) && units > 0;
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
