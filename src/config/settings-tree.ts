import * as z from 'zod';
import { type SettingKind, settingKinds } from './kinds.js';
import type { SettingPath } from './problem.js';

/** The schema itself, without the wrappers that give defaults, admit null or transform. */
export function bare(schema: z.core.$ZodType): z.core.$ZodType {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) return bare(schema.unwrap());
  if (schema instanceof z.ZodNullable || schema instanceof z.ZodOptional) return bare(schema.unwrap());
  if (schema instanceof z.ZodPipe) return bare(schema.in);
  return schema;
}

/** What a setting tells about itself, null for sections and lists. */
export function kindOf(schema: z.core.$ZodType): SettingKind | null {
  return settingKinds.get(bare(schema)) ?? null;
}

/** Keys of a section in the order of the schema; none for anything else. */
export function sectionKeys(schema: z.core.$ZodType): readonly string[] {
  const inner = bare(schema);
  return inner instanceof z.ZodObject ? Object.keys(inner.shape) : [];
}

/** The schema one step down, null where the schema knows no such key. */
export function childSchema(schema: z.core.$ZodType, part: string | number): z.core.$ZodType | null {
  const inner = bare(schema);
  if (inner instanceof z.ZodObject && typeof part === 'string') {
    return Object.hasOwn(inner.shape, part) ? inner.shape[part] : null;
  }
  if (inner instanceof z.ZodArray && typeof part === 'number') return inner.element;
  return null;
}

/** The schema at a path, null where it knows no such key. */
export function schemaAt(root: z.core.$ZodType, path: SettingPath): z.core.$ZodType | null {
  return path.reduce<z.core.$ZodType | null>(
    (schema, part) => (schema === null ? null : childSchema(schema, part)),
    root,
  );
}

/** A single value that a person can set. */
export interface ScalarSetting {
  readonly path: readonly string[];
  readonly schema: z.core.$ZodType;
}

/** Every scalar setting outside lists, in the order of the schema. */
export function scalarSettings(root: z.core.$ZodType, path: readonly string[] = []): ScalarSetting[] {
  const inner = bare(root);
  if (inner instanceof z.ZodArray) return [];
  if (!(inner instanceof z.ZodObject)) return [{ path, schema: root }];
  return Object.entries(inner.shape).flatMap(([key, schema]) => scalarSettings(schema, [...path, key]));
}

/** True for a plain mapping, as against a list, null or a scalar. */
export function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value at a path, undefined where there is none. */
export function valueAt(root: unknown, path: SettingPath): unknown {
  return path.reduce<unknown>((value, part) => {
    if (Array.isArray(value) && typeof part === 'number') return value[part];
    if (isMapping(value) && Object.hasOwn(value, part)) return value[part];
    return undefined;
  }, root);
}

/**
 * Copy of `value` in which every leaf that the schema knows went through `change`. Values that do not fit the
 * schema are kept as they are, for validation to speak about.
 */
export function mapSettings(
  value: unknown,
  schema: z.core.$ZodType,
  change: (value: unknown, kind: SettingKind, path: SettingPath) => unknown,
  path: SettingPath = [],
): unknown {
  const kind = kindOf(schema);
  if (kind !== null) return change(value, kind, path);
  const below = (child: unknown, part: string | number) => {
    const next = childSchema(schema, part);
    return next === null ? child : mapSettings(child, next, change, [...path, part]);
  };
  if (Array.isArray(value)) return value.map(below);
  if (!isMapping(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, below(child, key)]));
}
