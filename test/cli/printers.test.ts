import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createBambuDriver } from '../../drivers/bambu/index.js';
import type { EmulatedPrinter } from '../../drivers/emulator/index.js';
import type { ExaminerPort } from '../../src/cli/ports.js';
import { initialise, storedPrinter } from '../../src/installation.js';
import { createLogger } from '../../src/telemetry/log.js';
import { type TestFarm, testFarm } from '../fixtures/farm.js';
import { type CliResult, cli, temporaryFolder } from './harness.js';

let farm: TestFarm;
let folder: string;
let sessions = 0;
/** How long a session of its own may take; a busy machine needs some of it. */
let examineMs: number | undefined;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pfd-'));
  farm = await testFarm({ printers: [{ model: 'X1C' }] });
  await writeFile(join(folder, 'ca.pem'), farm.emulator.caPem);
  await writeFile(join(folder, 'code'), `${printer().accessCode}\n`);
  await writeFile(join(folder, 'wrong'), '00000000');
  await writeFile(join(folder, 'farm.yaml'), `dataDir: ${farm.dataDir}\n`);
});
afterEach(() => {
  printer().clearFaults();
  examineMs = undefined;
});
afterAll(async () => {
  await farm.stop();
  await rm(folder, { recursive: true, force: true });
});

function printer(): EmulatedPrinter {
  const [found] = farm.emulator.printers;
  if (!found) throw new Error('The farm has no printer');
  return found;
}

const examiner = async (): Promise<ExaminerPort> => {
  const log = createLogger({ level: 'silent', pretty: false });
  const driver = createBambuDriver({
    log,
    maxConnecting: 1,
    maxTransfers: 1,
    timing: examineMs === undefined ? {} : { examineMs },
  });
  sessions += 1;
  return { examine: (target, options) => driver.examine(target, options), stored: storedPrinter };
};

/** Tests the printer as one that is not added. */
function test(changes: Readonly<Record<string, string>> = {}, ...more: string[]): Promise<CliResult> {
  const { serial, host, mqttPort, ftpPort } = printer();
  const options = {
    host,
    'access-code-file': join(folder, 'code'),
    'ca-file': join(folder, 'ca.pem'),
    'mqtt-port': String(mqttPort),
    'ftp-port': String(ftpPort),
    ...changes,
  };
  const given = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
  return cli(['printers', 'test', serial, ...given, ...more], { ports: { examiner } });
}

/** The lines of a check, its advice included. */
function lines({ out }: CliResult, check: string): string {
  const all = out.split('\n');
  const at = all.findIndex((line) => line.startsWith(`${check} `));
  return [all[at], all[at + 1]?.startsWith(' ') ? all[at + 1]?.trim() : ''].join('\n');
}

describe('printers test', () => {
  it('says of a printer with which nothing is wrong that nothing is', async () => {
    const result = await test();
    expect(result.exitCode).toBe(0);
    expect(result.out.match(/^.{16}(ok|FAIL|skipped)/gm)?.map((line) => line.slice(16))).toEqual(
      Array(8).fill('ok'),
    );
    expect(lines(result, 'certificate')).toContain(`names ${printer().serial} (trust: ca)`);
    expect(lines(result, 'free space')).toMatch(/\d+ MB free/);
    expect(result.out).toContain('Nothing is wrong.');
    expect(result.err).toContain('A session of its own is made');
    expect(result.out + result.err).not.toContain(printer().accessCode);
  });

  it('answers in JSON', async () => {
    const { exitCode, out } = await test({}, '--json');
    expect(exitCode).toBe(0);
    const answer = JSON.parse(out);
    expect(answer).toMatchObject({ serial: printer().serial, ok: true });
    expect(answer.checks).toHaveLength(8);
    expect(answer.checks[0]).toMatchObject({ check: 'mqtt-port', outcome: 'ok', advice: null });
  });

  it.each([
    ['tls.wrongCn', 'certificate', /FAIL.*another machine answers at this address[\s\S]*Compare the serial/],
    ['tls.unknownCa', 'certificate', /FAIL.*issued by nobody known[\s\S]*trust: tofu/],
    ['tls.expired', 'certificate', /FAIL.*check the clock of this machine/],
    [
      'mqtt.refuseAuth',
      'access code',
      /FAIL.*access code of \S+ was refused[\s\S]*Read the access code again/,
    ],
    ['ftp.550NoCard', 'free space', /FAIL.*There is no card[\s\S]*Put in a card/],
    ['ftp.busyConn', 'files (FTPS)', /FAIL.*425/],
    [
      'dev.modeOff',
      'Developer Mode',
      /FAIL.*Developer Mode is off[\s\S]*Enable LAN only and then Developer Mode/,
    ],
  ])('with %s says what is wrong and how to mend it', async (fault, check, words) => {
    printer().addFault(fault);
    const result = await test();
    expect(lines(result, check)).toMatch(words);
    expect(result.exitCode).toBe(1);
    expect(result.out).not.toContain(printer().accessCode);
    if (check === 'certificate') expect(lines(result, 'access code')).toContain('given to nobody else');
  });

  it('with a wrong access code says so, and never which', async () => {
    const result = await test({ 'access-code-file': join(folder, 'wrong') });
    expect(result.exitCode).toBe(1);
    expect(lines(result, 'access code')).toMatch(/FAIL[\s\S]*it changes with LAN-only and Developer Mode/);
    expect(lines(result, 'MQTT reports')).toContain('skipped');
    expect(result.out + result.err).not.toContain('00000000');
  });

  it('where nothing listens says so and looks no further', async () => {
    const result = await test({ 'mqtt-port': '1', 'ftp-port': '1' });
    expect(result.exitCode).toBe(1);
    expect(lines(result, 'MQTT port')).toMatch(/FAIL.*ECONNREFUSED[\s\S]*Is the printer on/);
    expect(lines(result, 'FTPS port')).toContain('FAIL');
    expect(lines(result, 'certificate')).toContain('skipped');
    expect(lines(result, 'files (FTPS)')).toContain('skipped');
  });

  it('with a silent printer says that no report comes', async () => {
    printer().addFault('mqtt.silent');
    examineMs = 2_000;
    const result = await test();
    expect(result.exitCode).toBe(1);
    expect(lines(result, 'access code')).toContain('ok');
    expect(lines(result, 'MQTT reports')).toMatch(
      /FAIL.*no report came within 2 s[\s\S]*Close slicers and apps/,
    );
  });

  it('is ended by Ctrl-C', async () => {
    printer().addFault('mqtt.silent');
    const interruption = new AbortController();
    const { serial, host, mqttPort, ftpPort } = printer();
    const running = cli(
      ['printers', 'test', serial, '--host', host, '--access-code-file', join(folder, 'code')].concat([
        '--ca-file',
        join(folder, 'ca.pem'),
        '--mqtt-port',
        String(mqttPort),
        '--ftp-port',
        String(ftpPort),
      ]),
      { ports: { examiner }, interruption: () => interruption.signal },
    );
    interruption.abort();
    const result = await running;
    expect(result.exitCode).toBe(1);
    expect(result.out).toContain('Called off.');
  });

  it('asks the daemon that runs, whose session is the only one', async () => {
    const before = sessions;
    const connects = () =>
      farm.emulator.log.entries.filter((e) => e.kind === 'mqtt' && e.event === 'connect').length;
    const connected = connects();
    const { serial } = printer();
    const argv = ['printers', 'test', serial, '--config', join(folder, 'farm.yaml')];
    const result = await cli(argv, { ports: { examiner } });
    expect(result.out).toContain('Nothing is wrong.');
    expect(result.exitCode).toBe(0);
    expect(result.err).toContain('The daemon that runs examines it');
    expect([sessions, connects()]).toEqual([before, connected]);
    const unknown = await cli(['printers', 'test', '01P00A000000001', '--config', join(folder, 'farm.yaml')]);
    expect(unknown.exitCode).toBe(4);
    expect(unknown.err).toContain('there is no printer 01P00A000000001');
  });

  it('takes a printer of the configuration while no daemon runs', async () => {
    const own = await temporaryFolder();
    await initialise(join(own, 'data'));
    const { serial, host, mqttPort, ftpPort } = printer();
    await writeFile(
      join(own, 'farm.yaml'),
      `printers:\n  - { serial: "${serial}", host: ${host}, mqttPort: ${mqttPort}, ftpPort: ${ftpPort}, ` +
        `accessCodeFile: ${join(folder, 'code')}, caFile: ${join(folder, 'ca.pem')} }\n`,
    );
    const known = ['printers', 'test', serial, '--config', join(own, 'farm.yaml')];
    const result = await cli(known, { ports: { examiner } });
    expect(result.out).toContain('Nothing is wrong.');
    const unknown = ['printers', 'test', 'X1234567', '--config', join(own, 'farm.yaml')];
    expect((await cli(unknown, { ports: { examiner } })).exitCode).toBe(4);
  });
});
