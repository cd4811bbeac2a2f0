import { ApiError, notFound } from '../contract/errors.js';
import type { Transaction } from '../database/transaction.js';
import { referencesTo, resourceNamed } from '../resources/index.js';
import type { Values } from '../resources/inputs.js';
import type { Columns, CommonColumns, Resource, RowOf } from '../resources/resource.js';
import { RULES } from './rules.js';

/** A row of an entity known only by its definition. */
export type EntityRow = RowOf<Columns & CommonColumns>;

/** Makes one, under the rules of its kind. @throws ApiError not_found for what it refers to, conflict and others */
export async function createEntity(tx: Transaction, resource: Resource, given: Values): Promise<EntityRow> {
  await checkReferences(tx, resource, given);
  const values = await (RULES[resource.name]?.write?.(tx, given, null) ?? given);
  const row = await tx.insert(resource, { ...values, storeId: tx.context.storeId });
  await RULES[resource.name]?.made?.(tx, row);
  return row;
}

/** Changes one, under the rules of its kind. @throws ApiError not_found, conflict and others */
export async function updateEntity(
  tx: Transaction,
  resource: Resource,
  id: string,
  given: Values,
): Promise<EntityRow> {
  const before: EntityRow = await tx.get(resource, id);
  await checkReferences(tx, resource, given);
  const values = await (RULES[resource.name]?.write?.(tx, given, before) ?? given);
  return tx.update(resource, id, values);
}

/**
 * Removes one with all that cannot be without it, each under the rules of its kind.
 *
 * @returns the ids of everything that was removed, its own last
 * @throws ApiError not_found; in_use when something must not lose it
 */
export async function removeEntity(tx: Transaction, resource: Resource, id: string): Promise<string[]> {
  const row: EntityRow = await tx.get(resource, id);
  await RULES[resource.name]?.remove?.(tx, row);
  const removed: string[] = [];
  for (const { other, column, onDelete } of referencesTo(resource)) {
    if (onDelete === 'set null') continue;
    const ids = await tx.referring(other, column, id);
    const [first] = ids;
    if (first !== undefined && onDelete === 'restrict') {
      const named = `${ids.slice(0, 5).join(', ')}${ids.length > 5 ? ' and others' : ''}`;
      throw new ApiError(
        'in_use',
        `The ${resource.label} is used by ${ids.length} × ${other.label}: ${named}`,
      );
    }
    // Two ways may lead to the same row.
    for (const dependent of ids)
      if (await tx.find(other, dependent)) removed.push(...(await removeEntity(tx, other, dependent)));
  }
  await tx.remove(resource, id);
  return [...removed, id];
}

/** What is referred to must be there, in this store. @throws ApiError not_found */
export async function checkReferences(tx: Transaction, resource: Resource, values: Values): Promise<void> {
  for (const [name, { references }] of Object.entries(resource.columns)) {
    const value = values[name];
    if (!references || name === 'storeId' || typeof value !== 'string') continue;
    const target = resourceNamed(references.resource);
    if (!(await tx.find(target, value))) throw notFound(target.label, value);
  }
}
