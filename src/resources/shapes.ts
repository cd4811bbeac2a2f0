import { z } from 'zod';
import { BED_TYPES, RESOLUTION_TYPES, TAG_KEYS } from '../contract/enums.js';

/** Shapes of the JSON columns, as the contract names them. Unknown keys are dropped, never an error. */

const SCALAR = z.union([z.number(), z.string().max(255), z.boolean()]);

export const tags = z.partialRecord(z.enum(TAG_KEYS), z.string().min(1));
export type Tags = z.infer<typeof tags>;

export const partParameter = z.object({
  name: z.string().min(1).max(255),
  type: z.enum(['number', 'string', 'boolean']),
  default: SCALAR.optional(),
  value: SCALAR.optional(),
  description: z.string().optional(),
  options: z
    .array(z.object({ value: z.union([z.string(), z.number()]), label: z.string().optional() }))
    .optional(),
});

export const parameterOverride = z.object({
  name: z.string().min(1).max(255),
  type: z.enum(['number', 'string', 'boolean']),
  value: SCALAR.optional(),
});

export const partMaterial = z.object({
  index: z.int().min(0),
  color: z.string().nullable(),
  type: z.string().nullable(),
  skip: z.boolean().optional(),
  name: z.string().nullable().optional(),
  identifier: z.string().nullable().optional(),
});
export type PartMaterial = z.infer<typeof partMaterial>;

/** One alternative for a filament channel; the first of the list that some slot holds is taken. */
export const materialAlternative = z.union([
  z.object({ groupId: z.string() }),
  z.object({ variantId: z.string() }),
  z.object({ materialId: z.string() }),
  z.object({ materialType: z.string() }),
]);

export const materialAlternatives = z.array(materialAlternative).max(100);

/** Channel index (as text) to its alternatives, best first. */
export const materialAssignments = z.record(z.string().regex(/^\d+$/), z.array(materialAlternative));
export type MaterialAssignments = z.infer<typeof materialAssignments>;

/** The same for a part of a SKU, which may also leave the choice to a property of the SKU's options. */
export const linkedPartMaterials = z.record(
  z.string().regex(/^\d+$/),
  z.array(z.union([...materialAlternative.options, z.object({ propertyId: z.string() })])),
);
export type LinkedPartMaterials = z.infer<typeof linkedPartMaterials>;

export const plateQuantities = z.record(z.string(), z.int().min(0).max(500));

export const bambuConfig = z.object({
  use_ams: z.boolean().optional(),
  do_bed_leveling: z.boolean().optional(),
  do_flow_cali: z.boolean().optional(),
  bed_type: z.enum(BED_TYPES).optional(),
  enable_timelapse: z.boolean().optional(),
});
export type BambuConfig = z.infer<typeof bambuConfig>;

export const bambuMetadata = z.object({
  provider: z.literal('bambu').optional(),
  name: z.string(),
  dev_id: z.string(),
  online: z.boolean(),
  print_status: z.string(),
  dev_model_name: z.string(),
  dev_access_code: z.string(),
  nozzle_diameter: z.number(),
  dev_product_name: z.string(),
});
export type BambuMetadata = z.infer<typeof bambuMetadata>;

/** Which plate of a sliced file a job prints. */
export const jobExtensions = z.object({
  '3mf': z.object({ plateId: z.int(), gcodeFile: z.string() }).optional(),
});

export const buildExtensions = z.object({
  '3mf': z.object({ plateQuantities: plateQuantities }).optional(),
  orderInfo: z.object({ linkedPartId: z.string(), linkedPartQuantity: z.number() }).optional(),
});

export const linkedPartExtensions = z.object({ '3mf': z.object({ plateQuantities }).optional() });

/** What a build step runs with: assignments and colours for OpenSCAD, named values for CadQuery. */
export const stepParameters = z.union([
  z.object({
    buildVariables: z.array(z.string()).optional(),
    colors: z.array(z.object({ index: z.int(), color: z.string(), type: z.string().nullable() })).optional(),
  }),
  z.object({ params: z.record(z.string(), z.unknown()).optional() }),
]);

/** Parameter names with the ids of what gives their values, and the like. */
export const textByName = z.record(z.string(), z.string());

/** Option id to the name of the value that was chosen. */
export const selectedOptions = z.record(z.string(), z.string().nullable());

export const skuInput = z.object({
  id: z.string().optional(),
  type: z.enum(['text', 'material', 'plate_quantities']),
  name: z.string(),
  connectedPropertyId: z.string().nullable().optional(),
});

export const materialMapping = z.array(
  z.object({
    slot: z.int().optional(),
    amsIndex: z.int().optional(),
    slotIndex: z.int().optional(),
    skip: z.boolean().optional(),
    variantId: z.string().optional(),
    materialId: z.string().optional(),
    materialType: z.string().optional(),
    name: z.string().optional(),
    color: z.string().optional(),
    filamentUserProfileId: z.string().nullable().optional(),
    filamentSystemProfileId: z.int().nullable().optional(),
  }),
);
export type MaterialMapping = z.infer<typeof materialMapping>;

/** Why an item of an order has no SKU; `occurredAt` in epoch milliseconds. */
export const resolutionNote = z.object({
  type: z.enum(RESOLUTION_TYPES),
  message: z.string().max(10_000),
  retriable: z.boolean(),
  occurredAt: z.number(),
});
export type ResolutionNote = z.infer<typeof resolutionNote>;

/** What a buyer or an operator chose for one linked part of a SKU. */
const linkedPartConfig = z.object({
  parameters: z.record(z.string(), SCALAR).optional(),
  tags: tags.optional(),
  quantity: z.int().min(0).max(500).optional(),
  label: z.string().min(1).max(1024).optional(),
  plateQuantities: plateQuantities.optional(),
  materials: linkedPartMaterials.nullable().optional(),
});

/** How an item's SKU is to be made: by linked part, and by option. */
export const orderItemConfig = z.object({
  linkedPartConfigs: z.record(z.string(), linkedPartConfig).optional(),
  selectedOptions: selectedOptions.optional(),
});
export type OrderItemConfig = z.infer<typeof orderItemConfig>;

export const expectedData = z.object({ color: z.string(), identifier: z.string(), type: z.string() });

/** Objects whose inner shape is owned elsewhere (read from a sliced file, or frozen copies of rows). */
export const record = z.record(z.string(), z.unknown());

/** What happened to something by itself, when, and why in words. */
export const occurrence = z.object({ at: z.string(), reason: z.string() });
