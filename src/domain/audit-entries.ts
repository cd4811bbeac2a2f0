import type { Actor, Change } from '../database/change.js';
import type { FieldChange } from '../resources/audit-log.js';
import type { AnyColumn } from '../resources/column.js';
import { type auditLog, RESOURCES } from '../resources/index.js';
import type { Insert, Resource } from '../resources/resource.js';

/** What an entry says beyond who, when and from where. */
export interface AuditEntry {
  /** Plural with a capital, such as `Printers`. */
  readonly entityType: string;
  /** One or more. */
  readonly ids: readonly string[];
  readonly action: Insert<typeof auditLog>['action'] | null;
  /** Such as `printer.online`; null takes what the request asked for. */
  readonly detailedAction: string | null;
  readonly changes: readonly FieldChange[] | null;
  readonly metadata: Readonly<Record<string, unknown>> | null;
}

/** What the daemon keeps for its own use: nobody asked for it. */
const OWN_BOOKS: ReadonlySet<string> = new Set([
  'dispatch',
  'storedFile',
  'userSession',
  'notice',
  'printerNews',
]);

/**
 * Changes that follow from another in the same transaction, by what is changed and how: that one tells of them. A build
 * queues its jobs, jobs move the sums of their build, a printer takes along what is its own.
 */
const FOLLOWS: Readonly<Record<string, string>> = {
  'INSERT printJob': 'INSERT partBuild',
  'UPDATE partBuild': 'UPDATE printJob',
  'UPDATE printer': 'UPDATE printJob',
  'DELETE printerConnection': 'DELETE printer',
  'DELETE printerSlot': 'DELETE printer',
  'DELETE printerMaintenanceEnrollment': 'DELETE printer',
  'DELETE maintenanceCompletionLog': 'DELETE printer',
  'INSERT orderItem': 'INSERT order',
  'DELETE orderItem': 'DELETE order',
};

/** What is over, or written down once: each keeps its own copy of what it was made from. */
const PAST: ReadonlySet<string> = new Set([
  'printJob',
  'partBuild',
  'skuBuild',
  'partBuildStep',
  'slicerJob',
  'order',
  'orderItem',
]);

const ACTIONS = {
  INSERT: ['create', 'bulk_create'],
  UPDATE: ['update', 'bulk_update'],
  DELETE: ['delete', 'bulk_delete'],
} as const;

/** Entries of one transaction: one for each kind of entity and of change. */
export function entriesOf(actor: Actor, changes: readonly Change[]): readonly AuditEntry[] {
  return actor.type === 'system' ? comingsAndGoings(changes) : deeds(changes);
}

function comingsAndGoings(changes: readonly Change[]): AuditEntry[] {
  return changes.flatMap(({ resource, action, id, fields, before, after }): AuditEntry[] => {
    if (resource !== 'printer' || action !== 'UPDATE') return [];
    const told = (field: string, detailedAction: string, metadata: AuditEntry['metadata']): AuditEntry => ({
      entityType: 'Printers',
      ids: [id],
      action: 'update',
      detailedAction,
      changes: [{ field, oldValue: before?.[field] ?? null, newValue: after?.[field] ?? null }],
      metadata,
    });
    const online = after?.isOnline === true ? 'printer.online' : 'printer.offline';
    return [
      ...(fields.includes('isOnline') ? [told('isOnline', online, null)] : []),
      ...(fields.includes('continuousPrint') && after?.continuousPrint === false
        ? [told('continuousPrint', 'printer.continuousPrintDisabled', reasonOf(after.continuousEnded))]
        : []),
      ...(fields.includes('setAside') && reasonOf(after?.setAside) !== null
        ? [told('setAside', 'printer.setAside', reasonOf(after?.setAside))]
        : []),
    ];
  });
}

function reasonOf(occurrence: unknown): { readonly reason: string } | null {
  if (typeof occurrence !== 'object' || occurrence === null || !('reason' in occurrence)) return null;
  return typeof occurrence.reason === 'string' ? { reason: occurrence.reason } : null;
}

function deeds(changes: readonly Change[]): AuditEntry[] {
  const groups = new Map<string, Change[]>();
  for (const change of changes) {
    if (OWN_BOOKS.has(change.resource)) continue;
    // That what they named is gone is told by that; a whole past would make an entry of thousands.
    if (change.released && PAST.has(change.resource)) continue;
    const key = `${change.action} ${change.resource}`;
    const group = groups.get(key);
    if (group) group.push(change);
    else groups.set(key, [change]);
  }
  return [...groups].flatMap(([key, group]) => {
    const cause = FOLLOWS[key];
    return cause !== undefined && groups.has(cause) ? [] : entryOf(group);
  });
}

function entryOf(group: readonly Change[]): AuditEntry[] {
  const [first] = group;
  const resource = ALL[first?.resource ?? ''];
  if (!first || !resource) return [];
  const ids = [...new Set(group.map(({ id }) => id))];
  const word = ACTIONS[first.action][ids.length === 1 ? 0 : 1];
  return [
    {
      entityType: entityType(resource),
      ids,
      action: word,
      detailedAction: null,
      changes: common(group.map((change) => fieldChanges(resource, change))),
      metadata: null,
    },
  ];
}

const ALL: Readonly<Record<string, Resource>> = RESOURCES;

/** `PrintJobs` for print jobs. */
function entityType({ events, name }: Resource): string {
  const plural = events ?? `${name}s`;
  return `${plural.charAt(0).toUpperCase()}${plural.slice(1)}`;
}

/** What is the same for all of them; each entity has its own story only where it is the only one. */
function common(each: readonly (readonly FieldChange[])[]): readonly FieldChange[] {
  const [first = [], ...others] = each;
  if (others.length === 0) return first;
  const text = (value: unknown) => JSON.stringify(value) ?? '';
  return first.flatMap((change) => {
    const same = others.map((list) => list.find(({ field }) => field === change.field));
    if (!same.every((other) => other && text(other.newValue) === text(change.newValue))) return [];
    const before = same.every((other) => text(other?.oldValue) === text(change.oldValue));
    return [before ? change : { ...change, oldValue: null }];
  });
}

const UNTOLD: ReadonlySet<string> = new Set(['id', 'storeId', 'createdAt', 'updatedAt']);

/** Fields with what they were and are; of what is made or removed those that hold something of their own. */
function fieldChanges(resource: Resource, { action, fields, before, after }: Change): FieldChange[] {
  const names =
    action === 'UPDATE' ? fields : Object.keys(resource.columns).filter((name) => !UNTOLD.has(name));
  return names.flatMap((field) => {
    const column = resource.columns[field];
    if (!column) return [];
    const [oldValue, newValue] = [before?.[field] ?? null, after?.[field] ?? null];
    if (action !== 'UPDATE' && isOrdinary(column, action === 'INSERT' ? newValue : oldValue)) return [];
    return [{ field, oldValue: told(field, column, oldValue), newValue: told(field, column, newValue) }];
  });
}

/** Nothing, or what every entity begins with. */
function isOrdinary(column: AnyColumn, value: unknown): boolean {
  if (value === null) return true;
  return column.fallback !== undefined && column.encode(value) === column.encode(column.fallback.value);
}

const REDACTED = '[REDACTED]';
/** Names of what must not be told wherever it stands: columns, and keys inside JSON values. */
const SECRET_NAMES: ReadonlySet<string> = new Set([
  'accessCode',
  'dev_access_code',
  'secretHash',
  'secretSalt',
  'hash',
  'salt',
  'password',
  'api_key',
  'apiKey',
]);
/** Longest value that is told in full; characters of its JSON. */
const TOLD_MAX = 1_000;

function told(field: string, column: AnyColumn, value: unknown): unknown {
  if (value === null) return null;
  if (column.secret || SECRET_NAMES.has(field)) return REDACTED;
  const text = JSON.stringify(value, (key, inner: unknown) =>
    SECRET_NAMES.has(key) && inner !== null ? REDACTED : inner,
  );
  return text.length <= TOLD_MAX ? JSON.parse(text) : `${text.slice(0, TOLD_MAX)}…`;
}
