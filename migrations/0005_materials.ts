import { type Kysely, sql } from 'kysely';
import type { Migration } from '../src/database/migrate.js';
import { begun, ended } from './entity-table.js';

/** Folders, materials with their variants, spools and groups, and which of them a part may be printed with. */
export const materials: Migration = { name: '0005_materials', up };

async function up(db: Kysely<unknown>): Promise<void> {
  await ended(
    begun(db, 'folder')
      .addColumn('type', 'text', (c) => c.notNull())
      .addColumn('name', 'text', (c) => c.notNull())
      .addColumn('parentId', 'text', (c) => c.references('folder.id').onDelete('cascade')),
  );
  await ended(
    begun(db, 'material')
      .addColumn('name', 'text', (c) => c.notNull())
      .addColumn('brand', 'text', (c) => c.notNull())
      .addColumn('type', 'text', (c) => c.notNull())
      .addColumn('identifier', 'text')
      .addColumn('tags', 'text', (c) => c.notNull())
      .addColumn('filamentUserProfileId', 'text')
      .addColumn('filamentSystemProfileId', 'integer')
      .addColumn('starred', 'integer', (c) => c.notNull())
      .addColumn('pricePer1000g', 'real')
      .addColumn('source', 'text')
      .addColumn('externalId', 'text'),
  );
  await ended(
    begun(db, 'materialVariant')
      .addColumn('name', 'text', (c) => c.notNull())
      .addColumn('materialId', 'text', (c) => c.notNull().references('material.id').onDelete('cascade'))
      .addColumn('color', 'text')
      .addColumn('tags', 'text', (c) => c.notNull())
      .addColumn('filamentUserProfileId', 'text')
      .addColumn('filamentSystemProfileId', 'integer')
      .addColumn('pricePer1000g', 'real')
      .addColumn('pressureAdvance', 'real')
      .addColumn('source', 'text')
      .addColumn('externalId', 'text'),
  );
  await ended(
    begun(db, 'materialGroup')
      .addColumn('name', 'text', (c) => c.notNull())
      .addColumn('priority', 'integer', (c) => c.notNull())
      .addColumn('parentId', 'text', (c) => c.references('materialGroup.id').onDelete('set null')),
  );
  await ended(
    begun(db, 'materialGroupMember')
      .addColumn('variantId', 'text', (c) => c.references('materialVariant.id').onDelete('cascade'))
      .addColumn('materialId', 'text', (c) => c.references('material.id').onDelete('cascade'))
      .addColumn('materialGroupId', 'text', (c) =>
        c.notNull().references('materialGroup.id').onDelete('cascade'),
      )
      .addColumn('materialType', 'text', (c) => c.notNull())
      .addColumn('priority', 'integer', (c) => c.notNull()),
  );
  await ended(
    begun(db, 'materialInstance')
      .addColumn('variantId', 'text', (c) => c.notNull().references('materialVariant.id').onDelete('cascade'))
      .addColumn('materialId', 'text', (c) => c.notNull().references('material.id').onDelete('cascade'))
      .addColumn('materialType', 'text', (c) => c.notNull())
      .addColumn('remainingMaterial', 'real', (c) => c.notNull())
      .addColumn('source', 'text')
      .addColumn('externalId', 'text'),
  );
  await ended(
    begun(db, 'materialProfileAssignment')
      .addColumn('modelId', 'text', (c) => c.notNull())
      .addColumn('nozzleDiameter', 'text', (c) => c.notNull())
      .addColumn('materialId', 'text', (c) => c.references('material.id').onDelete('cascade'))
      .addColumn('variantId', 'text', (c) => c.references('materialVariant.id').onDelete('cascade'))
      .addColumn('userProfileId', 'text')
      .addColumn('systemProfileId', 'integer'),
  );
  await ended(
    begun(db, 'partMaterialAssignment')
      .addColumn('groupId', 'text', (c) => c.references('materialGroup.id').onDelete('cascade'))
      .addColumn('variantId', 'text', (c) => c.references('materialVariant.id').onDelete('cascade'))
      .addColumn('materialId', 'text', (c) => c.references('material.id').onDelete('cascade'))
      .addColumn('materialType', 'text')
      .addColumn('partId', 'text', (c) => c.notNull().references('part.id').onDelete('cascade'))
      .addColumn('index', 'integer', (c) => c.notNull())
      .addColumn('priority', 'integer', (c) => c.notNull()),
  );

  await sql`create index "folder_by_parent" on "folder" ("parentId")`.execute(db);
  await sql`create index "part_by_folder" on "part" ("folderId") where "folderId" is not null`.execute(db);
  await sql`create unique index "material_name" on "material" ("storeId", "brand", "name")`.execute(db);
  await sql`create unique index "material_identifier" on "material" ("storeId", "identifier")`.execute(db);
  await sql`create unique index "variant_name" on "materialVariant" ("materialId", "name")`.execute(db);
  await sql`create index "group_by_parent" on "materialGroup" ("parentId")`.execute(db);
  await sql`create index "member_by_group" on "materialGroupMember" ("materialGroupId", "priority")`.execute(
    db,
  );
  await sql`create index "member_by_material" on "materialGroupMember" ("materialId")`.execute(db);
  await sql`create index "member_by_variant" on "materialGroupMember" ("variantId")`.execute(db);
  await sql`create index "instance_by_material" on "materialInstance" ("materialId")`.execute(db);
  await sql`create index "instance_by_variant" on "materialInstance" ("variantId")`.execute(db);
  await sql`create index "slot_by_instance" on "printerSlot" ("instanceId") where "instanceId" is not null`.execute(
    db,
  );
  await sql`create index "material_profile_by_material" on "materialProfileAssignment" ("materialId")`.execute(
    db,
  );
  await sql`create index "material_profile_by_variant" on "materialProfileAssignment" ("variantId")`.execute(
    db,
  );
  await sql`create index "part_material_by_part" on "partMaterialAssignment" ("partId", "index", "priority")`.execute(
    db,
  );
  await sql`create index "part_material_by_group" on "partMaterialAssignment" ("groupId")`.execute(db);
  await sql`create index "part_material_by_variant" on "partMaterialAssignment" ("variantId")`.execute(db);
  await sql`create index "part_material_by_material" on "partMaterialAssignment" ("materialId")`.execute(db);
}
