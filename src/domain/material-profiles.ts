import { invalidInput } from '../contract/errors.js';
import { decodeRow } from '../database/rows.js';
import type { Transaction } from '../database/transaction.js';
import { material, materialProfileAssignment, materialVariant } from '../resources/index.js';
import type { Row } from '../resources/resource.js';
import { modelById, PRINTER_MODELS } from './printer-models.js';
import { requireProfiles } from './profiles.js';

export type MaterialProfile = Row<typeof materialProfileAssignment>;

/** A material, or one variant of it. */
export interface AssignedTo {
  readonly materialId: string | null;
  readonly variantId: string | null;
}

interface ModelAndNozzle {
  readonly modelId: string;
  readonly nozzleDiameter: string;
}

/**
 * Names the profile that slices a material, or a variant, for a printer model and nozzle; one named before is replaced.
 *
 * @returns all that are named for the material, or the variant
 * @throws ApiError not_found; validation_failed for a model or nozzle that there is not, or no profile
 */
export async function assignProfile(
  tx: Transaction,
  to: AssignedTo,
  given: ModelAndNozzle & {
    readonly userProfileId?: string | null | undefined;
    readonly systemProfileId?: number | null | undefined;
  },
): Promise<readonly MaterialProfile[]> {
  await requireOwner(tx, to);
  const { modelId, nozzleDiameter, userProfileId = null, systemProfileId = null } = given;
  refuseUnknown(given);
  if ((userProfileId === null) === (systemProfileId === null))
    throw invalidInput([{ path: '$input', expected: 'either a userProfileId or a systemProfileId' }]);
  await requireProfiles(tx, { userProfileId }, { userProfileId: 'filament' });
  const before = (await profilesOf(tx, to)).find((row) => isFor(row, given));
  if (before) await tx.update(materialProfileAssignment, before.id, { userProfileId, systemProfileId });
  else {
    await tx.insert(materialProfileAssignment, {
      storeId: tx.context.storeId,
      ...to,
      modelId,
      nozzleDiameter,
      userProfileId,
      systemProfileId,
    });
  }
  return profilesOf(tx, to);
}

/** @returns ids of what was named and is not any more. @throws ApiError not_found for the material or variant */
export async function withdrawProfile(
  tx: Transaction,
  to: AssignedTo,
  of: ModelAndNozzle,
): Promise<string[]> {
  await requireOwner(tx, to);
  const gone = (await profilesOf(tx, to)).filter((row) => isFor(row, of));
  for (const { id } of gone) await tx.remove(materialProfileAssignment, id);
  return gone.map(({ id }) => id);
}

async function requireOwner(tx: Transaction, { materialId, variantId }: AssignedTo): Promise<void> {
  if (materialId !== null) await tx.get(material, materialId);
  if (variantId !== null) await tx.get(materialVariant, variantId);
}

function refuseUnknown({ modelId, nozzleDiameter }: ModelAndNozzle): void {
  const model = modelById(modelId);
  if (!model) {
    const some = PRINTER_MODELS.slice(0, 3).map(({ name, modelId: known }) => `${known} (${name})`);
    const expected = `the modelId of a printer model, as GET /v1/profiles/printer-models lists them: ${some.join(', ')} …`;
    throw invalidInput([{ path: '$input.modelId', expected, value: modelId }]);
  }
  if (!model.nozzleDiameters.includes(nozzleDiameter)) {
    const expected = `a nozzle of the ${model.name}: ${model.nozzleDiameters.join(', ')}`;
    throw invalidInput([{ path: '$input.nozzleDiameter', expected, value: nozzleDiameter }]);
  }
}

async function profilesOf(
  tx: Transaction,
  { materialId, variantId }: AssignedTo,
): Promise<readonly MaterialProfile[]> {
  const [column, id] =
    variantId === null ? (['materialId', materialId] as const) : (['variantId', variantId] as const);
  const rows = await tx.db
    .selectFrom('materialProfileAssignment')
    .selectAll()
    .where('storeId', '=', tx.context.storeId)
    .where(column, '=', id)
    .orderBy('createdAt')
    .orderBy('id')
    .execute();
  return rows.map((row) => decodeRow(materialProfileAssignment, row));
}

function isFor(row: MaterialProfile, { modelId, nozzleDiameter }: ModelAndNozzle): boolean {
  return row.modelId === modelId && row.nozzleDiameter === nozzleDiameter;
}
