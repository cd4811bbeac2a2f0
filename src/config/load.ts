import { readFile, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import * as z from 'zod';
import { readAccessCodes } from './access-code-files.js';
import { checkBridge, readBridgePassword } from './bridge-checks.js';
import { checkFiles, checkPorts, checkPrinters, errorCode } from './checks.js';
import { type Config, completeConfig } from './config.js';
import { ConfigDocument } from './document.js';
import { applyEnvironment, type Override } from './environment.js';
import { Explainer } from './explain.js';
import { ConfigError, type ConfigProblem, type ConfigWarning, type SettingPath } from './problem.js';
import { settingsSchema } from './schema.js';
import { readableByOthers } from './secret-file.js';
import { bare, kindOf, mapSettings, schemaAt } from './settings-tree.js';
import { unwiseSettings } from './warnings.js';

/** A megabyte of settings is some other file. */
const MAX_FILE_BYTES = 1024 ** 2;

export interface LoadedConfig {
  readonly config: Config;
  /** Absolute path of the file. */
  readonly file: string;
  readonly warnings: readonly ConfigWarning[];
  /** Settings that came from the environment. */
  readonly overrides: readonly Override[];
}

/**
 * Reads the configuration file, lays `PRINTFARMD_*` variables of `env` over it, validates, reads the files that hold
 * secrets.
 *
 * @throws ConfigError with every problem found.
 */
export async function loadConfig(file: string, env: NodeJS.ProcessEnv): Promise<LoadedConfig> {
  const absolute = resolve(file);
  const folder = dirname(absolute);
  const document = new ConfigDocument(absolute, await readSource(absolute), expectsText);
  const environment = applyEnvironment(document.value, settingsSchema, env);
  if (!document.sound) throw new ConfigError([...document.problems, ...environment.problems]);

  const value = mapSettings(environment.value, settingsSchema, (leaf, kind) =>
    kind.path !== undefined && typeof leaf === 'string' && leaf !== '' ? resolve(folder, leaf) : leaf,
  );
  const explain = new Explainer(absolute, document, environment.overrides, settingsSchema, value);
  const parsed = settingsSchema.safeParse(value);
  const accessCodes = await readAccessCodes(value, explain);
  const bridgePassword = await readBridgePassword(value, explain);
  const problems = [
    ...document.problems,
    ...environment.problems,
    ...(parsed.success ? [] : explain.issues(parsed.error)),
    ...checkPrinters(value, explain),
    ...checkPorts(value, explain),
    ...checkBridge(value, explain),
    ...(await checkFiles(value, settingsSchema, explain)),
    ...accessCodes.problems,
    ...bridgePassword.problems,
  ];
  if (problems.length > 0 || !parsed.success) throw new ConfigError(problems.sort(byPlace));

  const config = completeConfig(parsed.data, folder, accessCodes.codes, bridgePassword.secret);
  const warnings = [...accessCodes.warnings, ...bridgePassword.warnings, ...unwiseSettings(config)];
  const { printers, realtime } = parsed.data;
  const inline = [
    { key: 'printers', what: 'access codes', holds: printers.some((one) => one.accessCode !== undefined) },
    { key: 'realtime.bridge', what: 'a password', holds: realtime.bridge?.password !== undefined },
  ].filter(({ holds }) => holds);
  if (inline.length > 0 && (await readableByOthers(absolute))) {
    for (const { key, what } of inline) {
      const message = `${absolute} holds ${what} and can be read by others: chmod 600 ${absolute}`;
      warnings.push({ key, message });
    }
  }
  return { config, file: absolute, warnings, overrides: environment.overrides };
}

async function readSource(file: string): Promise<string> {
  try {
    const { size } = await stat(file);
    if (size > MAX_FILE_BYTES) throw new Error(`${size} bytes is too large`);
    return await readFile(file, 'utf8');
  } catch (error) {
    const message = `the configuration file cannot be read (${errorCode(error)})`;
    const nothing = { line: null, column: null, variable: null, found: null, suggestion: null };
    throw new ConfigError([{ file, key: '', message, allowed: 'a readable YAML file', ...nothing }]);
  }
}

/** Where a number or a switch as written is meant as text: serial numbers and access codes may be all digits. */
function expectsText(path: SettingPath): boolean {
  const schema = schemaAt(settingsSchema, path);
  return schema !== null && kindOf(schema) !== null && bare(schema) instanceof z.ZodString;
}

function byPlace(a: ConfigProblem, b: ConfigProblem): number {
  const line = (problem: ConfigProblem) => problem.line ?? Number.MAX_SAFE_INTEGER;
  return line(a) - line(b) || (a.column ?? 0) - (b.column ?? 0);
}
