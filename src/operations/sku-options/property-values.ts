import { z } from 'zod';
import type { Transaction } from '../../database/transaction.js';
import { createEntity, type EntityRow, updateEntity } from '../../domain/entities.js';
import { answered } from '../../resources/answered.js';
import { skuOptionPropertyValue } from '../../resources/index.js';
import { insertInput, type Values } from '../../resources/inputs.js';
import type { Resource } from '../../resources/resource.js';
import type { Deps } from '../deps.js';
import { NOTHING, type Operation, operation } from '../operation.js';
import { id, ids, noParams } from '../schemas.js';
import { getOperation, plainListOperation } from '../standard.js';
import { needed } from '../standard-parts.js';
import { removeMany } from '../standard-writes.js';

const RESOURCE: Resource = skuOptionPropertyValue;
const { textValue, materialValue, plateQuantitiesValue } = skuOptionPropertyValue.columns;

const one = insertInput(RESOURCE);
const many = z.object({ values: z.array(one).max(1_000) });
const changes = z.object({
  updates: z
    .array(
      z.object({
        id,
        textValue: textValue.schema.optional(),
        materialValue: materialValue.schema.optional(),
        plateQuantitiesValue: plateQuantitiesValue.schema.optional(),
      }),
    )
    .max(1_000),
});

/** What properties are for each choice. Written in sets, each set whole or not at all. */
export function propertyValueOperations(deps: Deps, at: string): Operation[] {
  const { database, presenter } = deps;

  const all = plainListOperation(RESOURCE, deps, {
    id: `${RESOURCE.name}.all`,
    path: at,
    summary: `List every ${RESOURCE.label} of the store, whole`,
    params: noParams,
  });
  const create = operation({
    id: `${RESOURCE.name}.createMany`,
    method: 'POST',
    path: at,
    status: 201,
    summary: 'Say what properties are for the values of their options; all of them or none',
    permissions: needed(RESOURCE, 'create'),
    params: noParams,
    body: many,
    answer: () => z.array(answered(RESOURCE)),
    async run({ body }, { write }) {
      const rows = await database.write(write, (tx) => createAll(tx, body.values));
      return rows.map((row) => RESOURCE.present(row, presenter));
    },
  });
  const update = operation({
    id: `${RESOURCE.name}.updateMany`,
    method: 'PATCH',
    path: at,
    status: 200,
    summary: 'Change what properties are for the values of their options; all of them or none',
    permissions: needed(RESOURCE, 'edit'),
    params: noParams,
    body: changes,
    answer: null,
    async run({ body }, { write }) {
      await database.write(write, async (tx) => {
        for (const { id: changed, ...values } of body.updates)
          await updateEntity(tx, RESOURCE, changed, values);
      });
      return NOTHING;
    },
  });
  const remove = operation({
    id: `${RESOURCE.name}.deleteMany`,
    method: 'DELETE',
    path: at,
    status: 200,
    summary: 'Delete values of properties; answers the ids of those that went, those not there left out',
    permissions: needed(RESOURCE, 'delete'),
    params: noParams,
    body: z.object({ ids }),
    answer: () => ids,
    run: ({ body }, { write }) => database.write(write, (tx) => removeMany(tx, RESOURCE, body.ids)),
  });
  return [all, create, update, remove, getOperation(RESOURCE, deps, { at })];
}

/** The same for one alone; a set is taken too. */
export function createPropertyValueOperation(deps: Deps, at: string): Operation {
  const { database, presenter } = deps;
  return operation({
    id: `${RESOURCE.name}.create`,
    method: 'POST',
    path: at,
    status: 201,
    summary: 'Say what a property is for a value of its option',
    permissions: needed(RESOURCE, 'create'),
    params: noParams,
    body: z.union([many, one]),
    answer: () => z.union([z.array(answered(RESOURCE)), answered(RESOURCE)]),
    async run({ body }, { write }) {
      const set = many.safeParse(body);
      const rows = await database.write(write, (tx) => createAll(tx, set.success ? set.data.values : [body]));
      const made = rows.map((row) => RESOURCE.present(row, presenter));
      return set.success ? made : made[0];
    },
  });
}

async function createAll(tx: Transaction, given: readonly Values[]): Promise<EntityRow[]> {
  const rows: EntityRow[] = [];
  for (const values of given) rows.push(await createEntity(tx, RESOURCE, values));
  return rows;
}
