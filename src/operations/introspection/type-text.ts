import type { JsonSchema } from './json-schema.js';

/** A part of a shape: words, or the name of another shape. */
export type TypePart = string | { readonly type: string };

const REF = '#/components/schemas/';

/** A JSON Schema in the short form in which people write types: `{ name: string; tags?: string[] }`. */
export function typeText(schema: unknown, indent = 0): readonly TypePart[] {
  if (!isSchema(schema)) return ['any'];
  const { $ref, anyOf, oneOf, enum: values, const: constant, type } = schema;
  if (typeof $ref === 'string') return [{ type: $ref.slice(REF.length) }];
  const branches = anyOf ?? oneOf;
  if (Array.isArray(branches))
    return joined(
      branches.map((one) => typeText(one, indent)),
      ' | ',
    );
  if (Array.isArray(values)) return [values.map((one) => JSON.stringify(one)).join(' | ')];
  if (constant !== undefined) return [JSON.stringify(constant)];
  if (Array.isArray(type))
    return joined(
      type.map((one) => typeText({ ...schema, type: one }, indent)),
      ' | ',
    );
  if (type === 'array') return listText(schema, indent);
  if (type === 'object') return objectText(schema, indent);
  return [typeof type === 'string' ? type + limits(schema) : 'any'];
}

function listText({ items }: JsonSchema, indent: number): readonly TypePart[] {
  const inner = typeText(items, indent);
  return inner.some((part) => typeof part === 'string' && part.includes(' | '))
    ? ['(', ...inner, ')[]']
    : [...inner, '[]'];
}

function objectText(schema: JsonSchema, indent: number): readonly TypePart[] {
  const { properties, required, additionalProperties } = schema;
  const named = isSchema(properties) ? Object.entries(properties) : [];
  if (named.length === 0)
    return isSchema(additionalProperties) && Object.keys(additionalProperties).length > 0
      ? ['{ [name]: ', ...typeText(additionalProperties, indent), ' }']
      : ['object'];
  const must = new Set(Array.isArray(required) ? required : []);
  const inner = '  '.repeat(indent + 1);
  const lines = named.flatMap(([name, one]): TypePart[] => [
    `${inner}${/^\w+$/.test(name) ? name : JSON.stringify(name)}${must.has(name) ? '' : '?'}: `,
    ...typeText(one, indent + 1),
    '\n',
  ]);
  return ['{\n', ...lines, `${'  '.repeat(indent)}}`];
}

/** What else is asked of a value, in a few words. */
function limits({ format, minimum, maximum, minLength, maxLength }: JsonSchema): string {
  const words = [
    format,
    range(minimum, maximum, ''),
    range(minLength === 0 ? undefined : minLength, maxLength, ' characters'),
  ].filter((word) => typeof word === 'string' && word !== '');
  return words.length > 0 ? ` (${words.join(', ')})` : '';
}

function range(from: unknown, to: unknown, unit: string): string {
  if (from === undefined && to === undefined) return '';
  return `${from === undefined ? '' : String(from)}…${to === undefined ? '' : String(to)}${unit}`;
}

function joined(parts: readonly (readonly TypePart[])[], between: string): readonly TypePart[] {
  return parts.flatMap((part, at) => (at === 0 ? part : [between, ...part]));
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
