import type { ChangeAction } from '../database/change.js';
import type { EntityBatch, EntityEvent } from '../domain/entity-events.js';
import type { Presenter } from '../resources/resource.js';

const MAX_ENTITIES = 50;
const MAX_BYTES = 128 * 1024;

/** What one transaction did to the entities of one type: one message, or several where it did much. */
export class EntityMessages {
  readonly type: string;
  private readonly action: ChangeAction;
  private readonly said: string[] = [];
  /** Events that are in words already. */
  private done = 0;

  constructor(
    private readonly storeId: string,
    /** Of one type and action; one or more. */
    private readonly events: readonly [EntityEvent, ...EntityEvent[]],
    private readonly presenter: Presenter,
  ) {
    this.type = events[0].type;
    this.action = events[0].action;
  }

  /** The text of the message at a place; null behind the last. Put into words once, whoever asks. */
  text(place: number): string | null {
    while (this.said.length <= place) {
      if (this.done >= this.events.length) return null;
      this.said.push(this.next());
    }
    return this.said[place] ?? null;
  }

  private next(): string {
    const { storeId, type, action } = this;
    const entities: string[] = [];
    const changes: string[] = [];
    const head = `{"storeId":${JSON.stringify(storeId)},"entityType":"${type}","action":"${action}","entities":{`;
    let bytes = head.length + '},"changes":{}}'.length;
    for (const event of this.events.slice(this.done, this.done + MAX_ENTITIES)) {
      const [entity, change] = this.words(event);
      // With the commas between them.
      const size = Buffer.byteLength(entity) + Buffer.byteLength(change) + 2;
      // What is larger than a message by itself still goes, alone.
      if (entities.length > 0 && bytes + size > MAX_BYTES) break;
      bytes += size;
      entities.push(entity);
      changes.push(change);
    }
    this.done += entities.length;
    const end = action === 'UPDATE' ? `},"changes":{${changes.join(',')}}}` : '}}';
    return head + entities.join(',') + end;
  }

  /** An entity as it is answered by REST, and what of it is another now; each behind its id. */
  private words({ resource, id, before, after, fields }: EntityEvent): readonly [string, string] {
    const name = JSON.stringify(id);
    if (after === null) return [`${name}:null`, ''];
    const now = resource.present(after, this.presenter);
    const entity = `${name}:${JSON.stringify(now)}`;
    if (before === null) return [entity, ''];
    const then = resource.present(before, this.presenter);
    const changed = Object.fromEntries(
      fields
        .filter((field) => field in now)
        .map((field) => [field, { old: then[field] ?? null, new: now[field] ?? null }]),
    );
    return [entity, `${name}:${JSON.stringify(changed)}`];
  }
}

/** The messages of one transaction, by type and action in the order in which each was first touched. */
export function messagesOf({ storeId, events }: EntityBatch, presenter: Presenter): EntityMessages[] {
  const groups = new Map<string, [EntityEvent, ...EntityEvent[]]>();
  for (const event of events) {
    const key = `${event.action} ${event.type}`;
    const group = groups.get(key);
    if (group) group.push(event);
    else groups.set(key, [event]);
  }
  return [...groups.values()].map((group) => new EntityMessages(storeId, group, presenter));
}
