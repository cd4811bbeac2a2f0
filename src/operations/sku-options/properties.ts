import { ApiError } from '../../contract/errors.js';
import type { Transaction } from '../../database/transaction.js';
import { removeEntity, updateEntity } from '../../domain/entities.js';
import { skuOption, skuOptionProperty } from '../../resources/index.js';
import type { Resource } from '../../resources/resource.js';
import type { Deps } from '../deps.js';
import { type Operation, operation } from '../operation.js';
import { deleteOperation, updateOperation } from '../standard-writes.js';

const PROPERTY: Resource = skuOptionProperty;

/** Another name for a property, but not for the one that a personalization is made with. */
export function renamePropertyOperation(deps: Deps, at: string): Operation {
  return operation({
    ...updateOperation(PROPERTY, deps, at),
    async run({ params, body }, { write }) {
      const row = await deps.database.write(write, async (tx) => {
        await refuseBuiltIn(tx, params.id);
        return updateEntity(tx, PROPERTY, params.id, body);
      });
      return PROPERTY.present(row, deps.presenter);
    },
  });
}

/** Takes its values along; linked parts that got something from it have their own again. */
export function deletePropertyOperation(deps: Deps, at: string): Operation {
  return operation({
    ...deleteOperation(PROPERTY, deps, at),
    run: ({ params }, { write }) =>
      deps.database.write(write, async (tx) => {
        await refuseBuiltIn(tx, params.id);
        return removeEntity(tx, PROPERTY, params.id);
      }),
  });
}

/** @throws ApiError in_use for the property without which a personalization has no text */
async function refuseBuiltIn(tx: Transaction, propertyId: string): Promise<void> {
  const { optionId, name } = await tx.get(skuOptionProperty, propertyId);
  const option = await tx.get(skuOption, optionId);
  if (!option.isPersonalization) return;
  const named = JSON.stringify(name);
  throw new ApiError(
    'in_use',
    `The property ${named} carries the text of the personalization ${option.id} and goes with it`,
  );
}
