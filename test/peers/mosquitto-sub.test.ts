import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTlsMaterial, machineNames } from '../../src/cli/tls-material.js';
import { type TestFarm, testFarm } from '../fixtures/farm.js';

const ROOT = join(import.meta.dirname, '../..');

let farm: TestFarm;
let folder: string;

beforeAll(async () => {
  farm = await testFarm();
  folder = await mkdtemp(join(tmpdir(), 'printfarmd-sub-'));
});

afterAll(async () => {
  await farm.stop();
  await rm(folder, { recursive: true, force: true });
});

const port = () => new URL(farm.mqttUrl).port;
const stats = () => `stores/${farm.storeId}/printer-stats`;
const entities = () => `stores/${farm.storeId}/entities`;

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Debian's mosquitto_sub with user, key, id and CA; later arguments win over these. */
function subscribe(...extra: readonly string[]): Promise<Outcome> {
  const args = ['-h', '127.0.0.1', '-p', port(), '-u', farm.storeId, '-P', farm.key, '--cafile', farm.caFile];
  const id = ['-i', `apiclient_${farm.key.slice(0, 24)}_peer`];
  return new Promise((resolve) => {
    execFile('mosquitto_sub', [...args, ...id, '-W', '20', ...extra], (error, out, err) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, out, err });
    });
  });
}

/** The first line of a running program that fits. */
function line(child: ChildProcess, pattern: RegExp): Promise<string> {
  const { stdout } = child;
  if (stdout === null) throw new Error('the program has no output');
  return new Promise((resolve, reject) => {
    createInterface({ input: stdout }).on('line', (one) => pattern.test(one) && resolve(one));
    child.once('exit', (code) => reject(new Error(`ended with ${code}`)));
  });
}

describe('mosquitto_sub', () => {
  it('reads the state of a printer, and of all', async () => {
    const one = await subscribe('-t', `${stats()}/${farm.printerId()}`, '-C', '1');
    expect(one.code).toBe(0);
    expect(JSON.parse(one.out)).toMatchObject({ printerId: farm.printerId(), isOnline: true });
    const all = await subscribe('-t', `${stats()}/#`, '-C', '1', '-v');
    expect(all.out).toMatch(new RegExp(`^${stats()}/${farm.printerId()} \\{`));
  });

  it('reads what changes', async () => {
    const args = [
      '-h',
      '127.0.0.1',
      '-p',
      port(),
      '-u',
      farm.storeId,
      '-P',
      farm.key,
      '--cafile',
      farm.caFile,
    ];
    const topics = ['-t', `${stats()}/+`, '-t', `${entities()}/#`, '-q', '1', '-v'];
    const child = spawn('mosquitto_sub', [...args, ...topics], { stdio: ['ignore', 'pipe', 'inherit'] });
    const isSubscribed = line(child, /printer-stats/);
    const event = line(child, /entities\/printers/);
    await isSubscribed;
    await farm.ok('PATCH', '/v1/printers/confirm-ready', { ready: false, ids: [farm.printerId()] });
    const text = await event;
    child.kill();
    expect(JSON.parse(text.slice(text.indexOf('{')))).toMatchObject({
      entityType: 'printers',
      action: 'UPDATE',
      entities: { [farm.printerId()]: { confirmedReady: false } },
      changes: { [farm.printerId()]: { confirmedReady: { old: true, new: false } } },
    });
  });

  it('is told that MQTT 5 is not spoken, and comes in with 3.1.1', async () => {
    const five = await subscribe('-V', '5', '-t', `${stats()}/#`, '-C', '1');
    expect(five).toMatchObject({ code: 132, err: expect.stringContaining('Unsupported Protocol Version') });
    const older = await subscribe('-V', 'mqttv311', '-t', `${stats()}/#`, '-C', '1');
    expect(older.code).toBe(0);
  });

  it.each([
    ['a wrong key', () => ['-P', 'wrong'], 4],
    ['an id that names another key', () => ['-i', 'apiclient_abcdefghijklmnopqrstuvwx_1'], 2],
  ])('is refused with %s', async (_, extra, code) => {
    expect(await subscribe('-t', `${stats()}/#`, ...extra())).toMatchObject({ code });
  });

  it('is refused topics outside its store, and the whole tree', async () => {
    for (const topic of ['#', '$SYS/#', 'stores/+/printer-stats/+', `$share/g/${stats()}/#`]) {
      const answer = await subscribe('-t', topic, '-C', '1');
      expect(answer.err, topic).toContain('All subscription requests were denied');
    }
  });

  it('does not trust a farm that another authority vouches for', async () => {
    await mkdir(join(folder, 'elsewhere'));
    const { caFile } = await createTlsMaterial(join(folder, 'elsewhere'), machineNames(), new Date());
    const answer = await subscribe('--cafile', caFile, '-t', `${stats()}/#`);
    expect(answer.code).not.toBe(0);
    expect(answer.err).toContain('A TLS error occurred');
  });

  it('comes again after a restart of the daemon, instead of giving up', async () => {
    const args = [
      '-h',
      '127.0.0.1',
      '-p',
      port(),
      '--cafile',
      farm.caFile,
      '-u',
      farm.storeId,
      '-P',
      farm.key,
    ];
    // Retained is only what comes because of a subscription.
    const child = spawn('mosquitto_sub', [...args, '-t', `${stats()}/#`, '-F', 'retained %r %t'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await line(child, /^retained 1/);
    const again = line(child, /^retained 1/);
    await farm.restart({ config: { mqtt: { port: Number(port()) } } });
    expect(await again).toContain(farm.printerId());
    child.kill();
  });

  it('follows the farm by the lines of the manual', async () => {
    const manual = await readFile(join(ROOT, 'docs/integrators.md'), 'utf8');
    const lines = /<!-- follow with mosquitto_sub -->\n```sh\n([\s\S]*?)```/.exec(manual)?.[1] ?? '';
    const script = lines.replace('3001', new URL(farm.url).port).replace('8883', port());
    const child = spawn('bash', ['-ec', script], {
      cwd: folder,
      env: { PATH: process.env.PATH, HOST: '127.0.0.1', STORE: farm.storeId, KEY: farm.key },
      stdio: ['ignore', 'pipe', 'inherit'],
      detached: true,
    });
    const text = await line(child, /printer-stats/);
    if (child.pid !== undefined) process.kill(-child.pid);
    expect(text).toContain(`${stats()}/${farm.printerId()} {`);
  });
});
