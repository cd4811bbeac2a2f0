import { valueAt } from '../fixtures/farm.js';
import { resolved } from './contract.js';

/** An id for a property of that name. */
export type IdFor = (name: string) => string;

/** A value that fits a schema of the contract, with every property that it may have. */
export function madeUp(schema: unknown, idFor: IdFor, name = '', depth = 0): unknown {
  // Shapes that hold themselves end somewhere.
  if (depth > 8) return undefined;
  const target = resolved(schema);
  if (target !== schema) return madeUp(target, idFor, name, depth + 1);
  const choices = valueAt(schema, 'oneOf') ?? valueAt(schema, 'anyOf');
  if (Array.isArray(choices)) return madeUp(choices[0], idFor, name, depth);
  const words = valueAt(schema, 'enum');
  if (Array.isArray(words)) return words[0];
  const constant = valueAt(schema, 'const');
  if (constant !== undefined) return constant;
  const types = [valueAt(schema, 'type')].flat();
  if (types.includes('object')) return madeUpObject(schema, idFor, depth);
  if (types.includes('array')) return [madeUp(valueAt(schema, 'items'), idFor, name, depth + 1)];
  if (types.includes('string')) return madeUpText(schema, idFor, name);
  if (types.includes('number') || types.includes('integer')) return valueAt(schema, 'minimum') ?? 1;
  if (types.includes('boolean')) return true;
  return null;
}

function madeUpObject(schema: unknown, idFor: IdFor, depth: number): Record<string, unknown> {
  const properties = valueAt(schema, 'properties');
  if (typeof properties !== 'object' || properties === null) return {};
  return Object.fromEntries(
    Object.entries(properties).flatMap(([name, inner]) => {
      const value = madeUp(inner, idFor, name, depth + 1);
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

function madeUpText(schema: unknown, idFor: IdFor, name: string): string {
  if (valueAt(schema, 'pattern') !== undefined || /id(s|)$/i.test(name)) return idFor(name);
  return valueAt(schema, 'format') === 'date-time' ? '2027-01-01T00:00:00.000Z' : 'made up';
}
