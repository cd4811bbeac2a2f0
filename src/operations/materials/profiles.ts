import { z } from 'zod';
import { type AssignedTo, assignProfile, withdrawProfile } from '../../domain/material-profiles.js';
import { answered } from '../../resources/answered.js';
import { materialProfileAssignment } from '../../resources/index.js';
import type { Deps } from '../deps.js';
import { type Operation, operation } from '../operation.js';
import { id, idParam, ids } from '../schemas.js';

const place = {
  /** `modelId` of a printer model. */
  modelId: id,
  nozzleDiameter: z.string().min(1).max(16),
};

/** Which filament profile slices a material, or one variant of it, for a printer model and nozzle. */
export function materialProfileOperations({ database, presenter }: Deps): Operation[] {
  function pair<Params>(
    path: string,
    name: string,
    what: string,
    params: z.ZodType<Params>,
    of: (params: Params) => AssignedTo,
  ): Operation[] {
    const assign = operation({
      id: `${name}.assignProfile`,
      method: 'POST',
      path,
      status: 201,
      summary: `Name the filament profile of ${what} for a printer model and nozzle; answers all there are`,
      permissions: ['material.edit'],
      params,
      body: z.object({
        ...place,
        userProfileId: id.nullable().optional(),
        systemProfileId: z.int().nullable().optional(),
      }),
      answer: () => z.array(answered(materialProfileAssignment)),
      async run({ params: given, body }, { write }) {
        const rows = await database.write(write, (tx) => assignProfile(tx, of(given), body));
        return rows.map((row) => materialProfileAssignment.present(row, presenter));
      },
    });
    const withdraw = operation({
      id: `${name}.withdrawProfile`,
      method: 'DELETE',
      path,
      status: 200,
      summary: `Take back the filament profile of ${what} for a printer model and nozzle; answers what went`,
      permissions: ['material.edit'],
      params,
      body: z.object(place),
      answer: () => ids,
      run: ({ params: given, body }, { write }) =>
        database.write(write, (tx) => withdrawProfile(tx, of(given), body)),
    });
    return [assign, withdraw];
  }

  return [
    ...pair('/v1/materials/{id}/profiles', 'material', 'a material', idParam, (params) => ({
      materialId: params.id,
      variantId: null,
    })),
    ...pair(
      '/v1/materials/variants/{variantId}/profiles',
      'materialVariant',
      'a variant',
      z.object({ variantId: id }),
      ({ variantId }) => ({ materialId: null, variantId }),
    ),
  ];
}
