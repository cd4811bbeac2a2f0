import { readFile, stat } from 'node:fs/promises';
import { errorCode } from './checks.js';
import type { Explainer } from './explain.js';
import { type ConfigProblem, type ConfigWarning, keyText, type SettingPath } from './problem.js';

/** Far longer than any secret; a larger file is some other file. */
const MAX_BYTES = 1024;
const READABLE_BY_OTHERS = 0o044;

/** True when the group or everybody may read the file. */
export async function readableByOthers(file: string): Promise<boolean> {
  return ((await stat(file)).mode & READABLE_BY_OTHERS) !== 0;
}

/** What a file holds that is to hold one secret and nothing else. */
export interface SecretFile {
  /** Null when it does not hold one; then there is a problem, unless the file cannot be read at all. */
  readonly secret: string | null;
  readonly problems: readonly ConfigProblem[];
  readonly warnings: readonly ConfigWarning[];
}

/**
 * Reads a file that holds a secret on one line. That it is missing or closed to us is left to `checkFiles`.
 *
 * @param what what it should hold, such as `access code`
 */
export async function readSecretFile(
  file: string,
  path: SettingPath,
  { what, pattern }: { readonly what: string; readonly pattern: RegExp },
  explain: Explainer,
): Promise<SecretFile> {
  const problems: ConfigProblem[] = [];
  const warnings: ConfigWarning[] = [];
  let secret: string | null = null;
  try {
    const { size } = await stat(file);
    const text = size > MAX_BYTES ? '' : (await readFile(file, 'utf8')).replace(/\r?\n$/, '');
    if (pattern.test(text)) secret = text;
    else problems.push(explain.at(path, `${file} holds no ${what}`, `the ${what} alone, on one line`));
    if (await readableByOthers(file)) {
      warnings.push({ key: keyText(path), message: `${file} can be read by others: chmod 600 ${file}` });
    }
  } catch (error) {
    // checkFiles has said so already when the file is missing or closed to us; a folder, for one, is told here.
    if (errorCode(error) !== 'ENOENT' && errorCode(error) !== 'EACCES') {
      problems.push(explain.at(path, `${file} cannot be read (${errorCode(error)})`, 'a readable file'));
    }
  }
  return { secret, problems, warnings };
}
