import { type Kysely, sql } from 'kysely';
import type { Migration } from '../src/database/migrate.js';
import { begun, ended } from './entity-table.js';

/** Customers, orders with their items, and the SKU codes that nothing is printed for. */
export const orders: Migration = { name: '0012_orders', up };

async function up(db: Kysely<unknown>): Promise<void> {
  await ended(
    begun(db, 'customer')
      .addColumn('name', 'text')
      .addColumn('email', 'text')
      .addColumn('phone', 'text')
      .addColumn('countryCode', 'text')
      .addColumn('provinceCode', 'text')
      .addColumn('zipCode', 'text')
      .addColumn('externalId', 'text')
      .addColumn('source', 'text'),
  );
  await ended(
    begun(db, 'order')
      .addColumn('orderNumber', 'text', (c) => c.notNull())
      .addColumn('source', 'text')
      .addColumn('status', 'text', (c) => c.notNull())
      .addColumn('cancelledAt', 'text')
      .addColumn('customerId', 'text', (c) => c.references('customer.id').onDelete('set null'))
      .addColumn('integrationId', 'text', (c) => c.references('integration.id').onDelete('set null'))
      .addColumn('priceBucket', 'real')
      .addColumn('price', 'real')
      .addColumn('currency', 'text')
      .addColumn('externalId', 'text')
      .addColumn('externalUrl', 'text')
      .addColumn('sourceRef', 'text')
      .addColumn('note', 'text')
      .addColumn('deadline', 'text')
      .addColumn('processedAt', 'text')
      .addColumn('syncDisabled', 'integer', (c) => c.notNull()),
  );
  await ended(
    begun(db, 'orderItem')
      .addColumn('orderId', 'text', (c) => c.notNull().references('order.id').onDelete('cascade'))
      .addColumn('skuId', 'text', (c) => c.references('sku.id').onDelete('set null'))
      .addColumn('source', 'text')
      .addColumn('quantity', 'integer', (c) => c.notNull())
      .addColumn('inputs', 'text')
      .addColumn('status', 'text')
      .addColumn('externalId', 'text')
      .addColumn('externalOrderId', 'text')
      .addColumn('externalProductId', 'text')
      .addColumn('externalSku', 'text')
      .addColumn('originalSku', 'text')
      .addColumn('processedAt', 'text')
      .addColumn('ignored', 'integer')
      .addColumn('processedStatus', 'text')
      .addColumn('skuConfig', 'text')
      .addColumn('resolutionNote', 'text')
      .addColumn('position', 'integer', (c) => c.notNull()),
  );
  await ended(begun(db, 'ignoredSku').addColumn('skus', 'text', (c) => c.notNull()));

  for (const statement of INDEXES) await sql.raw(statement).execute(db);
}

const INDEXES = [
  `create index "customer_by_created" on "customer" ("storeId", "createdAt", "id")`,
  `create unique index "customer_external" on "customer" ("storeId", "source", "externalId") where "externalId" is not null`,
  // Addresses are compared without regard to case.
  `create index "customer_by_email" on "customer" ("storeId", lower("email")) where "email" is not null`,
  `create index "order_by_created" on "order" ("storeId", "createdAt", "id")`,
  `create index "order_by_status" on "order" ("storeId", "status", "createdAt", "id")`,
  `create unique index "order_external" on "order" ("storeId", "source", "externalId") where "externalId" is not null`,
  `create index "order_by_customer" on "order" ("customerId") where "customerId" is not null`,
  `create index "order_by_integration" on "order" ("integrationId") where "integrationId" is not null`,
  `create index "item_by_created" on "orderItem" ("storeId", "createdAt", "position", "id")`,
  `create index "item_by_order" on "orderItem" ("orderId", "storeId", "createdAt", "position", "id")`,
  `create index "item_by_sku" on "orderItem" ("skuId") where "skuId" is not null`,
  `create index "item_by_code" on "orderItem" ("storeId", "originalSku") where "originalSku" is not null`,
  `create unique index "ignored_sku_store" on "ignoredSku" ("storeId")`,
  // Most jobs are of no order: they are not in these.
  `create index "job_by_order" on "printJob" ("orderId") where "orderId" is not null`,
  `create index "job_by_order_item" on "printJob" ("orderItemId") where "orderItemId" is not null`,
  `create index "build_by_order" on "partBuild" ("orderId") where "orderId" is not null`,
  `create index "build_by_order_item" on "partBuild" ("orderItemId") where "orderItemId" is not null`,
];
