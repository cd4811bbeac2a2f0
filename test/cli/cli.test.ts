import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { EXIT } from '../../src/cli/exit-codes.js';
import { cli, Program, temporaryFolder } from './harness.js';

const manual = await readFile(new URL('../../docs/cli.md', import.meta.url), 'utf8');
const COMMANDS = [
  'init',
  'check-config',
  'certificate',
  'run',
  'keys',
  'discover',
  'inspect',
  'emulate',
  'demo',
];

describe('the command line', () => {
  it('lists its commands and exit codes', async () => {
    const { exitCode, out } = await cli(['--help']);
    expect(exitCode).toBe(0);
    for (const command of COMMANDS) expect(out).toContain(`printfarmd ${command}`);
    expect(out).toContain('Exit codes: 0 done');
  });

  it('lists them to who names none, as a mistake', async () => {
    const { exitCode, out } = await cli([]);
    expect(exitCode).toBe(EXIT.usage);
    expect(out).toContain('printfarmd check-config');
  });

  it.each(COMMANDS)('tells of %s with examples', async (command) => {
    const { exitCode, out, err } = await cli([command, '--help']);
    expect(exitCode).toBe(0);
    expect(err).toBe('');
    expect(out).toContain(`printfarmd ${command}`);
    expect(out).toContain('Examples:');
    expect(out).toContain('--json');
  });

  it.each([
    ['a command that does not exist', ['check-conf'], 'Did you mean check-config?'],
    ['an option that does not exist', ['check-config', '--fast'], 'Unknown argument: fast'],
    ['a word too many', ['check-config', 'please'], 'Unknown argument: please'],
    ['a value that is missing', ['check-config', '--config'], 'Not enough arguments following: config'],
    ['an option that is missing', ['init'], 'Missing required argument: dir'],
    [
      'a number that is none',
      ['emulate', '--printers', 'many'],
      '--printers must be a whole number from 1 to 500',
    ],
    [
      'a limit that is none',
      ['notifications', 'log', '--limit', '0'],
      '--limit must be a whole number from 1 to 500',
    ],
    ['an endpoint that is none', ['init', '--dir', 'x', '--listen', '3001'], '--listen must be HOST:PORT'],
    ['an action that is none', ['keys', 'delete'], 'Choices: "create", "list", "revoke"'],
  ])('refuses %s', async (_, argv, message) => {
    const { exitCode, out, err } = await cli(argv);
    expect(exitCode).toBe(EXIT.usage);
    expect(err).toContain(message);
    expect(out).toBe('');
  });

  it('tells mistakes in JSON when asked', async () => {
    const { exitCode, out, err } = await cli(['check-config', '--fast', '--json']);
    expect(exitCode).toBe(EXIT.usage);
    expect(JSON.parse(out)).toEqual({
      error: { exitCode: 2, message: 'Unknown argument: fast (--help tells more)' },
    });
    expect(err).toBe('');
  });

  it('tells failures of what it works with as failures', async () => {
    const dir = await temporaryFolder();
    const { exitCode, err } = await cli(['init', '--dir', `${dir}/new`, '--listen', '127.0.0.1:0']);
    expect(exitCode).toBe(EXIT.failed);
    expect(err).toContain('printfarmd: the test gave no installation');
  });

  it('is the same as a program', async () => {
    const program = new Program('../../src/cli/main.ts', ['--version']);
    expect(await program.exit()).toBe(0);
    expect(program.lines).toEqual([expect.stringMatching(/^\d+\.\d+\.\d+$/)]);
  });
});

describe('docs/cli.md', () => {
  it('has every exit code and every command', () => {
    for (const code of Object.values(EXIT)) expect(manual).toMatch(new RegExp(`^\\| ${code} \\|`, 'm'));
    for (const command of COMMANDS) expect(manual).toContain(`## ${command}`);
  });

  it.each(COMMANDS)('has every option of %s', async (command) => {
    const { out } = await cli([command, '--help']);
    const section = manual.split(`## ${command}\n`)[1]?.split('\n## ')[0] ?? '';
    const options = [...out.matchAll(/^\s+(?:-\w, )?--([\w-]+)/gm)].map(([, name]) => name);
    for (const option of options) {
      if (['help', 'version', 'json'].includes(option ?? '')) continue;
      expect(section, `--${option}`).toContain(`--${option}`);
    }
  });
});
