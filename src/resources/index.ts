import { addon } from './addon.js';
import { addonSubscription } from './addon-subscription.js';
import { addonTier } from './addon-tier.js';
import { apiKey } from './api-key.js';
import { auditLog } from './audit-log.js';
import { choreRun } from './chore-run.js';
import type { Reference } from './column.js';
import { costComponent } from './cost-component.js';
import { customer } from './customer.js';
import { dispatch } from './dispatch.js';
import { entitlement } from './entitlement.js';
import { folder } from './folder.js';
import { ignoredSku } from './ignored-sku.js';
import { integration } from './integration.js';
import { invitation } from './invitation.js';
import { linkedPart } from './linked-part.js';
import { maintenanceCompletionLog } from './maintenance-completion-log.js';
import { maintenanceItem } from './maintenance-item.js';
import { material } from './material.js';
import { materialGroup } from './material-group.js';
import { materialGroupMember } from './material-group-member.js';
import { materialInstance } from './material-instance.js';
import { materialProfileAssignment } from './material-profile-assignment.js';
import { materialVariant } from './material-variant.js';
import { notice } from './notice.js';
import { notificationSetting } from './notification-setting.js';
import { order } from './order.js';
import { orderItem } from './order-item.js';
import { part } from './part.js';
import { partBuild } from './part-build.js';
import { partBuildStep } from './part-build-step.js';
import { partMaterialAssignment } from './part-material-assignment.js';
import { passkey } from './passkey.js';
import { printJob } from './print-job.js';
import { printer } from './printer.js';
import { printerConnection } from './printer-connection.js';
import { printerMaintenanceEnrollment } from './printer-maintenance-enrollment.js';
import { printerNews } from './printer-news.js';
import { printerSlot } from './printer-slot.js';
import { profile } from './profile.js';
import type { RawRow, Resource } from './resource.js';
import { role } from './role.js';
import { sku } from './sku.js';
import { skuBuild } from './sku-build.js';
import { skuCost } from './sku-cost.js';
import { skuOption } from './sku-option.js';
import { skuOptionBinding } from './sku-option-binding.js';
import { skuOptionProperty } from './sku-option-property.js';
import { skuOptionPropertyValue } from './sku-option-property-value.js';
import { skuOptionValue } from './sku-option-value.js';
import { skuOptionValueFilter } from './sku-option-value-filter.js';
import { slicerJob } from './slicer-job.js';
import { store } from './store.js';
import { storeSettings } from './store-settings.js';
import { storedFile } from './stored-file.js';
import { subscription } from './subscription.js';
import { user } from './user.js';
import { userPermission } from './user-permission.js';
import { userRole } from './user-role.js';
import { userSession } from './user-session.js';
import { userSettings } from './user-settings.js';

/** Every entity of the daemon, by name. A new one is added here and in a migration. */
export const RESOURCES = Object.freeze({
  store,
  apiKey,
  integration,
  printer,
  printerConnection,
  printerNews,
  printerSlot,
  part,
  partBuild,
  printJob,
  dispatch,
  storedFile,
  auditLog,
  folder,
  material,
  materialVariant,
  materialGroup,
  materialGroupMember,
  materialInstance,
  materialProfileAssignment,
  partMaterialAssignment,
  user,
  role,
  userRole,
  userPermission,
  invitation,
  storeSettings,
  userSettings,
  notificationSetting,
  notice,
  entitlement,
  addon,
  addonTier,
  addonSubscription,
  subscription,
  customer,
  order,
  orderItem,
  ignoredSku,
  sku,
  linkedPart,
  costComponent,
  skuCost,
  skuBuild,
  partBuildStep,
  skuOption,
  skuOptionValue,
  skuOptionProperty,
  skuOptionPropertyValue,
  skuOptionBinding,
  skuOptionValueFilter,
  passkey,
  userSession,
  profile,
  slicerJob,
  maintenanceItem,
  printerMaintenanceEnrollment,
  maintenanceCompletionLog,
  choreRun,
});

export type ResourceName = keyof typeof RESOURCES;

/** The tables as Kysely knows them, derived from the definitions: each is named like its entity. */
export type Tables = { [K in ResourceName]: RawRow<(typeof RESOURCES)[K]> };

export const ALL_RESOURCES: readonly Resource[] = Object.values(RESOURCES);

const byName: ReadonlyMap<string, Resource> = new Map(ALL_RESOURCES.map((one) => [one.name, one]));

/** @throws TypeError when no entity has that name: a mistake in a definition */
export function resourceNamed(name: string): Resource {
  const found = byName.get(name);
  if (!found) throw new TypeError(`No entity is named ${name}`);
  return found;
}

/** A column of another entity that holds the id of one. */
export interface ReferringColumn extends Reference {
  readonly other: Resource;
  readonly column: string;
}

const referring = new WeakMap<Resource, readonly ReferringColumn[]>();

/** All columns that hold ids of that kind of entity. */
export function referencesTo(target: Resource): readonly ReferringColumn[] {
  const known = referring.get(target);
  if (known) return known;
  const made = ALL_RESOURCES.flatMap((other) =>
    Object.entries(other.columns).flatMap(([column, { references }]) =>
      references?.resource === target.name ? [{ ...references, other, column }] : [],
    ),
  );
  referring.set(target, made);
  return made;
}

export {
  addon,
  addonSubscription,
  addonTier,
  apiKey,
  auditLog,
  choreRun,
  costComponent,
  customer,
  dispatch,
  entitlement,
  folder,
  ignoredSku,
  integration,
  invitation,
  linkedPart,
  maintenanceCompletionLog,
  maintenanceItem,
  material,
  materialGroup,
  materialGroupMember,
  materialInstance,
  materialProfileAssignment,
  materialVariant,
  notice,
  notificationSetting,
  order,
  orderItem,
  part,
  partBuild,
  partBuildStep,
  partMaterialAssignment,
  passkey,
  printer,
  printerConnection,
  printerMaintenanceEnrollment,
  printerNews,
  printerSlot,
  printJob,
  profile,
  role,
  sku,
  skuBuild,
  skuCost,
  skuOption,
  skuOptionBinding,
  skuOptionProperty,
  skuOptionPropertyValue,
  skuOptionValue,
  skuOptionValueFilter,
  slicerJob,
  store,
  storedFile,
  storeSettings,
  subscription,
  user,
  userPermission,
  userRole,
  userSession,
  userSettings,
};
