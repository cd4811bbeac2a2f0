import { z } from 'zod';
import { POSITIONS } from '../../contract/enums.js';
import type { BuildLine } from '../../domain/builds.js';
import type { SkuBuildLine } from '../../domain/sku-builds.js';
import { choicesOf } from '../../domain/sku-choices.js';
import { linkedPartMaterials, materialAssignments, plateQuantities, tags } from '../../resources/shapes.js';
import { id } from '../schemas.js';

/** What a caller says of builds, and what the domain is given of it. */

const priority = z.union([z.literal(100), z.literal(1000)]);
const scalar = z.union([z.number(), z.string().max(255), z.boolean()]);

const partLine = z.object({
  partId: id,
  quantity: z.int().min(0).max(500).optional(),
  priority: priority.optional(),
  position: z.enum(POSITIONS).optional(),
  parameters: z.record(z.string(), scalar).optional(),
  label: z.string().min(1).max(1024).optional(),
  tags: tags.optional(),
  plateQuantities: plateQuantities.optional(),
  materials: materialAssignments.nullable().optional(),
  /** The name an older client uses for `materials`. */
  materialAssignments: materialAssignments.nullable().optional(),
});

const choices = z
  .array(z.union([z.object({ id, value: z.string() }), z.object({ name: z.string(), value: z.string() })]))
  .max(100);

const skuFields = {
  quantity: z.int().min(1).max(500).optional(),
  linkedPartConfigs: z
    .record(
      z.string(),
      z.object({
        parameters: z.record(z.string(), scalar).optional(),
        tags: tags.optional(),
        quantity: z.int().min(0).max(500).optional(),
        label: z.string().min(1).max(1024).optional(),
        plateQuantities: plateQuantities.optional(),
        materials: linkedPartMaterials.nullable().optional(),
        materialAssignments: linkedPartMaterials.nullable().optional(),
      }),
    )
    .optional(),
  tags: tags.optional(),
  priority: priority.optional(),
  position: z.enum(POSITIONS).optional(),
  skuInstanceStart: z.int().min(1).optional(),
  order: z.object({ orderId: id, orderItemId: id }).optional(),
  options: choices.optional(),
  /** The name a published guide uses for `options`; also by option id or name. */
  selectedOptions: z.union([choices, z.record(z.string(), z.string().nullable())]).optional(),
};
const skuLine = z.union([z.object({ skuId: id, ...skuFields }), z.object({ sku: z.string(), ...skuFields })]);

type PartLine = z.infer<typeof partLine>;
type SkuLine = z.infer<typeof skuLine>;

export const buildRequest = z.object({
  parts: z.array(partLine).max(1_000).optional(),
  skus: z.array(skuLine).max(1_000).optional(),
});
export type BuildRequest = z.infer<typeof buildRequest>;

/** A line with its defaults. */
export function buildLine(line: PartLine): BuildLine {
  return {
    partId: line.partId,
    quantity: line.quantity ?? 1,
    priority: line.priority ?? 100,
    position: line.position ?? 'back',
    label: line.label ?? null,
    tags: line.tags ?? {},
    materials: line.materials ?? line.materialAssignments ?? null,
    ...(line.plateQuantities ? { plateQuantities: line.plateQuantities } : {}),
  };
}

/** A line for a SKU with its defaults, older names read. */
export function skuBuildLine(line: SkuLine): SkuBuildLine {
  return {
    sku: 'skuId' in line ? { id: line.skuId } : { code: line.sku },
    quantity: line.quantity ?? 1,
    priority: line.priority ?? 100,
    position: line.position ?? 'back',
    tags: line.tags ?? {},
    instanceStart: line.skuInstanceStart ?? 1,
    order: line.order ?? null,
    configs: linkedPartConfigs(line),
    choices: chosen(line),
  };
}

function linkedPartConfigs({ linkedPartConfigs: given = {} }: SkuLine): SkuBuildLine['configs'] {
  const named = Object.entries(given).map(([key, { materialAssignments: older, ...config }]) => [
    key,
    { ...config, materials: config.materials ?? older },
  ]);
  return Object.fromEntries(named);
}

function chosen({ options, selectedOptions = [] }: SkuLine): SkuBuildLine['choices'] {
  if (options) return options;
  if (Array.isArray(selectedOptions)) return selectedOptions;
  return choicesOf(selectedOptions);
}
