import type { Relation, Resource } from '../resources/resource.js';

export const OPERATORS = [
  'eq',
  'ne',
  'gt',
  'gte',
  'lt',
  'lte',
  'contains',
  'startsWith',
  'endsWith',
  'in',
  'notIn',
  'isNull',
  'between',
] as const;
export type Operator = (typeof OPERATORS)[number];

const known: ReadonlySet<string> = new Set(OPERATORS);

export function isOperator(word: string): word is Operator {
  return known.has(word);
}

/** What a caller filters by, whichever way it was written. Values are still as they came: typed by `operands`. */
export type Condition =
  | { readonly kind: 'and' | 'or'; readonly of: readonly Condition[] }
  | { readonly kind: 'not'; readonly of: Condition }
  | { readonly kind: 'field'; readonly field: string; readonly operator: Operator; readonly value: unknown };

export interface SortKey {
  readonly field: string;
  readonly direction: 'asc' | 'desc';
}

/** One relation to answer along with each entity. */
export interface Inclusion {
  readonly name: string;
  readonly relation: Relation;
  readonly target: Resource;
  /** Null means all. */
  readonly fields: readonly string[] | null;
  /** Relations of the related. */
  readonly include: readonly Inclusion[];
}

/** A list request, parsed: the same from GET parameters and from a search body. */
export interface ListQuery {
  readonly filter: Condition;
  /** Empty means the resource's own order. */
  readonly sort: readonly SortKey[];
  readonly limit: number;
  readonly offset: number;
  /** Null means all. */
  readonly fields: readonly string[] | null;
  readonly include: readonly Inclusion[];
  readonly meta: boolean;
}

export const EVERYTHING: Condition = { kind: 'and', of: [] };

export const LIMITS = {
  maxLimit: 10_000,
  maxDepth: 8,
  maxConditions: 200,
  maxListItems: 1_000,
  /** Values of all conditions together: the database binds no more than so many. */
  maxValues: 5_000,
  maxSearchText: 1_000,
  maxRelations: 4,
  /** Related entities in one answer, all relations together. */
  maxRelated: 50_000,
} as const;
