import { z } from 'zod';

/** What was read from a file, as it is answered. Written by the reader of sliced files, and checked there. */

const text = () => z.string().optional();
const number = () => z.number().optional();
const numbers = () => z.array(z.number()).optional();
const texts = () => z.array(z.string()).optional();

const skippable = z.object({ identifyId: z.string(), name: z.string(), skipped: z.boolean() });

function plate(): z.ZodType {
  const sliced = z.object({
    index: number(),
    extruderType: text(),
    nozzleVolumeType: text(),
    printerModelId: text(),
    nozzleDiameters: text(),
    timelapseType: text(),
    /** Seconds. */
    prediction: number(),
    /** Grams. */
    weight: number(),
    outside: z.boolean().optional(),
    supportUsed: z.boolean().optional(),
    labelObjectEnabled: z.boolean().optional(),
    filamentMaps: text(),
    /** Millimetres on the bed: left, front, right, back. */
    boundingBox: numbers(),
    /** Millimetres. */
    height: number(),
    objects: z.array(skippable).optional(),
    filaments: z
      .array(
        z.object({
          id: z.string(),
          trayInfoIdx: z.string(),
          type: z.string(),
          color: z.string(),
          usedM: z.number(),
          usedG: z.number(),
          /** Logical extruder, from 0. */
          groupId: number(),
        }),
      )
      .optional(),
    warnings: z.array(z.object({ msg: z.string(), level: z.number(), errorCode: z.string() })).optional(),
    layerFilamentLists: z.array(z.object({ filamentList: z.number(), layerRanges: z.string() })).optional(),
  });
  return z.object({
    id: z.int(),
    name: text(),
    locked: z.boolean().optional(),
    filamentMapMode: text(),
    filamentMaps: numbers(),
    gcodeFile: text(),
    thumbnailFile: text(),
    thumbnailUploadedUri: text(),
    thumbnailNoLightFile: text(),
    thumbnailData: text(),
    topFile: text(),
    pickFile: text(),
    patternBboxFile: text(),
    sliced: sliced.optional(),
    filamentIds: texts(),
  });
}

/** `metadata` of a part. */
export function metadataShape(): z.ZodType {
  return z
    .object({
      printerModel: z.string(),
      filamentType: z.array(z.string()),
      filamentColors: z.array(z.string()),
      filamentDensities: numbers(),
      filamentDiameters: numbers(),
      nozzleDiameter: z.string(),
      profileCompat: z.object({
        sliced: z.string(),
        compatible: z.array(z.string()),
        safe: z.array(z.string()),
      }),
      slicerVersion: z
        .object({
          engine: z.enum(['orcaslicer', 'bambu-studio', 'prusaslicer', 'superslicer']),
          version: z.string(),
        })
        .nullable()
        .optional(),
      plates: z.array(plate()).optional(),
      filamentIds: texts(),
      /** Physical extruder of each logical one. */
      physicalExtruders: numbers(),
    })
    .meta({ id: 'Metadata3MF' });
}

/** `slicingEstimate` of a part. */
export function estimateShape(): z.ZodType {
  const use = z.object({
    index: z.int(),
    usedGrams: z.number(),
    usedMeters: z.number(),
    materialType: z.string(),
    color: text(),
  });
  const amounts = {
    estimatedPrintTimeSeconds: z.number(),
    materials: z.array(use),
    totalWeightGrams: z.number(),
  };
  return z
    .object({
      ...amounts,
      profiles: z
        .object({
          machineProfileId: z.string(),
          machineProfileName: z.string(),
          processProfileId: z.string(),
          processProfileName: z.string(),
          filamentProfileIds: z.array(z.string()),
          filamentProfileNames: z.array(z.string()),
        })
        .optional(),
      slicedAt: z.string(),
      slicerVersion: z.string(),
      plates: z.array(z.object({ plateId: z.int(), ...amounts })).optional(),
    })
    .meta({ id: 'SlicingEstimate' });
}

/** `skipObjectsData` of a job. */
export function skipObjectsShape(): z.ZodType {
  return z
    .object({ objects: z.array(skippable), topImageUri: text(), pickImageUri: text() })
    .meta({ id: 'SkipObjectsData' });
}
