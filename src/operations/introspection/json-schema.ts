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
    const { properties, $defs } = asRecords(JSON.parse(text, (_key, value: unknown) => shortNull(value)));
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

/** `string or null` in one line, as everybody writes it, instead of two alternatives. */
function shortNull(value: unknown): unknown {
  const parsed = alternatives.safeParse(value);
  if (!parsed.success) return value;
  const { anyOf, ...rest } = parsed.data;
  const [one, none] = anyOf;
  if (none.type !== 'null' || typeof one.type !== 'string') return value;
  const values = one.enum ? { enum: [...one.enum, null] } : {};
  return { ...rest, ...one, type: [one.type, 'null'], ...values };
}

const alternatives = z.looseObject({
  anyOf: z.tuple([
    z.looseObject({ type: z.unknown(), enum: z.array(z.unknown()).optional() }),
    z.looseObject({ type: z.unknown() }),
  ]),
});

function asRecords(value: unknown): { properties: JsonSchema; $defs: JsonSchema } {
  const { properties, $defs = {} } = asRecord(value);
  return { properties: asRecord(properties), $defs: asRecord($defs) };
}

const RECORD = z.record(z.string(), z.unknown());

function asRecord(value: unknown): JsonSchema {
  return RECORD.parse(value);
}
