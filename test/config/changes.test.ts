import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { changedSettings, isLive, withLiveSettings } from '../../src/config/changes.js';
import { loadConfig } from '../../src/config/load.js';

async function config(yaml: string) {
  const folder = await mkdtemp(join(tmpdir(), 'pfd-changes-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'printfarmd.yaml');
  await writeFile(file, `dataDir: /srv/farm\n${yaml}`, { mode: 0o600 });
  return (await loadConfig(file, {})).config;
}

const PRINTER = (code: string) =>
  `printers:\n  - { serial: 01P00A000000001, host: 127.0.9.1, accessCode: ${code} }\n`;

describe('changes of the configuration', () => {
  it('are none when the file says the same in other words', async () => {
    const plain = await config('');
    expect(changedSettings(plain, await config('# a word\nhttp:\n  port: 3001\n'))).toEqual([]);
  });

  it('are told by the full names of the settings, and lists as one', async () => {
    const before = await config(PRINTER('12345678'));
    const after = await config(
      'http: { port: 3002 }\nlog: { level: debug }\nmqtt: { plain: { enabled: true } }\ndiscovery: { ports: [2021] }\n',
    );
    expect(changedSettings(before, after)).toEqual([
      'discovery.ports',
      'http.port',
      'log.level',
      'mqtt.plain.enabled',
      'printers',
    ]);
  });

  it('are told of a group that comes or goes', async () => {
    const before = await config('');
    const after = { ...before, http: { ...before.http, tls: { certFile: '/a', keyFile: '/b' } } };
    expect(changedSettings(before, after)).toEqual(['http.tls']);
  });

  it('take effect at once for what is live, and leave the rest as it was', async () => {
    const before = await config(PRINTER('12345678'));
    const after = await config(
      `${PRINTER('87654321')}http: { port: 3002 }\nlog: { level: warn, pretty: true }\nrateLimit: { perHour: 5 }\nwebhooks: { allowHttp: true, logDays: 7 }\n`,
    );
    const running = withLiveSettings(before, after);
    const left = changedSettings(running, after);
    expect(left).toEqual(['http.port', 'log.pretty', 'webhooks.logDays']);
    expect(left.some(isLive)).toBe(false);
    expect(changedSettings(before, running).every(isLive)).toBe(true);
  });
});
