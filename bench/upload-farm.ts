/**
 * `upload-farm`: a file for a whole farm of slow printers.
 *
 * 100 emulated printers take 150 kB/s each; a file of 5 MB goes to all of them. First figure: with `transfers.max`
 * 100, the time from queueing the jobs to the last byte ÷ file size ÷ rate. Second: how late the daemon's event loop
 * is meanwhile (99th percentile), against a process in which bare basic-ftp sends the same 100 streams. Third: with
 * the default `transfers.max`, the time ÷ (as many times file size ÷ rate as it takes turns).
 *
 * What limits it: the printers' rate; the emulated printers' timers make that some percent less than they are told
 * (`bareSeconds` shows it), and a transfer that ends must make room for the next at once.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { settingsSchema } from '../src/config/schema.js';
import { type Benchmark, type BenchmarkOptions, type Figure, median } from './benchmark.js';
import { Child } from './child.js';
import { EmulatedFarm } from './emulated.js';
import { configure, Daemon, type Installation, inFolder, install } from './farm.js';
import { bareArgs } from './places.js';
import { slicedFile } from './sliced-file.js';
import { storedSince } from './stored-files.js';

const PRINTERS = 100;
const MEGABYTES = 5;
const BYTES_PER_SECOND = 150_000;
const SPEED = 600;
const PRINT_S = 600;
const SETTLE_MS = 3_000;

const delays = z.object({ p99Ms: z.number(), maxMs: z.number() });

export const uploadFarm: Benchmark = {
  name: 'upload-farm',
  about:
    'a 5 MB file to 100 printers that take 150 kB/s: time against the rate, event loop against basic-ftp',
  run: (options) => inFolder('upload-farm', (folder) => measure(folder, options)),
};

async function measure(folder: string, options: BenchmarkOptions): Promise<readonly [Figure, ...Figure[]]> {
  const count = options.printers ?? PRINTERS;
  const bytes = await slicedFile(PRINT_S, (options.megabytes ?? MEGABYTES) * 1e6);
  const file = join(folder, 'part.gcode.3mf');
  await writeFile(file, bytes);
  const single = bytes.length / BYTES_PER_SECOND;
  const cap = settingsSchema.parse({}).transfers.max;
  const turns = Math.ceil(count / cap);
  const emulated = await EmulatedFarm.start({ folder, count, model: 'X1C', speed: SPEED });
  try {
    for (const { serial } of emulated.printers) {
      await emulated.addFault(serial, 'ftp.slow', { bytesPerSecond: BYTES_PER_SECOND });
    }
    const settings = { printers: emulated.printers, caFiles: [emulated.caFile] };
    const farm = await install(join(folder, 'farm'), settings);
    const all: Sent[] = [];
    const bare: Sent[] = [];
    const capped: Sent[] = [];
    for (let round = 1; round <= options.rounds; round++) {
      options.tell(`round ${round} of ${options.rounds}: ${Math.round(single * (turns + 2))} s or more`);
      await configure(farm, { ...settings, transfersMax: count });
      all.push(await byDaemon(farm, emulated, bytes, options.profileDir));
      bare.push(await byBasicFtp(folder, emulated, file));
      await configure(farm, settings);
      capped.push(await byDaemon(farm, emulated, bytes, null));
    }
    const seconds = (sent: readonly Sent[]) => median(sent.map((one) => one.seconds));
    const late = (sent: readonly Sent[]) => median(sent.map((one) => one.p99Ms));
    return [
      {
        name: 'upload-farm',
        goal: { op: '<=', value: 1.05 },
        subject: seconds(all),
        baseline: single,
        unit: 's',
        detail: { printers: count, fileBytes: bytes.length, bareSeconds: seconds(bare), rounds: all.length },
      },
      {
        name: 'upload-farm-delay',
        goal: { op: '<=', value: 2 },
        subject: late(all),
        baseline: late(bare),
        unit: 'ms (p99)',
        detail: { daemonMaxMs: Math.max(...all.map((one) => one.maxMs)) },
      },
      {
        name: 'upload-farm-capped',
        goal: { op: '<=', value: 1.05 },
        subject: seconds(capped),
        baseline: turns * single,
        unit: 's',
        detail: { transfersMax: cap, turns },
      },
    ];
  } finally {
    await emulated.stop();
  }
}

interface Sent {
  readonly seconds: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

async function byDaemon(
  farm: Installation,
  emulated: EmulatedFarm,
  bytes: Uint8Array<ArrayBuffer>,
  profileDir: string | null,
): Promise<Sent> {
  const count = emulated.printers.length;
  const daemon = await Daemon.start(farm, { profileDir });
  try {
    await daemon.allOnline(count);
    const part = await daemon.api.addPart('part', 'part.gcode.3mf', bytes);
    await daemon.confirmBeds();
    await delay(SETTLE_MS);
    const position = await emulated.logPosition();
    await daemon.child.ask(z.null(), 'watch-delay');
    const beganAt = Date.now();
    await daemon.build(part, count);
    const sent = await arrived(emulated, position, beganAt, daemon.child);
    // The printers print what they got, and the next round finds them free.
    await daemon.until('the end of all prints', 120_000, async () => daemon.idle());
    return sent;
  } finally {
    await daemon.stop();
  }
}

async function byBasicFtp(folder: string, emulated: EmulatedFarm, file: string): Promise<Sent> {
  const client = new Child({
    name: 'bare basic-ftp',
    args: bareArgs('bare-ftp', [JSON.stringify(emulated.printers), emulated.caFile, file]),
    logFile: join(folder, 'bare-ftp.log'),
  });
  try {
    await client.ask(z.null(), 'ready');
    await delay(SETTLE_MS);
    const position = await emulated.logPosition();
    await client.ask(z.null(), 'watch-delay');
    const beganAt = Date.now();
    await client.ask(z.null(), 'send');
    return await arrived(emulated, position, beganAt, client);
  } finally {
    await client.stop();
  }
}

/** Waits until every printer has the file. */
async function arrived(
  emulated: EmulatedFarm,
  position: number,
  beganAt: number,
  sender: Child,
): Promise<Sent> {
  const count = emulated.printers.length;
  const deadline = Date.now() + 3_600_000;
  for (;;) {
    const stored = await storedSince(emulated, position);
    if (stored.length >= count) {
      const endedAt = Math.max(...stored.map((one) => one.endedAt));
      const { p99Ms, maxMs } = await sender.ask(delays, 'delay');
      return { seconds: (endedAt - beganAt) / 1000, p99Ms, maxMs };
    }
    if (Date.now() > deadline) throw new Error(`${stored.length} of ${count} files arrived`);
    await sender.within(delay(1_000), 10_000, 'all files sent');
  }
}
