import { z } from 'zod';
import type { Transaction } from '../database/transaction.js';
import { createEntity, type EntityRow, removeEntity, updateEntity } from '../domain/entities.js';
import { answered } from '../resources/answered.js';
import { insertInput, updateInput, type Values } from '../resources/inputs.js';
import type { Resource } from '../resources/resource.js';
import type { Deps } from './deps.js';
import { type Operation, operation } from './operation.js';
import { idParam, ids, noParams } from './schemas.js';
import { needed, pathOf } from './standard-parts.js';

/** The writing operations that fall out of a definition. */
export function standardWrites(resource: Resource, deps: Deps): Operation[] {
  const made: Operation[] = [];
  if (resource.operations.includes('create')) made.push(createOperation(resource, deps));
  if (resource.operations.includes('deleteMany')) made.push(deleteManyOperation(resource, deps));
  if (resource.operations.includes('update')) made.push(updateOperation(resource, deps));
  if (resource.operations.includes('delete')) made.push(deleteOperation(resource, deps));
  return made;
}

export function createOperation(
  resource: Resource,
  deps: Deps,
  at = pathOf(resource),
): Operation<object, Values> {
  return operation({
    id: `${resource.name}.create`,
    method: 'POST',
    path: at,
    status: 201,
    summary: `Make a ${resource.label}`,
    permissions: needed(resource, 'create'),
    params: noParams,
    body: insertInput(resource),
    answer: () => answered(resource),
    async run({ body }, { write }) {
      const row = await deps.database.write(write, (tx) => createEntity(tx, resource, body));
      return resource.present(row, deps.presenter);
    },
  });
}

/** Makes all of them or none. */
export function createManyOperation(
  resource: Resource,
  deps: Deps,
  at: string,
): Operation<object, readonly Values[]> {
  return operation({
    id: `${resource.name}.createMany`,
    method: 'POST',
    path: at,
    status: 201,
    summary: `Make every ${resource.label} of a list, or none of them`,
    permissions: needed(resource, 'create'),
    params: noParams,
    body: z.array(insertInput(resource)).max(1_000),
    answer: () => z.array(answered(resource)),
    async run({ body }, { write }) {
      const rows = await deps.database.write(write, async (tx) => {
        const made: EntityRow[] = [];
        for (const values of body) made.push(await createEntity(tx, resource, values));
        return made;
      });
      return rows.map((row) => resource.present(row, deps.presenter));
    },
  });
}

export function updateOperation(
  resource: Resource,
  deps: Deps,
  at = pathOf(resource),
  method: 'PATCH' | 'PUT' = 'PATCH',
): Operation<{ id: string }, Values> {
  return operation({
    id: `${resource.name}.update`,
    method,
    path: `${at}/{id}`,
    status: 200,
    summary: `Change a ${resource.label}; what is left out stays`,
    permissions: needed(resource, 'edit'),
    params: idParam,
    body: updateInput(resource),
    answer: () => answered(resource),
    async run({ params, body }, { write }) {
      const row = await deps.database.write(write, (tx) => updateEntity(tx, resource, params.id, body));
      return resource.present(row, deps.presenter);
    },
  });
}

export function deleteOperation(
  resource: Resource,
  deps: Deps,
  at = pathOf(resource),
): Operation<{ id: string }, unknown> {
  return operation({
    id: `${resource.name}.delete`,
    method: 'DELETE',
    path: `${at}/{id}`,
    status: 200,
    summary: `Delete a ${resource.label} and what cannot be without it; answers the ids of all of them`,
    permissions: needed(resource, 'delete'),
    params: idParam,
    body: null,
    answer: () => ids,
    run: ({ params }, { write }) => deps.database.write(write, (tx) => removeEntity(tx, resource, params.id)),
  });
}

export function deleteManyOperation(
  resource: Resource,
  deps: Deps,
  at = pathOf(resource),
): Operation<object, string[]> {
  return operation({
    id: `${resource.name}.deleteMany`,
    method: 'DELETE',
    path: at,
    status: 200,
    summary: `Delete every ${resource.label} of a list; answers the ids of all that went, those not there left out`,
    permissions: needed(resource, 'delete'),
    params: noParams,
    body: ids,
    answer: () => ids,
    run: ({ body }, { write }) => deps.database.write(write, (tx) => removeMany(tx, resource, body)),
  });
}

/** Removes those that there are. @returns the ids of all that went */
export async function removeMany(
  tx: Transaction,
  resource: Resource,
  given: readonly string[],
): Promise<string[]> {
  const removed: string[] = [];
  for (const id of new Set(given))
    if (await tx.find(resource, id)) removed.push(...(await removeEntity(tx, resource, id)));
  return removed;
}
