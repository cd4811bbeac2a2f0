import { writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { Program } from './harness.js';
import { FARM_PROGRAM, installed, PRINTER, program, says } from './run-program.js';

describe('run, while it runs,', () => {
  it('reads its configuration anew at SIGHUP: what is live takes effect, the rest is named', async () => {
    const { file } = await installed();
    const running = new Program(FARM_PROGRAM, ['good', 'run', '--config', file]);
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
    const { file } = await installed();
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
    const { file } = await installed();
    const running = new Program(FARM_PROGRAM, ['good', 'run', '--config', file]);
    await running.line(says('printfarmd is ready'));
    running.process.kill('SIGUSR2');
    await running.line((line) => says('log level changed')(line) && line.includes('"to":"debug"'));
    running.process.kill('SIGUSR2');
    await running.line((line) => says('log level changed')(line) && line.includes('"to":"info"'));
    running.process.kill('SIGTERM');
    expect(await running.exit()).toBe(0);
  });
});
