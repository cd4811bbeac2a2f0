import { z } from 'zod';
import type { Database } from '../../database/database.js';
import { decodeRow } from '../../database/rows.js';
import type { PrintJob } from '../../domain/jobs.js';
import { dispatch, part } from '../../resources/index.js';

const objects = z.array(z.object({ identifyId: z.string(), name: z.string(), skipped: z.boolean() }));
const skipData = z.looseObject({ objects });
const platesData = z.object({
  plates: z.array(
    z.object({
      id: z.int(),
      sliced: z
        .object({ labelObjectEnabled: z.boolean().optional(), objects: objects.optional() })
        .optional(),
    }),
  ),
});

/** The contract's SkipObjectsData. */
export type SkipData = z.infer<typeof skipData>;

/** The vendor's own programs skip nothing on plates with more. */
const MOST_OBJECTS = 64;

export type SkipPlan =
  | { readonly kind: 'refuse'; readonly reason: string }
  /** Nothing would be left to print. */
  | { readonly kind: 'stop' }
  /** `after` is what the job is to keep; null when nothing is known of its plate. */
  | { readonly kind: 'skip'; readonly after: SkipData | null };

/** What skipping objects of a job means, by what its file says of the plate. */
export async function planSkip(
  database: Database,
  job: PrintJob,
  objectIds: readonly number[],
): Promise<SkipPlan> {
  const known = await plateOf(database, job);
  if (known === null) return { kind: 'skip', after: null };
  if (!known.labelled) {
    return {
      kind: 'refuse',
      reason: 'The plate was sliced without object labels; its objects cannot be skipped.',
    };
  }
  if (known.data.objects.length > MOST_OBJECTS) {
    return {
      kind: 'refuse',
      reason: `The plate has ${known.data.objects.length} objects; objects can be skipped on plates of up to ${MOST_OBJECTS}.`,
    };
  }
  const wanted = new Set(objectIds.map(String));
  const strange = [...wanted].filter((id) => !known.data.objects.some((one) => one.identifyId === id));
  if (strange.length > 0) {
    const allowed = known.data.objects.map((one) => one.identifyId).join(', ');
    return { kind: 'refuse', reason: `The plate has no object ${strange.join(', ')}; it has ${allowed}.` };
  }
  const after = known.data.objects.map((one) => ({
    ...one,
    skipped: one.skipped || wanted.has(one.identifyId),
  }));
  return after.every((one) => one.skipped)
    ? { kind: 'stop' }
    : { kind: 'skip', after: { ...known.data, objects: after } };
}

/** Null when nothing is known: the part is gone or has another file by now. */
async function plateOf(
  database: Database,
  job: PrintJob,
): Promise<{ readonly labelled: boolean; readonly data: SkipData } | null> {
  const open = await database.read
    .selectFrom('dispatch')
    .selectAll()
    .where('printJobId', '=', job.id)
    .where('phase', '!=', 'ended')
    .executeTakeFirst();
  if (!open || job.partId === null) return null;
  const raw = await database.read
    .selectFrom('part')
    .selectAll()
    .where('id', '=', job.partId)
    .executeTakeFirst();
  if (!raw) return null;
  const { plate, sha256 } = decodeRow(dispatch, open);
  const { metadata, fileHashes } = decodeRow(part, raw);
  const read = platesData.safeParse(metadata);
  if (!read.success || !fileHashes.includes(sha256)) return null;
  const sliced = read.data.plates.find(({ id }) => id === plate)?.sliced;
  if (sliced?.objects === undefined) return null;
  const kept = skipData.safeParse(job.skipObjectsData);
  return {
    labelled: sliced.labelObjectEnabled !== false,
    data: kept.success ? kept.data : { objects: sliced.objects },
  };
}
