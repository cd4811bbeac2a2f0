/**
 * `upload`: how fast a file gets to a printer, and what four at once cost in memory.
 *
 * A file of 100 MB goes to one emulated printer, in turn by the daemon and by curl; both rates are the printer's own
 * account, from STOR to the last byte. Then four printers get it at once: peak of the daemon's resident memory less
 * what it had idle, after a collection, against 32 MB.
 *
 * What limits it: the emulated printer, which decrypts and writes the file in one thread of its own, and TLS in the
 * sender. The daemon reads 256 KB while it sends the 256 KB before, 64 KB at a time with the next piece always at hand.
 */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type Benchmark, type BenchmarkOptions, type Figure, median } from './benchmark.js';
import { EmulatedFarm } from './emulated.js';
import { Daemon, type FarmPrinter, inFolder, install } from './farm.js';
import { peakResidentBytes, resetPeak, residentBytes } from './process-stat.js';
import { slicedFile } from './sliced-file.js';
import { type Stored, storedSince } from './stored-files.js';

/** It does not insist on the control channel's TLS session for the data, which curl does not offer. */
const MODEL = { name: 'A1M', code: 'N1' };
const AT_ONCE = 4;
const MEGABYTES = 100;
const SPEED = 600;
const PRINT_S = 600;
const ALLOWED_BYTES = 32 * 1024 * 1024;
const UPLOAD_MS = 300_000;
const SETTLE_MS = 3_000;

const run = promisify(execFile);

export const upload: Benchmark = {
  name: 'upload',
  about: "rate of a 100 MB file to one printer against curl's, and the memory of four at once",
  run: (options) => inFolder('upload', (folder) => measure(folder, options)),
};

async function measure(folder: string, options: BenchmarkOptions): Promise<readonly [Figure, ...Figure[]]> {
  const bytes = await slicedFile(PRINT_S, (options.megabytes ?? MEGABYTES) * 1e6, MODEL.code);
  const file = join(folder, 'large.gcode.3mf');
  await writeFile(file, bytes);
  const emulated = await EmulatedFarm.start({ folder, count: AT_ONCE, model: MODEL.name, speed: SPEED });
  try {
    const farm = await install(join(folder, 'farm'), {
      printers: emulated.printers,
      caFiles: [emulated.caFile],
    });
    const daemon = await Daemon.start(farm, { profileDir: options.profileDir });
    try {
      await daemon.allOnline(AT_ONCE);
      const part = await daemon.api.addPart('large', 'large.gcode.3mf', bytes);
      const subject: number[] = [];
      const baseline: number[] = [];
      const beyondIdle: number[] = [];
      for (let round = 1; round <= options.rounds; round++) {
        options.tell(`round ${round} of ${options.rounds}`);
        const done = (round - 1) * (1 + AT_ONCE);
        subject.push(await byDaemon(daemon, emulated, part, done + 1));
        baseline.push(await byCurl(emulated, file));
        beyondIdle.push(await memoryOfMany(daemon, emulated, part, done + 1 + AT_ONCE));
      }
      return [
        {
          name: 'upload',
          goal: { op: '>=', value: 0.9 },
          subject: median(subject),
          baseline: median(baseline),
          unit: 'MB/s',
          detail: { fileBytes: bytes.length, rounds: options.rounds },
        },
        {
          name: 'upload-memory',
          goal: { op: '<=', value: 1 },
          subject: median(beyondIdle),
          baseline: ALLOWED_BYTES,
          unit: 'bytes beyond idle',
          detail: { atOnce: AT_ONCE, mostBytes: Math.max(...beyondIdle) },
        },
      ];
    } finally {
      await daemon.stop();
    }
  } finally {
    await emulated.stop();
  }
}

async function byDaemon(
  daemon: Daemon,
  emulated: EmulatedFarm,
  part: string,
  ended: number,
): Promise<number> {
  await daemon.confirmBeds();
  const position = await emulated.logPosition();
  await daemon.build(part, 1);
  await daemon.jobsIn(['completed'], ended, UPLOAD_MS);
  const [stored] = await storedSince(emulated, position);
  return rate(stored);
}

async function byCurl(emulated: EmulatedFarm, file: string): Promise<number> {
  const [printer] = emulated.printers;
  if (printer === undefined) throw new Error('there is no printer to send to');
  const position = await emulated.logPosition();
  await run('curl', curlArgs(printer, file));
  const [stored] = await storedSince(emulated, position);
  return rate(stored);
}

/** The printer's name stands in its certificate and its address does not, so the check of the name is left out. */
function curlArgs({ host, ftpPort, accessCode }: FarmPrinter, file: string): string[] {
  const secure = ['--ssl-reqd', '--insecure', '--tlsv1.2', '--tls-max', '1.2'];
  const url = `ftps://${host}:${ftpPort}/by-curl.gcode.3mf`;
  return ['--silent', '--show-error', ...secure, '--user', `bblp:${accessCode}`, '--upload-file', file, url];
}

async function memoryOfMany(
  daemon: Daemon,
  emulated: EmulatedFarm,
  part: string,
  ended: number,
): Promise<number> {
  await daemon.confirmBeds();
  await delay(SETTLE_MS);
  await daemon.memory();
  const idle = residentBytes(daemon.pid);
  resetPeak(daemon.pid);
  const position = await emulated.logPosition();
  await daemon.build(part, AT_ONCE);
  await daemon.jobsIn(['completed'], ended, UPLOAD_MS);
  const peak = peakResidentBytes(daemon.pid);
  const stored = await storedSince(emulated, position);
  if (stored.length !== AT_ONCE) throw new Error(`${stored.length} of ${AT_ONCE} files arrived`);
  return peak - idle;
}

function rate(stored: Stored | undefined): number {
  if (stored === undefined) throw new Error('no file has arrived at the printer');
  return stored.bytes / 1e6 / ((stored.endedAt - stored.beganAt) / 1000);
}
