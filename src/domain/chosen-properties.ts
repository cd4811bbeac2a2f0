import { ApiError } from '../contract/errors.js';
import { decodeRow } from '../database/rows.js';
import type { Transaction } from '../database/transaction.js';
import { skuOptionProperty, skuOptionPropertyValue } from '../resources/index.js';
import type { Row } from '../resources/resource.js';
import type { LinkedPartMaterials, MaterialAssignments } from '../resources/shapes.js';
import type { ChosenOption } from './sku-choices.js';

type Property = Row<typeof skuOptionProperty>;
type PropertyValue = Row<typeof skuOptionPropertyValue>;

/**
 * What the chosen options make of the properties that a linked part points to. Of properties that are alike the one
 * that more options decide counts, where it has a value for what was chosen.
 */
export class ChosenProperties {
  constructor(
    private readonly tx: Transaction,
    private readonly skuCode: string,
    private readonly chosen: readonly ChosenOption[],
  ) {}

  /**
   * Materials with each property in its place: a channel for which nothing is said is left to the part.
   *
   * @returns null when nothing is said at all
   * @throws ApiError option_required
   */
  async materials(given: LinkedPartMaterials): Promise<MaterialAssignments | null> {
    const settled: MaterialAssignments = {};
    for (const [channel, alternatives] of Object.entries(given)) {
      const found: MaterialAssignments[string] = [];
      for (const one of alternatives) {
        if (!('propertyId' in one)) found.push(one);
        // With another alternative the channel can do without the choice.
        else
          found.push(...((await this.#value(one.propertyId, alternatives.length > 1))?.materialValue ?? []));
      }
      if (found.length > 0 || alternatives.length === 0) settled[channel] = found;
    }
    return Object.keys(settled).length > 0 ? settled : null;
  }

  /** @returns null where the property says nothing @throws ApiError option_required */
  async plateQuantities(propertyId: string | null): Promise<Readonly<Record<string, number>> | null> {
    if (propertyId === null) return null;
    return (await this.#value(propertyId, false))?.plateQuantitiesValue ?? null;
  }

  async #value(propertyId: string, optional: boolean): Promise<PropertyValue | null> {
    const named = await this.tx.find(skuOptionProperty, propertyId);
    if (!named) return null;
    for (const property of await this.#alike(named)) {
      const key = this.#keyOf(property);
      const missing = key.find(({ valueId }) => valueId === null);
      if (missing && !optional) {
        throw new ApiError(
          'option_required',
          `options: choose ${missing.optionName} of the SKU ${this.skuCode}; ${property.name} depends on it`,
          { option: missing.optionName },
        );
      }
      const found = missing || key.length === 0 ? null : await this.#stored(property, key);
      if (found) return found;
    }
    return null;
  }

  /** The property and those that stand for it in this SKU, the one with the most bindings first. */
  async #alike({ optionId, name, type }: Property): Promise<readonly Property[]> {
    const rows = await this.tx.db
      .selectFrom('skuOptionProperty')
      .selectAll()
      .where('optionId', '=', optionId)
      .where('name', '=', name)
      .where('type', '=', type)
      .execute();
    const own = new Set(this.chosen.map(({ bindingId }) => bindingId));
    return rows
      .map((row) => decodeRow(skuOptionProperty, row))
      .filter((property) => bindingsOf(property).every((binding) => own.has(binding)))
      .toSorted((a, b) => bindingsOf(b).length - bindingsOf(a).length);
  }

  /** What was chosen of the options that decide a property, in the order of its key; empty when the SKU has them not. */
  #keyOf(property: Property): readonly ChosenOption[] {
    const bindings = bindingsOf(property);
    if (bindings.length === 0) return this.chosen.filter(({ optionId }) => optionId === property.optionId);
    return bindings.flatMap((binding) => this.chosen.filter(({ bindingId }) => bindingId === binding));
  }

  async #stored(property: Property, key: readonly ChosenOption[]): Promise<PropertyValue | null> {
    const [first, second, third] = key.map(({ valueId }) => valueId);
    const rows = await this.tx.db
      .selectFrom('skuOptionPropertyValue')
      .selectAll()
      .where('propertyId', '=', property.id)
      .where('optionValueId', '=', first ?? '')
      .execute();
    const found = rows.find(
      (row) => row.optionValueId2 === (second ?? null) && row.optionValueId3 === (third ?? null),
    );
    return found ? decodeRow(skuOptionPropertyValue, found) : null;
  }
}

function bindingsOf({ bindingId, bindingId2, bindingId3 }: Property): readonly string[] {
  return [bindingId, bindingId2, bindingId3].filter((id) => id !== null);
}
