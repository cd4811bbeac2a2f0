import { readFile, stat } from 'node:fs/promises';
import { errorCode } from './checks.js';
import type { Explainer } from './explain.js';
import { type ConfigProblem, type ConfigWarning, keyText, type SettingPath } from './problem.js';
import { valueAt } from './settings-tree.js';

/** Far longer than any access code; a larger file is some other file. */
const MAX_BYTES = 1024;
const READABLE_BY_OTHERS = 0o044;

/** True when the group or everybody may read the file. */
export async function readableByOthers(file: string): Promise<boolean> {
  return ((await stat(file)).mode & READABLE_BY_OTHERS) !== 0;
}

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
    try {
      const { size } = await stat(file);
      const code = size > MAX_BYTES ? '' : (await readFile(file, 'utf8')).replace(/\r?\n$/, '');
      if (/^[\x21-\x7e]{1,64}$/.test(code)) codes.set(index, code);
      else
        problems.push(explain.at(path, `${file} holds no access code`, 'the access code alone, on one line'));
      if (await readableByOthers(file)) {
        warnings.push({ key: keyText(path), message: `${file} can be read by others: chmod 600 ${file}` });
      }
    } catch (error) {
      // checkFiles has said so already when the file is missing or closed to us; a folder, for one, is told here.
      if (errorCode(error) !== 'ENOENT' && errorCode(error) !== 'EACCES') {
        problems.push(explain.at(path, `${file} cannot be read (${errorCode(error)})`, 'a readable file'));
      }
    }
  }
  return { codes, problems, warnings };
}
