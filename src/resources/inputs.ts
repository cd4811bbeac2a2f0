import { z } from 'zod';
import type { Resource } from './resource.js';

/** What a caller may give an entity, by column. */
export type Values = Readonly<Record<string, unknown>>;

const inputs = new WeakMap<
  Resource,
  { readonly insert: z.ZodType<Values>; readonly update: z.ZodType<Values> }
>();

function inputsOf(resource: Resource) {
  const known = inputs.get(resource);
  if (known) return known;
  const columns = Object.entries(resource.columns);
  const insert = columns
    .filter(([, column]) => column.writable !== 'never')
    .map(([name, column]) => [name, column.fallback ? column.schema.optional() : column.schema] as const);
  const update = columns
    .filter(([, column]) => column.writable === 'edit')
    .map(([name, column]) => [name, column.schema.optional()] as const);
  const made = { insert: z.object(Object.fromEntries(insert)), update: z.object(Object.fromEntries(update)) };
  inputs.set(resource, made);
  return made;
}

/** The body that makes one: every column that callers write, those with a fallback optional. Others are dropped. */
export function insertInput(resource: Resource): z.ZodType<Values> {
  return inputsOf(resource).insert;
}

/** The body that changes one: the columns that may be changed later, each optional. */
export function updateInput(resource: Resource): z.ZodType<Values> {
  return inputsOf(resource).update;
}
