import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { CertificateWatch } from '../../src/cli/certificate-watch.js';
import { createTlsMaterial, machineNames } from '../../src/cli/tls-material.js';
import { completeConfig } from '../../src/config/config.js';
import { settingsSchema } from '../../src/config/schema.js';
import { createLogger } from '../../src/telemetry/log.js';
import { SecretGuard } from '../../src/telemetry/secret-guard.js';
import { temporaryFolder } from './harness.js';

const DAY_MS = 86_400_000;

afterEach(() => void vi.useRealTimers());

/** A watch over an installation made now, in a daemon that counts how often it was told to look. */
async function watched() {
  const dataDir = await temporaryFolder();
  const files = await createTlsMaterial(dataDir, machineNames(), new Date());
  const lines: string[] = [];
  const log = createLogger({
    level: 'info',
    pretty: false,
    guard: new SecretGuard(),
    stream: { write: (line: string) => void lines.push(line) },
  });
  const seen = { looks: 0, days: 0 };
  const daemon = {
    refreshCertificates: async () => {
      seen.looks++;
      if (seen.looks === 3) throw new Error('the disk is gone');
    },
  };
  const config = completeConfig(settingsSchema.parse({ dataDir }), dataDir, new Map());
  const now = () => new Date(Date.now() + seen.days * DAY_MS);
  const watch = new CertificateWatch({ config, daemon, log, now });
  const serial = async () => new X509Certificate(await readFile(files.certFile)).serialNumber;
  return { watch, seen, serial, lines };
}

describe('the watch over certificates', () => {
  it('renews in time while the daemon runs, and has it shown', async () => {
    const { watch, seen, serial, lines } = await watched();
    const first = await serial();
    await watch.look();
    expect([await serial(), seen.looks]).toEqual([first, 1]);
    seen.days = 600;
    await watch.look();
    expect(await serial()).not.toBe(first);
    expect(seen.looks).toBe(2);
    expect(lines.filter((line) => line.includes('renewed the server certificate'))).toHaveLength(1);
  });

  it('looks once a day, and goes on after a look that failed', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const { watch, seen, lines } = await watched();
    watch.start();
    for (const looks of [1, 2, 3, 4]) {
      vi.advanceTimersByTime(DAY_MS);
      await vi.waitFor(() => expect(seen.looks).toBe(looks));
    }
    await watch.stop();
    vi.advanceTimersByTime(10 * DAY_MS);
    expect(seen.looks).toBe(4);
    expect(lines.filter((line) => line.includes('could not look after the certificates'))).toHaveLength(1);
  });
});
