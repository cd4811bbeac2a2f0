import { sql } from 'kysely';
import { isOneOf } from '../database/json-sql.js';
import { decodeRow, type RawRecord } from '../database/rows.js';
import type { Resource } from '../resources/resource.js';
import type { Deps } from './deps.js';
import type { Embed } from './standard.js';

type Entity = Record<string, unknown>;

/** A relation that belongs to an entity's shape. */
export interface Embedded {
  /** What it is called in the answer. */
  readonly name: string;
  readonly target: Resource;
  readonly via: string;
  /** Column of the target by which a list is ordered; `createdAt` if left out. */
  readonly order?: string;
  /** What belongs to the shape of the related in turn. */
  readonly deeper?: Embed;
}

/** Entities answer with all those of `target` whose column `via` holds their id: one query for a whole page. */
export function embedMany(deps: Deps, relation: Embedded): Embed {
  return async (entities) => {
    // It was asked for by `include` already, perhaps with more.
    const bare = entities.filter((entity) => !(relation.name in entity));
    const related = await read(deps, relation, relation.via, idsIn(bare, 'id'));
    const byOwner = new Map<unknown, Entity[]>();
    for (const one of related) {
      const siblings = byOwner.get(one[relation.via]);
      if (siblings) siblings.push(one);
      else byOwner.set(one[relation.via], [one]);
    }
    return entities.map((entity) => completed(entity, relation.name, byOwner.get(entity.id) ?? []));
  };
}

/** Entities answer with the one whose id their column `via` holds, or null: one query for a whole page. */
export function embedOne(deps: Deps, relation: Embedded): Embed {
  return async (entities) => {
    const bare = entities.filter((entity) => !(relation.name in entity));
    const related = await read(deps, relation, 'id', idsIn(bare, relation.via));
    const byId = new Map(related.map((one) => [one.id, one]));
    return entities.map((entity) => completed(entity, relation.name, byId.get(entity[relation.via]) ?? null));
  };
}

/** One after another. */
export function embedAll(...embeds: readonly Embed[]): Embed {
  return async (entities) => {
    let complete = entities;
    for (const embed of embeds) complete = await embed(complete);
    return complete;
  };
}

function completed(entity: Entity, name: string, related: unknown): Entity {
  return name in entity ? entity : { ...entity, [name]: related };
}

function idsIn(entities: readonly Entity[], column: string): readonly unknown[] {
  return [...new Set(entities.map((entity) => entity[column]))];
}

async function read(
  { database, presenter }: Deps,
  { target, order = 'createdAt', deeper }: Embedded,
  column: string,
  ids: readonly unknown[],
): Promise<readonly Entity[]> {
  if (ids.length === 0) return [];
  const found = await sql<RawRecord>`
    select * from ${sql.table(target.name)} where ${isOneOf(sql.ref(column), ids)}
    order by ${sql.ref(order)}, "id"
  `.execute(database.read);
  const entities = found.rows.map((raw) => target.present(decodeRow(target, raw), presenter));
  return deeper ? deeper(entities) : entities;
}
