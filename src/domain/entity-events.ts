import type { Change, ChangeAction } from '../database/change.js';
import { ALL_RESOURCES } from '../resources/index.js';
import type { Resource } from '../resources/resource.js';
import type { EntityRow } from './entities.js';

/** What became of one entity in one transaction, as whoever follows its type is told. */
export interface EntityEvent {
  readonly resource: Resource;
  /** Its type in events, such as `printJobs`. */
  readonly type: string;
  readonly action: ChangeAction;
  readonly id: string;
  /** Null for what was made. */
  readonly before: EntityRow | null;
  /** Null for what was removed. */
  readonly after: EntityRow | null;
  /** Of an update the columns that are answered and differ, `updatedAt` aside. */
  readonly fields: readonly string[];
  /** `before` and `after` hold no more than what differs: one of very many. */
  readonly partial?: true;
}

/** All of one transaction, or a part of a large one. */
export interface EntityBatch {
  readonly sequence: number;
  readonly storeId: string;
  readonly events: readonly EntityEvent[];
}

const told: ReadonlyMap<string, { readonly resource: Resource; readonly type: string }> = new Map(
  ALL_RESOURCES.flatMap((resource) =>
    resource.events === null ? [] : [[resource.name, { resource, type: resource.events }] as const],
  ),
);

/** The entity of that name, where the outside hears of it. */
export function toldEntity(name: string): { readonly resource: Resource; readonly type: string } | null {
  return told.get(name) ?? null;
}

/** Whether the outside sees the column. */
export function isTold(resource: Resource, name: string): boolean {
  return resource.columns[name]?.hidden === false && name !== 'updatedAt';
}

interface Net {
  readonly resource: Resource;
  readonly type: string;
  readonly id: string;
  before: EntityRow | null;
  after: EntityRow | null;
  /** Columns that may differ; null for all. */
  fields: Set<string> | null;
  /** Only what differs is known so far. */
  partial: boolean;
}

/**
 * One event for each entity that is another after the transaction than before it: several changes of it are one, and
 * what was made and removed again, or ends as it began, is none. In the order in which each was first touched.
 */
export function eventsOf(changes: readonly Change[]): EntityEvent[] {
  const nets = new Map<string, Net>();
  for (const { resource: name, id, action, before, after, fields, released } of changes) {
    const entity = told.get(name);
    if (!entity) continue;
    const key = `${name} ${id}`;
    const net = nets.get(key);
    if (!net) {
      const partial = released === 'ids';
      nets.set(key, {
        ...entity,
        id,
        before: rowOf(before),
        after: rowOf(after),
        fields: new Set(fields),
        partial,
      });
    } else {
      if (released === 'ids') {
        net.after = rowOf({ ...net.after, ...after });
      } else {
        if (net.partial) net.before = rowOf({ ...before, ...net.before });
        net.partial = false;
        net.after = rowOf(after);
      }
      if (action !== 'UPDATE') net.fields = null;
      for (const field of fields) net.fields?.add(field);
    }
  }
  const events: EntityEvent[] = [];
  for (const { resource, type, id, before, after, fields, partial } of nets.values()) {
    const one = { resource, type, id, before, after };
    if (before !== null && after !== null) {
      const differing = differ(resource, before, after, fields ?? Object.keys(resource.columns));
      if (differing.length > 0)
        events.push({ ...one, action: 'UPDATE', fields: differing, ...(partial ? { partial } : {}) });
    } else if (after !== null) {
      events.push({ ...one, action: 'INSERT', fields: [] });
    } else if (before !== null) {
      events.push({ ...one, action: 'DELETE', fields: [] });
    }
  }
  return events;
}

/** The change feed tells rows of whatever entity, whole unless it says otherwise. */
function rowOf(values: Change['after']): EntityRow | null {
  return values as EntityRow | null;
}

function differ(resource: Resource, before: EntityRow, after: EntityRow, fields: Iterable<string>): string[] {
  return [...fields].filter((name) => {
    const column = resource.columns[name];
    return column && isTold(resource, name) && column.encode(before[name]) !== column.encode(after[name]);
  });
}
