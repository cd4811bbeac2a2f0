import { z } from 'zod';
import { answered } from '../../resources/answered.js';
import { partBuild, partBuildStep, printJob, skuBuild } from '../../resources/index.js';
import { materialAssignments, plateQuantities } from '../../resources/shapes.js';
import { id } from '../schemas.js';

/** What builds are answered as. */

/** A build with its jobs, and its steps, of which sliced files have none. */
export function buildWithRelations(): z.ZodObject {
  return answered(partBuild)
    .extend({ steps: z.array(answered(partBuildStep)), printJobs: z.array(answered(printJob)) })
    .meta({ id: 'PartBuildWithRelation' });
}

/** A SKU build with its part builds, each whole. */
export function skuBuildWithRelations(): z.ZodObject {
  return answered(skuBuild)
    .extend({ partBuilds: z.array(buildWithRelations()) })
    .meta({ id: 'SkuBuildWithRelation' });
}

export function buildResult(): z.ZodType {
  return z
    .object({ partBuilds: z.array(answered(partBuild)), skuBuilds: z.array(answered(skuBuild)) })
    .meta({ id: 'BuildResultV2' });
}

const previewJob = z.object({
  label: z.string(),
  quantityIndex: z.int(),
  quantityTotal: z.int(),
  plateId: z.union([z.string(), z.number()]).nullable().optional(),
  plateName: z.string().nullable().optional(),
  thumbnailUri: z.string().nullable().optional(),
});

export const buildPreview = z
  .object({
    partBuilds: z.array(
      z.object({
        source: z.enum(['sku', 'part']),
        partId: id,
        partName: z.string(),
        partThumbnailUri: z.string().nullable().optional(),
        label: z.string(),
        quantity: z.int(),
        sku: z.object({ skuId: id, sku: z.string() }).nullable().optional(),
        materials: materialAssignments.nullable().optional(),
        plateQuantities: plateQuantities.nullable().optional(),
        jobs: z.array(previewJob),
      }),
    ),
    summary: z.object({ partBuildCount: z.int(), skuBuildCount: z.int(), jobCount: z.int() }),
  })
  .meta({ id: 'BuildPreviewV2' });
