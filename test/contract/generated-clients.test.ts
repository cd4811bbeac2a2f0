import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Validator } from '@seriousme/openapi-schema-validator';
import { build } from 'esbuild';
import openapiTS, { astToString } from 'openapi-typescript';
import { generate } from 'openapi-typescript-codegen';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type TestFarm, testFarm } from '../fixtures/farm.js';

let farm: TestFarm;
let folder: string;
let document: Record<string, unknown>;
beforeAll(async () => {
  farm = await testFarm({ adopt: false, printers: [] });
  const temporary = join(import.meta.dirname, '../../.tmp');
  await mkdir(temporary, { recursive: true });
  folder = await mkdtemp(join(temporary, 'clients-'));
  document = await ownDocument();
});
afterAll(async () => {
  await farm.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Fetched for each use: generators change what they are given. */
async function ownDocument() {
  return z.record(z.string(), z.unknown()).parse(await farm.ok('GET', '/swagger.json'));
}

it('the description is valid OpenAPI 3.1', async () => {
  const validator = new Validator();
  const found = await validator.validate(document);
  expect([found.valid, found.errors, validator.version]).toEqual([true, undefined, '3.1']);
});

describe('types that a generator makes', () => {
  it('take right uses of the API and refuse wrong ones', async () => {
    const types = astToString(await openapiTS(JSON.stringify(document)));
    const use = (line: string) => `import type { components, paths } from './types';
      type Part = components['schemas']['Part'];
      type NewPart = paths['/v1/parts']['post']['requestBody']['content']['application/json'];
      declare const part: Part;
      ${line}`;
    const files = new Map([
      ['types.ts', types],
      [
        'right.ts',
        use(`export const given: NewPart = { name: part.name, type: 'stl', fileUris: ['a'] };
        export const folder: string | null = part.folderId;`),
      ],
      ['wrong.ts', use('export const folder: string = part.folderId;')],
      ['missing.ts', use("export const given: NewPart = { name: 'x' };")],
    ]);
    const complaints = check(files);
    expect(complaints.get('types.ts')).toEqual([]);
    expect(complaints.get('right.ts')).toEqual([]);
    expect(complaints.get('wrong.ts')?.[0]).toContain(
      "Type 'string | null' is not assignable to type 'string'",
    );
    expect(complaints.get('missing.ts')?.[0]).toContain('is missing the following properties');
  });
});

describe('a client that a generator makes', () => {
  it('calls the API, and hears of a refusal with its code', async () => {
    const output = join(folder, 'client');
    await generate({ input: await ownDocument(), output, httpClient: 'fetch', useOptions: true });
    const bundle = join(folder, 'client.mjs');
    const entryPoints = [join(output, 'index.ts')];
    await build({
      entryPoints,
      outfile: bundle,
      bundle: true,
      format: 'esm',
      platform: 'node',
      logLevel: 'error',
    });
    const client: unknown = await import(pathToFileURL(bundle).href);
    Object.assign(member(client, 'OpenAPI'), {
      BASE: farm.url,
      HEADERS: { authorization: `ApiKey ${farm.key}`, 'x-printago-storeid': farm.storeId },
    });
    const call = (service: string, method: string, options: object): Promise<unknown> => {
      const of = member(client, service);
      const run = member(of, method);
      if (typeof run !== 'function') throw new Error(`${service}.${method} is no function`);
      return run.call(of, options);
    };

    const requestBody = { name: 'PLA Basic', brand: 'Acme', type: 'PLA', identifier: null, tags: ['new'] };
    const made = await call('MaterialsService', 'materialCreate', { requestBody });
    expect(made).toMatchObject({ ...requestBody, starred: false });
    const list = await call('MaterialsService', 'materialList', {
      brand: 'Acme',
      sort: 'name:desc',
      limit: 5,
    });
    expect(list).toEqual([made]);
    const refused = call('MaterialsService', 'materialGet', { id: 'a'.repeat(24) });
    await expect(refused).rejects.toMatchObject({ status: 404, body: { code: 'not_found' } });
  });
});

function member(of: unknown, name: string): object {
  const known = (typeof of === 'object' && of !== null) || typeof of === 'function';
  const found: unknown = known ? Reflect.get(of, name) : undefined;
  if ((typeof found !== 'object' || found === null) && typeof found !== 'function')
    throw new Error(`The client has no ${name}`);
  return found;
}

/** What the compiler says of each file, told strictly. */
function check(files: ReadonlyMap<string, string>): ReadonlyMap<string, readonly string[]> {
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    types: [],
    lib: ['lib.es2022.d.ts'],
    skipLibCheck: true,
  };
  const host = ts.createCompilerHost(options);
  const base = { ...host };
  const own = (name: string) => files.get(name.replace(/^.*\//, ''));
  host.fileExists = (name) => own(name) !== undefined || base.fileExists(name);
  host.readFile = (name) => own(name) ?? base.readFile(name);
  host.getSourceFile = (name, version) => {
    const text = own(name);
    return text === undefined ? base.getSourceFile(name, version) : ts.createSourceFile(name, text, version);
  };
  const program = ts.createProgram([...files.keys()], options, host);
  const found = new Map<string, string[]>();
  for (const file of program.getSourceFiles()) {
    const name = file.fileName.replace(/^.*\//, '');
    if (!files.has(name)) continue;
    const complaints = [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)];
    found.set(
      name,
      complaints.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' ')),
    );
  }
  return found;
}
