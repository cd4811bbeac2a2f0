import { z } from 'zod';

/**
 * What of a sliced file's stored metadata decides: which plates there are, for which machine, with which filaments.
 * Read leniently: the file came from outside, and a part may have none of it.
 */
const plate = z.object({
  id: z.int(),
  name: z.string().optional(),
  locked: z.boolean().optional(),
  gcodeFile: z.string().optional(),
  thumbnailUploadedUri: z.string().optional(),
  sliced: z
    .object({
      printerModelId: z.string().optional(),
      nozzleDiameters: z.string().optional(),
      prediction: z.number().optional(),
      weight: z.number().optional(),
      outside: z.boolean().optional(),
      filamentMaps: z.string().optional(),
      boundingBox: z.tuple([z.number(), z.number(), z.number(), z.number()]).optional().catch(undefined),
      height: z.number().optional().catch(undefined),
      filaments: z
        .array(
          z.object({
            id: z.string(),
            type: z.string(),
            color: z.string(),
            trayInfoIdx: z.string(),
            usedG: z.number(),
            groupId: z.int().min(0).optional().catch(undefined),
          }),
        )
        .optional(),
    })
    .optional(),
});

const metadata = z.object({
  printerModel: z.string().catch(''),
  nozzleDiameter: z.string().catch(''),
  profileCompat: z
    .object({ sliced: z.string(), compatible: z.array(z.string()), safe: z.array(z.string()) })
    .catch({ sliced: '', compatible: [], safe: [] }),
  physicalExtruders: z.array(z.int().min(0)).optional().catch(undefined),
  plates: z.array(plate).catch([]),
});

export type SlicedMetadata = z.infer<typeof metadata>;
export type SlicedPlate = SlicedMetadata['plates'][number];

/** @returns null when the part carries no metadata of a sliced file */
export function slicedMetadata(stored: unknown): SlicedMetadata | null {
  const parsed = metadata.safeParse(stored);
  return parsed.success ? parsed.data : null;
}

/** Plates that can be printed: those with G-code. */
export function printablePlates(data: SlicedMetadata): readonly SlicedPlate[] {
  return data.plates.filter((candidate) => candidate.gcodeFile !== undefined);
}
