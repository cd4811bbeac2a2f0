import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTlsMaterial } from '../../src/cli/tls-material.js';
import { loadConfig } from '../../src/config/load.js';
import { ServedCertificates } from '../../src/served-certificates.js';

const DAY_MS = 86_400_000;
const NAMES = { hostNames: ['localhost', 'farm'], addresses: ['127.0.0.1'] };
const MADE = new Date('2026-01-01T00:00:00Z');

let folder: string;
let lines: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'printfarmd-served-'));
  lines = [];
  await mkdir(join(folder, 'data'));
  await createTlsMaterial(join(folder, 'data'), NAMES, MADE);
  await writeFile(join(folder, 'printfarmd.yaml'), '{"dataDir": "data"}', { mode: 0o600 });
});

afterEach(() => rm(folder, { recursive: true, force: true }));

async function readAt(now: Date): Promise<ServedCertificates> {
  const { config } = await loadConfig(join(folder, 'printfarmd.yaml'), {});
  const log = pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) });
  return ServedCertificates.read({ config, now: () => now, log });
}

const dayAfter = (days: number) => new Date(MADE.getTime() + days * DAY_MS);

describe('certificates at the start of the daemon', () => {
  it('are not spoken of while they hold long', async () => {
    await readAt(dayAfter(700));
    expect(lines).toEqual([]);
  });

  it.each([
    [810, 'ends in 10 days'],
    [830, 'has ended'],
  ])('after %i days are warned of at once: it %s', async (days, words) => {
    await readAt(dayAfter(days));
    expect(lines).toEqual([expect.stringContaining(`the certificate of MQTT ${words}`)]);
  });

  it('are refused by the names of their files when they do not fit their keys', async () => {
    const tls = join(folder, 'data/tls');
    await copyFile(join(tls, 'ca-key.pem'), join(tls, 'server-key.pem'));
    await expect(readAt(MADE)).rejects.toThrow(/server\.pem .*server-key\.pem do not belong together/);
  });
});
