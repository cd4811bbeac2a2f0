import type { Transaction } from '../database/transaction.js';
import { partMaterialAssignment } from '../resources/index.js';
import type { MaterialAssignments } from '../resources/shapes.js';
import { createEntity } from './entities.js';

/**
 * Says anew which materials a part may be printed with: for each filament channel the alternatives, best first.
 * What was said before is gone.
 *
 * @throws ApiError not_found for a material, variant or group that there is not
 */
export async function setPartMaterials(
  tx: Transaction,
  partId: string,
  assigned: MaterialAssignments,
): Promise<void> {
  const before = await tx.db
    .selectFrom('partMaterialAssignment')
    .select('id')
    .where('partId', '=', partId)
    .execute();
  for (const { id } of before) await tx.remove(partMaterialAssignment, id);
  for (const [channel, alternatives] of Object.entries(assigned)) {
    for (const [priority, alternative] of alternatives.entries()) {
      const index = Number(channel);
      await createEntity(tx, partMaterialAssignment, { partId, index, priority, ...alternative });
    }
  }
}
