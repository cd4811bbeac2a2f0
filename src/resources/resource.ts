import type { z } from 'zod';
import { MASK } from '../contract/enums.js';
import type { Permission } from '../contract/permissions.js';
import { type AnyColumn, date, id, type RawOf, type ValueOf } from './column.js';

export type Columns = Readonly<Record<string, AnyColumn>>;

/** Operations that fall out of a definition; everything else is an explicit operation. */
export type StandardOperation = 'list' | 'search' | 'get' | 'create' | 'update' | 'delete' | 'deleteMany';

/** What each of them needs of its caller. */
export interface ResourcePermissions {
  readonly view?: Permission;
  readonly create?: Permission;
  readonly edit?: Permission;
  readonly delete?: Permission;
}

/** Every stored entity has these. */
const COMMON = {
  id: id(),
  storeId: id({ references: { resource: 'store', onDelete: 'cascade' } }),
  createdAt: date(),
  updatedAt: date(),
} as const;

export type CommonColumns = typeof COMMON;

/** How an entity leads to others, for `include`. Pure data: the target is named, for entities refer to each other. */
export interface Relation {
  /** `one`: a column of this entity holds the other's id. `many`: a column of the others holds this one's. */
  readonly kind: 'one' | 'many';
  /** Name of the other resource. */
  readonly target: string;
  /** The column that holds the id. */
  readonly via: string;
}
export type Relations = Readonly<Record<string, Relation>>;

/** The entity whose id stands in `via`, or null. */
export function one(target: string, via: string): Relation {
  return Object.freeze({ kind: 'one', target, via });
}

/** Every entity of `target` whose column `via` holds this one's id. */
export function many(target: string, via: string): Relation {
  return Object.freeze({ kind: 'many', target, via });
}

/** What presenting needs of the running daemon. */
export interface Presenter {
  /** Absolute address under which a stored file loads without headers. */
  fileUrl(uri: string): string;
}

export interface Resource<C extends Columns = Columns & CommonColumns> {
  /** Singular, camel case: `printJob`. Its table is named the same. */
  readonly name: string;
  /** The field's word for one of them, used in messages: `print job`. */
  readonly label: string;
  readonly columns: C;
  readonly path: string | null;
  readonly operations: readonly StandardOperation[];
  readonly permissions: ResourcePermissions;
  readonly relations: Relations;
  /** Entity type of its change events; null when the outside never hears of it. */
  readonly events: string | null;
  /** Sort when the caller names none; `id:asc` is always appended. */
  readonly defaultSort: readonly { readonly field: string; readonly direction: 'asc' | 'desc' }[];
  /** Names that are answered masked and stand for no column: refused wherever a field may be named. */
  readonly masked: readonly string[];
  /** The columns that are answered. */
  readonly visible: readonly string[];
  /** What of an answer its columns do not say: fields that are made for the outside, or that leave in another form. */
  shape(): Readonly<Record<string, z.ZodType>>;
  /** Last touch before an entity leaves the daemon: masks, joined words. */
  present(row: RowOf<C>, presenter: Presenter): Record<string, unknown>;
}

/** A row as the program sees it. */
export type RowOf<C extends Columns> = { readonly [K in keyof C]: ValueOf<C[K]> };
/** A row as SQLite holds it; the type Kysely knows. */
export type RawRowOf<C extends Columns> = { [K in keyof C]: RawOf<C[K]> };

type OptionalKeys<C extends Columns> = {
  [K in keyof C]: null extends ValueOf<C[K]> ? K : C[K] extends { readonly fallback: object } ? K : never;
}[keyof C];

/** What an insert must and may give; id and times are made when left out. */
export type InsertOf<C extends Columns> = {
  readonly [K in Exclude<keyof C, OptionalKeys<C> | 'id' | 'createdAt' | 'updatedAt'>]: ValueOf<C[K]>;
} & { readonly [K in OptionalKeys<C> | ('id' & keyof C)]?: ValueOf<C[K]> | undefined };

/** What an update may give; an absent or undefined column stays as it is. */
export type PatchOf<C extends Columns> = { readonly [K in keyof C]?: ValueOf<C[K]> | undefined };

export type Row<R> = R extends Resource<infer C> ? RowOf<C> : never;
export type RawRow<R> = R extends Resource<infer C> ? RawRowOf<C> : never;
export type Insert<R> = R extends Resource<infer C> ? InsertOf<C> : never;
export type Patch<R> = R extends Resource<infer C> ? PatchOf<C> : never;

interface Definition<C extends Columns> {
  readonly name: string;
  readonly label: string;
  readonly columns: C;
  readonly path?: string;
  readonly operations?: readonly StandardOperation[];
  readonly permissions?: ResourcePermissions;
  readonly relations?: Relations;
  readonly events?: string;
  readonly defaultSort?: Resource['defaultSort'];
  /** Fields that leave the daemon in another form than they are stored in, or that are made for the outside. */
  overrides?(row: RowOf<C & CommonColumns>, presenter: Presenter): Record<string, unknown>;
  /** The form of what `overrides` makes, where it is no column or another form than the column's. */
  shape?(): Readonly<Record<string, z.ZodType>>;
  readonly masked?: readonly string[];
  /** Columns that the contract's shape does not have, though every table does. */
  readonly omit?: readonly string[];
}

/** Declares an entity. Pure frozen data: the engines in `query`, `operations` and `database` interpret it. */
export function resource<const C extends Columns>(definition: Definition<C>): Resource<C & CommonColumns> {
  const columns: C & CommonColumns = { ...definition.columns, ...COMMON };
  const visible = Object.keys(columns).filter(
    (name) => !isHidden(columns, name) && !definition.omit?.includes(name),
  );
  const masked = Object.freeze([...(definition.masked ?? [])]);
  const secrets = [...masked, ...visible.filter((name) => columns[name]?.secret)];
  const entity: Resource<C & CommonColumns> = {
    name: definition.name,
    label: definition.label,
    columns: Object.freeze(columns),
    path: definition.path ?? null,
    operations: definition.operations ?? [],
    permissions: definition.permissions ?? {},
    relations: Object.freeze(definition.relations ?? {}),
    events: definition.events ?? null,
    defaultSort: definition.defaultSort ?? [{ field: 'createdAt', direction: 'asc' }],
    masked,
    visible: Object.freeze(visible),
    shape: definition.shape ?? (() => ({})),
    present(row, presenter) {
      const result = pick(row, visible);
      for (const name of secrets) result[name] = MASK;
      return definition.overrides ? Object.assign(result, definition.overrides(row, presenter)) : result;
    },
  };
  return Object.freeze(entity);
}

function pick(row: Readonly<Record<string, unknown>>, names: readonly string[]): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const name of names) result[name] = row[name];
  return result;
}

function isHidden(columns: Columns, name: string): boolean {
  return columns[name]?.hidden ?? true;
}
