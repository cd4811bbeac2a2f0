import * as z from 'zod';
import type { ConfigDocument, Position } from './document.js';
import type { Override } from './environment.js';
import { type ConfigProblem, keyText, type SettingPath } from './problem.js';
import { bare, isMapping, kindOf, schemaAt, sectionKeys, valueAt } from './settings-tree.js';
import { suggest } from './suggest.js';

const MAX_SHOWN = 60;

/** What stands at a key, short and on one line; secrets by their length only. */
function shown(value: unknown, secret: boolean): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (isMapping(value)) return 'a section of settings';
  if (secret && typeof value === 'string') return `a text of ${value.length} characters (not shown)`;
  if (secret && value !== null) return `a ${typeof value} (not shown)`;
  const text = JSON.stringify(value) ?? String(value);
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN - 1)}…` : text;
}

/** What may stand at a key, in words. */
function allowedAt(schema: z.core.$ZodType | null): string | null {
  if (schema === null) return null;
  const kind = kindOf(schema);
  if (kind !== null) return z.safeParse(schema, null).success ? `${kind.allowed}, or null` : kind.allowed;
  const keys = sectionKeys(schema);
  if (keys.length > 0) return `a section with the settings ${keys.join(', ')}`;
  return bare(schema)._zod.def.type === 'array' ? 'a list' : null;
}

/** Turns what validation found into problems with a place, what was found and what is allowed. */
export class Explainer {
  readonly #file: string;
  readonly #document: ConfigDocument;
  readonly #overrides: ReadonlyMap<string, string>;
  readonly #schema: z.core.$ZodType;
  readonly #value: unknown;

  constructor(
    file: string,
    document: ConfigDocument,
    overrides: readonly Override[],
    schema: z.core.$ZodType,
    value: unknown,
  ) {
    this.#file = file;
    this.#document = document;
    this.#overrides = new Map(overrides.map(({ key, variable }) => [key, variable]));
    this.#schema = schema;
    this.#value = value;
  }

  /** Problems of a failed validation, one per place. */
  issues(error: z.core.$ZodError): ConfigProblem[] {
    const unknown = error.issues.flatMap((issue) =>
      issue.code === 'unrecognized_keys'
        ? issue.keys.map((key) => this.#unknownKey(settingPath(issue.path), key))
        : [],
    );
    const meant = new Set(unknown.map((problem) => problem.meant));
    const invalid = new Map<string, ConfigProblem>();
    for (const issue of error.issues) {
      if (issue.code === 'unrecognized_keys') continue;
      const path = settingPath(issue.path);
      const key = keyText(path);
      // A misspelt key is said once, not a second time as missing under its right name.
      const misspelt = valueAt(this.#value, path) === undefined && meant.has(key);
      if (!invalid.has(key) && !misspelt) invalid.set(key, this.#invalid(path));
    }
    return [...unknown.map(({ problem }) => problem), ...invalid.values()];
  }

  /** A problem at a setting, in words of the caller. */
  at(path: SettingPath, message: string, allowed: string | null = null): ConfigProblem {
    return this.#problem(path, this.#document.position(path), { message, allowed });
  }

  #unknownKey(parent: SettingPath, name: string) {
    const schema = schemaAt(this.#schema, parent);
    const keys = schema === null ? [] : sectionKeys(schema);
    const suggestion = suggest(name, keys);
    const path = [...parent, name];
    const problem = this.#problem(path, this.#document.keyPosition(path), {
      message: `${keyText(path)} is not a setting`,
      found: name,
      allowed: keys.join(', '),
      suggestion,
    });
    return { problem, meant: suggestion === null ? null : keyText([...parent, suggestion]) };
  }

  #invalid(path: SettingPath): ConfigProblem {
    const schema = schemaAt(this.#schema, path);
    const value = valueAt(this.#value, path);
    const allowed = allowedAt(schema);
    const secret = schema !== null && kindOf(schema)?.secret === true;
    const key = keyText(path);
    const position = this.#document.position(path);
    if (value === undefined) return this.#problem(path, position, { message: `${key} is missing`, allowed });
    const message = key === '' ? 'the file is not a section of settings' : `${key} is not valid`;
    return this.#problem(path, position, {
      message,
      found: shown(value, secret),
      allowed,
      suggestion: typeof value === 'string' && !secret ? suggestedChoice(schema, value) : null,
    });
  }

  #problem(
    path: SettingPath,
    position: Position,
    said: { message: string; found?: string; allowed?: string | null; suggestion?: string | null },
  ): ConfigProblem {
    const key = keyText(path);
    const variable = this.#overrides.get(key) ?? null;
    return {
      file: variable === null ? this.#file : null,
      line: variable === null ? position.line : null,
      column: variable === null ? position.column : null,
      variable,
      key,
      message: said.message,
      found: said.found ?? null,
      allowed: said.allowed ?? null,
      suggestion: said.suggestion ?? null,
    };
  }
}

/** The word of a choice that a misspelt one was meant to be. */
function suggestedChoice(schema: z.core.$ZodType | null, value: string): string | null {
  const words = schema === null ? undefined : kindOf(schema)?.words;
  return words === undefined ? null : suggest(value, words);
}

/** Paths of validation issues hold no symbols, for no setting is named by one. */
function settingPath(path: readonly PropertyKey[]): SettingPath {
  return path.map((part) => (typeof part === 'number' ? part : String(part)));
}
