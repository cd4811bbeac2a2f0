import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { loadConfig } from '../../src/config/load.js';
import { ConfigError, type ConfigProblem } from '../../src/config/problem.js';

/** A folder of its own with the given files; gone after the test. */
export async function folderWith(files: Record<string, string>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'pfd-config-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) {
    const file = join(folder, name);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
    await chmod(file, 0o600);
  }
  return folder;
}

/** Loads a configuration of the given text, with the given files beside it. */
export async function load(yaml: string, env: NodeJS.ProcessEnv = {}, files: Record<string, string> = {}) {
  const folder = await folderWith({ ...files, 'farm.yaml': yaml });
  return loadConfig(join(folder, 'farm.yaml'), env);
}

/** The problems of a configuration that must not load. */
export async function problemsOf(
  yaml: string,
  env: NodeJS.ProcessEnv = {},
  files: Record<string, string> = {},
): Promise<readonly ConfigProblem[]> {
  try {
    await load(yaml, env, files);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  throw new Error('the configuration loaded without a problem');
}

/** `line:column key` of each problem. */
export function places(problems: readonly ConfigProblem[]): string[] {
  return problems.map(({ line, column, key }) => `${line}:${column} ${key}`);
}
