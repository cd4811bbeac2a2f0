import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cli, Program, temporaryFolder } from './harness.js';

async function configuration(yaml: string): Promise<string> {
  const file = join(await temporaryFolder(), 'farm.yaml');
  await writeFile(file, yaml, { mode: 0o600 });
  return file;
}

describe('check-config', () => {
  it('says that a configuration is in order, and what is unwise', async () => {
    const file = await configuration('http: { host: 0.0.0.0 }\n');
    const { exitCode, out, err } = await cli(['check-config', '--config', file], {
      env: { PRINTFARMD_LOG_LEVEL: 'debug' },
    });
    expect(exitCode).toBe(0);
    expect(out).toMatch(/farm\.yaml is in order: 0 printers, data in .*\/data\n$/);
    expect(err).toContain('warning http.host: API keys travel the network readable');
    expect(err).toContain('log.level comes from PRINTFARMD_LOG_LEVEL');
  });

  it('finds the file that the environment names', async () => {
    const file = await configuration('');
    const { exitCode, out } = await cli(['check-config', '--json'], { env: { PRINTFARMD_CONFIG: file } });
    expect(exitCode).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ ok: true, file, printers: 0, warnings: [], overrides: [] });
  });

  it('tells every problem to machines', async () => {
    const file = await configuration('http: { prot: 1 }\nlog: { level: loud }\n');
    const { exitCode, out } = await cli(['check-config', '--config', file, '--json']);
    expect(exitCode).toBe(2);
    expect(JSON.parse(out)).toMatchObject({
      ok: false,
      problems: [
        { file, line: 1, column: 9, key: 'http.prot', suggestion: 'port' },
        { file, line: 2, column: 15, key: 'log.level', found: '"loud"' },
      ],
    });
  });

  it('tells every problem to people, as a program', async () => {
    const file = await configuration('http:\n  prot: 1\nlog: { level: loud }\n');
    const program = new Program('../../src/cli/main.ts', ['check-config', '--config', file]);
    expect(await program.exit()).toBe(2);
    expect(program.lines).toEqual([]);
    expect(program.errors).toBe(
      [
        `printfarmd: ${file}:2:3: http.prot is not a setting`,
        '    found: prot',
        '    allowed: host, port, publicBaseUrl, tls, trustedProxies, corsOrigins, maxBodyBytes, requestTimeoutMs',
        '    did you mean "port"?',
        `${file}:3:15: log.level is not valid`,
        '    found: "loud"',
        '    allowed: one of fatal, error, warn, info, debug, trace, silent',
        '',
      ].join('\n'),
    );
  });
});
