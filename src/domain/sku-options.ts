import { sql } from 'kysely';
import { ApiError, type InputProblem, invalidInput } from '../contract/errors.js';
import type { Transaction } from '../database/transaction.js';
import {
  skuOption,
  skuOptionBinding,
  skuOptionProperty,
  skuOptionValue,
  skuOptionValueFilter,
} from '../resources/index.js';
import type { Values } from '../resources/inputs.js';
import { arrange } from './arrange.js';
import type { EntityRules } from './rules.js';
import { refuseTwin } from './twin.js';

/** The property that carries the text of a personalization. */
export const PERSONALIZATION_PROPERTY = 'Value';

export const skuOptionRules: EntityRules = {
  async write(tx, values, before) {
    if (!before && values.isPersonalization === true) await refuseSecondPersonalization(tx);
    if (typeof before?.id === 'string' && typeof values.name === 'string')
      await refuseSameNameOnSku(tx, { optionId: before.id, name: values.name });
    return values;
  },
  async made(tx, row) {
    if (row.isPersonalization !== true) return;
    await tx.insert(skuOptionProperty, {
      storeId: tx.context.storeId,
      optionId: String(row.id),
      name: PERSONALIZATION_PROPERTY,
      type: 'text',
      order: 0,
    });
  },
};

export const skuOptionValueRules: EntityRules = {
  async write(tx, values, before) {
    const { optionId, name } = { ...before, ...values };
    if (!before) await requireChoices(tx, String(optionId), '$input.optionId');
    await refuseTwin(tx, skuOptionValue, before, { optionId, name }, 'name in this option');
    return placed(tx, skuOptionValue, { optionId }, values, before);
  },
};

export const skuOptionBindingRules: EntityRules = {
  async write(tx, values, before) {
    const { optionId, skuId } = { ...before, ...values };
    const moved = before !== null && (optionId !== before.optionId || skuId !== before.skuId);
    if (moved) await refuseHeldBinding(tx, String(before.id));
    if (!before || moved) {
      await refuseTwin(tx, skuOptionBinding, before, { skuId, optionId }, 'option on this SKU');
      const { name } = await tx.get(skuOption, String(optionId));
      await refuseSameNameOnSku(tx, { optionId: String(optionId), name, skuId: String(skuId) });
    }
    const arrived = before !== null && skuId !== before.skuId ? null : before;
    return placed(tx, skuOptionBinding, { skuId }, values, arrived);
  },
};

export const skuOptionValueFilterRules: EntityRules = {
  async write(tx, values) {
    const { bindingId, skuId, optionId, optionValueId } = values;
    const binding = await tx.get(skuOptionBinding, String(bindingId));
    const value = await tx.get(skuOptionValue, String(optionValueId));
    const wrong: InputProblem[] = [];
    if (skuId !== binding.skuId)
      wrong.push({
        path: '$input.skuId',
        expected: `the SKU of the binding, ${binding.skuId}`,
        value: skuId,
      });
    if (optionId !== binding.optionId)
      wrong.push({
        path: '$input.optionId',
        expected: `the option of the binding, ${binding.optionId}`,
        value: optionId,
      });
    if (value.optionId !== binding.optionId)
      wrong.push({
        path: '$input.optionValueId',
        expected: `a value of the option ${binding.optionId}`,
        value: value.id,
      });
    if (wrong.length > 0) throw invalidInput(wrong);
    await refuseTwin(tx, skuOptionValueFilter, null, { bindingId, optionValueId }, 'value in this binding');
    return values;
  },
};

/** What a buyer writes comes from one field of the shop, which must find its option. */
async function refuseSecondPersonalization(tx: Transaction): Promise<void> {
  const first = await tx.db
    .selectFrom('skuOption')
    .select('id')
    .where('storeId', '=', tx.context.storeId)
    .where('isPersonalization', '=', 1)
    .executeTakeFirst();
  if (first) throw new ApiError('conflict', `A store has one personalization, and there is one: ${first.id}`);
}

/** The values with the place that they get in the order of their kind. */
export async function placed(
  tx: Transaction,
  resource: Parameters<typeof arrange>[1],
  scope: Values,
  values: Values,
  before: Values | null,
): Promise<Values> {
  const wanted = typeof values.order === 'number' ? values.order : null;
  if (before && wanted === null) return values;
  const id = typeof before?.id === 'string' ? before.id : null;
  return { ...values, order: await arrange(tx, resource, scope, id, wanted) };
}

/** @throws ApiError validation_failed for an option whose buyers write a text of their own */
export async function requireChoices(tx: Transaction, optionId: string, path: string): Promise<void> {
  const option = await tx.get(skuOption, optionId);
  if (!option.isPersonalization) return;
  throw invalidInput([
    {
      path,
      expected: 'an option with values: buyers write a text of their own for this one',
      value: optionId,
    },
  ]);
}

/** What hangs on a binding belongs to its option and its SKU: neither is changed under it. */
async function refuseHeldBinding(tx: Transaction, bindingId: string): Promise<void> {
  const filters = await tx.db
    .selectFrom('skuOptionValueFilter')
    .select('id')
    .where('bindingId', '=', bindingId)
    .execute();
  const properties = await tx.db
    .selectFrom('skuOptionProperty')
    .select('id')
    .where((where) =>
      where.or([
        where('bindingId', '=', bindingId),
        where('bindingId2', '=', bindingId),
        where('bindingId3', '=', bindingId),
      ]),
    )
    .execute();
  const held = [
    ...(filters.length > 0 ? [`${filters.length} × ${skuOptionValueFilter.label}`] : []),
    ...(properties.length > 0 ? [`${properties.length} × ${skuOptionProperty.label}`] : []),
  ];
  if (held.length > 0)
    throw new ApiError(
      'in_use',
      `The ${skuOptionBinding.label} is used by ${held.join(' and ')}; delete these first, or make another binding`,
    );
}

/** A shop names options by name: two of one name on a SKU could not be told apart. */
async function refuseSameNameOnSku(
  tx: Transaction,
  given: { readonly optionId: string; readonly name: string; readonly skuId?: string },
): Promise<void> {
  const { storeId } = tx.context;
  const skus =
    given.skuId === undefined
      ? sql`select "skuId" from "skuOptionBinding" where "optionId" = ${given.optionId}`
      : sql`${given.skuId}`;
  const found = await sql<{ skuId: string; optionId: string }>`
    select "binding"."skuId", "binding"."optionId" from "skuOptionBinding" as "binding"
    join "skuOption" as "other" on "other"."id" = "binding"."optionId"
    where "binding"."skuId" in (${skus}) and "other"."storeId" = ${storeId}
      and "other"."name" = ${given.name} and "other"."id" <> ${given.optionId} limit 1
  `.execute(tx.db);
  const [other] = found.rows;
  if (!other) return;
  const named = JSON.stringify(given.name);
  throw new ApiError(
    'conflict',
    `The SKU ${other.skuId} has an option named ${named} already: ${other.optionId}`,
  );
}
