import { sql } from 'kysely';
import { z } from 'zod';
import type { Database } from '../../src/database/database.js';
import { decodeRow, type RawRecord } from '../../src/database/rows.js';
import type { EntityConsumer } from '../../src/realtime/entity-publisher.js';
import { ALL_RESOURCES } from '../../src/resources/index.js';
import type { Presenter, Resource } from '../../src/resources/resource.js';

export const presenter: Presenter = { fileUrl: (uri) => `https://farm.example/${uri}` };

export const message = z.strictObject({
  storeId: z.string(),
  entityType: z.string(),
  action: z.enum(['INSERT', 'UPDATE', 'DELETE']),
  entities: z.record(z.string(), z.record(z.string(), z.unknown()).nullable()),
  changes: z
    .record(z.string(), z.record(z.string(), z.strictObject({ old: z.unknown(), new: z.unknown() })))
    .optional(),
});
export type Message = z.infer<typeof message>;

/** Each entity of a message by itself, as a text that can be compared. */
export function told({ entityType, action, entities, changes }: Message): string[] {
  return Object.entries(entities).map(([id, entity]) =>
    sorted([entityType, action, id, entity, changes?.[id] ?? null]),
  );
}

export const followed: readonly Resource[] = ALL_RESOURCES.filter(({ events }) => events !== null);

/** Everything that the outside sees of the tables, by type and id. */
export type Picture = ReadonlyMap<string, Readonly<Record<string, unknown>>>;

export async function pictureOf(db: Database, resources: readonly Resource[]): Promise<Picture> {
  const picture = new Map<string, Record<string, unknown>>();
  for (const resource of resources) {
    const { rows } = await sql<RawRecord>`select * from ${sql.table(resource.name)}`.execute(db.read);
    for (const raw of rows) {
      const row = decodeRow(resource, raw);
      picture.set(`${resource.events} ${String(row.id)}`, resource.present(row, presenter));
    }
  }
  return picture;
}

/** What one must be told of who knows the one picture, to know the other. */
export function difference(before: Picture, after: Picture): Set<string> {
  const events = new Set<string>();
  for (const key of new Set([...before.keys(), ...after.keys()])) {
    const [type = '', id = ''] = key.split(' ');
    const [then, now] = [before.get(key), after.get(key)];
    if (!now) events.add(sorted([type, 'DELETE', id, null, null]));
    else if (!then) events.add(sorted([type, 'INSERT', id, now, null]));
    else {
      const names = Object.keys(now).filter(
        (name) => name !== 'updatedAt' && sorted(then[name]) !== sorted(now[name]),
      );
      const changes = Object.fromEntries(
        names.map((name) => [name, { old: then[name] ?? null, new: now[name] ?? null }]),
      );
      if (names.length > 0) events.add(sorted([type, 'UPDATE', id, now, changes]));
    }
  }
  return events;
}

/** The same JSON is the same text, whatever the order of members. */
function sorted(value: unknown): string {
  return (
    JSON.stringify(value, (_, inner: unknown) =>
      typeof inner === 'object' && inner !== null && !Array.isArray(inner)
        ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
        : inner,
    ) ?? 'nothing'
  );
}

/** Takes as many messages as it is let; the others wait. */
export class Follower implements EntityConsumer {
  readonly heard: string[] = [];
  private allowed = 0;
  private alive = true;
  private readonly waiting: (() => void)[] = [];

  constructor(readonly name: string) {}

  async deliver(_topic: string, payload: string): Promise<void> {
    while (this.allowed <= 0) await new Promise<void>((resolve) => this.waiting.push(resolve));
    this.allowed -= 1;
    if (!this.alive) return new Promise(() => undefined);
    this.heard.push(...told(message.parse(JSON.parse(payload))));
  }

  take(messages: number): void {
    this.allowed += messages;
    for (const go of this.waiting.splice(0)) go();
  }

  /** Nothing more happens to this one, nor to whoever tells it something. */
  die(): void {
    this.alive = false;
    this.waiting.splice(0);
  }
}
