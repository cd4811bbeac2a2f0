import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';
import { environmentVariables } from '../../src/config/environment.js';
import { loadConfig } from '../../src/config/load.js';
import { keyText, type SettingPath } from '../../src/config/problem.js';
import { settingsSchema } from '../../src/config/schema.js';
import { bare, isMapping, schemaAt, valueAt } from '../../src/config/settings-tree.js';
import { folderWith } from './config-file.js';

const example = await readFile(new URL('../../config/printfarmd.example.yaml', import.meta.url), 'utf8');
const manual = await readFile(new URL('../../docs/configuration.md', import.meta.url), 'utf8');

/** Every key of the schema, the first element standing for all of a list. */
function everyKey(schema: z.core.$ZodType, path: SettingPath = []): SettingPath[] {
  const inner = bare(schema);
  if (inner instanceof z.ZodArray) {
    return bare(inner.element) instanceof z.ZodObject ? everyKey(inner.element, [...path, 0]) : [];
  }
  if (!(inner instanceof z.ZodObject)) return [];
  return Object.entries(inner.shape).flatMap(([key, child]) => [
    [...path, key],
    ...everyKey(child, [...path, key]),
  ]);
}

/** The example with its switched-off settings switched on, in place of the `null` and `[]` that stand above them. */
function switchedOn(): string {
  const off = /^(\s*)(\w+): (?:null|\[\])\n(?=\1#\2:)/gm;
  return example.replace(off, '').replaceAll(/^( *)#(?=( {2})*([\w-]|# ))/gm, '$1');
}

describe('config/printfarmd.example.yaml', () => {
  it('holds exactly the defaults', () => {
    expect(parse(example)).toEqual(settingsSchema.parse({}));
  });

  it('loads as it stands', async () => {
    const folder = await folderWith({ 'printfarmd.yaml': example });
    const { config, warnings } = await loadConfig(join(folder, 'printfarmd.yaml'), {});
    expect(config.printers).toEqual([]);
    expect(warnings).toEqual([]);
  });

  it('shows every key of the schema', () => {
    const shown: unknown = parse(switchedOn());
    const missing = everyKey(settingsSchema).filter((path) => valueAt(shown, path) === undefined);
    expect(missing.map(keyText)).toEqual([]);
  });

  it('shows settings that are right once switched on', async () => {
    const shown = switchedOn()
      .split('\n')
      .filter((line) => !/^\s*(accessCode|password):/.test(line))
      .join('\n');
    const folder = await folderWith({ 'printfarmd.yaml': shown });
    const files = [
      ...shown.matchAll(/^\s*(?:certFile|keyFile|caFile|accessCodeFile|passwordFile): (\S+)$/gm),
    ];
    for (const [, name = ''] of files) {
      if (name === 'null') continue;
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), '12345678', { mode: 0o600 });
    }
    const { config } = await loadConfig(join(folder, 'printfarmd.yaml'), {});
    expect(config.printers).toHaveLength(1);
    expect(config.printers[0]).toMatchObject({ name: null, trust: 'ca', mqttPort: 8883, ftpPort: 990 });
  });

  it('says the why of each setting or section in a line above it', () => {
    const lines = example.split('\n');
    const bareKeys = lines.filter((line, index) => {
      const above = lines[index - 1] ?? '';
      const isSetting = /^\s*\w+:/.test(line);
      return isSetting && !/^\s*# /.test(above) && !/^ {4}(enabled|host|port):/.test(line);
    });
    expect(bareKeys).toEqual([]);
  });
});

describe('the schema', () => {
  it('describes each setting, and names the unit of those that have one', () => {
    const settings = everyKey(settingsSchema).map((path) => {
      const schema = schemaAt(settingsSchema, path);
      return { key: keyText(path), description: (schema && z.globalRegistry.get(schema)?.description) ?? '' };
    });
    for (const { key, description } of settings) {
      expect(description, key).not.toBe('');
      if (/(Ms|Seconds|Minutes|Hours|Bytes)$/.test(key)) expect(description, key).toContain('Unit: ');
    }
  });

  it('gives each scalar setting an environment variable of its own', () => {
    const variables = environmentVariables(settingsSchema).map(({ variable }) => variable);
    expect(new Set(variables).size).toBe(variables.length);
    expect(variables).toContain('PRINTFARMD_STORAGE_MAX_FILE_BYTES');
  });
});

describe('docs/configuration.md', () => {
  it('has a row for each setting with its default and its environment variable', () => {
    const defaults: unknown = settingsSchema.parse({});
    for (const { key, variable } of environmentVariables(settingsSchema)) {
      const row = manual.split('\n').find((line) => line.startsWith(`| \`${key}\` |`));
      expect(row, key).toBeDefined();
      expect(row, key).toContain(variable);
      const described = z.globalRegistry.get(schemaAt(settingsSchema, key.split('.')) ?? settingsSchema);
      expect(row, key).toContain(described?.description);
      const value = valueAt(defaults, key.split('.'));
      if (value !== undefined && !isMapping(value)) expect(row, key).toContain(`\`${String(value)}\``);
    }
    const keys = everyKey(settingsSchema).map((path) => keyText(path).replace('printers[0].', ''));
    expect(keys.filter((key) => !manual.includes(`\`${key}`) && !manual.includes(`## ${key}\n`))).toEqual([]);
  });
});
