import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EmulatedPrinter, Emulator } from '../../drivers/emulator/index.js';

const run = promisify(execFile);
const BYTES = 3_000_000;

let emulator: Emulator;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'printfarmd-lftp-'));
  emulator = new Emulator({
    printers: ['X1C', 'A1'].map((model, i) => ({
      model,
      host: `127.88.3.${i + 1}`,
      mqttPort: 0,
      ftpPort: 0,
    })),
    speed: 600,
  });
  await emulator.start();
});
afterAll(async () => {
  await emulator.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Runs commands on a printer's files. The certificate names the serial, which lftp cannot be told to expect. */
async function lftp({ host, ftpPort, accessCode }: EmulatedPrinter, commands: readonly string[]) {
  const settings = ['cmd:fail-exit yes', 'ssl:verify-certificate no', 'net:max-retries 1', 'net:timeout 10'];
  const script = [
    ...settings.map((setting) => `set ${setting}`),
    `open -u bblp,${accessCode} ftps://${host}:${ftpPort}`,
    ...commands,
  ];
  return (await run('lftp', ['-c', script.join('; ')])).stdout;
}

describe("the emulated printers' FTPS, as lftp sees it", () => {
  it.each([0, 1])('takes a file, lists it, gives it back and deletes it (printer %i)', async (index) => {
    const printer = emulator.printers[index];
    if (!printer) throw new Error('There is no such printer');
    const sent = join(folder, 'sent.gcode.3mf');
    const received = join(folder, `received-${index}.gcode.3mf`);
    await writeFile(sent, randomBytes(BYTES));
    const listing = await lftp(printer, [`put ${sent}`, 'ls', `get sent.gcode.3mf -o ${received}`]);
    expect(listing).toMatch(/ 3000000 .* sent\.gcode\.3mf/);
    expect((await readFile(received)).equals(await readFile(sent))).toBe(true);
    await lftp(printer, ['rm sent.gcode.3mf']);
    expect(printer.files()).toEqual([]);
  });
});
