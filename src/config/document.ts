import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  type Scalar,
  type YAMLError,
} from 'yaml';
import { type ConfigProblem, keyText, type SettingPath } from './problem.js';

/** Place in the file, both from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** More nodes than any real configuration has; a chain of aliases that multiplies itself ends here. */
const MAX_NODES = 100_000;
const MAX_DEPTH = 20;

/** A parsed YAML file that knows where each of its values stands. */
export class ConfigDocument {
  /** The file as plain values; `{}` for an empty file. */
  readonly value: unknown;
  /** What is wrong with the file as YAML. */
  readonly problems: readonly ConfigProblem[];
  /** False when the YAML is so broken that looking at its settings would mislead. */
  readonly sound: boolean;

  readonly #lines = new LineCounter();
  readonly #document: Document;
  readonly #file: string;
  #nodes = 0;

  /**
   * Parses without throwing; what is wrong stands in `problems`.
   * `isText` tells at which paths text is expected: an unquoted `01234567` there stays those eight characters.
   */
  constructor(file: string, source: string, isText: (path: SettingPath) => boolean) {
    this.#file = file;
    this.#document = parseDocument(source, {
      lineCounter: this.#lines,
      // The pretty form quotes the source, secrets included.
      prettyErrors: false,
      // Found while walking instead, where the key's path is known.
      uniqueKeys: false,
    });
    const faults = [...this.#document.errors, ...this.#document.warnings];
    const problems = faults.map((fault) => this.#yamlProblem(fault));
    this.sound = faults.length === 0;
    const root = this.#document.contents;
    this.value = this.sound && root !== null && !isEmpty(root) ? this.#plain(root, [], isText, problems) : {};
    this.problems = problems;
  }

  /** Where the value at a path stands, or the nearest thing around it that exists. */
  position(path: SettingPath): Position {
    let node = this.#resolve(this.#document.contents);
    let place = this.#start(this.#document.contents);
    for (const part of path) {
      const pair = pairAt(node, part);
      const next = isSeq(node) && typeof part === 'number' ? node.items[part] : pair?.value;
      if (!isNode(next)) return pair !== null ? this.#start(pair.key) : place;
      place = this.#start(next);
      node = this.#resolve(next);
    }
    return place;
  }

  /** Where the key at the end of a path stands. */
  keyPosition(path: SettingPath): Position {
    const parent = this.#nodeAt(path.slice(0, -1));
    const pair = pairAt(parent, path.at(-1) ?? '');
    return pair === null ? this.position(path) : this.#start(pair.key);
  }

  #nodeAt(path: SettingPath): Node | null {
    let node = this.#resolve(this.#document.contents);
    for (const part of path) {
      const next = isSeq(node) && typeof part === 'number' ? node.items[part] : pairAt(node, part)?.value;
      node = this.#resolve(isNode(next) ? next : null);
    }
    return node;
  }

  #resolve(node: Node | null): Node | null {
    return isAlias(node) ? (node.resolve(this.#document) ?? null) : node;
  }

  #start(node: unknown): Position {
    const offset = isNode(node) ? (node.range?.[0] ?? 0) : 0;
    const { line, col } = this.#lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  }

  #problem(path: SettingPath, position: Position, message: string): ConfigProblem {
    const nothing = { variable: null, found: null, allowed: null, suggestion: null };
    return { file: this.#file, ...position, key: keyText(path), message, ...nothing };
  }

  #yamlProblem(fault: YAMLError): ConfigProblem {
    const { line, col } = this.#lines.linePos(fault.pos[0]);
    // Some messages end in the offending source, which may be a secret.
    const message = fault.message.split('\n')[0]?.replace(/: ".*$/, '') ?? fault.code;
    return this.#problem(
      [],
      { line: Math.max(line, 1), column: Math.max(col, 1) },
      `not valid YAML: ${message}`,
    );
  }

  #plain(
    node: Node | null,
    path: SettingPath,
    isText: (path: SettingPath) => boolean,
    problems: ConfigProblem[],
  ): unknown {
    this.#nodes += 1;
    if (this.#nodes > MAX_NODES || path.length > MAX_DEPTH) {
      if (this.#nodes !== Number.POSITIVE_INFINITY) {
        problems.push(
          this.#problem([], this.#start(node), 'too deep or too large: look for an alias inside itself'),
        );
        this.#nodes = Number.POSITIVE_INFINITY;
      }
      return null;
    }
    if (isAlias(node)) {
      const target = this.#resolve(node);
      if (target !== null) return this.#plain(target, path, isText, problems);
      problems.push(
        this.#problem(path, this.#start(node), `not valid YAML: nothing is named &${node.source}`),
      );
      return undefined;
    }
    if (isSeq(node)) {
      return node.items.map((item, index) =>
        this.#plain(isNode(item) ? item : null, [...path, index], isText, problems),
      );
    }
    if (isMap(node)) {
      const seen = new Set<string>();
      return Object.fromEntries(
        node.items.flatMap(({ key, value }) => {
          if (!isScalar(key)) {
            problems.push(this.#problem(path, this.#start(key), 'a key must be a single word'));
            return [];
          }
          const name = String(key.value);
          if (seen.has(name)) {
            const twice = [...path, name];
            problems.push(this.#problem(twice, this.#start(key), `${keyText(twice)} stands twice`));
          }
          seen.add(name);
          return [[name, this.#plain(isNode(value) ? value : null, [...path, name], isText, problems)]];
        }),
      );
    }
    return isScalar(node) ? scalarValue(node, isText(path)) : null;
  }
}

function isEmpty(node: Node): boolean {
  return isScalar(node) && node.value === null;
}

function scalarValue(node: Scalar, textExpected: boolean): unknown {
  const unquoted = typeof node.value === 'number' || typeof node.value === 'boolean';
  return textExpected && unquoted && node.source !== undefined ? node.source : node.value;
}

function pairAt(node: Node | null, part: string | number) {
  if (!isMap(node)) return null;
  for (const item of node.items) {
    if (isPair(item) && isScalar(item.key) && String(item.key.value) === String(part)) return item;
  }
  return null;
}
