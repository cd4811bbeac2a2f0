import { valueAt } from '../fixtures/farm.js';

/** A schema and where its names are looked up. */
export interface Side {
  readonly schema: unknown;
  readonly named: Readonly<Record<string, unknown>>;
}

type Fields = Readonly<Record<string, unknown>>;

interface Shape {
  /** JSON types; integers are numbers. Null means anything. */
  readonly types: ReadonlySet<string> | null;
  /** Null means any value of the types. */
  readonly values: ReadonlySet<string> | null;
  /** Every object, array or named schema among the alternatives, opened. */
  readonly branches: readonly Fields[];
}

/**
 * What of `narrow` does not fit into `wide`, as sentences that begin with the place: a type, a null, a value of an
 * enum, a field or its being required. Fields that only one of them has are told in every case.
 */
export class Comparison {
  readonly #found = new Set<string>();
  readonly #done = new Set<string>();

  /** @param named how the two are called in what is told */
  constructor(
    private readonly narrow: { readonly name: string; readonly named: Fields },
    private readonly wide: { readonly name: string; readonly named: Fields },
  ) {}

  get differences(): readonly string[] {
    return [...this.#found];
  }

  compare(narrow: unknown, wide: unknown, at: string): void {
    const [a, b] = [refOf(narrow), refOf(wide)];
    const contractRef = this.narrow.name === 'contract' ? a : b;
    if (a !== null || b !== null) {
      const key = `${a ?? `${at} inline`} in ${b ?? `${at} inline`}`;
      if (this.#done.has(key)) return;
      this.#done.add(key);
    }
    // Named once in the contract, told once.
    const place = contractRef ?? at;
    const inner = shapeOf(narrow, this.narrow.named);
    const outer = shapeOf(wide, this.wide.named);
    if (outer.types === null) return;
    if (inner.types === null) {
      this.#tell(place, `${this.narrow.name} says anything, ${this.wide.name} ${words(outer.types)}`);
      return;
    }
    const strange = [...inner.types].filter((type) => !outer.types?.has(type));
    if (strange.length > 0) {
      this.#tell(
        place,
        `${this.narrow.name} has ${strange.join(' and ')}, ${this.wide.name} only ${words(outer.types)}`,
      );
      return;
    }
    this.#compareValues(inner, outer, place);
    for (const branch of inner.branches) this.#compareBranch(branch, outer.branches, place);
  }

  #compareValues(inner: Shape, outer: Shape, at: string): void {
    const allowed = outer.values;
    if (allowed === null) return;
    const more = inner.values === null ? ['any value'] : [...inner.values].filter((one) => !allowed.has(one));
    if (more.length > 0)
      this.#tell(at, `${this.narrow.name} has ${more.join(', ')} beyond the enum of ${this.wide.name}`);
  }

  #compareBranch(branch: Fields, others: readonly Fields[], at: string): void {
    const alike = others.filter((other) => typeOf(other) === typeOf(branch));
    const [only] = alike;
    if (alike.length === 1 && only) {
      this.#compareFields(branch, only, at);
      return;
    }
    const fits = alike.some((other) => {
      const trial = new Comparison(this.narrow, this.wide);
      trial.#compareFields(branch, other, at);
      return trial.differences.length === 0;
    });
    if (!fits)
      this.#tell(
        at,
        `no alternative of ${this.wide.name} takes {${Object.keys(propertiesOf(branch)).join(', ')}}`,
      );
  }

  #compareFields(narrow: Fields, wide: Fields, at: string): void {
    if (typeOf(narrow) === 'array') {
      this.compare(narrow.items ?? {}, wide.items ?? {}, `${at}[]`);
      return;
    }
    const [inner, outer] = [propertiesOf(narrow), propertiesOf(wide)];
    const [needed, given] = [requiredOf(wide), requiredOf(narrow)];
    const open = additional(wide);
    for (const name of Object.keys(inner)) {
      if (Object.hasOwn(outer, name)) this.compare(inner[name], outer[name], `${at}.${name}`);
      else if (open === null) this.#tell(`${at}.${name}`, `only ${this.narrow.name} has it`);
      else this.compare(inner[name], open, `${at}.*`);
    }
    for (const name of Object.keys(outer)) {
      if (!Object.hasOwn(inner, name)) {
        if (additional(narrow) === null) this.#tell(`${at}.${name}`, `only ${this.wide.name} has it`);
      } else if (needed.has(name) && !given.has(name))
        this.#tell(`${at}.${name}`, `required by ${this.wide.name} alone`);
    }
    const [more, most] = [additional(narrow), additional(wide)];
    if (more !== null && most === null && Object.keys(inner).length === 0)
      this.#tell(at, `${this.narrow.name} says any object, ${this.wide.name} names its fields`);
    if (more !== null && most !== null) this.compare(more, most, `${at}.*`);
  }

  #tell(at: string, what: string): void {
    this.#found.add(`${at}: ${what}`);
  }
}

function shapeOf(schema: unknown, named: Fields): Shape {
  const opened = open(schema, named);
  const branches = valueAt(opened, 'anyOf') ?? valueAt(opened, 'oneOf');
  if (Array.isArray(branches)) return union(branches.map((one) => shapeOf(one, named)));
  const values = valueAt(opened, 'enum');
  const constant = valueAt(opened, 'const');
  const allowed = Array.isArray(values) ? values : constant === undefined ? null : [constant];
  const given = valueAt(opened, 'type');
  const types = given === undefined ? (allowed?.map(jsonType) ?? null) : [given].flat();
  if (types === null) return { types: null, values: null, branches: [] };
  const plain = types.map((type) => (type === 'integer' ? 'number' : String(type)));
  const structured = plain.some((type) => type === 'object' || type === 'array');
  return {
    types: new Set(plain),
    values: allowed ? new Set(allowed.map((one) => JSON.stringify(one))) : null,
    branches: structured
      ? [{ ...opened, type: plain.find((type) => type === 'object' || type === 'array') }]
      : [],
  };
}

function union(shapes: readonly Shape[]): Shape {
  if (shapes.some(({ types }) => types === null)) return { types: null, values: null, branches: [] };
  const bare = shapes.filter(
    ({ values, types }) => values === null && !(types?.size === 1 && types.has('null')),
  );
  const values = shapes.flatMap((one) =>
    one.values ? [...one.values] : one.types?.has('null') ? ['null'] : [],
  );
  return {
    types: new Set(shapes.flatMap(({ types }) => [...(types ?? [])])),
    values: bare.length > 0 ? null : new Set(values),
    branches: shapes.flatMap(({ branches }) => branches),
  };
}

function open(schema: unknown, named: Fields): Fields {
  const ref = refOf(schema);
  const found = ref === null ? schema : named[ref];
  return typeof found === 'object' && found !== null ? { ...found } : {};
}

function refOf(schema: unknown): string | null {
  const ref = valueAt(schema, '$ref');
  return typeof ref === 'string' ? (ref.split('/').at(-1) ?? '') : null;
}

function typeOf(schema: Fields): unknown {
  return schema.type;
}

function propertiesOf(schema: Fields): Fields {
  const found = schema.properties;
  return typeof found === 'object' && found !== null ? { ...found } : {};
}

function requiredOf(schema: Fields): ReadonlySet<unknown> {
  return new Set(Array.isArray(schema.required) ? schema.required : []);
}

/** What further fields hold; null where the schema names all that there are. */
function additional(schema: Fields): unknown {
  const found = schema.additionalProperties;
  if (typeof found === 'object' && found !== null) return found;
  return Object.keys(propertiesOf(schema)).length === 0 ? {} : null;
}

function jsonType(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

function words(types: ReadonlySet<string>): string {
  return [...types].join(' or ');
}
