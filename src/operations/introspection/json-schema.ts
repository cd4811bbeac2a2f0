import { z } from 'zod';

export type JsonSchema = Readonly<Record<string, unknown>>;

/**
 * Turns schemas into JSON Schema and gathers those that have a name, for they are described once. Requests and answers
 * are both described as they travel, so what a schema makes of its input is never seen.
 */
export class SchemaBook {
  readonly #named = new Map<string, JsonSchema>();

  /** Every named schema so far, by name. */
  get named(): Readonly<Record<string, JsonSchema>> {
    return Object.fromEntries([...this.#named].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** @returns the schema, which refers to the named ones under `#/components/schemas/` */
  write(schema: z.ZodType): JsonSchema {
    // Inside another, a named schema is referred to in every case.
    const whole = z.toJSONSchema(z.object({ it: schema }), {
      io: 'input',
      unrepresentable: 'any',
      override: ({ jsonSchema }) => tidy(jsonSchema),
    });
    const text = JSON.stringify(whole).replaceAll(DEFS, COMPONENTS);
    const { properties, $defs } = asRecords(JSON.parse(text, (_key, value: unknown) => usual(value)));
    for (const [name, one] of Object.entries($defs)) this.#named.set(name, asRecord(one));
    return asRecord(properties.it);
  }
}

const DEFS = '"$ref":"#/$defs/';
const COMPONENTS = '"$ref":"#/components/schemas/';

/** Takes away what is always so and only lengthens: bounds of the number format, the pattern of a date. */
function tidy(schema: Record<string, unknown>): void {
  if (schema.format === 'date-time') delete schema.pattern;
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum;
  if (schema.minimum === Number.MIN_SAFE_INTEGER || schema.minimum === -Number.MAX_VALUE)
    delete schema.minimum;
  if (JSON.stringify(schema.propertyNames) === '{"type":"string"}') delete schema.propertyNames;
}

/** In the form in which everybody writes it: `string or null` as one type, known keys by name. */
function usual(value: unknown): unknown {
  if (!isSchema(value)) return value;
  const { anyOf, propertyNames, additionalProperties, ...rest } = value;
  if (Array.isArray(anyOf) && anyOf.length === 2) {
    const [one, none] = anyOf;
    if (!isSchema(one) || !isSchema(none) || none.type !== 'null' || typeof one.type !== 'string')
      return value;
    const values = Array.isArray(one.enum) ? { enum: [...one.enum, null] } : {};
    return { ...rest, ...one, type: [one.type, 'null'], ...values };
  }
  if (isSchema(propertyNames) && Array.isArray(propertyNames.enum)) {
    const keys = propertyNames.enum.map((name) => [String(name), additionalProperties] as const);
    return { ...rest, properties: Object.fromEntries(keys), additionalProperties: false };
  }
  return value;
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function asRecords(value: unknown): { properties: JsonSchema; $defs: JsonSchema } {
  const { properties, $defs = {} } = asRecord(value);
  return { properties: asRecord(properties), $defs: asRecord($defs) };
}

const RECORD = z.record(z.string(), z.unknown());

function asRecord(value: unknown): JsonSchema {
  return RECORD.parse(value);
}
