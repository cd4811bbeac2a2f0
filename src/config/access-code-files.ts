import type { Explainer } from './explain.js';
import type { ConfigProblem, ConfigWarning, SettingPath } from './problem.js';
import { readSecretFile } from './secret-file.js';
import { valueAt } from './settings-tree.js';

const ACCESS_CODE = { what: 'access code', pattern: /^[\x21-\x7e]{1,64}$/ };

/** Access codes by position of the printer in the list, read from the files that `accessCodeFile` names. */
export interface AccessCodes {
  readonly codes: ReadonlyMap<number, string>;
  readonly problems: readonly ConfigProblem[];
  readonly warnings: readonly ConfigWarning[];
}

/** Reads every `accessCodeFile` of `value`, whose paths are absolute already. Unreadable ones are left to `checkFiles`. */
export async function readAccessCodes(value: unknown, explain: Explainer): Promise<AccessCodes> {
  const codes = new Map<number, string>();
  const problems: ConfigProblem[] = [];
  const warnings: ConfigWarning[] = [];
  const printers = valueAt(value, ['printers']);
  for (const [index, printer] of Array.isArray(printers) ? printers.entries() : []) {
    const file = valueAt(printer, ['accessCodeFile']);
    if (typeof file !== 'string') continue;
    const path: SettingPath = ['printers', index, 'accessCodeFile'];
    const read = await readSecretFile(file, path, ACCESS_CODE, explain);
    if (read.secret !== null) codes.set(index, read.secret);
    problems.push(...read.problems);
    warnings.push(...read.warnings);
  }
  return { codes, problems, warnings };
}
