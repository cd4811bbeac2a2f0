import type { Transaction } from '../database/transaction.js';
import type { Values } from '../resources/inputs.js';
import { costComponentRules } from './cost-components.js';
import { customerRules } from './customer-rules.js';
import { folderRules } from './folders.js';
import { linkedPartRules } from './linked-part-rules.js';
import { maintenanceItemRules } from './maintenance.js';
import { groupMemberRules, groupRules, instanceRules, materialRules, variantRules } from './materials.js';
import { orderItemRules } from './order-item-rules.js';
import { orderRules } from './order-rules.js';
import { profileRules } from './profiles.js';
import { skuOptionPropertyRules, skuOptionPropertyValueRules } from './sku-option-properties.js';
import {
  skuOptionBindingRules,
  skuOptionRules,
  skuOptionValueFilterRules,
  skuOptionValueRules,
} from './sku-options.js';
import { skuRules } from './sku-rules.js';

/** What holds for one kind of entity beyond its columns, inside the transaction that writes it. */
export interface EntityRules {
  /** Checks what is about to be written and completes it; `before` is null for a new one. */
  write?(tx: Transaction, values: Values, before: Values | null): Promise<Values>;
  /** Once a new one is there: makes what is never without it, in the same transaction. */
  made?(tx: Transaction, row: Values): Promise<void>;
  /** Before it goes: refuses, or settles what hangs on it in a way of its own. */
  remove?(tx: Transaction, row: Values): Promise<void>;
}

/** By name of the resource. */
export const RULES: Readonly<Record<string, EntityRules>> = {
  folder: folderRules,
  material: materialRules,
  materialVariant: variantRules,
  materialGroup: groupRules,
  materialGroupMember: groupMemberRules,
  materialInstance: instanceRules,
  customer: customerRules,
  order: orderRules,
  orderItem: orderItemRules,
  sku: skuRules,
  linkedPart: linkedPartRules,
  costComponent: costComponentRules,
  skuOption: skuOptionRules,
  skuOptionValue: skuOptionValueRules,
  skuOptionBinding: skuOptionBindingRules,
  skuOptionValueFilter: skuOptionValueFilterRules,
  skuOptionProperty: skuOptionPropertyRules,
  skuOptionPropertyValue: skuOptionPropertyValueRules,
  profile: profileRules,
  maintenanceItem: maintenanceItemRules,
};
