import { sql } from 'kysely';
import { ApiError, type InputProblem, invalidInput, notFound } from '../contract/errors.js';
import type { Transaction } from '../database/transaction.js';
import {
  material,
  materialGroup,
  materialVariant,
  skuOptionBinding,
  skuOptionProperty,
  skuOptionPropertyValue,
  skuOptionValue,
} from '../resources/index.js';
import type { Values } from '../resources/inputs.js';
import type { Columns, CommonColumns, Resource, Row } from '../resources/resource.js';
import { materialAlternatives } from '../resources/shapes.js';
import { alike } from './arrange.js';
import { forgetInLinkedParts } from './linked-part-rules.js';
import type { EntityRules } from './rules.js';
import { placed, requireChoices } from './sku-options.js';

type Property = Row<typeof skuOptionProperty>;
type Binding = Row<typeof skuOptionBinding>;

export const skuOptionPropertyRules: EntityRules = {
  async write(tx, values, before) {
    const whole = { ...before, ...values };
    const { optionId } = whole;
    if (!before) await requireChoices(tx, String(optionId), '$input.optionId');
    if (!before) await checkBindings(tx, values);
    const [bindingId, bindingId2, bindingId3] = BINDINGS.map((name) => whole[name] ?? null);
    const key = { optionId, bindingId, bindingId2, bindingId3, name: whole.name };
    await refuseSame(tx, skuOptionProperty, before, key, 'option, bindings and name');
    return placed(tx, skuOptionProperty, { optionId, bindingId }, values, before);
  },
  /** Linked parts that got something from it have their own again. */
  remove: (tx, row) => forgetInLinkedParts(tx, [String(row.id)]),
};

export const skuOptionPropertyValueRules: EntityRules = {
  async write(tx, values, before) {
    const whole: Values = { ...before, ...values };
    const property = await tx.get(skuOptionProperty, String(whole.propertyId));
    checkType(property, values);
    if (values.materialValue) await checkMaterials(tx, values.materialValue);
    if (before) return values;
    await checkKey(tx, property, values);
    const key = Object.fromEntries(['propertyId', ...VALUES].map((name) => [name, whole[name] ?? null]));
    await refuseSame(tx, skuOptionPropertyValue, null, key, 'property and option values');
    return values;
  },
};

const BINDINGS = ['bindingId', 'bindingId2', 'bindingId3'] as const;
const VALUES = ['optionValueId', 'optionValueId2', 'optionValueId3'] as const;
const FIELDS = {
  text: 'textValue',
  material: 'materialValue',
  plate_quantities: 'plateQuantitiesValue',
} as const;

/** One to three different bindings of one SKU, without a gap, one of them of the property's own option; or none. */
async function checkBindings(tx: Transaction, values: Values): Promise<void> {
  const given = BINDINGS.map((name) => values[name]);
  const bindings: Binding[] = [];
  for (const [index, bindingId] of given.entries()) {
    const path = `$input.${BINDINGS[index]}`;
    if (typeof bindingId !== 'string') continue;
    if (bindings.length < index)
      throw invalidInput([{ path, expected: `none without a ${BINDINGS[index - 1]}` }]);
    const binding = await tx.get(skuOptionBinding, bindingId);
    const [first = binding] = bindings;
    if (binding.skuId !== first.skuId)
      throw invalidInput([{ path, expected: `a binding of the same SKU, ${first.skuId}`, value: bindingId }]);
    if (bindings.some(({ id }) => id === bindingId))
      throw invalidInput([{ path, expected: 'another binding than those before', value: bindingId }]);
    await requireChoices(tx, binding.optionId, path);
    bindings.push(binding);
  }
  const [first] = bindings;
  if (first && !bindings.some(({ optionId }) => optionId === values.optionId)) {
    const expected = `the option of a binding of the property, such as ${first.optionId}`;
    throw invalidInput([{ path: '$input.optionId', expected, value: values.optionId }]);
  }
}

/** Only the field of the property's type may hold something. */
function checkType(property: Property, values: Values): void {
  const own = FIELDS[property.type];
  const wrong = Object.values(FIELDS).filter((field) => field !== own && (values[field] ?? null) !== null);
  if (wrong.length === 0) return;
  throw invalidInput(
    wrong.map((field) => ({
      path: `$input.${field}`,
      expected: `nothing: the property ${property.id} is of type ${property.type} and takes ${own}`,
    })),
  );
}

/** A value of each option that the property depends on, in the order of its bindings. */
async function checkKey(tx: Transaction, property: Property, values: Values): Promise<void> {
  await requireChoices(tx, property.optionId, '$input.propertyId');
  const options = await optionsOf(tx, property);
  const wrong: InputProblem[] = [];
  for (const [index, name] of VALUES.entries()) {
    const given = values[name] ?? null;
    const optionId = options[index];
    const found = typeof given === 'string' ? await tx.get(skuOptionValue, given) : null;
    if ((found?.optionId ?? undefined) === optionId) continue;
    const expected =
      optionId === undefined
        ? `null: the property depends on ${options.length} of the options`
        : `a value of the option ${optionId}`;
    wrong.push({ path: `$input.${name}`, expected, value: given });
  }
  if (wrong.length > 0) throw invalidInput(wrong);
}

/** Ids of the options by whose values the property is keyed, in order. */
async function optionsOf(tx: Transaction, property: Property): Promise<readonly string[]> {
  const bound: string[] = [];
  for (const name of BINDINGS) {
    const bindingId = property[name];
    if (bindingId !== null) bound.push((await tx.get(skuOptionBinding, bindingId)).optionId);
  }
  return bound.length === 0 ? [property.optionId] : bound;
}

/** @throws ApiError not_found for a material, variant or group that there is not */
async function checkMaterials(tx: Transaction, value: unknown): Promise<void> {
  for (const alternative of materialAlternatives.parse(value)) {
    if ('groupId' in alternative) await require(tx, materialGroup, alternative.groupId);
    else if ('variantId' in alternative) await require(tx, materialVariant, alternative.variantId);
    else if ('materialId' in alternative) await require(tx, material, alternative.materialId);
  }
}

async function require<C extends Columns>(
  tx: Transaction,
  resource: Resource<C & CommonColumns>,
  id: string,
): Promise<void> {
  if (!(await tx.find(resource, id))) throw notFound(resource.label, id);
}

/** As `refuseTwin`, but null is like null. */
async function refuseSame(
  tx: Transaction,
  resource: Resource,
  before: Values | null,
  key: Values,
  what: string,
): Promise<void> {
  const found = await sql<{ id: string }>`
    select "id" from ${sql.table(resource.name)} where "storeId" = ${tx.context.storeId} and ${alike(key)}
  `.execute(tx.db);
  const other = found.rows.find(({ id }) => id !== before?.id);
  if (other)
    throw new ApiError('conflict', `There is a ${resource.label} with the same ${what}: ${other.id}`);
}
