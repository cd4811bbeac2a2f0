import type { Database } from '../database/database.js';
import { decodeRow } from '../database/rows.js';
import type { QueueSettings } from '../domain/settings.js';
import type { MatchJob } from '../matching/input.js';
import {
  material,
  materialGroup,
  materialGroupMember,
  materialProfileAssignment,
  materialVariant,
  partBuild,
  printer,
  printerSlot,
  printJob,
} from '../resources/index.js';
import { Library, profileOf, type StoredAlternative } from './library.js';
import {
  type KeepTogether,
  matchJob,
  type PrinterRows,
  type QueuedJob,
  type SlotRow,
} from './match-input.js';

/** A pending job: what matching makes of it, and the columns that this was made from. */
export interface PendingJob {
  readonly row: QueuedJob;
  readonly match: MatchJob;
}

const JOB_COLUMNS = [
  'id',
  'partId',
  'partBuildId',
  'priority',
  'queueOrder',
  'createdAt',
  'requiredPrinterTags',
  'excludedPrinterIds',
  'extensions',
  'materialAssignments',
  'filesToPrint',
  'overriddenProcessProfileId',
  'orderId',
] as const;

/** SQLite takes a bounded number of values in a statement. */
const IDS_AT_ONCE = 500;

/** Reads what matching needs of the database, all of it or what is named. */
export class QueueReader {
  constructor(
    private readonly database: Database,
    private readonly storeId: string,
    private readonly keepTogether: KeepTogether,
    /** Told of a job that cannot be read: it must not keep the others from being matched. */
    private readonly onUnreadable: (jobId: string, error: unknown) => void,
  ) {}

  /** Pending jobs: those named that are pending, or all. */
  async jobs(ids: readonly string[] | null, library: Library): Promise<readonly PendingJob[]> {
    const rows = await inChunks(ids, (some) => {
      let query = this.database.read
        .selectFrom('printJob')
        .select(JOB_COLUMNS)
        .where('storeId', '=', this.storeId)
        .where('status', '=', 'pending');
      if (some) query = query.where('id', 'in', [...some]);
      return query.execute();
    });
    const builds = await this.#builds(new Set(rows.map((row) => row.partBuildId)));
    const partMaterials = await this.#partMaterials(new Set(rows.flatMap((row) => row.partId ?? [])));
    return rows.flatMap((raw) => {
      try {
        const row: QueuedJob = decodeRow(printJob, raw);
        const build = builds.get(row.partBuildId);
        const source = {
          part: build?.partCopy ?? {},
          buildMaterials: build?.materialAssignments ?? null,
          partMaterials: partMaterials.get(row.partId ?? '') ?? NO_MATERIALS,
          together: { none: null, order: row.orderId, sku: build?.skuBuildId ?? null }[this.keepTogether],
        };
        return [{ row, match: matchJob(row, source, library) }];
      } catch (error) {
        this.onUnreadable(raw.id, error);
        return [];
      }
    });
  }

  async pendingCount(): Promise<number> {
    const { count } = await this.database.read
      .selectFrom('printJob')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .where('storeId', '=', this.storeId)
      .where('status', '=', 'pending')
      .executeTakeFirstOrThrow();
    return Number(count);
  }

  /** Those of the SKU builds or orders of which a job is under way or done. @param words as `MatchJob.together` has them */
  async begun(words: ReadonlySet<string>): Promise<ReadonlySet<string>> {
    const { read } = this.database;
    const rows = await inChunks([...words], (some) => {
      const jobs = read
        .selectFrom('printJob')
        .where('printJob.status', 'not in', [...NOT_BEGUN])
        .distinct();
      return this.keepTogether === 'order'
        ? jobs
            .select('orderId as word')
            .where('orderId', 'in', [...(some ?? [])])
            .execute()
        : jobs
            .innerJoin('partBuild', 'partBuild.id', 'printJob.partBuildId')
            .select('partBuild.skuBuildId as word')
            .where('partBuild.skuBuildId', 'in', [...(some ?? [])])
            .execute();
    });
    return new Set(rows.flatMap(({ word }) => word ?? []));
  }

  /** Printers with their slots: those named that there are, or all. */
  async printers(ids: readonly string[] | null): Promise<readonly PrinterRows[]> {
    const { read } = this.database;
    const rows = await inChunks(ids, (some) => {
      let query = read.selectFrom('printer').selectAll().where('storeId', '=', this.storeId);
      if (some) query = query.where('id', 'in', [...some]);
      return query.execute();
    });
    const slotRows = await inChunks(ids, (some) => {
      let query = read
        .selectFrom('printerSlot')
        .leftJoin('materialInstance', 'materialInstance.id', 'printerSlot.instanceId')
        .selectAll('printerSlot')
        .select('materialInstance.remainingMaterial')
        .where('printerSlot.storeId', '=', this.storeId);
      if (some) query = query.where('printerSlot.printerId', 'in', [...some]);
      return query.execute();
    });
    const slots = new Map<string, SlotRow[]>();
    for (const { remainingMaterial, ...raw } of slotRows) {
      const list = slots.get(raw.printerId) ?? [];
      list.push({ slot: decodeRow(printerSlot, raw), spoolGrams: remainingMaterial });
      slots.set(raw.printerId, list);
    }
    return rows.map((raw) => ({ printer: decodeRow(printer, raw), slots: slots.get(raw.id) ?? [] }));
  }

  async library({ fallbackFilament }: QueueSettings): Promise<Library> {
    const { read } = this.database;
    const all = <T extends LibraryTable>(table: T) =>
      read
        .selectFrom(table as LibraryTable)
        .selectAll()
        .where('storeId', '=', this.storeId)
        .execute();
    return new Library({
      materials: (await all('material')).map((row) => decodeRow(material, row)),
      variants: (await all('materialVariant')).map((row) => decodeRow(materialVariant, row)),
      groups: (await all('materialGroup')).map((row) => decodeRow(materialGroup, row)),
      members: (await all('materialGroupMember')).map((row) => decodeRow(materialGroupMember, row)),
      profiles: (await all('materialProfileAssignment')).map((row) =>
        decodeRow(materialProfileAssignment, row),
      ),
      fallbackProfile: profileOf(fallbackFilament.userId, fallbackFilament.systemId),
    });
  }

  /** What is frozen in builds. Several jobs share a build: it is taken apart once. */
  async #builds(ids: ReadonlySet<string>) {
    const rows = await inChunks([...ids], (some) =>
      this.database.read
        .selectFrom('partBuild')
        .select(['id', 'partCopy', 'materialAssignments', 'skuBuildId'])
        .where('id', 'in', [...(some ?? [])])
        .execute(),
    );
    return new Map(
      rows.flatMap((raw) => {
        try {
          const { id, ...build } = decodeRow(partBuild, raw);
          return [[id, build] as const];
        } catch {
          // Its jobs are left out one by one, with the error.
          return [];
        }
      }),
    );
  }

  /** What parts say of the materials of their channels, by part. */
  async #partMaterials(partIds: ReadonlySet<string>) {
    const rows = await inChunks([...partIds], (some) =>
      this.database.read
        .selectFrom('partMaterialAssignment')
        .selectAll()
        .where('partId', 'in', [...(some ?? [])])
        .execute(),
    );
    const byPart = new Map<string, Map<number, StoredAlternative[]>>();
    for (const row of rows.toSorted((a, b) => a.priority - b.priority)) {
      const stored = storedAlternative(row);
      if (stored === null) continue;
      const channels = byPart.get(row.partId) ?? new Map<number, StoredAlternative[]>();
      channels.set(row.index, [...(channels.get(row.index) ?? []), stored]);
      byPart.set(row.partId, channels);
    }
    return byPart;
  }
}

type LibraryTable =
  | 'material'
  | 'materialVariant'
  | 'materialGroup'
  | 'materialGroupMember'
  | 'materialProfileAssignment';

const NOT_BEGUN = ['pending', 'failed', 'cancelled'] as const;
const NO_MATERIALS: ReadonlyMap<number, readonly StoredAlternative[]> = new Map();

function storedAlternative(row: {
  readonly groupId: string | null;
  readonly variantId: string | null;
  readonly materialId: string | null;
  readonly materialType: string | null;
}): StoredAlternative | null {
  if (row.groupId !== null) return { groupId: row.groupId };
  if (row.variantId !== null) return { variantId: row.variantId };
  if (row.materialId !== null) return { materialId: row.materialId };
  return row.materialType === null ? null : { materialType: row.materialType };
}

/** Null reads all at once. */
async function inChunks<T>(
  ids: readonly string[] | null,
  read: (some: readonly string[] | null) => Promise<readonly T[]>,
): Promise<readonly T[]> {
  if (ids === null) return read(null);
  const found: T[] = [];
  for (let start = 0; start < ids.length; start += IDS_AT_ONCE)
    found.push(...(await read(ids.slice(start, start + IDS_AT_ONCE))));
  return found;
}
