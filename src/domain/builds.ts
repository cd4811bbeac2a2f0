import type { Priority } from '../contract/enums.js';
import { ApiError } from '../contract/errors.js';
import type { Transaction } from '../database/transaction.js';
import { type part, partBuild, printJob } from '../resources/index.js';
import type { Row } from '../resources/resource.js';
import type { MaterialAssignments, Tags } from '../resources/shapes.js';
import { choosePlates, type PlateCount } from './plates.js';
import { placesFor } from './queue-order.js';
import { slicedMetadata } from './sliced-part.js';

export type Part = Row<typeof part>;
export type PartBuild = Row<typeof partBuild>;

/** One line of a build request, defaults filled in. */
export interface BuildLine {
  readonly partId: string;
  readonly quantity: number;
  readonly priority: Priority;
  readonly position: 'front' | 'back';
  readonly label: string | null;
  readonly tags: Tags;
  readonly plateQuantities?: Readonly<Record<string, number>>;
  readonly materials: MaterialAssignments | null;
}

/** What a part build has of the SKU build that it belongs to. */
export interface SkuOrigin {
  readonly skuBuildId: string;
  readonly skuId: string;
  readonly skuName: string;
  readonly linkedPartId: string;
  /** How many of the part go into one copy of the SKU; 1 or more. */
  readonly numPartsPerSku: number;
  /** Number of the first copy of the SKU. */
  readonly instanceStart: number;
  readonly order: { readonly orderId: string; readonly orderItemId: string } | null;
}

/** One job that a line makes. */
export interface PlannedJob {
  /** Which copy of the part it belongs to, from 1. */
  readonly copy: number;
  readonly label: string;
  readonly quantityIndex: number;
  readonly quantityTotal: number;
  readonly plateId: number;
  readonly plateName: string | null;
  readonly gcodeFile: string;
  readonly thumbnailUri: string | null;
}

export interface PlannedBuild {
  readonly part: Part;
  readonly line: BuildLine;
  readonly label: string;
  readonly plates: readonly PlateCount[];
  readonly jobs: readonly PlannedJob[];
}

/** Most jobs one request may make: a slip of a finger must not fill the queue for a year. */
export const MAX_JOBS = 5_000;

/** Most copies of a part that one build makes. */
export const MAX_COPIES = 500;

/**
 * What a line would make, without making it. Plates come in the file's order, all copies of the whole set one after
 * another.
 *
 * @throws ApiError unprocessable, unsupported_file
 */
export function planBuild(source: Part, line: BuildLine): PlannedBuild {
  if (source.type !== 'gcode3mf') {
    throw new ApiError(
      'unsupported_file',
      `The part "${source.name}" is of type ${source.type}; only parts of type gcode3mf can be printed so far`,
    );
  }
  const metadata = slicedMetadata(source.metadata);
  if (!metadata)
    throw new ApiError('unsupported_file', `The file of part "${source.name}" has no printable plate`);
  const plates = choosePlates(metadata, line.plateQuantities);
  const perCopy = plates.flatMap(({ plate, count }) => Array.from({ length: count }, () => plate));
  const total = perCopy.length * line.quantity;
  refuseTooMany(total);
  const label = line.label ?? source.name;
  const jobs = Array.from({ length: line.quantity }, () => perCopy)
    .flat()
    .map(
      (plate, index): PlannedJob => ({
        copy: Math.floor(index / perCopy.length) + 1,
        label,
        quantityIndex: index + 1,
        quantityTotal: total,
        plateId: plate.id,
        plateName: plate.name ?? null,
        gcodeFile: plate.gcodeFile ?? `Metadata/plate_${plate.id}.gcode`,
        thumbnailUri: plate.thumbnailUploadedUri ?? source.thumbnailUri,
      }),
    );
  return { part: source, line, label, plates, jobs };
}

/** @throws ApiError unprocessable */
export function refuseTooMany(jobs: number): void {
  if (jobs <= MAX_JOBS) return;
  throw new ApiError(
    'unprocessable',
    `This would make ${jobs} jobs; one request may make ${MAX_JOBS} at most`,
  );
}

/** Stores a planned build with its jobs, which are in the queue from then on. `of` is null for a part by itself. */
export async function createBuild(
  tx: Transaction,
  plan: PlannedBuild,
  createdBy: string | null,
  of: SkuOrigin | null = null,
): Promise<PartBuild> {
  const { part: source, line, label, jobs } = plan;
  const { storeId } = tx.context;
  const tags: Tags = { ...source.printTags, ...line.tags };
  const origin = of
    ? { skuId: of.skuId, skuName: of.skuName, linkedPartId: of.linkedPartId, ...of.order }
    : {};
  const build = await tx.insert(partBuild, {
    storeId,
    partId: source.id,
    label,
    partCopy: source,
    requiredPrinterTags: tags,
    quantity: line.quantity,
    status: jobs.length === 0 ? 'success' : 'queued',
    printStatus: jobs.length === 0 ? 'success' : 'pending',
    thumbnailUri: source.thumbnailUri,
    extensions: line.plateQuantities ? { '3mf': { plateQuantities: line.plateQuantities } } : null,
    materialAssignments: line.materials,
    priority: line.priority,
    position: line.position,
    outputFiles: source.fileUris,
    createdByActor: createdBy,
    ...origin,
    ...(of && {
      skuBuildId: of.skuBuildId,
      numPartsPerSku: of.numPartsPerSku,
      skuInstanceStart: of.instanceStart,
    }),
  });
  const places = await placesFor(tx, line.priority, line.position, jobs.length);
  for (const [index, job] of jobs.entries()) {
    await tx.insert(printJob, {
      storeId,
      partBuildId: build.id,
      quantityIndex: job.quantityIndex,
      quantityTotal: job.quantityTotal,
      thumbnailUri: job.thumbnailUri,
      buildThumbnailUri: source.thumbnailUri,
      filesToPrint: source.fileUris.slice(0, 1),
      // Sliced elsewhere: the file is its own slicing result.
      slicerInputHash: source.fileHashes[0] ?? null,
      slicedGcodeUri: source.fileUris[0] ?? null,
      isGcodeCached: true,
      partId: source.id,
      partName: source.name,
      label: job.label,
      queueOrder: places[index] ?? 0,
      priority: line.priority,
      requiredPrinterTags: tags,
      profileUris: [],
      status: 'pending',
      extensions: { '3mf': { plateId: job.plateId, gcodeFile: job.gcodeFile } },
      materialAssignments: line.materials,
      ...origin,
      skuInstance: of && of.instanceStart + Math.floor((job.copy - 1) / of.numPartsPerSku),
    });
  }
  return build;
}
