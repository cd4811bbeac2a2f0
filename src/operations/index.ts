import { auditOperations } from './audit/audit.js';
import { buildOperations } from './builds/builds.js';
import type { Deps } from './deps.js';
import { folderOperations } from './folders/folders.js';
import { integrationOperations } from './integrations/integrations.js';
import { introspectionOperations } from './introspection/introspection.js';
import { jobOperations } from './jobs/jobs.js';
import { keyOperations } from './keys/keys.js';
import { maintenanceOperations } from './maintenance/maintenance.js';
import { materialOperations } from './materials/materials.js';
import { materialProfileOperations } from './materials/profiles.js';
import { notificationLogOperations } from './notifications/notification-log.js';
import { notificationSettingOperations } from './notifications/notification-settings.js';
import { aliases } from './older/aliases.js';
import { olderOperations } from './older/older.js';
import type { Operation } from './operation.js';
import { orderOperations } from './orders/orders.js';
import { partDetailOperations } from './parts/part-details.js';
import { partOperations } from './parts/parts.js';
import { passkeyOperations } from './passkeys/passkeys.js';
import { peopleOperations } from './people/people.js';
import { cameraOperations } from './printers/camera.js';
import { commandTeller } from './printers/command-teller.js';
import { printerCommandOperations } from './printers/commands.js';
import { livePrinterOperations } from './printers/live.js';
import { messageOperations } from './printers/messages.js';
import { printerOperations } from './printers/printers.js';
import { slotOperations } from './printers/slots.js';
import { profileOperations } from './profiles/profiles.js';
import { sessionOperations } from './sessions/sessions.js';
import { settingsOperations } from './settings/settings.js';
import { skuOptionOperations } from './sku-options/sku-options.js';
import { costOperations } from './skus/costs.js';
import { skuOperations } from './skus/skus.js';
import { storageOperations } from './storage/storage.js';
import { planOperations } from './stores/plan.js';
import { storeOperations } from './stores/stores.js';
import { upkeepOperations } from './upkeep/upkeep.js';

/** Everything the API does, at today's addresses and at older ones. */
export function allOperations(deps: Deps): readonly Operation[] {
  const today = todaysOperations(deps);
  return [...today, ...olderOperations(deps, today), ...aliases(today)];
}

function todaysOperations(deps: Deps): readonly Operation[] {
  const teller = commandTeller(deps);
  return [
    ...storeOperations(deps),
    ...keyOperations(deps),
    ...storageOperations(deps),
    ...partOperations(deps),
    ...partDetailOperations(deps),
    ...buildOperations(deps),
    ...jobOperations(deps, teller),
    ...printerOperations(deps),
    ...printerCommandOperations(deps, teller),
    ...slotOperations(deps, teller),
    ...cameraOperations(deps),
    ...messageOperations(deps),
    ...livePrinterOperations(deps),
    ...upkeepOperations(deps),
    ...auditOperations(deps),
    ...materialOperations(deps),
    ...materialProfileOperations(deps),
    ...profileOperations(deps),
    ...maintenanceOperations(deps),
    ...folderOperations(deps),
    ...orderOperations(deps),
    ...integrationOperations(deps),
    ...skuOperations(deps),
    ...costOperations(deps),
    ...introspectionOperations(deps),
    ...peopleOperations(deps),
    ...settingsOperations(deps),
    ...notificationSettingOperations(deps),
    ...notificationLogOperations(deps),
    ...planOperations(deps),
    ...skuOptionOperations(deps),
    ...passkeyOperations(deps),
    ...sessionOperations(deps),
  ];
}
