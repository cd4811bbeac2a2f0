import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import * as z from 'zod';
import type { InstallationPort } from '../../src/cli/ports.js';
import { loadConfig } from '../../src/config/load.js';
import { cli, temporaryFolder } from './harness.js';

const KEY = 'k'.repeat(72);
const INVITATION = 'i'.repeat(72);
const installation: InstallationPort = {
  initialise: async (dataDir) => {
    await writeFile(join(dataDir, 'printfarmd.db'), '');
    return { storeId: 's1', apiKey: KEY, ownerInvitation: INVITATION };
  },
};
const ports = { installation: async () => installation };
/** Ports of the system's choice, so that tests beside this one do not collide. */
const FREE = ['--listen', '127.0.0.1:0', '--mqtt-listen', '127.0.0.1:0'];

const madeSchema = z.strictObject({
  configFile: z.string(),
  dataDir: z.string(),
  storeId: z.string(),
  apiKey: z.string(),
  signUpUrl: z.url(),
  url: z.url(),
  mqttUrl: z.url(),
  wssUrl: z.url(),
  caFile: z.string(),
  caFingerprint256: z.string().regex(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/),
});

async function mode(path: string): Promise<number> {
  return (await stat(path)).mode & 0o777;
}

/** A listener of somebody else's on a port of its own. */
async function occupied(): Promise<number> {
  const server: Server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

describe('certificate', () => {
  it('shows what clients are to trust, with fingerprints', async () => {
    const dir = join(await temporaryFolder(), 'farm');
    const { out } = await cli(['init', '--dir', dir, '--listen', '0.0.0.0:0', ...FREE.slice(2), '--json'], {
      ports,
    });
    const made = madeSchema.parse(JSON.parse(out));
    const json = await cli(['certificate', '--config', made.configFile, '--json']);
    const shown = JSON.parse(json.out);
    const { fingerprint256 } = new X509Certificate(await readFile(join(made.dataDir, 'tls/server.pem')));
    expect(shown).toMatchObject({
      ca: { file: made.caFile, fingerprint256: made.caFingerprint256 },
      mqtt: { fingerprint256, names: expect.arrayContaining(['localhost', '127.0.0.1']) },
      rest: { fingerprint256 },
    });
    const text = (await cli(['certificate', '--config', made.configFile])).out;
    expect(text).toContain(`SHA-256      ${made.caFingerprint256}`);

    await writeFile(made.caFile, 'nothing');
    const wrong = await cli(['certificate', '--config', made.configFile]);
    expect(wrong).toMatchObject({
      exitCode: 1,
      err: expect.stringContaining(`cannot read a certificate from ${made.caFile}`),
    });
  });
});

describe('init', () => {
  it('makes a configuration that loads, a closed data folder and certificates', async () => {
    const dir = join(await temporaryFolder(), 'new', 'farm');
    const { exitCode, out, err } = await cli(['init', '--dir', dir, ...FREE, '--json'], { ports });
    expect(err).toContain('port 0 was asked for');
    expect(exitCode).toBe(0);
    const made = madeSchema.parse(JSON.parse(out));
    expect(made).toMatchObject({
      configFile: join(dir, 'printfarmd.yaml'),
      dataDir: join(dir, 'data'),
      storeId: 's1',
      apiKey: KEY,
      caFile: join(dir, 'data/tls/ca.pem'),
    });
    expect(await mode(made.configFile)).toBe(0o600);
    expect(await mode(made.dataDir)).toBe(0o700);
    expect((await readdir(join(made.dataDir, 'tls'))).sort()).toEqual([
      'ca-key.pem',
      'ca.pem',
      'server-key.pem',
      'server.pem',
    ]);
    expect(await mode(join(made.dataDir, 'tls/server-key.pem'))).toBe(0o600);
    expect(await mode(join(made.dataDir, 'tls/ca-key.pem'))).toBe(0o600);

    const { config, warnings } = await loadConfig(made.configFile, {});
    expect(warnings).toEqual([]);
    expect(config.dataDir).toBe(made.dataDir);
    expect(config.http.tls).toBeNull();
    expect(made.url).toBe(`http://127.0.0.1:${config.http.port}`);
    // Browsers have no passkeys for addresses.
    expect(made.signUpUrl).toBe(`http://localhost:${config.http.port}/sign-in#invitation=${INVITATION}`);
    expect(made.mqttUrl).toBe(`mqtts://127.0.0.1:${config.mqtt.port}`);
    expect(made.wssUrl).toBe(`wss://127.0.0.1:${config.mqtt.websocket.port}/mqtt`);
    expect(config.http.port).toBeGreaterThan(0);
    expect(config.mqtt.tls.caFile).toBe(made.caFile);
  });

  it('tells people what to do next, the key this once', async () => {
    const dir = join(await temporaryFolder(), 'farm');
    const { out } = await cli(['init', '--dir', dir, ...FREE], { ports });
    expect(out.split(KEY)).toHaveLength(2);
    expect(out.split(INVITATION)).toHaveLength(2);
    expect(out).toContain(`printfarmd run --config ${dir}/printfarmd.yaml`);
    expect(out).toContain('To open it to the network');
    expect(await readFile(join(dir, 'printfarmd.yaml'), 'utf8')).not.toContain(KEY);
  });

  it('writes a configuration whose TLS and printers can be switched on', async () => {
    const dir = join(await temporaryFolder(), 'farm');
    await cli(['init', '--dir', dir, ...FREE], { ports });
    const file = join(dir, 'printfarmd.yaml');
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replaceAll(/^( *)#(?=( {2})*[\w-])/gm, '$1'));
    await mkdir(join(dir, 'secrets'));
    await writeFile(join(dir, 'secrets/01P00A000000001'), '12345678\n', { mode: 0o600 });
    const { config } = await loadConfig(file, {});
    expect(config.http.tls?.keyFile).toBe(join(dir, 'data/tls/server-key.pem'));
    expect(config.printers).toMatchObject([{ serial: '01P00A000000001', accessCode: '12345678' }]);
  });

  it('gives REST TLS beyond this machine', async () => {
    const dir = join(await temporaryFolder(), 'farm');
    const listen = ['--listen', '0.0.0.0:0', '--mqtt-listen', '0.0.0.0:0'];
    const { out } = await cli(['init', '--dir', dir, ...listen, '--json'], { ports });
    const made = madeSchema.parse(JSON.parse(out));
    const { config, warnings } = await loadConfig(made.configFile, {});
    expect(config.http.tls?.certFile).toBe(join(dir, 'data/tls/server.pem'));
    expect(config.http.host).toBe('0.0.0.0');
    expect(warnings).toEqual([]);
    expect(made.url).toMatch(new RegExp(`^https://(?!0\\.0\\.0\\.0)[\\d.]+:${config.http.port}$`));
  });

  it.each([
    ['configuration', 'printfarmd.yaml', ''],
    ['data folder', 'data', null],
  ])('overwrites no %s', async (_, name, content) => {
    const dir = await temporaryFolder();
    const path = join(dir, name);
    if (content === null) await mkdir(path);
    else await writeFile(path, content);
    const { exitCode, err } = await cli(['init', '--dir', dir, ...FREE], { ports });
    expect(exitCode).toBe(1);
    expect(err).toContain(`init overwrites nothing, and there is ${path} already`);
    expect(await readdir(dir)).toEqual([name]);
  });

  it('refuses a port that was asked for and is taken, and names one that is free', async () => {
    const dir = join(await temporaryFolder(), 'farm');
    const port = await occupied();
    const { exitCode, err } = await cli(['init', '--dir', dir, '--listen', `127.0.0.1:${port}`], { ports });
    expect(exitCode).toBe(1);
    expect(err).toContain(
      `127.0.0.1:${port} is in use by another program. Nothing was written; free is --listen 127.0.0.1:`,
    );
    expect(existsSync(dir)).toBe(false);
  });

  it('refuses an address that is not of this machine', async () => {
    const dir = join(await temporaryFolder(), 'farm');
    const { exitCode, err } = await cli(['init', '--dir', dir, '--listen', '203.0.113.7:3001'], { ports });
    expect(exitCode).toBe(1);
    expect(err).toMatch(
      /cannot listen on 203\.0\.113\.7:3001: that is no address of this machine, which has .*127\.0\.0\.1/,
    );
  });

  it('leaves nothing behind when it fails', async () => {
    const dir = await temporaryFolder();
    const failing = {
      initialise: async (dataDir: string) => {
        await installation.initialise(dataDir);
        throw new Error('the disk is full');
      },
    };
    const { exitCode, err } = await cli(['init', '--dir', dir, ...FREE], {
      ports: { installation: async () => failing },
    });
    expect(exitCode).toBe(1);
    expect(err).toContain('the disk is full');
    expect(await readdir(dir)).toEqual([]);
  });
});
