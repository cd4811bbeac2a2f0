import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { runCli } from '../../src/cli/cli.js';
import type { CommandContext } from '../../src/cli/command.js';
import type { ExitCode } from '../../src/cli/exit-codes.js';
import type { CliPorts } from '../../src/cli/ports.js';
import { Terminal } from '../../src/cli/terminal.js';

/** A folder that is gone after the test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'pfd-cli-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** What a stream was given. */
export class Recorder {
  text = '';
  readonly columns = 100;

  constructor(readonly isTTY = false) {}

  write(text: string): void {
    this.text += text;
  }
}

export interface CliResult {
  readonly exitCode: ExitCode;
  readonly out: string;
  readonly err: string;
}

function absent(port: keyof CliPorts): () => Promise<never> {
  return async () => {
    throw new Error(`the test gave no ${port}`);
  };
}

/** Runs a command line in this process, with the ports of the test's choice. */
export async function cli(
  argv: readonly string[],
  given: {
    ports?: Partial<CliPorts>;
    env?: NodeJS.ProcessEnv;
    interruption?: CommandContext['interruption'];
    watched?: boolean;
  } = {},
): Promise<CliResult> {
  const out = new Recorder(given.watched);
  const err = new Recorder(given.watched);
  const env = given.env ?? {};
  const exitCode = await runCli(argv, {
    terminal: new Terminal(out, err, env),
    env,
    ports: {
      installation: absent('installation'),
      daemon: absent('daemon'),
      discovery: absent('discovery'),
      keys: absent('keys'),
      invitations: absent('invitations'),
      examiner: absent('examiner'),
      ...given.ports,
    },
    interruption: given.interruption ?? (() => new AbortController().signal),
  });
  return { exitCode, out: out.text, err: err.text };
}

/** A program of the tests or the sources in a process of its own. */
export class Program {
  readonly process: ChildProcess;
  readonly lines: string[] = [];
  errors = '';
  readonly #waiting = new Set<() => void>();
  readonly #exit: Promise<unknown[]>;

  /** @param script beside this file, or the path of one that `processBundle` made, which starts in half the time */
  constructor(script: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    const { PATH, HOME, TMPDIR } = process.env;
    const path = fileURLToPath(new URL(script, import.meta.url));
    const loader = path.endsWith('.ts') ? ['--import', 'tsx'] : [];
    const child = spawn(process.execPath, [...loader, path, ...args], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { PATH, HOME, TMPDIR, ...env },
    });
    this.process = child;
    this.#exit = once(child, 'close');
    createInterface({ input: child.stdout }).on('line', (line) => {
      this.lines.push(line);
      for (const look of this.#waiting) look();
    });
    child.stderr.on('data', (chunk) => {
      this.errors += String(chunk);
      for (const look of this.#waiting) look();
    });
    onTestFinished(() => void child.kill('SIGKILL'));
  }

  /** The first `count` lines of standard output. Rejects when the program ends before. */
  async output(count: number): Promise<string[]> {
    await this.line(() => this.lines.length >= count);
    return this.lines.slice(0, count);
  }

  /** The first line that fits. Rejects when the program ends without one. */
  line(fits: (line: string) => boolean): Promise<string> {
    return this.#until(() => this.lines.find(fits));
  }

  /** What the pattern's first group matches on standard error. Rejects when the program ends without it. */
  error(pattern: RegExp): Promise<string> {
    return this.#until(() => pattern.exec(this.errors)?.[1]);
  }

  #until(find: () => string | undefined): Promise<string> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const found = find();
        if (found === undefined) return;
        this.#waiting.delete(look);
        resolve(found);
      };
      this.#waiting.add(look);
      look();
      this.#exit.then(() => reject(new Error(`the program ended early: ${this.errors}`)), reject);
    });
  }

  /** Exit code, or the name of the signal that ended it. */
  async exit(): Promise<unknown> {
    const [code, signal] = await this.#exit;
    return code ?? signal;
  }
}
