import { z } from 'zod';
import { updateEntity } from '../../domain/entities.js';
import type { Resource } from '../../resources/resource.js';
import type { Deps } from '../deps.js';
import { NOTHING, type Operation, operation } from '../operation.js';
import { id, noParams } from '../schemas.js';
import { needed } from '../standard-parts.js';

/**
 * Puts one of its kind at a place among its siblings, which make room and stay without gaps: all at once or not at all.
 *
 * @param named what the body calls the one that moves
 */
export function reorderOperation<Name extends string>(
  resource: Resource,
  deps: Deps,
  at: string,
  named: Name,
): Operation {
  const body = z.object({ [named]: id, newOrder: z.int().min(0) });
  return operation({
    id: `${resource.name}.reorder`,
    method: 'POST',
    path: `${at}/reorder`,
    status: 201,
    summary: `Put a ${resource.label} at a place, from 0; beyond the end is the end`,
    permissions: needed(resource, 'edit'),
    params: noParams,
    body,
    answer: null,
    async run(input, { write }) {
      const { [named]: moved, newOrder: order } = input.body;
      await deps.database.write(write, (tx) => updateEntity(tx, resource, String(moved), { order }));
      return NOTHING;
    },
  });
}
