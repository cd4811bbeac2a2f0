import { type Kysely, sql } from 'kysely';
import type { Migration } from '../src/database/migrate.js';
import { begun, ended } from './entity-table.js';

/** People, what they may do, the settings of the store and what its one local plan includes. */
export const people: Migration = { name: '0013_people', up };

async function up(db: Kysely<unknown>): Promise<void> {
  await members(db);
  await settings(db);
  await plan(db);
}

async function members(db: Kysely<unknown>): Promise<void> {
  await ended(
    begun(db, 'user')
      .addColumn('email', 'text')
      .addColumn('displayName', 'text')
      .addColumn('lastActiveAt', 'text')
      .addColumn('removedAt', 'text'),
  );
  await ended(
    begun(db, 'role')
      .addColumn('name', 'text', (c) => c.notNull())
      .addColumn('description', 'text')
      .addColumn('permissions', 'text', (c) => c.notNull()),
  );
  await ended(
    begun(db, 'userRole')
      .addColumn('userId', 'text', (c) => c.notNull().references('user.id').onDelete('cascade'))
      .addColumn('roleId', 'text', (c) => c.notNull()),
  );
  await ended(
    begun(db, 'userPermission')
      .addColumn('userId', 'text', (c) => c.notNull().references('user.id').onDelete('cascade'))
      .addColumn('permission', 'text', (c) => c.notNull()),
  );
  await ended(
    begun(db, 'invitation')
      .addColumn('email', 'text')
      .addColumn('userId', 'text', (c) => c.references('user.id').onDelete('cascade'))
      .addColumn('roleId', 'text')
      .addColumn('permissions', 'text', (c) => c.notNull())
      .addColumn('invitedBy', 'text')
      .addColumn('invitedByEmail', 'text')
      .addColumn('secretHash', 'text', (c) => c.notNull())
      .addColumn('secretSalt', 'text', (c) => c.notNull())
      .addColumn('sentAt', 'text', (c) => c.notNull())
      .addColumn('expiresAt', 'text', (c) => c.notNull())
      .addColumn('acceptedAt', 'text')
      .addColumn('revokedAt', 'text'),
  );
  await sql`create unique index "user_email" on "user" ("storeId", lower("email"))`.execute(db);
  await sql`create unique index "role_name" on "role" ("storeId", lower("name"))`.execute(db);
  await sql`create unique index "user_role" on "userRole" ("userId", "roleId")`.execute(db);
  await sql`create index "user_by_role" on "userRole" ("roleId")`.execute(db);
  await sql`create unique index "user_permission" on "userPermission" ("userId", "permission")`.execute(db);
  // One owner per store, kept by the database itself.
  await sql`create unique index "store_owner" on "userPermission" ("storeId") where "permission" = 'organization.owner'`.execute(
    db,
  );
  await sql`create index "invitation_by_store" on "invitation" ("storeId", "createdAt", "id")`.execute(db);
  await sql`create index "invitation_by_user" on "invitation" ("userId")`.execute(db);
  // What people did is shown with them; keys write far more and are asked for by time alone.
  await sql`create index "audit_by_user" on "auditLog" ("actorId", "createdAt") where "actorType" = 'user'`.execute(
    db,
  );
}

const NOTICES = [
  'onJobSucceeded',
  'onJobFailed',
  'onJobStarted',
  'onJobCancelled',
  'onPrinterHmsError',
  'onPrinterHmsWarning',
  'onPrinterOffline',
  'onPrinterOnline',
  'onPrinterContinuousPrintDisabled',
  'onOrderCreatedManual',
  'onOrderCreatedRetail',
  'onOrderCancelled',
  'onOrderClosed',
  'onOrdersAutoPrinted',
  'onMaintenanceModeOn',
  'onMaintenanceModeOff',
  'onMaintenanceDueSoon',
  'onMaintenanceOverdue',
  'onMaterialUsageRecorded',
];

async function settings(db: Kysely<unknown>): Promise<void> {
  await ended(
    begun(db, 'storeSettings')
      .addColumn('slicer', 'text')
      .addColumn('processLowPriorityJobs', 'integer', (c) => c.notNull())
      .addColumn('currency', 'text')
      .addColumn('currencySymbol', 'text')
      .addColumn('defaultPrinterUserProfileId', 'text')
      .addColumn('defaultPrinterSystemProfileId', 'integer')
      .addColumn('defaultProcessUserProfileId', 'text')
      .addColumn('defaultProcessSystemProfileId', 'integer')
      .addColumn('defaultFallbackFilamentUserProfileId', 'text')
      .addColumn('defaultFallbackFilamentSystemProfileId', 'integer')
      .addColumn('experimentalFeatures', 'text')
      .addColumn('generalSettings', 'text'),
  );
  await ended(
    begun(db, 'userSettings')
      .addColumn('actorId', 'text', (c) => c.notNull())
      .addColumn('defaultStoreId', 'text'),
  );
  let notices = begun(db, 'notificationSetting')
    .addColumn('enabled', 'integer', (c) => c.notNull())
    .addColumn('channel', 'text', (c) => c.notNull());
  for (const name of NOTICES) notices = notices.addColumn(name, 'integer', (c) => c.notNull());
  await ended(notices);
  await sql`create unique index "settings_of_store" on "storeSettings" ("storeId")`.execute(db);
  await sql`create unique index "settings_of_user" on "userSettings" ("storeId", "actorId")`.execute(db);
  await sql`create unique index "notices_by_channel" on "notificationSetting" ("storeId", "channel")`.execute(
    db,
  );
}

async function plan(db: Kysely<unknown>): Promise<void> {
  await ended(
    begun(db, 'entitlement')
      .addColumn('entitlement', 'text', (c) => c.notNull())
      .addColumn('enabledAt', 'text', (c) => c.notNull()),
  );
  await ended(
    begun(db, 'addon')
      .addColumn('addonType', 'text', (c) => c.notNull())
      .addColumn('name', 'text', (c) => c.notNull())
      .addColumn('requiresCommercial', 'integer', (c) => c.notNull())
      .addColumn('isActive', 'integer', (c) => c.notNull())
      .addColumn('metadata', 'text', (c) => c.notNull()),
  );
  await ended(
    begun(db, 'addonTier')
      .addColumn('addonId', 'text', (c) => c.notNull().references('addon.id').onDelete('cascade'))
      .addColumn('tierKey', 'text')
      .addColumn('name', 'text', (c) => c.notNull())
      .addColumn('stripePriceIdMonthly', 'text')
      .addColumn('stripePriceIdYearly', 'text')
      .addColumn('amountMonthly', 'real')
      .addColumn('amountYearly', 'real')
      .addColumn('billingType', 'text', (c) => c.notNull())
      .addColumn('stripePriceIdUsage', 'text')
      .addColumn('unitPrice', 'real')
      .addColumn('usageAggregation', 'text')
      .addColumn('displayOrder', 'integer', (c) => c.notNull())
      .addColumn('isActive', 'integer', (c) => c.notNull()),
  );
  await ended(
    begun(db, 'addonSubscription')
      .addColumn('addonType', 'text', (c) => c.notNull())
      .addColumn('addonId', 'text', (c) => c.notNull().references('addon.id').onDelete('cascade'))
      .addColumn('tierKey', 'text')
      .addColumn('tierId', 'text', (c) => c.notNull().references('addonTier.id').onDelete('cascade'))
      .addColumn('term', 'text', (c) => c.notNull()),
  );
  await ended(
    begun(db, 'subscription')
      .addColumn('concurrencySlots', 'integer')
      .addColumn('plan', 'text')
      .addColumn('trialEndsAt', 'text')
      .addColumn('term', 'text')
      .addColumn('isCommercial', 'integer'),
  );
  await sql`create unique index "entitlement_name" on "entitlement" ("storeId", "entitlement")`.execute(db);
  await sql`create unique index "addon_type" on "addon" ("storeId", "addonType")`.execute(db);
  await sql`create index "tier_by_addon" on "addonTier" ("addonId")`.execute(db);
  await sql`create unique index "addon_subscribed" on "addonSubscription" ("storeId", "addonType")`.execute(
    db,
  );
  await sql`create index "subscription_by_addon" on "addonSubscription" ("addonId")`.execute(db);
  await sql`create index "subscription_by_tier" on "addonSubscription" ("tierId")`.execute(db);
  await sql`create unique index "subscription_of_store" on "subscription" ("storeId")`.execute(db);
}
