import { LIMITS } from '../../query/condition.js';
import { queryableFields } from '../../query/fields.js';
import type { ColumnKind } from '../../resources/column.js';
import type { Resource } from '../../resources/resource.js';

type Parameter = Readonly<Record<string, unknown>>;

const text = { type: 'string' };

/** What every list takes, whatever it lists. */
export const LIST_PARAMETERS: Readonly<Record<string, Parameter>> = {
  sort: {
    name: 'sort',
    in: 'query',
    description:
      'Fields in the order in which they count, each with `:asc` or `:desc`: `status,createdAt:desc`.',
    schema: text,
  },
  limit: {
    name: 'limit',
    in: 'query',
    description: 'How many at most.',
    schema: { type: 'integer', minimum: 1, maximum: LIMITS.maxLimit },
  },
  offset: {
    name: 'offset',
    in: 'query',
    description: 'How many of the first to leave out.',
    schema: { type: 'integer', minimum: 0, default: 0 },
  },
  fields: {
    name: 'fields',
    in: 'query',
    description: 'Fields to answer, separated by commas; `id` and `storeId` always come along.',
    schema: text,
  },
  include: {
    name: 'include',
    in: 'query',
    description:
      'Relations to answer along, separated by commas; a dot leads one further: `linkedParts.part`.',
    schema: text,
  },
  meta: {
    name: 'meta',
    in: 'query',
    description: 'True answers `{data, meta}` with the counts instead of a plain list.',
    schema: { type: 'boolean', default: false },
  },
  hints: {
    name: 'hints',
    in: 'query',
    description: 'True answers as `meta` does, and what may be done next.',
    schema: { type: 'boolean', default: false },
  },
};

const KINDS: Readonly<Record<ColumnKind, object>> = {
  id: text,
  string: text,
  enum: text,
  number: { type: 'number' },
  boolean: { type: 'boolean' },
  date: text,
  array: text,
  json: text,
};

/** A parameter for each field of the entity. The other operators, `field.operator=value`, would be too many to list. */
export function fieldParameters(resource: Resource): readonly Parameter[] {
  return queryableFields(resource).map((name) => {
    const kind = resource.columns[name]?.kind ?? 'string';
    return {
      name,
      in: 'query',
      description: `Only those whose ${name} is this.`,
      schema: KINDS[kind],
    };
  });
}
