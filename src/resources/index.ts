import { apiKey } from './api-key.js';
import { auditLog } from './audit-log.js';
import { dispatch } from './dispatch.js';
import { folder } from './folder.js';
import { integration } from './integration.js';
import { material } from './material.js';
import { materialGroup } from './material-group.js';
import { materialGroupMember } from './material-group-member.js';
import { materialInstance } from './material-instance.js';
import { materialProfileAssignment } from './material-profile-assignment.js';
import { materialVariant } from './material-variant.js';
import { part } from './part.js';
import { partBuild } from './part-build.js';
import { partMaterialAssignment } from './part-material-assignment.js';
import { printJob } from './print-job.js';
import { printer } from './printer.js';
import { printerConnection } from './printer-connection.js';
import { printerSlot } from './printer-slot.js';
import type { RawRow, Resource } from './resource.js';
import { store } from './store.js';
import { storedFile } from './stored-file.js';

/** Every entity of the daemon, by name. A new one is added here and in a migration. */
export const RESOURCES = Object.freeze({
  store,
  apiKey,
  integration,
  printer,
  printerConnection,
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

export {
  apiKey,
  auditLog,
  dispatch,
  folder,
  integration,
  material,
  materialGroup,
  materialGroupMember,
  materialInstance,
  materialProfileAssignment,
  materialVariant,
  part,
  partBuild,
  partMaterialAssignment,
  printer,
  printerConnection,
  printerSlot,
  printJob,
  store,
  storedFile,
};
