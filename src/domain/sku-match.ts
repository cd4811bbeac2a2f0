import { type Kysely, sql } from 'kysely';
import { isOneOf } from '../database/json-sql.js';
import { decodeRow } from '../database/rows.js';
import { skuOptionValue, type Tables } from '../resources/index.js';
import { type ReadSuffix, readSuffixes, type SuffixedOption } from './sku-suffixes.js';

/** A SKU found by a code, with what the suffixes of the code say. */
export interface SkuMatch {
  readonly skuId: string;
  readonly sku: string;
  readonly options: readonly ReadSuffix[];
}

/** Longer than any SKU code. */
const MAX_CODE = 1_024;

/**
 * The SKU that a shop's code means: the one of exactly this code, else the one with the longest code that this begins
 * with and whose options' suffixes make up the rest.
 *
 * @returns `ambiguous` when a suffix stands for two values of an option; null when no SKU is meant
 */
export async function matchSku(
  db: Kysely<Tables>,
  storeId: string,
  code: string,
): Promise<SkuMatch | 'ambiguous' | null> {
  const text = code.trim();
  const beginnings = Array.from({ length: Math.min(text.length, MAX_CODE) }, (_, index) =>
    text.slice(0, index + 1),
  );
  const bases = await db
    .selectFrom('sku')
    .select(['id', 'sku'])
    .where('storeId', '=', storeId)
    .where(isOneOf(sql.ref('sku'), beginnings))
    .execute();
  for (const base of bases.toSorted((a, b) => b.sku.length - a.sku.length)) {
    const rest = text.slice(base.sku.length);
    const read = rest === '' ? [] : readSuffixes(rest, await suffixedOptions(db, base.id));
    if (read === 'ambiguous') return read;
    if (read) return { skuId: base.id, sku: base.sku, options: read };
  }
  return null;
}

/** The options of a SKU that suffixes name, in order, each with the values that the SKU offers. */
async function suffixedOptions(db: Kysely<Tables>, skuId: string): Promise<SuffixedOption[]> {
  const bound = await db
    .selectFrom('skuOptionBinding')
    .innerJoin('skuOption', 'skuOption.id', 'skuOptionBinding.optionId')
    .select([
      'skuOptionBinding.id',
      'skuOptionBinding.filterMode',
      'skuOption.id as optionId',
      'skuOption.name',
    ])
    .where('skuOptionBinding.skuId', '=', skuId)
    .where('skuOption.isPersonalization', '=', 0)
    .orderBy('skuOptionBinding.order')
    .orderBy('skuOptionBinding.id')
    .execute();
  const options: SuffixedOption[] = [];
  for (const { id: bindingId, filterMode, optionId: id, name } of bound) {
    const values = await suffixedValues(db, id);
    if (values.length === 0) continue;
    const listed = await listedBy(db, bindingId);
    const offered = values.filter(
      (value) => filterMode === null || listed.has(value.id) === (filterMode === 'inclusion'),
    );
    options.push({ id, name, values: offered });
  }
  return options;
}

async function suffixedValues(db: Kysely<Tables>, optionId: string) {
  const rows = await db
    .selectFrom('skuOptionValue')
    .selectAll()
    .where('optionId', '=', optionId)
    .where('skuSuffixes', 'is not', null)
    .execute();
  return rows.flatMap((raw) => {
    const { id, name, skuSuffixes } = decodeRow(skuOptionValue, raw);
    return skuSuffixes === null || skuSuffixes.length === 0 ? [] : [{ id, name, suffixes: skuSuffixes }];
  });
}

async function listedBy(db: Kysely<Tables>, bindingId: string): Promise<ReadonlySet<string>> {
  const rows = await db
    .selectFrom('skuOptionValueFilter')
    .select('optionValueId')
    .where('bindingId', '=', bindingId)
    .execute();
  return new Set(rows.map(({ optionValueId }) => optionValueId));
}
