import { ApiError } from '../contract/errors.js';
import { isId } from '../contract/ids.js';
import { decodeRow } from '../database/rows.js';
import type { Transaction } from '../database/transaction.js';
import { skuOption, skuOptionBinding } from '../resources/index.js';
import type { Sku } from './skus.js';

/** What was chosen for an option, named by its id or its name. */
export type Choice = ({ readonly id: string } | { readonly name: string }) & { readonly value: string };

/** Choices written by id or name of their option; null is no choice. */
export function choicesOf(selected: Readonly<Record<string, string | null>>): readonly Choice[] {
  return Object.entries(selected).flatMap(([key, value]) => {
    if (value === null) return [];
    return [isId(key) ? { id: key, value } : { name: key, value }];
  });
}

/** What was chosen for one option of a SKU. */
export interface ChosenOption {
  readonly optionId: string;
  readonly optionName: string;
  readonly bindingId: string;
  /** Name of the value, or the buyer's own text; null where nothing was chosen. */
  readonly value: string | null;
  /** Null for a text of the buyer's own, too. */
  readonly valueId: string | null;
}

/**
 * What a request chooses for each option of a SKU, in the order of the options; names are compared exactly. `inputs` of a
 * shop stand in where nothing is chosen, and may name what is no option.
 *
 * @throws ApiError unprocessable for an option that the SKU does not have and for a value that it does not offer
 */
export async function chooseOptions(
  tx: Transaction,
  source: Sku,
  choices: readonly Choice[],
  inputs: Readonly<Record<string, unknown>> = {},
): Promise<readonly ChosenOption[]> {
  const bound = await boundOptions(tx, source.id);
  const named = (choice: Choice) =>
    bound.find(({ option }) => ('id' in choice ? option.id === choice.id : option.name === choice.name));
  const values = new Map<string, string>();
  for (const choice of choices) {
    const found = named(choice);
    if (!found)
      throw unknownOption(
        source,
        choice,
        bound.map(({ option }) => option.name),
      );
    values.set(found.option.id, choice.value);
  }
  const chosen: ChosenOption[] = [];
  for (const { option, binding } of bound) {
    const value = values.get(option.id) ?? inputText(inputs, option.name);
    const offered = value === null || option.isPersonalization ? null : await offeredValues(tx, binding);
    const valueId = offered?.find(({ name }) => name === value)?.id ?? null;
    if (offered && valueId === null) {
      throw notOffered(
        source,
        option.name,
        String(value),
        offered.map(({ name }) => name),
      );
    }
    chosen.push({ optionId: option.id, optionName: option.name, bindingId: binding.id, value, valueId });
  }
  return chosen;
}

function inputText(inputs: Readonly<Record<string, unknown>>, name: string): string | null {
  const value = Object.hasOwn(inputs, name) ? inputs[name] : null;
  return typeof value === 'string' || typeof value === 'number' ? String(value) : null;
}

type Binding = Awaited<ReturnType<typeof boundOptions>>[number]['binding'];

async function boundOptions(tx: Transaction, skuId: string) {
  const rows = await tx.db
    .selectFrom('skuOptionBinding')
    .selectAll()
    .where('skuId', '=', skuId)
    .orderBy('order')
    .orderBy('id')
    .execute();
  const bound = [];
  for (const row of rows) {
    const binding = decodeRow(skuOptionBinding, row);
    bound.push({ binding, option: await tx.get(skuOption, binding.optionId) });
  }
  return bound;
}

/** The values of an option that its SKU offers, in their order. */
async function offeredValues(tx: Transaction, binding: Binding) {
  const values = await tx.db
    .selectFrom('skuOptionValue')
    .select(['id', 'name'])
    .where('optionId', '=', binding.optionId)
    .orderBy('order')
    .orderBy('id')
    .execute();
  const listed = await tx.db
    .selectFrom('skuOptionValueFilter')
    .select('optionValueId')
    .where('bindingId', '=', binding.id)
    .execute();
  const names = new Set(listed.map(({ optionValueId }) => optionValueId));
  const { filterMode } = binding;
  return values.filter(({ id }) => filterMode === null || names.has(id) === (filterMode === 'inclusion'));
}

function unknownOption(source: Sku, choice: Choice, allowed: readonly string[]): ApiError {
  const named = JSON.stringify('id' in choice ? choice.id : choice.name);
  const has = allowed.length > 0 ? `; it has ${allowed.join(', ')}` : ' and takes no choice';
  return new ApiError('unprocessable', `options: the SKU ${source.sku} has no option ${named}${has}`, {
    allowed,
  });
}

function notOffered(source: Sku, option: string, value: string, allowed: readonly string[]): ApiError {
  return new ApiError(
    'unprocessable',
    `options: ${option} of the SKU ${source.sku} cannot be ${JSON.stringify(value)}; it offers ${allowed.join(', ') || 'nothing'}`,
    { allowed },
  );
}
