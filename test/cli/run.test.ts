import { writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { createTlsMaterial } from '../../src/cli/tls-material.js';
import { acquireDataLock } from '../../src/telemetry/data-lock.js';
import { installed, program, says } from './run-program.js';

describe('run', () => {
  it('runs until SIGTERM and stops in order; a second signal changes nothing', async () => {
    const { file } = await installed();
    const running = program('slow-stop', file);
    expect(JSON.parse(await running.line(says('printfarmd is ready')))).toMatchObject({
      level: 'info',
      url: 'http://127.0.0.1:1',
      mqttUrl: 'mqtts://127.0.0.1:1',
    });
    running.process.kill('SIGTERM');
    await running.line(says('stopping'));
    running.process.kill('SIGINT');
    expect(await running.exit()).toBe(0);
    expect(running.lines.filter(says('the daemon has stopped'))).toHaveLength(1);
    expect(running.lines.filter(says('stopped'))).toHaveLength(1);
    expect(running.lines.filter(says('stopping already'))).toHaveLength(1);
  });

  it('says what it starts with: warnings, overrides, and no secret', async () => {
    const { file } = await installed();
    const running = program('good', file);
    await running.line(says('printfarmd is ready'));
    running.process.kill('SIGTERM');
    expect(await running.exit()).toBe(0);
    const log = running.lines.join('\n');
    expect(log).toContain('"setting":"printers[0].trust"');
    expect(log).toContain('"variable":"PRINTFARMD_LOG_LEVEL"');
    expect(log).not.toContain('canary42');
    expect(log).not.toContain('made-known-later');
  });

  it('stops in order when a signal comes while it starts', async () => {
    const { file } = await installed();
    const running = program('slow-start', file);
    await running.line(says('[redacted]'));
    running.process.kill('SIGTERM');
    expect(await running.exit()).toBe(0);
    expect(running.lines.some(says('the daemon has stopped'))).toBe(true);
  });

  it('stops in order after an error that nobody caught, with exit code 1', async () => {
    const { file } = await installed();
    const running = program('throws', file);
    expect(await running.exit()).toBe(1);
    expect(running.lines.some(says('an error that nobody caught'))).toBe(true);
    expect(running.lines.some(says('the daemon has stopped'))).toBe(true);
  });

  it('says why it could not start, with exit code 1', async () => {
    const { file } = await installed();
    const running = program('fails', file);
    expect(await running.exit()).toBe(1);
    expect(running.lines.some(says('the port is taken'))).toBe(true);
  });

  it('does not start on a data folder in use, with exit code 3', async () => {
    const { file, dataDir } = await installed();
    const lock = acquireDataLock(dataDir);
    const running = program('good', file);
    expect(await running.exit()).toBe(3);
    lock.release();
    expect(running.lines.join('\n')).toContain(`is in use by process ${process.pid}`);
  });

  it('does not start on a configuration that is wrong, with exit code 2', async () => {
    const { file } = await installed();
    await writeFile(file, 'http: { prot: 1 }');
    const running = program('good', file);
    expect(await running.exit()).toBe(2);
    expect(running.errors).toContain('did you mean "port"?');
    expect(running.lines).toEqual([]);
  });

  it('does not wait for ever for a stop that hangs or leaves something open', async () => {
    const cutOff = ['stuck', 'leaves-a-handle'].map(async (behaviour) => {
      const running = program(behaviour, (await installed()).file);
      await running.line(says('printfarmd is ready'));
      const begun = performance.now();
      running.process.kill('SIGTERM');
      expect(await running.exit()).toBe(1);
      expect(performance.now() - begun).toBeGreaterThan(4900);
      expect(running.lines.some(says('the stop took longer than 5000 ms'))).toBe(true);
    });
    await Promise.all(cutOff);
  });

  it('renews its server certificate before it ends', async () => {
    const { file, dataDir } = await installed();
    const names = { hostNames: ['localhost'], addresses: [] };
    await createTlsMaterial(dataDir, names, new Date(Date.now() - 700 * 86_400_000));
    const running = program('good', file);
    await running.line(says('renewed the server certificate'));
    await running.line(says('printfarmd is ready'));
    running.process.kill('SIGTERM');
    expect(await running.exit()).toBe(0);
  });
});
