import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createTlsMaterial, machineNames } from '../../src/cli/tls-material.js';
import { initialise } from '../../src/installation.js';
import { Program } from '../cli/harness.js';

const ROOT = join(import.meta.dirname, '../..');
const UNIT = join(ROOT, 'systemd/printfarmd.service');
const NOTES = readFileSync(join(ROOT, 'systemd/README.md'), 'utf8');
const unit = readFileSync(UNIT, 'utf8');
const setting = (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(unit)?.[1];

let folder: string;
let configFile: string;
let socat: ChildProcess;
let received = '';

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pfd-service-'));
  // The user that the service runs as must get through.
  chmodSync(folder, 0o711);
  const dataDir = join(folder, 'data');
  configFile = join(folder, 'printfarmd.yaml');
  await initialise(dataDir);
  await createTlsMaterial(dataDir, machineNames(), new Date());
  writeFileSync(
    configFile,
    'http: { port: 0 }\nmqtt: { port: 0, websocket: { port: 0 } }\ndiscovery: { enabled: false }\n',
  );
  socat = spawn('socat', ['-u', `UNIX-RECV:${join(folder, 'notify')}`, 'STDOUT']);
  socat.stdout?.on('data', (chunk) => {
    received += String(chunk);
  });
  await vi.waitFor(() => expect(existsSync(join(folder, 'notify'))).toBe(true), { timeout: 10_000 });
});

afterAll(() => {
  socat.kill();
  rmSync(folder, { recursive: true, force: true });
});

/** What has arrived on systemd's side, in order. */
const notices = (): string[] => received.match(/(?:READY|WATCHDOG|STOPPING)=1/g) ?? [];
const feeds = () => notices().filter((notice) => notice === 'WATCHDOG=1').length;
const until = (condition: () => boolean) =>
  vi.waitFor(() => expect(condition(), received).toBe(true), { timeout: 30_000, interval: 20 });

function supervised(intervalMs: number): NodeJS.ProcessEnv {
  received = '';
  return { NOTIFY_SOCKET: join(folder, 'notify'), WATCHDOG_USEC: String(intervalMs * 1000) };
}

const says = (message: string) => (line: string) => line.includes(`"msg":"${message}`);

describe('the unit', () => {
  it('is understood by systemd, but for what only newer ones know', () => {
    const { status, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', UNIT], {
      encoding: 'utf8',
    });
    const objections = stderr.split('\n').filter((line) => line.includes('printfarmd.service'));
    const unknown = objections.filter((line) => !/'Restart(Steps|MaxDelaySec)'/.test(line));
    expect(unknown).toEqual([]);
    expect(status).toBe(0);
  });

  it('scores below 1.5 with systemd-analyze security, as the notes say', () => {
    const { stdout } = spawnSync('systemd-analyze', ['security', '--no-pager', '--offline=true', UNIT], {
      encoding: 'utf8',
    });
    const score = Number(/Overall exposure level for printfarmd.service: ([\d.]+)/.exec(stdout)?.[1]);
    expect(score).toBeLessThan(1.5);
    expect(NOTES).toContain(`gives the unit ${score.toFixed(1)} `);
  });

  it('names the paths that the notes make', () => {
    const [program, , config] =
      /(\/opt\S+) (run) --config (\S+)/.exec(setting('ExecStart') ?? '')?.slice(1) ?? [];
    expect(NOTES).toContain(`ln -sf ${program} /usr/local/bin/printfarmd`);
    expect(NOTES).toContain(`[ ! -e ${config} ]`);
    expect(setting('ReadWritePaths')).toBe('/var/lib/printfarmd/data');
    expect(NOTES).toContain(`useradd --system --home-dir ${setting('WorkingDirectory')} `);
    expect(NOTES).toContain(`install -d -o ${setting('User')} -g ${setting('Group')} `);
  });
});

describe('what systemd hears of a daemon', () => {
  it('is READY=1, then WATCHDOG=1 as long as it lives, then STOPPING=1', async () => {
    const env = supervised(2_000);
    const daemon = new Program('../../src/cli/main.ts', ['run', '--config', configFile], env);
    await until(() => feeds() >= 3);
    daemon.process.kill('SIGTERM');
    expect(await daemon.exit()).toBe(0);
    await until(() => notices().includes('STOPPING=1'));
    const [first, ...rest] = notices();
    expect(first).toBe('READY=1');
    expect(rest.at(-1)).toBe('STOPPING=1');
    expect(rest.slice(0, -1).every((notice) => notice === 'WATCHDOG=1')).toBe(true);
    expect(received).toMatch(/STATUS=serving http:\/\/127\.0\.0\.1:\d+ and mqtts:/);
  });

  it('is nothing while its event loop is blocked', async () => {
    // SIGWINCH blocks the loop for ten feeds, and says when it begins and ends.
    const block = join(folder, 'block.mjs');
    writeFileSync(
      block,
      `import { writeSync } from 'node:fs';
process.on('SIGWINCH', () => {
  writeSync(2, 'blocked\\n');
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5000);
  writeSync(2, 'free\\n');
});\n`,
    );
    const env = { ...supervised(1_000), NODE_OPTIONS: `--import=${block}` };
    const daemon = new Program('../../src/cli/main.ts', ['run', '--config', configFile], env);
    await until(() => feeds() >= 2);
    daemon.process.kill('SIGWINCH');
    await daemon.error(/(blocked)/);
    const before = feeds();
    await daemon.error(/(free)/);
    // One may have been on its way already.
    expect(feeds() - before).toBeLessThanOrEqual(1);
    await until(() => feeds() >= before + 2);
    daemon.process.kill('SIGTERM');
    expect(await daemon.exit()).toBe(0);
  });

  it('is no WATCHDOG=1 when the database or the dispatches stand still, though timers fire', async () => {
    const env = supervised(400);
    const daemon = new Program(
      '../cli/farm-program.ts',
      ['stands-still', 'run', '--config', configFile],
      env,
    );
    await until(() => notices().includes('READY=1'));
    await daemon.line(says('no progress: the watchdog is not fed'));
    daemon.process.kill('SIGTERM');
    expect(await daemon.exit()).toBe(0);
    await until(() => notices().includes('STOPPING=1'));
    expect(notices()).toEqual(['READY=1', 'STOPPING=1']);
  });
});

describe('the notes on installing', () => {
  it('keep their commands in sh blocks alone', () => {
    expect(NOTES.match(/```\w*$/gm)?.filter((fence) => fence !== '```')).toEqual(Array(7).fill('```sh'));
  });

  it('install, start, reload, move and remove a farm on a copy of this machine (needs root)', async () => {
    const blocks = [...NOTES.matchAll(/```sh\n([\s\S]*?)```/g)].map((match) => match[1] ?? '');
    const logs = join(folder, 'installed');
    mkdirSync(join(logs, 'log'), { recursive: true });
    const script = join(logs, 'script.sh');
    writeFileSync(
      script,
      `set -eEuo pipefail
trap 'echo "failed: $BASH_COMMAND"' ERR
trap 'kill $(cat ${logs}/log/pid ${logs}/log/socat.pid 2> /dev/null) 2> /dev/null || true' EXIT
cd ${ROOT}
${blocks.slice(0, -1).join('\n')}
stat -c '%U %a %n' /var/lib/printfarmd/data /root/printfarmd-init.json
cat /etc/systemd/system/printfarmd.service.d/data.conf
${blocks.at(-1)}
ls -d /opt/printfarmd /var/lib/printfarmd /usr/local/bin/printfarmd 2> /dev/null || echo 'nothing is left'
`,
    );
    const copied = spawn(
      'unshare',
      [
        '--mount',
        '--propagation',
        'private',
        'bash',
        join(import.meta.dirname, 'installed.sh'),
        logs,
        script,
      ],
      { env: { ...process.env, npm_config_prefer_offline: 'true', npm_config_audit: 'false' } },
    );
    let output = '';
    for (const stream of [copied.stdout, copied.stderr])
      stream.on('data', (chunk) => {
        output += String(chunk);
      });
    const [code] = await once(copied, 'close');
    expect(code, output).toBe(0);
    expect(output).toContain('{"status":"ready"');
    expect(output).toContain('printfarmd 700 /var/lib/printfarmd/data');
    expect(output).toContain('root 600 /root/printfarmd-init.json');
    expect(output).toContain('ReadWritePaths="/var/lib/printfarmd/data"');
    expect(output).toContain('Overall exposure level for printfarmd.service');
    expect(output).toContain('nothing is left');
    const calls = readFileSync(join(logs, 'log/calls'), 'utf8');
    expect(calls.match(/READY=1|STOPPING=1/g)).toEqual(['READY=1', 'STOPPING=1', 'READY=1', 'STOPPING=1']);
    const journal = readFileSync(join(logs, 'log/journal'), 'utf8');
    expect(journal).toContain('"msg":"configuration read anew"');
    expect(journal).toContain('"msg":"log level changed"');
  }, 600_000);
});
