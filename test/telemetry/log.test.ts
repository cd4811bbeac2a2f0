import { spawnSync } from 'node:child_process';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLogger, type LogOptions, printerLog } from '../../src/telemetry/log.js';
import { SecretGuard } from '../../src/telemetry/secret-guard.js';
import { LogLines } from '../../src/telemetry/tally.js';

const CANARY = 'Kanarie7Vogel9';

function recorder(options: Partial<LogOptions> = {}) {
  const lines: string[] = [];
  const stream = { write: (line: string) => void lines.push(line) };
  const log = createLogger({ level: 'trace', pretty: false, stream, ...options });
  return { log, lines, text: () => lines.join('') };
}

describe('the log', () => {
  it('counts lines that tell of something wrong, as far as they are written', () => {
    const lines = new LogLines();
    const { log } = recorder({ level: 'warn', lines });
    log.info('fine');
    log.warn({ level: 'fatal' }, 'a warning');
    log.child({ part: 1 }).error(new Error('{"level":"fatal"'));
    log.error('again');
    expect(lines.tally.samples).toEqual([
      [['warn'], 1],
      [['error'], 2],
      [['fatal'], 0],
    ]);
  });

  it('is one JSON object per line, with its level in words and its time in ISO 8601', () => {
    const { log, lines } = recorder();
    printerLog(log, '01P00A123456789').warn({ attempt: 3 }, 'not reachable');
    expect(JSON.parse(lines[0] ?? '')).toEqual({
      level: 'warn',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      printer: '01P00A123456789',
      attempt: 3,
      msg: 'not reachable',
    });
  });

  it('leaves out what is less important than its level', () => {
    const { log, lines } = recorder({ level: 'warn' });
    log.info('a');
    log.error('b');
    expect(lines).toHaveLength(1);
  });

  it('is readable when asked', () => {
    const { log, text } = recorder({ pretty: true });
    log.info({ port: 3001 }, 'listening');
    expect(text()).toMatch(/INFO.*listening/);
    expect(text()).toContain('port: 3001');
  });

  it('writes to standard output before the process ends', () => {
    const program = `
      import { createLogger } from ${JSON.stringify(new URL('../../src/telemetry/log.ts', import.meta.url).href)};
      createLogger({ level: 'info', pretty: 'auto' }).fatal('last words');
      process.exit(1);
    `;
    const { stdout } = spawnSync(
      process.execPath,
      ['--import', 'tsx', '--input-type=module', '--eval', program],
      { encoding: 'utf8' },
    );
    expect(JSON.parse(stdout)).toMatchObject({ level: 'fatal', msg: 'last words' });
  });
});

describe('secrets in the log', () => {
  const secretKeys = [
    'accessCode',
    'apiKey',
    'password',
    'authorization',
    'key',
    'secret',
    'token',
    'webhookSecret',
  ];
  const deep = (key: string, depth: number): object =>
    depth === 0 ? { [key]: CANARY } : { inner: [deep(key, depth - 1)] };

  it.each(secretKeys)('are struck out under "%s" at any depth, in any form', (key) => {
    for (const prettyOutput of [false, true]) {
      const { log, text } = recorder({ pretty: prettyOutput });
      for (const depth of [0, 1, 2, 3, 6]) log.info(deep(key, depth), 'message');
      log.child({ [key]: CANARY }).info('child');
      log.child(deep(key, 3)).info('child, deep');
      log.info({ [key]: { of: CANARY, or: [CANARY] } }, 'an object');
      log.info({ body: JSON.stringify({ [key]: CANARY }) }, 'JSON in a string');
      log.info(`JSON in the message ${JSON.stringify(deep(key, 2))}`);
      log.error(Object.assign(new Error('failed'), { options: { [key]: CANARY } }), 'an error with fields');
      log.error(new Error(`GET /files?${key}=${CANARY}&x=1 failed`));
      expect(text()).toContain('message');
      expect(text()).not.toContain(CANARY);
    }
  });

  it('are struck out by value, once known', () => {
    const guard = new SecretGuard();
    guard.hide(CANARY);
    guard.hide('12345678');
    guard.hide('with "quotes"');
    const { log, text } = recorder({ guard });
    log.info({ note: `login bblp:${CANARY}@host` }, `code 12345678 and ${CANARY}`);
    log.info({ [CANARY]: 1, code: 12345678, list: [12345678] });
    log.error(new Error('PASS with "quotes" refused'), 'took 9123456780 bytes');
    expect(text()).not.toContain(CANARY);
    expect(text()).not.toMatch(/\b12345678\b/);
    expect(text()).not.toContain('quotes');
    expect(text()).toContain('9123456780');
  });

  it('are struck out by shape: API keys keep their public id alone', () => {
    const id = 'a'.repeat(24);
    const key = id + 'z9'.repeat(24);
    const { log, text } = recorder();
    log.info(`client says ${key}`);
    log.info({ headers: { authorization: `ApiKey ${key}` } });
    log.info(`authorization: Bearer ${CANARY}`);
    expect(text()).toContain(`${id}[redacted]`);
    expect(text()).not.toContain('z9z9');
    expect(text()).not.toContain(CANARY);
  });

  it('are not the token of a dispatch, nor hashes of files', () => {
    const { log, text } = recorder();
    const sha256 = 'ab'.repeat(32);
    log.info({ token: 12345, sha256, remoteKey: 'plate' }, 'sent');
    expect(text()).toContain('"token":12345');
    expect(text()).toContain(sha256);
    expect(text()).toContain('plate');
  });

  it('leave lines that are still JSON', async () => {
    const guard = new SecretGuard();
    guard.hide('1234');
    await fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom(...secretKeys, 'a', 'b'), fc.anything({ maxDepth: 2 })),
        fc.string({ unit: 'grapheme' }),
        (fields, message) => {
          const { log, lines } = recorder({ guard });
          log.info(fields, message);
          expect(() => JSON.parse(lines[0] ?? '')).not.toThrow();
        },
      ),
    );
  });

  it.each([
    ['hyphens', 'a-'],
    ['quotes', '"a'],
    ['backslashes', '\\'],
    ['names', 'token'],
    ['names in quotes', '"token":'],
  ])('are looked for in linear time, whatever strangers send: %s', (_, piece) => {
    const { log, lines } = recorder();
    const strike = (times: number) => {
      const begun = process.cpuUsage().user;
      log.info(piece.repeat(times));
      return process.cpuUsage().user - begun;
    };
    strike(1000);
    // Squared, this would take minutes.
    expect(strike(100_000)).toBeLessThan(5_000_000);
    expect(lines).toHaveLength(2);
  });
});
