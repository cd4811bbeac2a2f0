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

/** A list request, parsed: the same from GET parameters and from a search body. */
export interface ListQuery {
  readonly filter: Condition;
  /** Empty means the resource's own order. */
  readonly sort: readonly SortKey[];
  readonly limit: number;
  readonly offset: number;
  /** Null means all. */
  readonly fields: readonly string[] | null;
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
} as const;
