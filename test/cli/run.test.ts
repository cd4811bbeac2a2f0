import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createTlsMaterial } from '../../src/cli/tls-material.js';
import { acquireDataLock } from '../../src/telemetry/data-lock.js';
import { Program, temporaryFolder } from './harness.js';

const PRINTER =
  'printers:\n  - { serial: 01P00A000000001, host: 127.0.9.1, accessCode: canary42, trust: insecure }\n';

async function farm(): Promise<{ file: string; dataDir: string }> {
  const dir = await temporaryFolder();
  const file = join(dir, 'printfarmd.yaml');
  await writeFile(file, PRINTER, { mode: 0o600 });
  await mkdir(join(dir, 'data'));
  return { file, dataDir: join(dir, 'data') };
}

function program(behaviour: string, file: string): Program {
  return new Program('./farm-program.ts', [behaviour, 'run', '--config', file], {
    PRINTFARMD_LOG_LEVEL: 'debug',
  });
}

const says = (message: string) => (line: string) => line.includes(`"msg":"${message}`);

describe('run', () => {
  it('runs until SIGTERM and stops in order; a second signal changes nothing', async () => {
    const { file } = await farm();
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
    const { file } = await farm();
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
    const { file } = await farm();
    const running = program('slow-start', file);
    await running.line(says('[redacted]'));
    running.process.kill('SIGTERM');
    expect(await running.exit()).toBe(0);
    expect(running.lines.some(says('the daemon has stopped'))).toBe(true);
  });

  it('stops in order after an error that nobody caught, with exit code 1', async () => {
    const { file } = await farm();
    const running = program('throws', file);
    expect(await running.exit()).toBe(1);
    expect(running.lines.some(says('an error that nobody caught'))).toBe(true);
    expect(running.lines.some(says('the daemon has stopped'))).toBe(true);
  });

  it('says why it could not start, with exit code 1', async () => {
    const { file } = await farm();
    const running = program('fails', file);
    expect(await running.exit()).toBe(1);
    expect(running.lines.some(says('the port is taken'))).toBe(true);
  });

  it('does not start on a data folder in use, with exit code 3', async () => {
    const { file, dataDir } = await farm();
    const lock = acquireDataLock(dataDir);
    const running = program('good', file);
    expect(await running.exit()).toBe(3);
    lock.release();
    expect(running.lines.join('\n')).toContain(`is in use by process ${process.pid}`);
  });

  it('does not start on a configuration that is wrong, with exit code 2', async () => {
    const { file } = await farm();
    await writeFile(file, 'http: { prot: 1 }');
    const running = program('good', file);
    expect(await running.exit()).toBe(2);
    expect(running.errors).toContain('did you mean "port"?');
    expect(running.lines).toEqual([]);
  });

  it('does not wait for ever for a stop that hangs or leaves something open', async () => {
    const cutOff = ['stuck', 'leaves-a-handle'].map(async (behaviour) => {
      const running = program(behaviour, (await farm()).file);
      await running.line(says('printfarmd is ready'));
      const begun = performance.now();
      running.process.kill('SIGTERM');
      expect(await running.exit()).toBe(1);
      expect(performance.now() - begun).toBeGreaterThan(4900);
      expect(running.lines.some(says('the stop took longer than 5000 ms'))).toBe(true);
    });
    await Promise.all(cutOff);
  });

  it('reads its configuration anew at SIGHUP: what is live takes effect, the rest is named', async () => {
    const { file } = await farm();
    const running = new Program('./farm-program.ts', ['good', 'run', '--config', file]);
    await running.line(says('printfarmd is ready'));
    const second = '  - { serial: 01P00A000000002, host: 127.0.9.2, accessCode: parrot77 }\n';
    await writeFile(
      file,
      `${PRINTER}${second}log: { level: debug }\nhttp: { port: 4001, host: 127.0.0.2 }\n`,
    );
    running.process.kill('SIGHUP');
    await running.line(says('configuration read anew'));
    await running.line(says('certificates read anew'));

    const entries = running.lines.map((line) => JSON.parse(line));
    expect(entries).toContainEqual(
      expect.objectContaining({ msg: 'reconfigured', serials: ['01P00A000000001', '01P00A000000002'] }),
    );
    const told = entries.filter((entry) => /changed/.test(entry.msg)).map((entry) => entry.msg);
    expect(told).toEqual([
      'http.host changed, but takes effect only when printfarmd is started anew',
      'http.port changed, but takes effect only when printfarmd is started anew',
      'log.level changed and is in effect',
      'printers changed and is in effect',
    ]);
    expect(running.lines.join('\n')).not.toContain('parrot77');
    running.process.kill('SIGTERM');
    expect(await running.exit()).toBe(0);
  });

  it('runs on with what it had when the file is wrong, and takes it when it is mended', async () => {
    const { file } = await farm();
    const running = program('good', file);
    await running.line(says('printfarmd is ready'));
    await writeFile(file, 'http: { prot: 1 }\nqueue: { workingHours: [someday] }\n');
    running.process.kill('SIGHUP');
    await running.line(says('the configuration was not taken'));
    expect(running.lines.join('\n')).toContain('"setting":"http.prot"');
    // What would be right, too.
    expect(running.lines.join('\n')).toContain('"allowed":"days and hours such as mon-fri');
    expect(running.lines.some(says('reconfigured'))).toBe(false);
    await writeFile(file, '');
    running.process.kill('SIGHUP');
    await running.line((line) => says('reconfigured')(line) && line.includes('"serials":[]'));
    running.process.kill('SIGTERM');
    expect(await running.exit()).toBe(0);
  });

  it('changes its log level at SIGUSR2, and back', async () => {
    const { file } = await farm();
    const running = new Program('./farm-program.ts', ['good', 'run', '--config', file]);
    await running.line(says('printfarmd is ready'));
    running.process.kill('SIGUSR2');
    await running.line((line) => says('log level changed')(line) && line.includes('"to":"debug"'));
    running.process.kill('SIGUSR2');
    await running.line((line) => says('log level changed')(line) && line.includes('"to":"info"'));
    running.process.kill('SIGTERM');
    expect(await running.exit()).toBe(0);
  });

  it('renews its server certificate before it ends', async () => {
    const { file, dataDir } = await farm();
    const names = { hostNames: ['localhost'], addresses: [] };
    await createTlsMaterial(dataDir, names, new Date(Date.now() - 700 * 86_400_000));
    const running = program('good', file);
    await running.line(says('renewed the server certificate'));
    await running.line(says('printfarmd is ready'));
    running.process.kill('SIGTERM');
    expect(await running.exit()).toBe(0);
  });
});
