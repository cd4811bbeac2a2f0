import type { Explainer } from './explain.js';
import type { ConfigProblem, SettingPath } from './problem.js';
import { readSecretFile, type SecretFile } from './secret-file.js';
import { isMapping, valueAt } from './settings-tree.js';

const BRIDGE: SettingPath = ['realtime', 'bridge'];
const PASSWORD = { what: 'password', pattern: /^\P{Cc}{1,256}$/u };

/** Rules between the settings of the bridge; they read the values as written, valid or not. */
export function checkBridge(value: unknown, explain: Explainer): ConfigProblem[] {
  const bridge = valueAt(value, BRIDGE);
  if (!isMapping(bridge)) return [];
  const set = (key: string) => bridge[key] !== undefined && bridge[key] !== null;
  const problem = (key: string, message: string, allowed: string) =>
    explain.at([...BRIDGE, key], `realtime.bridge ${message}`, allowed);
  const problems: ConfigProblem[] = [];
  if (set('password') && set('passwordFile')) {
    problems.push(
      problem('passwordFile', 'has its password twice', 'at most one of password and passwordFile'),
    );
  }
  const secret = set('password') ? 'password' : set('passwordFile') ? 'passwordFile' : null;
  if (secret !== null && !set('username')) {
    problems.push(problem(secret, 'has a password without a username', 'username beside it'));
  }
  if (set('certFile') !== set('keyFile')) {
    const [has, lacks] = set('certFile') ? ['certFile', 'keyFile'] : ['keyFile', 'certFile'];
    problems.push(problem(has, `has ${has} without ${lacks}`, 'certFile and keyFile, or neither'));
  }
  return problems;
}

/** The password of the bridge, where a file holds it. */
export async function readBridgePassword(value: unknown, explain: Explainer): Promise<SecretFile> {
  const file = valueAt(value, [...BRIDGE, 'passwordFile']);
  if (typeof file !== 'string') return { secret: null, problems: [], warnings: [] };
  return readSecretFile(file, [...BRIDGE, 'passwordFile'], PASSWORD, explain);
}
