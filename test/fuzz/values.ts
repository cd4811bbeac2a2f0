import fc from 'fast-check';

export type Schema = Readonly<Record<string, unknown>>;
export type Named = Readonly<Record<string, unknown>>;

/** What values are made with: the named schemas, and ids of things that there are. */
export interface Ground {
  readonly named: Named;
  /** Ids of what a word names, such as `partId`, `ids` or the last word of a path; of anything where it names nothing. */
  ids(word: string): readonly string[];
  /** Texts of a pattern. Made once for each: it takes longer than to send what comes of it. */
  matching(pattern: string): fc.Arbitrary<string>;
}

/** Texts of patterns, each kept. */
export function patterns(): Ground['matching'] {
  const made = new Map<string, fc.Arbitrary<string>>();
  return (pattern) => {
    const found = made.get(pattern) ?? fc.stringMatching(new RegExp(pattern));
    made.set(pattern, found);
    return found;
  };
}

const MAX_DEPTH = 6;
const ID_PATTERN = '^[a-z0-9]{24}$';

/** Values that fit a JSON Schema, as far as it tells. */
/** @param word what the value is called */
export function fitting(schema: unknown, ground: Ground, word = '', depth = 0): fc.Arbitrary<unknown> {
  const given = asSchema(schema);
  const { $ref, anyOf, oneOf, enum: values, const: constant, type } = given;
  if (typeof $ref === 'string')
    return fitting(ground.named[$ref.split('/').at(-1) ?? ''], ground, word, depth + 1);
  const branches = anyOf ?? oneOf;
  if (Array.isArray(branches)) return fc.oneof(...branches.map((one) => fitting(one, ground, word, depth)));
  if (constant !== undefined) return fc.constant(constant);
  if (Array.isArray(values)) return fc.constantFrom<unknown>(...values);
  if (Array.isArray(type))
    return fc.oneof(...type.map((one) => fitting({ ...given, type: one }, ground, word, depth)));
  switch (type) {
    case 'string':
      return text(given, ground, word);
    case 'integer':
      return fc.integer(bounds(given, 1));
    case 'number':
      return fc.double({ ...bounds(given, 0.001), noNaN: true });
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'array':
      return fc.array(fitting(given.items, ground, word, depth + 1), {
        minLength: numeric(given.minItems) ?? 0,
        maxLength: Math.max(
          numeric(given.minItems) ?? 0,
          depth > MAX_DEPTH ? 0 : Math.min(numeric(given.maxItems) ?? 3, 3),
        ),
      });
    case 'object':
      return objects(given, ground, word, depth);
    default:
      return fc.jsonValue({ maxDepth: 2 });
  }
}

function text(given: Schema, ground: Ground, word: string): fc.Arbitrary<string> {
  const ids = /ids?$|^$/i.test(word) || given.pattern === ID_PATTERN ? ground.ids(word) : [];
  if (given.format === 'date-time')
    return fc
      .date({ min: new Date('2020-01-01'), max: new Date('2040-01-01'), noInvalidDate: true })
      .map((date) => date.toISOString());
  if (given.pattern === ID_PATTERN) {
    const strange = ground.matching(ID_PATTERN);
    return ids.length > 0 ? fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...ids) }, strange) : strange;
  }
  if (typeof given.pattern === 'string') return ground.matching(given.pattern);
  if (ids.length > 0 && typeof given.maxLength !== 'number') return fc.constantFrom(...ids);
  const minLength = numeric(given.minLength) ?? 0;
  return fc.string({
    minLength,
    maxLength: Math.max(minLength, Math.min(numeric(given.maxLength) ?? 24, 24)),
  });
}

function objects(given: Schema, ground: Ground, word: string, depth: number): fc.Arbitrary<unknown> {
  const properties = Object.entries(asSchema(given.properties));
  const required = new Set(Array.isArray(given.required) ? given.required : []);
  const known = fc.record(
    Object.fromEntries(
      properties.map(([name, one]) => [
        name,
        fitting(one, ground, name === 'id' || name === 'ids' ? word : name, depth + 1),
      ]),
    ),
    { requiredKeys: properties.map(([name]) => name).filter((name) => required.has(name)) },
  );
  if (typeof given.additionalProperties !== 'object' || depth > MAX_DEPTH) return known;
  const names = fitting(
    { type: 'string', maxLength: 12, ...asSchema(given.propertyNames) },
    ground,
    'name',
    depth + 1,
  );
  const more = fc.dictionary(
    names.map(String).filter((name) => name !== '__proto__'),
    fitting(given.additionalProperties, ground, word, depth + 1),
    { maxKeys: 3 },
  );
  return fc.tuple(known, more).map(([a, b]) => ({ ...b, ...a }));
}

export function asSchema(value: unknown): Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}

function numeric(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

/** @param step what lies between a bound that is excluded and the next number */
function bounds(given: Schema, step: number): { min: number; max: number } {
  const above = numeric(given.exclusiveMinimum);
  const min = numeric(given.minimum) ?? (above === undefined ? -1_000 : above + step);
  return { min, max: numeric(given.maximum) ?? Math.max(min, 100_000) };
}
