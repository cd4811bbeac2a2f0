import { ApiError } from '../contract/errors.js';
import { resourceNamed } from '../resources/index.js';
import type { Resource } from '../resources/resource.js';
import { type Inclusion, LIMITS } from './condition.js';
import { commaList, fieldOf, parseFields, unknownField } from './fields.js';

/** Finds an entity's definition by its name. */
export type Lookup = (name: string) => Resource;

/** What of an entity is answered: its own fields, and those related to it. */
export interface Shape {
  /** Null means all. */
  readonly fields: readonly string[] | null;
  readonly include: readonly Inclusion[];
}

/**
 * `include=linkedParts,linkedParts.part` with `fields=name,linkedParts.quantity`. Four relations at most, a dotted one
 * counting once and bringing its parent; two levels. Related entities keep all their fields unless some are named.
 *
 * @throws ApiError unknown_relation, too_many_relations, unknown_field
 */
export function parseShape(
  resource: Resource,
  include: string,
  fields: string,
  lookup: Lookup = resourceNamed,
): Shape {
  const paths = [...new Set(commaList(include))];
  if (paths.length > LIMITS.maxRelations)
    throw tooMany(`include: ${paths.length} relations, ${LIMITS.maxRelations} are allowed`);
  const names = commaList(fields).map((name) => name.split('.'));
  const own = names.filter((name) => name.length === 1).flat();
  for (const [first = '', ...rest] of names) {
    const included = paths.some((path) => path.split('.')[0] === first);
    if (rest.length > 0 && !included) throw unknownField(resource, [first, ...rest].join('.'));
  }
  return {
    fields: names.length === 0 ? null : (parseFields(resource, own.join()) ?? ['id', 'storeId']),
    include: inclusions(
      resource,
      paths.map((path) => path.split('.')),
      names.filter((name) => name.length > 1),
      lookup,
    ),
  };
}

function inclusions(
  resource: Resource,
  paths: readonly (readonly string[])[],
  fields: readonly (readonly string[])[],
  lookup: Lookup,
): readonly Inclusion[] {
  return [...new Set(paths.map(([name = '']) => name))].map((name) => {
    const relation = Object.hasOwn(resource.relations, name) ? resource.relations[name] : undefined;
    if (!relation) throw unknownRelation(resource, name);
    const target = lookup(relation.target);
    const below = (of: readonly (readonly string[])[]) =>
      of.filter(([first, ...rest]) => first === name && rest.length > 0).map(([, ...rest]) => rest);
    const deeper = below(paths);
    const deepest = deeper.find((path) => path.length > 1);
    if (deepest)
      throw tooMany(`include: ${name}.${deepest.join('.')} goes deeper than two levels of relations`);
    const named = below(fields);
    for (const path of named) {
      const [first = ''] = path;
      if (path.length === 1) fieldOf(target, first);
      else if (!deeper.some(([included]) => included === first))
        throw unknownField(resource, [name, ...path].join('.'));
    }
    const own = named.filter((path) => path.length === 1).join();
    return {
      name,
      relation,
      target,
      fields: named.length === 0 ? null : (parseFields(target, own) ?? ['id', 'storeId']),
      include: inclusions(
        target,
        deeper,
        named.filter((path) => path.length > 1),
        lookup,
      ),
    };
  });
}

function unknownRelation(resource: Resource, name: string): ApiError {
  const allowed = Object.keys(resource.relations);
  const there = allowed.length === 0 ? 'nothing can be included with it' : `there are ${allowed.join(', ')}`;
  return new ApiError(
    'unknown_relation',
    `include: a ${resource.label} has no relation ${JSON.stringify(name)}; ${there}`,
    { allowed },
  );
}

function tooMany(message: string): ApiError {
  return new ApiError('too_many_relations', message);
}
