import { type Kysely, sql } from 'kysely';
import type { Migration } from '../src/database/migrate.js';
import { begun, ended } from './entity-table.js';

/** What buyers choose for a SKU, and what each choice means for the making. */
export const skuOptions: Migration = { name: '0011_sku_options', up };

async function up(db: Kysely<unknown>): Promise<void> {
  await ended(
    begun(db, 'skuOption')
      .addColumn('name', 'text', (c) => c.notNull())
      .addColumn('isPersonalization', 'integer', (c) => c.notNull()),
  );
  await ended(
    begun(db, 'skuOptionValue')
      .addColumn('name', 'text', (c) => c.notNull())
      .addColumn('optionId', 'text', (c) => c.notNull().references('skuOption.id').onDelete('cascade'))
      .addColumn('skuSuffixes', 'text')
      .addColumn('order', 'integer', (c) => c.notNull()),
  );
  await ended(
    begun(db, 'skuOptionBinding')
      .addColumn('optionId', 'text', (c) => c.notNull().references('skuOption.id').onDelete('cascade'))
      .addColumn('skuId', 'text', (c) => c.notNull().references('sku.id').onDelete('cascade'))
      .addColumn('order', 'integer', (c) => c.notNull())
      .addColumn('filterMode', 'text'),
  );
  await ended(
    begun(db, 'skuOptionValueFilter')
      .addColumn('bindingId', 'text', (c) =>
        c.notNull().references('skuOptionBinding.id').onDelete('cascade'),
      )
      .addColumn('skuId', 'text', (c) => c.notNull().references('sku.id').onDelete('cascade'))
      .addColumn('optionId', 'text', (c) => c.notNull().references('skuOption.id').onDelete('cascade'))
      .addColumn('optionValueId', 'text', (c) =>
        c.notNull().references('skuOptionValue.id').onDelete('cascade'),
      ),
  );
  await ended(
    begun(db, 'skuOptionProperty')
      .addColumn('optionId', 'text', (c) => c.notNull().references('skuOption.id').onDelete('cascade'))
      .addColumn('bindingId', 'text', (c) => c.references('skuOptionBinding.id').onDelete('cascade'))
      .addColumn('bindingId2', 'text', (c) => c.references('skuOptionBinding.id').onDelete('cascade'))
      .addColumn('bindingId3', 'text', (c) => c.references('skuOptionBinding.id').onDelete('cascade'))
      .addColumn('name', 'text', (c) => c.notNull())
      .addColumn('type', 'text', (c) => c.notNull())
      .addColumn('order', 'integer', (c) => c.notNull()),
  );
  await ended(
    begun(db, 'skuOptionPropertyValue')
      .addColumn('propertyId', 'text', (c) =>
        c.notNull().references('skuOptionProperty.id').onDelete('cascade'),
      )
      .addColumn('optionValueId', 'text', (c) =>
        c.notNull().references('skuOptionValue.id').onDelete('cascade'),
      )
      .addColumn('optionValueId2', 'text', (c) => c.references('skuOptionValue.id').onDelete('cascade'))
      .addColumn('optionValueId3', 'text', (c) => c.references('skuOptionValue.id').onDelete('cascade'))
      .addColumn('textValue', 'text')
      .addColumn('materialValue', 'text')
      .addColumn('plateQuantitiesValue', 'text'),
  );
  for (const text of INDEXES) await sql.raw(text).execute(db);
}

/** Null is like null in a key: an empty text stands for it, which no id is. */
const INDEXES = [
  `create index "sku_option_by_created" on "skuOption" ("storeId", "createdAt", "id")`,
  `create unique index "sku_option_personalization" on "skuOption" ("storeId") where "isPersonalization" = 1`,
  `create unique index "sku_option_value_name" on "skuOptionValue" ("optionId", "name")`,
  `create index "sku_option_value_order" on "skuOptionValue" ("optionId", "order")`,
  `create unique index "sku_option_binding_pair" on "skuOptionBinding" ("skuId", "optionId")`,
  `create index "sku_option_binding_order" on "skuOptionBinding" ("skuId", "order")`,
  `create index "sku_option_binding_by_option" on "skuOptionBinding" ("optionId")`,
  `create unique index "sku_option_filter_pair" on "skuOptionValueFilter" ("bindingId", "optionValueId")`,
  `create index "sku_option_filter_by_sku" on "skuOptionValueFilter" ("skuId", "optionId")`,
  `create index "sku_option_filter_by_option" on "skuOptionValueFilter" ("optionId")`,
  `create index "sku_option_filter_by_value" on "skuOptionValueFilter" ("optionValueId")`,
  `create unique index "sku_option_property_name" on "skuOptionProperty"
    ("optionId", coalesce("bindingId", ''), coalesce("bindingId2", ''), coalesce("bindingId3", ''), "name")`,
  `create index "sku_option_property_order" on "skuOptionProperty" ("optionId", "order")`,
  `create index "sku_option_property_by_binding" on "skuOptionProperty" ("bindingId")`,
  `create index "sku_option_property_by_binding2" on "skuOptionProperty" ("bindingId2")`,
  `create index "sku_option_property_by_binding3" on "skuOptionProperty" ("bindingId3")`,
  `create unique index "sku_option_property_value_key" on "skuOptionPropertyValue"
    ("propertyId", "optionValueId", coalesce("optionValueId2", ''), coalesce("optionValueId3", ''))`,
  `create index "sku_option_property_value_by_value" on "skuOptionPropertyValue" ("optionValueId")`,
  `create index "sku_option_property_value_by_value2" on "skuOptionPropertyValue" ("optionValueId2")`,
  `create index "sku_option_property_value_by_value3" on "skuOptionPropertyValue" ("optionValueId3")`,
] as const;
