import { setImmediate } from 'node:timers/promises';
import { notFound } from '../../contract/errors.js';
import { docsPage } from './docs-page.js';
import { type ApiDocument, describeApi, templateOf } from './document.js';
import type { ApiHint, RouteHints } from './hints.js';
import { type JsonSchema, SchemaBook } from './json-schema.js';

/** The description of the API, made when somebody first asks and kept from then on. */
export class ApiBook {
  readonly #bodies = new Map<string, JsonSchema | null>();

  constructor(
    private readonly hints: RouteHints,
    private readonly version: string,
  ) {}

  readonly document = once(() => describeApi(this.hints.operations(), this.version));
  readonly documentBytes = once(async () => Buffer.from(JSON.stringify(await this.document())));
  readonly pageBytes = once(async () => Buffer.from(docsPage(await this.document())));

  async typeNames(): Promise<readonly string[]> {
    return Object.keys((await this.document()).components.schemas);
  }

  async paths(): Promise<readonly string[]> {
    return Object.keys((await this.document()).paths);
  }

  /** A named shape that stands alone. */
  async type(name: string): Promise<JsonSchema | null> {
    const { schemas } = (await this.document()).components;
    const schema = Object.hasOwn(schemas, name) ? schemas[name] : undefined;
    return schema ? standAlone(schema, schemas) : null;
  }

  /** The path as it is declared, of one that may have real ids in it. @throws ApiError not_found */
  async templateOf(given: string): Promise<string> {
    const path = `/${given.replace(/^\/+/, '')}`;
    const paths = await this.paths();
    if (paths.includes(path)) return path;
    const fits = (template: string) => {
      const parts = template.split('/');
      const real = path.split('/');
      return parts.length === real.length && parts.every((part, at) => /^\{/.test(part) || part === real[at]);
    };
    // Literal parts win over parameters, as they do when a request is routed.
    const found = paths.filter(fits).sort((a, b) => a.split('{').length - b.split('{').length)[0];
    if (found === undefined) throw notFound('path', path);
    return found;
  }

  /** What a path takes and answers. @throws ApiError not_found */
  async path(given: string): Promise<JsonSchema> {
    const { components, paths } = await this.document();
    return standAlone(resolved(paths[await this.templateOf(given)] ?? {}, components), components.schemas);
  }

  /** The hints of every list, by its path. */
  readonly allHints = once(async () => {
    const all: Record<string, readonly ApiHint[]> = {};
    for (const path of this.hints.paths) {
      await setImmediate();
      all[path] = this.withBodies(this.hints.of(path));
    }
    return all;
  });

  /** The same hints with what their bodies must be. */
  withBodies(hints: readonly ApiHint[]): readonly ApiHint[] {
    return hints.map((hint) => {
      const schema = this.#bodyOf(hint);
      return schema ? { ...hint, bodySchema: schema } : hint;
    });
  }

  #bodyOf({ method, path }: ApiHint): JsonSchema | null {
    const key = `${method} ${path}`;
    const known = this.#bodies.get(key);
    if (known !== undefined) return known;
    const found = this.hints.operations().find((one) => one.method === method && templateOf(one) === path);
    const book = new SchemaBook();
    const schema = found?.body ? standAlone(book.write(found.body), book.named) : null;
    this.#bodies.set(key, schema);
    return schema;
  }
}

/** Makes it when it is first asked for and keeps it; a failure is not kept. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | null = null;
  return () => {
    made ??= make().catch((error: unknown) => {
      made = null;
      throw error;
    });
    return made;
  };
}

/** With the parameters and the refusals that many share written out. */
function resolved(item: JsonSchema, components: ApiDocument['components']): JsonSchema {
  const shared = new Map<string, unknown>();
  for (const part of ['parameters', 'responses'])
    for (const [name, value] of Object.entries(components[part] ?? {}))
      shared.set(`{"$ref":"#/components/${part}/${name}"}`, value);
  const text = JSON.stringify(item).replaceAll(
    /\{"\$ref":"#\/components\/(parameters|responses)\/\w+"\}/g,
    (ref) => JSON.stringify(shared.get(ref) ?? {}),
  );
  return JSON.parse(text);
}

/** With the named shapes that it refers to in `$defs`. */
function standAlone(schema: JsonSchema, named: Readonly<Record<string, JsonSchema>>): JsonSchema {
  const needed = new Map<string, JsonSchema>();
  const gather = (text: string) => {
    for (const [, name = ''] of text.matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
      const found = named[name];
      if (!found || needed.has(name)) continue;
      needed.set(name, found);
      gather(JSON.stringify(found));
    }
  };
  gather(JSON.stringify(schema));
  const whole = needed.size === 0 ? schema : { ...schema, $defs: Object.fromEntries(needed) };
  return JSON.parse(JSON.stringify(whole).replaceAll('"#/components/schemas/', '"#/$defs/'));
}
