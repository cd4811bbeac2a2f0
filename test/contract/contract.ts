import { readFileSync } from 'node:fs';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { z } from 'zod';
import { type ApiAnswer, type TestFarm, valueAt } from '../fixtures/farm.js';
import { type AREAS, areaOf, mayBeNotYet } from './areas.js';

/** The contract as data: every operation with its schemas, and the definitions that these name. */
const contract = z
  .object({
    endpoints: z.array(z.tuple([z.string(), z.string(), z.number(), z.string()])),
    operations: z.array(
      z.object({
        method: z.string(),
        path: z.string(),
        status: z.number(),
        permission: z.string(),
        answer: z.record(z.string(), z.unknown()).nullable(),
        request: z.record(z.string(), z.unknown()).nullable(),
        /** Fields that a list or a search takes in its filter. */
        filterable: z.array(z.string()).optional(),
      }),
    ),
    $defs: z.record(z.string(), z.unknown()),
  })
  .parse(JSON.parse(readFileSync(new URL('../fixtures/contract.json', import.meta.url), 'utf8')));

export type ContractOperation = (typeof contract.operations)[number];
/** The definitions that its schemas name. */
export const DEFINITIONS: Readonly<Record<string, unknown>> = contract.$defs;

/** Every operation of the contract. */
export const OPERATIONS: readonly ContractOperation[] = contract.operations;

/** The operations that the test file of an area calls, each at least once. */
export function operationsOf(area: keyof typeof AREAS): readonly string[] {
  return OPERATIONS.filter(({ path }) => areaOf(path) === area).map(
    ({ method, path }) => `${method} ${path}`,
  );
}

/** Every endpoint of the contract: method, path, success status, permission (`-` is none). */
export const ENDPOINTS = contract.endpoints;

const ajv = new Ajv2020({ strict: false, allErrors: true });
ajv.addFormat('email', /^[^@\s]+@[^@\s]+$/);
// The house's own form of the contract's format: UTC with milliseconds.
ajv.addFormat('date-time', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

/** The same definitions, with `oneOf` read as "one or more": many branches of the contract hold each other. */
const definitions = JSON.parse(JSON.stringify(contract.$defs).replaceAll('"oneOf":', '"anyOf":'));

/** Compiled once for each schema: with all definitions, compiling takes longer than the call that it judges. */
const validators = new WeakMap<object, ValidateFunction>();

/** What is wrong with a value by a schema of the contract; empty when nothing is. */
export function problems(schema: object, value: unknown): readonly string[] {
  // Naming the branch that is meant gives errors that can be read.
  const branches: unknown = valueAt(schema, 'oneOf');
  const meant = Array.isArray(value) ? 'array' : value === null ? 'null' : undefined;
  const chosen = Array.isArray(branches)
    ? (branches.find((branch) => valueAt(branch, 'type') === meant) ?? schema)
    : schema;
  const validate = validators.get(chosen) ?? ajv.compile({ ...chosen, $defs: definitions });
  validators.set(chosen, validate);
  if (validate(value)) return [];
  return (validate.errors ?? []).map((error) => `${error.instancePath} ${error.message ?? ''}`);
}

/** A definition of the contract, to be used as a schema. */
export function definition(name: string): object {
  if (!(name in contract.$defs)) throw new Error(`The contract has no definition ${name}`);
  return { $ref: `#/$defs/${name}` };
}

/** What a `$ref` stands for; any other schema as it is. */
export function resolved(schema: unknown): unknown {
  const reference = valueAt(schema, '$ref');
  return typeof reference === 'string' ? contract.$defs[reference.replace('#/$defs/', '')] : schema;
}

/** The schema of one entity of a list: what the GET list beside the path answers. */
function entitySchema(listPath: string): object | null {
  const list = OPERATIONS.find(({ method, path }) => method === 'GET' && path === listPath);
  const branches = valueAt(list?.answer, 'oneOf');
  const items = Array.isArray(branches) ? valueAt(branches[0], 'items') : undefined;
  return typeof items === 'object' && items !== null ? items : null;
}

/** Calls operations of the contract, and holds request, status and answer against it. */
export class ContractClient {
  constructor(
    private readonly farm: Pick<TestFarm, 'api'>,
    /** `METHOD path` of every operation that was called with success. */
    readonly called = new Set<string>(),
  ) {}

  /** @returns the body; throws when anything is not as the contract says */
  async call(
    method: string,
    template: string,
    input: { params?: Readonly<Record<string, string>>; query?: string; body?: unknown } = {},
  ): Promise<unknown> {
    const { operation, answer } = await this.#send(method, template, input);
    this.#check(operation, answer);
    this.called.add(`${method} ${template}`);
    return answer.body;
  }

  /** Calls, with a request of the contract, what is declared but not built; it counts as called. */
  async notYet(method: string, template: string, input: Parameters<ContractClient['call']>[2] = {}) {
    const { answer } = await this.#send(method, template, input);
    if (!mayBeNotYet(template) || answer.status !== 501 || valueAt(answer.body, 'code') !== 'not_implemented')
      throw new Error(`${method} ${template} should be built: ${answer.status} ${answer.text}`);
    this.called.add(`${method} ${template}`);
  }

  async #send(method: string, template: string, input: Parameters<ContractClient['call']>[2] = {}) {
    const operation = OPERATIONS.find((one) => one.method === method && one.path === template);
    if (!operation) throw new Error(`The contract has no ${method} ${template}`);
    const path = template.replaceAll(/\{(\w+)\}/g, (_all, name: string) => input.params?.[name] ?? '');
    if (operation.request) this.#demand('request', operation.request, input.body, `${method} ${template}`);
    return { operation, answer: await this.farm.api(method, path + (input.query ?? ''), input.body) };
  }

  #check(operation: ContractOperation, answer: ApiAnswer): void {
    const what = `${operation.method} ${operation.path}`;
    if (answer.status !== operation.status) {
      throw new Error(
        `${what} answered ${answer.status}, the contract says ${operation.status}: ${answer.text}`,
      );
    }
    if (operation.answer === null || Object.keys(operation.answer).length === 0) {
      if (answer.text !== '' || answer.headers.get('content-length') !== '0')
        throw new Error(`${what}: the body should be empty, found ${answer.text}`);
      return;
    }
    this.#demand('answer', operation.answer, answer.body, what);
    const data = Array.isArray(answer.body) ? [] : (valueAt(answer.body, 'data') ?? []);
    const entity = entitySchema(operation.path.replace(/\/search$/, ''));
    if (entity && Array.isArray(data))
      for (const one of data) this.#demand('answer', entity, one, `${what} data`);
  }

  #demand(side: string, schema: object, value: unknown, what: string): void {
    const found = problems(schema, value);
    if (found.length > 0)
      throw new Error(`${what} ${side}: ${found.join('; ')} in ${JSON.stringify(value).slice(0, 2_000)}`);
  }
}
