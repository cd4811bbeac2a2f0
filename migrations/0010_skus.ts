import { type Kysely, sql } from 'kysely';
import type { Migration } from '../src/database/migrate.js';
import { begun, ended } from './entity-table.js';

/** SKUs with their parts and costs, the builds made of them, and the steps of part builds. */
export const skus: Migration = { name: '0010_skus', up };

async function up(db: Kysely<unknown>): Promise<void> {
  await ended(
    begun(db, 'sku')
      .addColumn('sku', 'text', (c) => c.notNull())
      .addColumn('title', 'text', (c) => c.notNull())
      .addColumn('description', 'text', (c) => c.notNull())
      .addColumn('externalId', 'text')
      .addColumn('externalProvider', 'text')
      .addColumn('folderId', 'text', (c) => c.references('folder.id').onDelete('cascade'))
      .addColumn('totalCogs', 'real', (c) => c.notNull())
      .addColumn('inputs', 'text', (c) => c.notNull()),
  );
  await ended(
    begun(db, 'linkedPart')
      .addColumn('skuId', 'text', (c) => c.notNull().references('sku.id').onDelete('cascade'))
      .addColumn('partId', 'text', (c) => c.notNull().references('part.id').onDelete('cascade'))
      .addColumn('parameters', 'text', (c) => c.notNull())
      .addColumn('quantity', 'integer', (c) => c.notNull())
      .addColumn('label', 'text', (c) => c.notNull())
      .addColumn('exposedParameters', 'text', (c) => c.notNull())
      .addColumn('materialAssignments', 'text')
      .addColumn('extensions', 'text')
      .addColumn('parameterBindings', 'text')
      .addColumn('plateQuantitiesBinding', 'text')
      .addColumn('position', 'integer', (c) => c.notNull()),
  );
  await ended(
    begun(db, 'costComponent')
      .addColumn('name', 'text', (c) => c.notNull())
      .addColumn('type', 'text', (c) => c.notNull())
      .addColumn('unit', 'text', (c) => c.notNull())
      .addColumn('rate', 'real', (c) => c.notNull())
      .addColumn('description', 'text'),
  );
  await ended(
    begun(db, 'skuCost')
      .addColumn('skuId', 'text', (c) => c.notNull().references('sku.id').onDelete('cascade'))
      .addColumn('costComponentId', 'text', (c) =>
        c.notNull().references('costComponent.id').onDelete('restrict'),
      )
      .addColumn('quantity', 'real', (c) => c.notNull()),
  );
  await ended(
    begun(db, 'skuBuild')
      .addColumn('skuId', 'text', (c) => c.references('sku.id').onDelete('set null'))
      .addColumn('skuCopy', 'text', (c) => c.notNull())
      .addColumn('status', 'text', (c) => c.notNull())
      .addColumn('skuInstanceStart', 'integer')
      .addColumn('orderId', 'text')
      .addColumn('orderItemId', 'text')
      .addColumn('priority', 'integer', (c) => c.notNull())
      .addColumn('selectedOptions', 'text'),
  );
  await ended(
    begun(db, 'partBuildStep')
      .addColumn('partBuildId', 'text', (c) => c.notNull().references('partBuild.id').onDelete('cascade'))
      .addColumn('order', 'integer', (c) => c.notNull())
      .addColumn('builder', 'text', (c) => c.notNull())
      .addColumn('inputFiles', 'text', (c) => c.notNull())
      .addColumn('inputParameters', 'text', (c) => c.notNull())
      .addColumn('inputHash', 'text')
      .addColumn('cachedBuildStepId', 'text', (c) => c.references('partBuildStep.id').onDelete('set null'))
      .addColumn('cachedOutputFile', 'text')
      .addColumn('outputFiles', 'text', (c) => c.notNull())
      .addColumn('status', 'text', (c) => c.notNull())
      .addColumn('logs', 'text', (c) => c.notNull())
      .addColumn('requiresAssignedPrinter', 'integer', (c) => c.notNull())
      .addColumn('nextStepId', 'text', (c) => c.references('partBuildStep.id').onDelete('set null'))
      .addColumn('startedAt', 'text')
      .addColumn('completedAt', 'text'),
  );
  for (const statement of INDEXES) await sql.raw(statement).execute(db);
}

/** Those of jobs and builds hold only what was made of SKUs: a farm without them pays nothing. */
const INDEXES: readonly string[] = [
  'create unique index "sku_code" on "sku" ("storeId", "sku")',
  'create index "sku_by_created" on "sku" ("storeId", "createdAt", "id")',
  'create index "sku_by_folder" on "sku" ("folderId") where "folderId" is not null',
  'create index "linked_part_by_created" on "linkedPart" ("storeId", "createdAt", "id")',
  'create index "linked_part_by_sku" on "linkedPart" ("skuId")',
  'create index "linked_part_by_part" on "linkedPart" ("partId")',
  'create index "cost_component_by_created" on "costComponent" ("storeId", "createdAt", "id")',
  'create index "sku_cost_by_created" on "skuCost" ("storeId", "createdAt", "id")',
  'create index "sku_cost_by_sku" on "skuCost" ("skuId")',
  'create index "sku_cost_by_component" on "skuCost" ("costComponentId")',
  'create index "sku_build_by_created" on "skuBuild" ("storeId", "createdAt", "id")',
  'create index "sku_build_by_sku" on "skuBuild" ("skuId") where "skuId" is not null',
  'create index "sku_build_by_order" on "skuBuild" ("orderId") where "orderId" is not null',
  'create index "sku_build_by_item" on "skuBuild" ("orderItemId") where "orderItemId" is not null',
  'create index "step_by_build" on "partBuildStep" ("partBuildId", "order")',
  'create index "step_by_created" on "partBuildStep" ("storeId", "createdAt", "id")',
  'create index "step_by_next" on "partBuildStep" ("nextStepId") where "nextStepId" is not null',
  'create index "step_by_cached" on "partBuildStep" ("cachedBuildStepId") where "cachedBuildStepId" is not null',
  'create index "build_by_sku" on "partBuild" ("skuId") where "skuId" is not null',
  'create index "build_by_sku_build" on "partBuild" ("skuBuildId") where "skuBuildId" is not null',
  'create index "build_by_linked_part" on "partBuild" ("linkedPartId") where "linkedPartId" is not null',
  'create index "job_by_sku" on "printJob" ("skuId") where "skuId" is not null',
  'create index "job_by_linked_part" on "printJob" ("linkedPartId") where "linkedPartId" is not null',
];
