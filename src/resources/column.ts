import { z } from 'zod';

/** What a column holds, in the query engine's words: it decides which operators apply and how values compare. */
export type ColumnKind = 'id' | 'string' | 'enum' | 'number' | 'boolean' | 'date' | 'array' | 'json';

/** Who may give a value by REST: at creation only, at creation and later, later only, or nobody (the daemon writes it). */
export type Writable = 'create' | 'edit' | 'later' | 'never';

export interface Reference {
  readonly resource: string;
  readonly onDelete: 'cascade' | 'set null' | 'restrict';
  /** Where the table has no foreign key for it, for it was there before, and the rule holds all the same. */
  readonly by?: 'code';
}

/**
 * One column, declared once: its SQL form, its schema on the wire, and who may touch it.
 * `Value` is what the program and the wire see; `Raw` is what SQLite stores.
 */
export interface Column<Value, Raw extends string | number | null> {
  readonly kind: ColumnKind;
  readonly sql: 'text' | 'integer' | 'real';
  readonly nullable: boolean;
  readonly schema: z.ZodType<Value>;
  readonly writable: Writable;
  /** Given when an insert leaves the column out; absent means it must be given. */
  readonly fallback?: { readonly value: Value };
  readonly references?: Reference;
  /** Never answered, filtered or sorted by. */
  readonly hidden: boolean;
  /** Answered masked, and refused as a filter, sort or field. */
  readonly secret: boolean;
  /** Keys inside a JSON value that stand for secrets: no filter reaches them. */
  readonly secretKeys: readonly string[];
  /** A JSON value too large or too loose to be compared whole: conditions name a place inside it. */
  readonly byPlace: boolean;
  readonly unique: boolean;
  // Methods, not function properties: a map of columns of every type is then still a map of AnyColumn.
  encode(value: Value): Raw;
  decode(raw: Raw): Value;
}

export type AnyColumn = Column<unknown, string | number | null>;

export type ValueOf<C> = C extends Column<infer Value, infer _Raw> ? Value : never;
export type RawOf<C> = C extends Column<infer _Value, infer Raw> ? Raw : never;

interface Options {
  readonly writable?: Writable;
  readonly references?: Reference;
  readonly hidden?: boolean;
  readonly secret?: boolean;
  readonly secretKeys?: readonly string[];
  readonly byPlace?: boolean;
  readonly unique?: boolean;
}

function column<Value, Raw extends string | number | null>(
  base: Pick<Column<Value, Raw>, 'kind' | 'sql' | 'schema' | 'encode' | 'decode'>,
  options: Options,
): Column<Value, Raw> {
  return Object.freeze({
    ...base,
    nullable: false,
    writable: options.writable ?? 'never',
    hidden: options.hidden ?? false,
    secret: options.secret ?? false,
    secretKeys: options.secretKeys ?? [],
    byPlace: options.byPlace ?? false,
    unique: options.unique ?? false,
    ...(options.references ? { references: options.references } : {}),
  });
}

const same = <T>(value: T): T => value;

const ID = z.string().regex(/^[a-z0-9]{24}$/, 'an id of 24 lower-case letters and digits');
const DATE = z.iso.datetime({ precision: 3, message: 'an ISO 8601 UTC time with milliseconds' });

export function id(options: Options = {}): Column<string, string> {
  return column({ kind: 'id', sql: 'text', schema: ID, encode: same, decode: same }, options);
}

export function text(options: Options & { min?: number; max?: number } = {}): Column<string, string> {
  const schema = z
    .string()
    .min(options.min ?? 0)
    .max(options.max ?? 1_000_000);
  return column({ kind: 'string', sql: 'text', schema, encode: same, decode: same }, options);
}

export function choice<const T extends readonly [string, ...string[]]>(
  values: T,
  options: Options = {},
): Column<T[number], T[number]> {
  const schema: z.ZodType<T[number]> = z.enum(values);
  return column({ kind: 'enum', sql: 'text', schema, encode: same, decode: same }, options);
}

export function integer(options: Options & { min?: number; max?: number } = {}): Column<number, number> {
  const schema = z
    .int()
    .min(options.min ?? Number.MIN_SAFE_INTEGER)
    .max(options.max ?? Number.MAX_SAFE_INTEGER);
  return column({ kind: 'number', sql: 'integer', schema, encode: same, decode: same }, options);
}

export function real(options: Options & { min?: number; max?: number } = {}): Column<number, number> {
  const schema = z
    .number()
    .min(options.min ?? -Number.MAX_VALUE)
    .max(options.max ?? Number.MAX_VALUE);
  return column({ kind: 'number', sql: 'real', schema, encode: same, decode: same }, options);
}

export function flag(options: Options = {}): Column<boolean, number> {
  return column(
    {
      kind: 'boolean',
      sql: 'integer',
      schema: z.boolean(),
      encode: (value): number => (value ? 1 : 0),
      decode: (raw) => raw !== 0,
    },
    options,
  );
}

export function date(options: Options = {}): Column<string, string> {
  return column({ kind: 'date', sql: 'text', schema: DATE, encode: same, decode: same }, options);
}

const GIVEN_TIME = z.union([z.iso.datetime({ offset: true, local: true }), z.iso.date()]);
const HAS_ZONE = /(Z|[+-]\d\d:?\d\d)$/;

/** An ISO 8601 time (UTC unless it names a zone) or a day, in the stored form; whatever else comes stays as it is. */
function asStored(value: unknown): unknown {
  const given = GIVEN_TIME.safeParse(value);
  if (!given.success) return value;
  const isDay = !given.data.includes('T');
  return new Date(isDay || HAS_ZONE.test(given.data) ? given.data : `${given.data}Z`).toISOString();
}

/** A date that callers write: any ISO 8601 time or day will do. */
export function givenDate(options: Options = {}): Column<string, string> {
  const message = 'an ISO 8601 time such as 2026-03-01T12:00:00Z, or a day such as 2026-03-01';
  const schema = z.preprocess(asStored, z.iso.datetime({ precision: 3, message }));
  return column({ kind: 'date', sql: 'text', schema, encode: same, decode: same }, options);
}

/** A JSON value stored as text; `schema` says its shape. Arrays of scalars are 'array', everything else 'json'. */
export function json<T>(
  schema: z.ZodType<T>,
  options: Options & { kind?: 'array' | 'json' } = {},
): Column<T, string> {
  return column(
    {
      kind: options.kind ?? 'json',
      sql: 'text',
      schema,
      encode: (value) => JSON.stringify(value),
      // Written by encode() from a value that passed the schema; parsing again by schema would cost every read.
      decode: (raw) => JSON.parse(raw),
    },
    options,
  );
}

/** A text of a form of its own. */
export function formed(schema: z.ZodType<string>, options: Options = {}): Column<string, string> {
  return column({ kind: 'string', sql: 'text', schema, encode: same, decode: same }, options);
}

/** A list of words, such as tags. */
export function words(options: Options & { max?: number } = {}): Column<readonly string[], string> {
  const schema: z.ZodType<readonly string[]> = z.array(z.string()).max(options.max ?? 10_000);
  return json(schema, { ...options, kind: 'array' });
}

/** The same column, but null is a value too. */
export function nullable<Value, Raw extends string | number | null>(
  base: Column<Value, Raw>,
): Column<Value | null, Raw | null> {
  return Object.freeze({
    ...base,
    nullable: true,
    schema: base.schema.nullable(),
    fallback: { value: null },
    encode: (value: Value | null) => (value === null ? null : base.encode(value)),
    decode: (raw: Raw | null) => (raw === null ? null : base.decode(raw)),
  });
}

/** The same column with the value an insert gets that leaves it out. */
export function withDefault<Value, Raw extends string | number | null>(
  base: Column<Value, Raw>,
  value: Value,
): Column<Value, Raw> & { readonly fallback: { readonly value: Value } } {
  return Object.freeze({ ...base, fallback: { value } });
}
