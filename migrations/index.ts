import type { Migration } from '../src/database/migrate.js';
import { firstLight } from './0001_first_light.js';
import { auditLog } from './0002_audit_log.js';
import { shownPrint } from './0003_shown_print.js';
import { cameraPort } from './0004_camera_port.js';
import { materials } from './0005_materials.js';
import { fewerPages } from './0006_fewer_pages.js';
import { skus } from './0010_skus.js';
import { skuOptions } from './0011_sku_options.js';
import { orders } from './0012_orders.js';
import { people } from './0013_people.js';
import { passkeys } from './0014_passkeys.js';
import { profiles } from './0015_profiles.js';
import { byCreation } from './0016_by_creation.js';
import { maintenance } from './0017_maintenance.js';
import { printClock } from './0018_print_clock.js';
import { spoolUse } from './0019_spool_use.js';
import { printerStanding } from './0020_printer_standing.js';
import { choreRuns } from './0021_chore_runs.js';
import { entityChanges } from './0022_entity_changes.js';
import { notices } from './0023_notices.js';
import { printerNews } from './0024_printer_news.js';

/** All steps in order. A step that has been released is never edited: add another one. */
export const MIGRATIONS: readonly Migration[] = [
  firstLight,
  auditLog,
  shownPrint,
  cameraPort,
  materials,
  fewerPages,
  skus,
  skuOptions,
  orders,
  people,
  passkeys,
  profiles,
  byCreation,
  maintenance,
  printClock,
  spoolUse,
  printerStanding,
  choreRuns,
  entityChanges,
  notices,
  printerNews,
];
