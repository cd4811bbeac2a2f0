import { access, constants } from 'node:fs/promises';
import type * as z from 'zod';
import type { Explainer } from './explain.js';
import type { ConfigProblem, SettingPath } from './problem.js';
import { settingsSchema } from './schema.js';
import { isMapping, mapSettings, valueAt } from './settings-tree.js';
import { suggest } from './suggest.js';

/**
 * Rules between settings. They read the values as written, valid or not, so that they speak in the same answer as
 * validation does and not only after everything else has been mended.
 */
export function checkPrinters(value: unknown, explain: Explainer): ConfigProblem[] {
  const printers = valueAt(value, ['printers']);
  if (!Array.isArray(printers)) return [];
  const problems: ConfigProblem[] = [];
  const firstWith = new Map<string, number>();
  printers.forEach((printer: unknown, index) => {
    if (!isMapping(printer)) return;
    const path: SettingPath = ['printers', index];
    problems.push(...checkAccessCode(printer, path, explain));
    if (typeof printer.serial !== 'string') return;
    const serial = printer.serial.toUpperCase();
    const first = firstWith.get(serial);
    if (first === undefined) firstWith.set(serial, index);
    else {
      const message = `printers[${index}].serial is the serial number of printers[${first}] already`;
      problems.push(explain.at([...path, 'serial'], message, 'each serial number once'));
    }
  });
  return problems;
}

function checkAccessCode(
  printer: Record<string, unknown>,
  path: SettingPath,
  explain: Explainer,
): ConfigProblem[] {
  const inline = printer.accessCode !== undefined;
  const fromFile = printer.accessCodeFile !== undefined;
  const allowed = 'exactly one of accessCode and accessCodeFile';
  const name = `printers[${path.at(-1) ?? 0}]`;
  if (inline && fromFile) {
    return [explain.at([...path, 'accessCodeFile'], `${name} has its access code twice`, allowed)];
  }
  if (inline || fromFile) return [];
  // A misspelt key is told as such by validation; "has none" would only mislead.
  const misspelt = Object.keys(printer).some(
    (key) => suggest(key, ['accessCode', 'accessCodeFile']) !== null,
  );
  if (misspelt) return [];
  return [explain.at(path, `${name} has no access code`, allowed)];
}

/** Two listeners of the daemon itself cannot have one port of one address. */
export function checkPorts(value: unknown, explain: Explainer): ConfigProblem[] {
  const defaults = settingsSchema.parse({});
  const written = (path: SettingPath) => valueAt(value, path) ?? valueAt(defaults, path);
  const listeners = [['http'], ['mqtt'], ['mqtt', 'websocket'], ['mqtt', 'plain']]
    .map((path) => ({
      path,
      host: written([...path, 'host']) ?? written(['mqtt', 'host']),
      port: written([...path, 'port']),
    }))
    .filter(({ path }) => path.length === 1 || written([...path, 'enabled']) === true)
    .filter(({ path }) => path[0] !== 'mqtt' || written(['mqtt', 'enabled']) !== false);
  return listeners.flatMap((listener, index) => {
    const rival = listeners
      .slice(0, index)
      .find((other) => other.port === listener.port && other.host === listener.host);
    if (rival === undefined || typeof listener.port !== 'number' || listener.port === 0) return [];
    const path = [...listener.path, 'port'];
    const message = `${path.join('.')} is the port of ${rival.path.join('.')} already`;
    return [explain.at(path, message, 'a port of its own')];
  });
}

/** Files that the configuration names must be readable. */
export async function checkFiles(
  value: unknown,
  schema: z.core.$ZodType,
  explain: Explainer,
): Promise<ConfigProblem[]> {
  const named: { path: SettingPath; file: string }[] = [];
  mapSettings(value, schema, (leaf, kind, path) => {
    if (kind.path === 'existing' && typeof leaf === 'string' && leaf !== '') named.push({ path, file: leaf });
    return leaf;
  });
  const problems = await Promise.all(
    named.map(async ({ path, file }) => {
      try {
        await access(file, constants.R_OK);
        return [];
      } catch (error) {
        return [explain.at(path, `${file} cannot be read (${errorCode(error)})`, 'a readable file')];
      }
    }),
  );
  return problems.flat();
}

/** `ENOENT` and the like, for messages. */
export function errorCode(error: unknown): string {
  if (error instanceof Error && 'code' in error) return String(error.code);
  return error instanceof Error ? error.message : String(error);
}
