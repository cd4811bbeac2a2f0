import * as z from 'zod';
import { type ConfigProblem, keyText } from './problem.js';
import { isMapping, kindOf, type ScalarSetting, scalarSettings } from './settings-tree.js';
import { suggest } from './suggest.js';

const PREFIX = 'PRINTFARMD_';

/** Variables of the prefix that are not settings: the command line reads them. */
const RESERVED = new Set(['PRINTFARMD_CONFIG']);

/** A setting whose value came from the environment. */
export interface Override {
  readonly variable: string;
  readonly key: string;
}

/** `http.publicBaseUrl` is set by `PRINTFARMD_HTTP_PUBLIC_BASE_URL`. */
export function variableName(path: readonly string[]): string {
  const words = path.map((part) => part.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase());
  return PREFIX + words.join('_');
}

/** Whether the schema itself, wrappers included, takes the value. */
function accepts(schema: z.core.$ZodType, value: unknown): boolean {
  return z.safeParse(schema, value).success;
}

/**
 * The first reading of the text that the schema takes: nothing, a switch, a number, then the text itself. When it
 * takes none, the text stays, so that validation speaks about what the person wrote.
 */
function coerce(text: string, schema: z.core.$ZodType): unknown {
  const readings: unknown[] = [];
  if (text === '' || text === 'null') readings.push(null);
  if (text === 'true' || text === 'false') readings.push(text === 'true');
  if (/^-?\d+(\.\d+)?$/.test(text)) readings.push(Number(text));
  for (const reading of readings) if (accepts(schema, reading)) return reading;
  return text;
}

/** `root` with `value` at `path`; null and absent sections on the way become sections. */
function withValue(root: unknown, path: readonly string[], value: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  if (root !== null && root !== undefined && !isMapping(root)) return root;
  return { ...root, [key]: withValue(root?.[key], rest, value) };
}

function unknownVariable(variable: string, known: readonly string[]): ConfigProblem {
  const nearest = suggest(
    variable.slice(PREFIX.length),
    known.map((name) => name.slice(PREFIX.length)),
  );
  return {
    file: null,
    line: null,
    column: null,
    variable,
    key: '',
    message: 'no setting has this environment variable',
    found: null,
    allowed: null,
    suggestion: nearest === null ? null : PREFIX + nearest,
  };
}

/** Lays the `PRINTFARMD_*` variables over the values of the file. Unknown ones are problems. */
export function applyEnvironment(
  value: unknown,
  schema: z.core.$ZodType,
  env: NodeJS.ProcessEnv,
): { value: unknown; overrides: readonly Override[]; problems: readonly ConfigProblem[] } {
  const settings = new Map<string, ScalarSetting>();
  for (const setting of scalarSettings(schema)) settings.set(variableName(setting.path), setting);
  const overrides: Override[] = [];
  const problems: ConfigProblem[] = [];
  let result = value;
  for (const [variable, text] of Object.entries(env)) {
    if (!variable.startsWith(PREFIX) || RESERVED.has(variable) || text === undefined) continue;
    const setting = settings.get(variable);
    if (setting === undefined) {
      problems.push(unknownVariable(variable, [...settings.keys(), ...RESERVED]));
      continue;
    }
    result = withValue(result, setting.path, coerce(text, setting.schema));
    overrides.push({ variable, key: keyText(setting.path) });
  }
  return { value: result, overrides, problems };
}

/** Variable names by setting, for the documentation and its test. */
export function environmentVariables(schema: z.core.$ZodType): readonly { variable: string; key: string }[] {
  return scalarSettings(schema)
    .filter((setting) => kindOf(setting.schema) !== null)
    .map((setting) => ({ variable: variableName(setting.path), key: keyText(setting.path) }));
}
