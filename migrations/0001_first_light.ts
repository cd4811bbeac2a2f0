import { type Kysely, sql } from 'kysely';
import type { Migration } from '../src/database/migrate.js';

/** The first schema: printers, parts, builds, jobs, the dispatch journal and what they need. */
export const firstLight: Migration = { name: '0001_first_light', up };

async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('store')
    .addColumn('id', 'text', (c) => c.primaryKey().notNull())
    .addColumn('storeId', 'text', (c) => c.notNull())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('timezone', 'text')
    .addColumn('country', 'text')
    .addColumn('logoLightUrl', 'text')
    .addColumn('logoDarkUrl', 'text')
    .addColumn('websiteUrl', 'text')
    .addColumn('auditEnabled', 'integer', (c) => c.notNull())
    .addColumn('createdAt', 'text', (c) => c.notNull())
    .addColumn('updatedAt', 'text', (c) => c.notNull())
    .execute();
  await db.schema
    .createTable('apiKey')
    .addColumn('id', 'text', (c) => c.primaryKey().notNull())
    .addColumn('storeId', 'text', (c) => c.notNull().references('store.id').onDelete('cascade'))
    .addColumn('secretHash', 'text', (c) => c.notNull())
    .addColumn('secretSalt', 'text', (c) => c.notNull())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('active', 'integer', (c) => c.notNull())
    .addColumn('managed', 'integer', (c) => c.notNull())
    .addColumn('managedBy', 'text')
    .addColumn('externalRef', 'text')
    .addColumn('integrationId', 'text')
    .addColumn('fullAccess', 'integer', (c) => c.notNull())
    .addColumn('ipAllowlist', 'text')
    .addColumn('createdBy', 'text')
    .addColumn('lastUsedAt', 'text')
    .addColumn('expiresAt', 'text')
    .addColumn('permissions', 'text', (c) => c.notNull())
    .addColumn('roleIds', 'text', (c) => c.notNull())
    .addColumn('createdAt', 'text', (c) => c.notNull())
    .addColumn('updatedAt', 'text', (c) => c.notNull())
    .execute();
  await db.schema
    .createTable('integration')
    .addColumn('id', 'text', (c) => c.primaryKey().notNull())
    .addColumn('storeId', 'text', (c) => c.notNull().references('store.id').onDelete('cascade'))
    .addColumn('type', 'text', (c) => c.notNull())
    .addColumn('externalId', 'text')
    .addColumn('publicData', 'text')
    .addColumn('settings', 'text')
    .addColumn('createdAt', 'text', (c) => c.notNull())
    .addColumn('updatedAt', 'text', (c) => c.notNull())
    .execute();
  await db.schema
    .createTable('printer')
    .addColumn('id', 'text', (c) => c.primaryKey().notNull())
    .addColumn('storeId', 'text', (c) => c.notNull().references('store.id').onDelete('cascade'))
    .addColumn('provider', 'text', (c) => c.notNull())
    .addColumn('deviceId', 'text')
    .addColumn('providerConfig', 'text')
    .addColumn('machineUserProfileId', 'text')
    .addColumn('machineSystemProfileId', 'integer')
    .addColumn('processUserProfileId', 'text')
    .addColumn('processSystemProfileId', 'integer')
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('nozzleDiameter', 'text', (c) => c.notNull())
    .addColumn('metadata', 'text')
    .addColumn('proxyClientId', 'text')
    .addColumn('commMethod', 'text')
    .addColumn('enabled', 'integer', (c) => c.notNull())
    .addColumn('tags', 'text', (c) => c.notNull())
    .addColumn('confirmedReady', 'integer', (c) => c.notNull())
    .addColumn('isAvailable', 'integer', (c) => c.notNull())
    .addColumn('isOnline', 'integer', (c) => c.notNull())
    .addColumn('printingJobId', 'text')
    .addColumn('lastPrintedAt', 'text')
    .addColumn('integrationId', 'text')
    .addColumn('integrationType', 'text')
    .addColumn('continuousPrint', 'integer', (c) => c.notNull())
    .addColumn('fabmaticRemainingJobs', 'integer')
    .addColumn('lifetimePrintHours', 'real', (c) => c.notNull())
    .addColumn('lifetimeJobCount', 'integer', (c) => c.notNull())
    .addColumn('isInMaintenance', 'integer', (c) => c.notNull())
    .addColumn('lastMaintenanceOfflineAt', 'text')
    .addColumn('lastMaintenanceOnlineAt', 'text')
    .addColumn('createdAt', 'text', (c) => c.notNull())
    .addColumn('updatedAt', 'text', (c) => c.notNull())
    .execute();
  await db.schema
    .createTable('printerConnection')
    .addColumn('id', 'text', (c) => c.primaryKey().notNull())
    .addColumn('storeId', 'text', (c) => c.notNull().references('store.id').onDelete('cascade'))
    .addColumn('printerId', 'text', (c) => c.notNull().unique().references('printer.id').onDelete('cascade'))
    .addColumn('serial', 'text', (c) => c.notNull())
    .addColumn('host', 'text', (c) => c.notNull())
    .addColumn('mqttPort', 'integer', (c) => c.notNull())
    .addColumn('ftpPort', 'integer', (c) => c.notNull())
    .addColumn('accessCode', 'text', (c) => c.notNull())
    .addColumn('trust', 'text', (c) => c.notNull())
    .addColumn('pinnedFingerprint', 'text')
    .addColumn('pinnedAt', 'text')
    .addColumn('modelCode', 'text')
    .addColumn('configured', 'integer', (c) => c.notNull())
    .addColumn('active', 'integer', (c) => c.notNull())
    .addColumn('createdAt', 'text', (c) => c.notNull())
    .addColumn('updatedAt', 'text', (c) => c.notNull())
    .execute();
  await db.schema
    .createTable('printerSlot')
    .addColumn('id', 'text', (c) => c.primaryKey().notNull())
    .addColumn('storeId', 'text', (c) => c.notNull().references('store.id').onDelete('cascade'))
    .addColumn('printerId', 'text', (c) => c.notNull().references('printer.id').onDelete('cascade'))
    .addColumn('materialId', 'text')
    .addColumn('variantId', 'text')
    .addColumn('instanceId', 'text')
    .addColumn('materialType', 'text')
    .addColumn('expectedData', 'text')
    .addColumn('expectedDataSetAt', 'text')
    .addColumn('amsIndex', 'integer', (c) => c.notNull())
    .addColumn('slotIndex', 'integer', (c) => c.notNull())
    .addColumn('slot', 'integer', (c) => c.notNull())
    .addColumn('filamentUserProfileId', 'text')
    .addColumn('filamentSystemProfileId', 'integer')
    .addColumn('createdAt', 'text', (c) => c.notNull())
    .addColumn('updatedAt', 'text', (c) => c.notNull())
    .execute();
  await db.schema
    .createTable('part')
    .addColumn('id', 'text', (c) => c.primaryKey().notNull())
    .addColumn('storeId', 'text', (c) => c.notNull().references('store.id').onDelete('cascade'))
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('type', 'text', (c) => c.notNull())
    .addColumn('description', 'text', (c) => c.notNull())
    .addColumn('fileUris', 'text', (c) => c.notNull())
    .addColumn('fileHashes', 'text', (c) => c.notNull())
    .addColumn('thumbnailUri', 'text')
    .addColumn('parameters', 'text', (c) => c.notNull())
    .addColumn('printTags', 'text', (c) => c.notNull())
    .addColumn('overriddenProcessProfileId', 'text')
    .addColumn('folderId', 'text')
    .addColumn('materials', 'text')
    .addColumn('slicerOverride', 'text')
    .addColumn('metadata', 'text')
    .addColumn('slicingEstimate', 'text')
    .addColumn('use3MFProcessProfile', 'integer', (c) => c.notNull())
    .addColumn('arrangeable', 'integer', (c) => c.notNull())
    .addColumn('userTags', 'text', (c) => c.notNull())
    .addColumn('gcodePlateUris', 'text')
    .addColumn('uploadedAt', 'text')
    .addColumn('createdAt', 'text', (c) => c.notNull())
    .addColumn('updatedAt', 'text', (c) => c.notNull())
    .execute();
  await db.schema
    .createTable('partBuild')
    .addColumn('id', 'text', (c) => c.primaryKey().notNull())
    .addColumn('storeId', 'text', (c) => c.notNull().references('store.id').onDelete('cascade'))
    .addColumn('partId', 'text', (c) => c.references('part.id').onDelete('set null'))
    .addColumn('skuBuildId', 'text')
    .addColumn('skuId', 'text')
    .addColumn('skuName', 'text')
    .addColumn('label', 'text')
    .addColumn('partCopy', 'text', (c) => c.notNull())
    .addColumn('requiredPrinterTags', 'text', (c) => c.notNull())
    .addColumn('quantity', 'integer', (c) => c.notNull())
    .addColumn('numPartsPerSku', 'integer')
    .addColumn('skuInstanceStart', 'integer')
    .addColumn('parameterOverrides', 'text', (c) => c.notNull())
    .addColumn('status', 'text', (c) => c.notNull())
    .addColumn('outputFiles', 'text')
    .addColumn('thumbnailUri', 'text')
    .addColumn('assignmentStartedAt', 'text')
    .addColumn('assignmentCompletedAt', 'text')
    .addColumn('printingStartedAt', 'text')
    .addColumn('printingCompletedAt', 'text')
    .addColumn('printStatus', 'text', (c) => c.notNull())
    .addColumn('extensions', 'text')
    .addColumn('materialAssignments', 'text')
    .addColumn('priority', 'integer', (c) => c.notNull())
    .addColumn('position', 'text', (c) => c.notNull())
    .addColumn('orderId', 'text')
    .addColumn('orderItemId', 'text')
    .addColumn('linkedPartId', 'text')
    .addColumn('dismissed', 'integer', (c) => c.notNull())
    .addColumn('createdByActor', 'text')
    .addColumn('createdAt', 'text', (c) => c.notNull())
    .addColumn('updatedAt', 'text', (c) => c.notNull())
    .execute();
  await db.schema
    .createTable('printJob')
    .addColumn('id', 'text', (c) => c.primaryKey().notNull())
    .addColumn('storeId', 'text', (c) => c.notNull().references('store.id').onDelete('cascade'))
    .addColumn('partBuildId', 'text', (c) => c.notNull().references('partBuild.id').onDelete('restrict'))
    .addColumn('quantityIndex', 'integer', (c) => c.notNull())
    .addColumn('quantityTotal', 'integer', (c) => c.notNull())
    .addColumn('thumbnailUri', 'text')
    .addColumn('coloredThumbnailUri', 'text')
    .addColumn('buildThumbnailUri', 'text')
    .addColumn('filesToPrint', 'text', (c) => c.notNull())
    .addColumn('slicerInputHash', 'text')
    .addColumn('isGcodeCached', 'integer', (c) => c.notNull())
    .addColumn('slicedGcodeUri', 'text')
    .addColumn('partId', 'text', (c) => c.references('part.id').onDelete('set null'))
    .addColumn('partName', 'text', (c) => c.notNull())
    .addColumn('skuId', 'text')
    .addColumn('skuName', 'text')
    .addColumn('parameterOverrides', 'text', (c) => c.notNull())
    .addColumn('orderId', 'text')
    .addColumn('label', 'text', (c) => c.notNull())
    .addColumn('orderItemId', 'text')
    .addColumn('linkedPartId', 'text')
    .addColumn('skuInstance', 'integer')
    .addColumn('queueOrder', 'integer', (c) => c.notNull())
    .addColumn('priority', 'integer', (c) => c.notNull())
    .addColumn('requiredPrinterTags', 'text', (c) => c.notNull())
    .addColumn('overriddenProcessProfileId', 'text')
    .addColumn('taskId', 'integer', (c) => c.notNull())
    .addColumn('profileUris', 'text')
    .addColumn('assignedPrinterId', 'text')
    .addColumn('assignmentStartedAt', 'text')
    .addColumn('assignmentCompletedAt', 'text')
    .addColumn('printingStartedAt', 'text')
    .addColumn('printingCompletedAt', 'text')
    .addColumn('cancelledAt', 'text')
    .addColumn('status', 'text', (c) => c.notNull())
    .addColumn('errorMessage', 'text')
    .addColumn('hidden', 'integer', (c) => c.notNull())
    .addColumn('logsUri', 'text')
    .addColumn('extensions', 'text')
    .addColumn('skipObjectsData', 'text')
    .addColumn('materialMapping', 'text')
    .addColumn('materialAssignments', 'text')
    .addColumn('gcodeAnalysisSha256', 'text')
    .addColumn('excludedPrinterIds', 'text', (c) => c.notNull())
    .addColumn('createdAt', 'text', (c) => c.notNull())
    .addColumn('updatedAt', 'text', (c) => c.notNull())
    .execute();
  await db.schema
    .createTable('dispatch')
    .addColumn('id', 'text', (c) => c.primaryKey().notNull())
    .addColumn('storeId', 'text', (c) => c.notNull().references('store.id').onDelete('cascade'))
    .addColumn('printJobId', 'text', (c) => c.notNull().references('printJob.id').onDelete('restrict'))
    .addColumn('printerId', 'text', (c) => c.notNull())
    .addColumn('phase', 'text', (c) => c.notNull())
    .addColumn('token', 'integer', (c) => c.notNull().unique())
    .addColumn('previousToken', 'integer')
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('remoteName', 'text', (c) => c.notNull())
    .addColumn('plate', 'integer', (c) => c.notNull())
    .addColumn('sha256', 'text', (c) => c.notNull())
    .addColumn('bytes', 'integer', (c) => c.notNull())
    .addColumn('filaments', 'text', (c) => c.notNull())
    .addColumn('slotSnapshot', 'text', (c) => c.notNull())
    .addColumn('transferAttempts', 'integer', (c) => c.notNull())
    .addColumn('uploaded', 'integer', (c) => c.notNull())
    .addColumn('before', 'text')
    .addColumn('startSentAt', 'text')
    .addColumn('resentAt', 'text')
    .addColumn('acceptedAt', 'text')
    .addColumn('confirmedAt', 'text')
    .addColumn('recognisedBy', 'text')
    .addColumn('cancelRequestedAt', 'text')
    .addColumn('stopSentAt', 'text')
    .addColumn('firstError', 'text')
    .addColumn('cancelSeen', 'integer', (c) => c.notNull())
    .addColumn('wasReady', 'integer', (c) => c.notNull())
    .addColumn('endedAt', 'text')
    .addColumn('outcome', 'text')
    .addColumn('message', 'text')
    .addColumn('remoteRemovedAt', 'text')
    .addColumn('createdAt', 'text', (c) => c.notNull())
    .addColumn('updatedAt', 'text', (c) => c.notNull())
    .execute();
  await db.schema
    .createTable('storedFile')
    .addColumn('id', 'text', (c) => c.primaryKey().notNull())
    .addColumn('storeId', 'text', (c) => c.notNull().references('store.id').onDelete('cascade'))
    .addColumn('uri', 'text', (c) => c.notNull().unique())
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('ownerId', 'text')
    .addColumn('sha256', 'text')
    .addColumn('bytes', 'integer')
    .addColumn('expiresAt', 'text')
    .addColumn('createdAt', 'text', (c) => c.notNull())
    .addColumn('updatedAt', 'text', (c) => c.notNull())
    .execute();

  // The promise, kept by the database itself: one open dispatch per printer and one per job.
  await sql`create unique index "dispatch_open_printer" on "dispatch" ("printerId") where "endedAt" is null`.execute(
    db,
  );
  await sql`create unique index "dispatch_open_job" on "dispatch" ("printJobId") where "endedAt" is null`.execute(
    db,
  );
  await sql`create index "dispatch_by_job" on "dispatch" ("printJobId", "createdAt")`.execute(db);
  await sql`create index "dispatch_cleanup" on "dispatch" ("printerId") where "uploaded" = 1 and "remoteRemovedAt" is null`.execute(
    db,
  );

  await sql`create unique index "printer_serial" on "printer" ("storeId", "deviceId")`.execute(db);
  await sql`create unique index "connection_serial" on "printerConnection" ("storeId", "serial")`.execute(db);
  await sql`create unique index "slot_place" on "printerSlot" ("printerId", "amsIndex", "slotIndex")`.execute(
    db,
  );
  await sql`create index "part_by_created" on "part" ("storeId", "createdAt", "id")`.execute(db);
  await sql`create index "build_by_created" on "partBuild" ("storeId", "createdAt", "id")`.execute(db);
  await sql`create index "build_by_part" on "partBuild" ("partId")`.execute(db);
  await sql`create index "job_by_build" on "printJob" ("partBuildId")`.execute(db);
  await sql`create index "job_by_part" on "printJob" ("partId")`.execute(db);
  await sql`create index "job_by_printer" on "printJob" ("assignedPrinterId", "status")`.execute(db);
  await sql`create index "job_queue" on "printJob" ("storeId", "status", "priority", "queueOrder", "createdAt", "id")`.execute(
    db,
  );
  await sql`create index "job_order" on "printJob" ("storeId", "priority", "queueOrder", "createdAt", "id")`.execute(
    db,
  );
  await sql`create index "job_by_created" on "printJob" ("storeId", "createdAt", "id")`.execute(db);
  await sql`create index "file_by_owner" on "storedFile" ("ownerId")`.execute(db);
  await sql`create index "file_by_bytes" on "storedFile" ("sha256")`.execute(db);
  await sql`create index "file_expiry" on "storedFile" ("expiresAt") where "expiresAt" is not null`.execute(
    db,
  );
}
