import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import Sqlite from 'better-sqlite3';
import fc from 'fast-check';
import { ERRORS } from '../../src/contract/errors.js';
import { databaseFile } from '../../src/database/places.js';
import { type ApiAnswer, type TestFarm, valueAt } from '../fixtures/farm.js';
import { broken, brokenQuery, type Sent } from './broken.js';
import { asSchema, fitting, type Ground, type Named, patterns } from './values.js';

/** One operation, as the daemon describes it. */
export interface Described {
  readonly method: string;
  readonly path: string;
  readonly one: unknown;
}

interface Request extends Partial<Sent> {
  readonly path: string;
}

/** What tells whether the database was written. */
interface Mark {
  readonly commits: unknown;
  readonly noted: unknown;
}

const JSON_TYPE = 'application/json';
/** No answer of this API takes that long without a printer behind it. */
const HANG_MS = 10_000;

/** To look at some operations alone: `FUZZ_ONLY='PATCH /v1/parts$'`. */
const ONLY = new RegExp(process.env.FUZZ_ONLY ?? '');

/** Left out, and why. */
const NOT_FUZZED: Readonly<Record<string, string>> = {
  'POST /v1/printers': 'connects to whatever address it is given',
  'POST /v1/printers/discover': 'sends to the whole network',
  'POST /v1/settings/notifications/{id}/test': 'sends to where the channel leads',
};

/** Sends requests to every operation and says what is wrong with the answers. */
export class Fuzz {
  readonly #named: Named;
  readonly #validators = new Map<unknown, ValidateFunction>();
  readonly #ajv = new Ajv2020({ strict: false, logger: false, validateFormats: false });
  readonly #database: Sqlite.Database;
  readonly #matching = patterns();
  #ids: ReadonlyMap<string, readonly string[]> = new Map();
  sent = 0;
  /** Operations that took at least one request. */
  readonly taken = new Set<string>();

  constructor(
    private readonly farm: TestFarm,
    private readonly document: unknown,
    private readonly seed: number,
  ) {
    this.#named = asSchema(valueAt(document, 'components', 'schemas'));
    // Known as a whole, so that a named schema is compiled once.
    this.#ajv.addSchema({ $id: 'api', components: { schemas: this.#named } });
    this.#database = new Sqlite(databaseFile(farm.dataDir), { readonly: true });
  }

  close(): void {
    this.#database.close();
  }

  get operations(): readonly Described[] {
    return Object.entries(asSchema(valueAt(this.document, 'paths')))
      .flatMap(([path, item]) =>
        Object.entries(asSchema(item)).map(([method, one]) => ({ method: method.toUpperCase(), path, one })),
      )
      .filter(({ method, path }) => !(`${method} ${path}` in NOT_FUZZED))
      .filter(({ method, path }) => ONLY.test(`${method} ${path}`));
  }

  /** @returns what was wrong, each with its request */
  async run(operation: Described, valid: number, invalid: number): Promise<readonly string[]> {
    this.#lookAround();
    const wrong: string[] = [];
    const draw = (arbitrary: fc.Arbitrary<Request>, numRuns: number) =>
      numRuns === 0 ? [] : fc.sample(arbitrary, { numRuns, seed: this.seed });
    for (const request of draw(this.#right(operation), valid))
      wrong.push(...(await this.#send(operation, request)));
    for (const request of draw(this.#wrong(operation), invalid))
      wrong.push(...(await this.#send(operation, request)));
    return wrong;
  }

  /** Ids of what there is, but for keys: a caller that loses its own can ask nothing more. */
  #lookAround(): void {
    const tables = this.#database
      .prepare<[], { name: string }>(
        `select m.name from sqlite_master m join pragma_table_info(m.name) c on c.name = 'id'
         where m.type = 'table' and m.name not in ('apiKey', 'user')`,
      )
      .all();
    this.#ids = new Map(
      tables.map(({ name }) => [
        name,
        this.#database
          .prepare<[], { id: string }>(`select id from "${name}" order by rowid desc limit 8`)
          .all()
          .map(({ id }) => String(id)),
      ]),
    );
  }

  /** `partId` and `parts` name parts, `variants` whatever ends so; of a path the last word that names something. */
  #idsOf(words: string): readonly string[] {
    for (const word of words.split('/').toReversed()) {
      const wanted = word.replaceAll('-', '').replace(/Ids?$/, '').replace(/s$/, '').toLowerCase();
      const tables = [...this.#ids].filter(
        ([table]) => wanted !== '' && table.toLowerCase().endsWith(wanted),
      );
      const found = tables.flatMap(([, ids]) => ids);
      if (found.length > 0) return found;
    }
    return [...this.#ids.values()].flat();
  }

  get #ground(): Ground {
    return { named: this.#named, ids: (word) => this.#idsOf(word), matching: this.#matching };
  }

  #right({ path, one }: Described): fc.Arbitrary<Request> {
    return fc
      .tuple(this.#path(path, one), this.#query(one), this.#body(path, one) ?? fc.constant(undefined))
      .map(([address, query, body]) => ({
        path: address + query,
        ...(body === undefined ? {} : { text: JSON.stringify(body), contentType: JSON_TYPE }),
      }));
  }

  #wrong({ path, one }: Described): fc.Arbitrary<Request> {
    const body = this.#body(path, one);
    const address = fc.oneof(
      { weight: 4, arbitrary: this.#path(path, one) },
      fc
        .constantFrom('..', '%00', '%ff', "'", 'a'.repeat(300), '-1', '__proto__')
        .map((junk) => path.replaceAll(/\{\w+\}/g, junk)),
    );
    if (!body) return fc.tuple(address, brokenQuery).map(([to, query]) => ({ path: to + query }));
    return fc
      .tuple(address, broken(body))
      .map(([to, { text, contentType }]) => ({ path: to, text, contentType }));
  }

  #path(template: string, one: unknown): fc.Arbitrary<string> {
    const parameters = this.#parameters(one, 'path').map(({ name, schema }) =>
      fitting(schema, this.#ground, name === 'id' ? collectionOf(template) : name).map(
        (value) => [name, encodeURIComponent(String(value).replaceAll(/\p{Surrogate}/gu, '?'))] as const,
      ),
    );
    return fc
      .tuple(...parameters)
      .map((pairs) => pairs.reduce((path, [name, value]) => path.replace(`{${name}}`, value), template));
  }

  #query(one: unknown): fc.Arbitrary<string> {
    const parameters = this.#parameters(one, 'query');
    if (parameters.length === 0) return fc.constant('');
    const pair = fc
      .constantFrom(...parameters)
      .chain(({ name, schema }) =>
        fitting(schema, this.#ground, name).map(
          (value) => `${name}=${encodeURIComponent(String(value).replaceAll(/\p{Surrogate}/gu, '?'))}`,
        ),
      );
    return fc.array(pair, { maxLength: 3 }).map((pairs) => (pairs.length === 0 ? '' : `?${pairs.join('&')}`));
  }

  #parameters(one: unknown, where: string): { name: string; schema: unknown }[] {
    return [valueAt(one, 'parameters') ?? []]
      .flat()
      .filter((given) => valueAt(given, 'in') === where)
      .map((given) => ({ name: String(valueAt(given, 'name')), schema: valueAt(given, 'schema') }));
  }

  #body(path: string, one: unknown): fc.Arbitrary<unknown> | null {
    const schema = bodySchema(one);
    return schema === undefined ? null : fitting(schema, this.#ground, collectionOf(path));
  }

  async #send({ method, path, one }: Described, request: Request): Promise<readonly string[]> {
    this.sent += 1;
    const before = this.#mark();
    const what = `${method} ${request.path} ${request.text?.slice(0, 2_000) ?? ''}`;
    const headers = request.text === undefined ? {} : { 'content-type': request.contentType };
    const answer = await Promise.race([
      this.farm.api(method, request.path, request.text, headers),
      new Promise<null>((resolve) => setTimeout(resolve, HANG_MS, null).unref()),
    ]);
    if (answer === null) return [`${what}: no answer within ${HANG_MS} ms`];
    const found: string[] = [];
    const routed = !/\.\./.test(request.path);
    const notYet = valueAt(one, 'responses', '501') !== undefined;
    if (answer.status >= 500 && !(notYet && answer.status === 501)) found.push(`answered ${answer.status}`);
    if (answer.status >= 400) {
      if (!hasEnvelope(answer)) found.push('no error envelope');
      if (!this.#same(before)) found.push('was refused, and yet something was written');
    } else if (routed) {
      this.taken.add(`${method} ${path}`);
      found.push(...this.#accepted(one, request, answer));
    }
    return found.map((text) => `${path}: ${text}: ${answer.status} ${answer.text.slice(0, 400)} to ${what}`);
  }

  /** What was taken must fit the description, and so must what was answered. */
  #accepted(one: unknown, { text, path }: Request, answer: ApiAnswer): readonly string[] {
    const found: string[] = [];
    const request = bodySchema(one);
    if (request !== undefined && text !== undefined) {
      const problem = this.#problem(request, JSON.parse(text, withoutPrototypes));
      if (problem !== null) found.push(`was taken, though ${problem}`);
    }
    const schema = valueAt(one, 'responses', String(answer.status), 'content', JSON_TYPE, 'schema');
    // Chosen fields give another form.
    if (schema !== undefined && !path.includes('fields=')) {
      const problem = this.#problem(schema, answer.body);
      if (problem !== null) found.push(`the answer is not as described: ${problem}`);
    }
    return found;
  }

  #problem(schema: unknown, value: unknown): string | null {
    let validate = this.#validators.get(schema);
    if (!validate) {
      const text = JSON.stringify(schema).replaceAll('"#/components/', '"api#/components/');
      validate = this.#ajv.compile(JSON.parse(text));
      this.#validators.set(schema, validate);
    }
    if (validate(value)) return null;
    const [first] = validate.errors ?? [];
    return `${first?.instancePath ?? ''} ${first?.message ?? ''}`;
  }

  #mark(): Mark {
    return {
      commits: this.#database.pragma('data_version', { simple: true }),
      noted: this.#database.prepare('select max("lastUsedAt") from "apiKey"').pluck().get(),
    };
  }

  /** Once a minute a key's last use is noted, whatever it asks for. */
  #same(before: Mark): boolean {
    const now = this.#mark();
    return now.commits === before.commits || now.noted !== before.noted;
  }
}

/** A key that nobody takes and nobody misses. */
function withoutPrototypes(key: string, value: unknown): unknown {
  return key === '__proto__' ? undefined : value;
}

/** What a path is about: its words before a parameter. */
function collectionOf(path: string): string {
  return path.replace(/\/\{.*$/, '');
}

function bodySchema(one: unknown): unknown {
  return valueAt(one, 'requestBody', 'content', JSON_TYPE, 'schema');
}

const CODES = new Set(Object.keys(ERRORS));

function hasEnvelope({ status, body, headers }: ApiAnswer): boolean {
  return (
    valueAt(body, 'statusCode') === status &&
    typeof valueAt(body, 'message') === 'string' &&
    typeof valueAt(body, 'error') === 'string' &&
    CODES.has(String(valueAt(body, 'code'))) &&
    valueAt(body, 'requestId') === headers.get('x-request-id')
  );
}
