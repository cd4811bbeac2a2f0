import { timestamp } from '../contract/time.js';
import type { ChangeRow, StoredChange } from '../database/change-rows.js';
import type { EntityRow } from './entities.js';
import { type EntityBatch, type EntityEvent, isTold, toldEntity } from './entity-events.js';

/** What is kept of an event until everybody has it: what cannot be read from the entity itself later. */
export function storedChange({ resource, action, id, before, fields }: EntityEvent): StoredChange {
  if (action === 'INSERT' || before === null) return [resource.name, 'I', id];
  const names =
    action === 'UPDATE' ? fields : Object.keys(resource.columns).filter((name) => isTold(resource, name));
  const old: Record<string, unknown> = {};
  // A secret is told masked, before and after: what it was need not be known.
  for (const name of names) old[name] = resource.columns[name]?.secret ? null : before[name];
  return [resource.name, action === 'UPDATE' ? 'U' : 'D', id, old];
}

/** Names an entity among those of all kinds. */
export function entityKey(resource: string, id: string): string {
  return `${resource} ${id}`;
}

type State = Readonly<Record<string, unknown>> | null;

/**
 * What entities held at earlier times, found by undoing what was done to them, newest first. Hidden columns stay as they
 * are now: nobody is told of them.
 */
export class PastStates {
  /** @param states of every entity that is asked for, as it is now; null where there is none */
  constructor(private readonly states: Map<string, State>) {}

  /** Goes back to before that transaction. */
  undo({ changes }: ChangeRow): void {
    for (const change of changes.toReversed()) {
      const key = entityKey(change[0], change[2]);
      const after = this.states.get(key);
      if (after !== undefined) this.states.set(key, before(change, after));
    }
  }

  /** Goes back to before that transaction. @returns what it did */
  unfold(row: ChangeRow): EntityBatch {
    const events: EntityEvent[] = [];
    for (const change of row.changes.toReversed()) {
      const key = entityKey(change[0], change[2]);
      const after = this.states.get(key) ?? null;
      const then = before(change, after);
      this.states.set(key, then);
      const event = eventOf(change, then, after, row.at);
      if (event) events.unshift(event);
    }
    return { sequence: row.sequence, storeId: row.storeId, events };
  }
}

function before([, action, , old]: StoredChange, after: State): State {
  if (action === 'I') return null;
  if (action === 'D') return old ?? {};
  return after && { ...after, ...old };
}

/** Null where the entity has gone in a way that nobody was told of. */
function eventOf(
  [name, action, id, old]: StoredChange,
  then: State,
  after: State,
  at: number,
): EntityEvent | null {
  const entity = toldEntity(name);
  if (!entity) return null;
  const one = { ...entity, id };
  if (action === 'D') return { ...one, action: 'DELETE', before: rowOf(then), after: null, fields: [] };
  if (after === null) return null;
  // What changes an entity sets this too, so that it is not kept with what changed.
  const now = rowOf({ ...after, updatedAt: timestamp(at) });
  if (action === 'I') return { ...one, action: 'INSERT', before: null, after: now, fields: [] };
  const fields = Object.keys(old ?? {}).filter((field) => isTold(entity.resource, field));
  return { ...one, action: 'UPDATE', before: rowOf(then), after: now, fields };
}

/** Whole but for what is never told: hidden columns of an entity that is gone. */
function rowOf(values: State): EntityRow | null {
  return values as EntityRow | null;
}
