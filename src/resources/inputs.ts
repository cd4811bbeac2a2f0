import { z } from 'zod';
import type { Resource } from './resource.js';

/** What a caller may give an entity, by column. */
export type Values = Readonly<Record<string, unknown>>;

const inputs = new WeakMap<
  Resource,
  { readonly insert: z.ZodType<Values>; readonly update: z.ZodType<Values> }
>();

/** The parts of the body that makes one, for bodies that hold more. */
export function insertShape(resource: Resource): Readonly<Record<string, z.ZodType>> {
  return Object.fromEntries(
    Object.entries(resource.columns)
      .filter(([, { writable }]) => writable === 'create' || writable === 'edit')
      .map(([name, column]) => [name, column.fallback ? column.schema.optional() : column.schema]),
  );
}

function inputsOf(resource: Resource) {
  const known = inputs.get(resource);
  if (known) return known;
  const update = Object.entries(resource.columns)
    .filter(([, { writable }]) => writable === 'edit' || writable === 'later')
    .map(([name, column]) => [name, column.schema.optional()] as const);
  const made = { insert: z.object(insertShape(resource)), update: z.object(Object.fromEntries(update)) };
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
