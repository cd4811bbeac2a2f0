import { z } from 'zod';
import type { Resource } from './resource.js';

/** By the columns, which a definition shares with what is derived from it. */
const made = new WeakMap<Resource['columns'], z.ZodObject>();

/** The name of an entity in the description of the API: `PrintJob`. */
export function typeName({ name }: Pick<Resource, 'name'>): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}

/** The shape in which an entity is answered: every field always there, as null where it is empty. */
export function answered(resource: Resource): z.ZodObject {
  const known = made.get(resource.columns);
  if (known) return known;
  const columns = resource.visible.flatMap((name) => {
    const column = resource.columns[name];
    return column ? [[name, column.secret ? z.string() : column.schema] as const] : [];
  });
  const masked = resource.masked.map((name) => [name, z.string()] as const);
  const shape = { ...Object.fromEntries([...columns, ...masked]), ...resource.shape() };
  const schema = z.object(shape).meta({ id: typeName(resource) });
  made.set(resource.columns, schema);
  return schema;
}
