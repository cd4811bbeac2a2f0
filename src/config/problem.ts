/** One thing wrong with the configuration: where, what was found, what is allowed. */
export interface ConfigProblem {
  /** Configuration file, null when an environment variable is at fault. */
  readonly file: string | null;
  /** From 1; null when the problem has no place in the file. */
  readonly line: number | null;
  readonly column: number | null;
  /** Environment variable at fault, null when it is the file. */
  readonly variable: string | null;
  /** Key path such as `http.port` or `printers[0].serial`; '' for the file as a whole. */
  readonly key: string;
  readonly message: string;
  /** What stands there; never a secret. */
  readonly found: string | null;
  readonly allowed: string | null;
  /** The name that was probably meant. */
  readonly suggestion: string | null;
}

/** Something that works but is unwise. */
export interface ConfigWarning {
  readonly key: string;
  readonly message: string;
}

/** A path into the settings: keys and list positions. */
export type SettingPath = readonly (string | number)[];

/** `['printers', 0, 'serial']` as `printers[0].serial`. */
export function keyText(path: SettingPath): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    return text === '' ? part : `${text}.${part}`;
  }, '');
}

function place(problem: ConfigProblem): string {
  if (problem.variable !== null) return problem.variable;
  if (problem.file === null) return 'configuration';
  if (problem.line === null) return problem.file;
  return `${problem.file}:${problem.line}:${problem.column ?? 1}`;
}

/** A problem as lines for people: place and message, then what was found, what is allowed and what was meant. */
export function formatProblem(problem: ConfigProblem): string {
  const lines = [`${place(problem)}: ${problem.message}`];
  if (problem.found !== null) lines.push(`    found: ${problem.found}`);
  if (problem.allowed !== null) lines.push(`    allowed: ${problem.allowed}`);
  if (problem.suggestion !== null) lines.push(`    did you mean "${problem.suggestion}"?`);
  return lines.join('\n');
}

/** The configuration cannot be used. Carries every problem found, not only the first. */
export class ConfigError extends Error {
  constructor(readonly problems: readonly ConfigProblem[]) {
    super(problems.map(formatProblem).join('\n'));
    this.name = 'ConfigError';
  }
}
