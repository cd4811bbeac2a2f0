/**
 * `farm`: how long a job waits for a printer that waits for it.
 *
 * 100 emulated printers, of two models by turns, print 400 jobs of an hour at speed 60, a minute each, in continuous
 * printing: the daemon alone decides what goes where. Each model has as many jobs as it can print. Figure: the time in
 * which a job waited while a printer that fits it was free, over the time that all printers had from the first job to
 * the last reservation. A printer is free from the end of its print (by the emulator's own log; at first from the
 * moment the jobs were queued) until its next reservation is on the disk, as long as a job for its model waits. The
 * CPU that the daemon takes meanwhile stands beside.
 *
 * What limits it: a report must arrive, the end of the old dispatch be written, a pass match, and the new one be
 * written, each durably. All printers of a round end within seconds, so that they queue for the disk.
 */
import { join } from 'node:path';
import { z } from 'zod';
import type { Benchmark, BenchmarkOptions, Figure } from './benchmark.js';
import { EmulatedFarm } from './emulated.js';
import { Daemon, inFolder, install } from './farm.js';
import { cpuSeconds } from './process-stat.js';
import { slicedFile } from './sliced-file.js';

const PRINTERS = 100;
const JOBS_EACH = 4;
const PRINT_S = 3_600;
const SPEED = 60;
const MODELS = [
  { name: 'X1C', code: 'BL-P001' },
  { name: 'A1M', code: 'N1' },
] as const;
/** All rounds of prints, and as much again for a busy machine. */
const PATIENCE_MS = JOBS_EACH * 2 * (PRINT_S / SPEED + 60) * 1_000;

export const queueFarm: Benchmark = {
  name: 'farm',
  about: '400 jobs on 100 printers, continuous printing: time in which job and fitting printer both waited',
  run: (options) => inFolder('farm', (folder) => measure(folder, options)),
};

const reservations = z.array(z.object({ printerId: z.string(), jobId: z.string(), at: z.number() }));
const queued = z.array(z.object({ createdAt: z.iso.datetime() }));

async function measure(folder: string, options: BenchmarkOptions): Promise<readonly [Figure]> {
  const count = options.printers ?? PRINTERS;
  const model = MODELS.map(({ name }) => name).join(',');
  const emulated = await EmulatedFarm.start({ folder, count, model, speed: SPEED });
  try {
    const settings = { printers: emulated.printers, caFiles: [emulated.caFile] };
    const farm = await install(join(folder, 'farm'), settings);
    const daemon = await Daemon.start(farm, {
      probes: ['bench/child/probe-reservations.js'],
      profileDir: options.profileDir,
    });
    try {
      await daemon.allOnline(count);
      const ids = (await daemon.printers()).map(({ id }) => id);
      await daemon.api.call(z.unknown(), 'PATCH', '/v1/printers/continous-print', { enabled: true, ids });
      await daemon.confirmBeds();
      options.tell(`${count * JOBS_EACH} jobs: ${(JOBS_EACH * PRINT_S) / SPEED} s or more`);
      const lines = await Promise.all(
        MODELS.map(async ({ name, code }) => ({
          partId: await daemon.api.addPart(name, `${name}.gcode.3mf`, await slicedFile(PRINT_S, 0, code)),
          quantity: emulated.printers.filter((printer) => printer.model === name).length * JOBS_EACH,
        })),
      );
      const cpuBefore = cpuSeconds(daemon.pid);
      const began = performance.now();
      await daemon.api.call(z.unknown(), 'POST', '/v2/builds', { parts: lines });
      await daemon.jobsIn(['completed'], count * JOBS_EACH, PATIENCE_MS);
      const cpuShare = (cpuSeconds(daemon.pid) - cpuBefore) / ((performance.now() - began) / 1_000);
      return [await figureOf(daemon, emulated, cpuShare)];
    } finally {
      await daemon.stop();
    }
  } finally {
    await emulated.stop();
  }
}

async function figureOf(daemon: Daemon, emulated: EmulatedFarm, cpuShare: number): Promise<Figure> {
  const taken = await daemon.child.ask(reservations, 'reservations');
  const jobs = await daemon.api.call(queued, 'GET', '/v1/print-jobs?limit=10000&fields=createdAt');
  const beganAt = Math.min(...jobs.map(({ createdAt }) => Date.parse(createdAt)));
  const modelOf = new Map(emulated.printers.map(({ serial, model }) => [serial, model]));
  const printers = (await daemon.printers()).map(({ id, deviceId }) => ({
    serial: deviceId,
    model: modelOf.get(deviceId),
    takenAt: taken.filter(({ printerId }) => printerId === id).map(({ at }) => at),
  }));
  const ends = await endsBySerial(emulated);
  const waits = printers.flatMap(({ serial, model, takenAt }) => {
    // As long as a reservation of its model is to come, a job for it waits.
    const alike = printers.filter((printer) => printer.model === model);
    const until = Math.max(beganAt, ...alike.flatMap((printer) => printer.takenAt));
    return [beganAt, ...(ends.get(serial) ?? [])].map((since) => {
      const next = takenAt.find((at) => at >= since) ?? until;
      return Math.max(0, Math.min(next, until) - since);
    });
  });
  const spanMs = Math.max(...taken.map(({ at }) => at)) - beganAt;
  return {
    name: 'farm',
    goal: { op: '<=', value: 0.01 },
    subject: waits.reduce((sum, ms) => sum + ms, 0) / 1_000,
    baseline: (printers.length * spanMs) / 1_000,
    unit: 'printer-seconds',
    detail: {
      printers: printers.length,
      jobs: taken.length,
      spanSeconds: spanMs / 1_000,
      longestWaitMs: Math.max(...waits),
      daemonCpuShare: cpuShare,
    },
  };
}

/** When each print ended, by the serial of its printer, epoch milliseconds. */
async function endsBySerial(emulated: EmulatedFarm): Promise<ReadonlyMap<string, readonly number[]>> {
  const ends = new Map<string, number[]>();
  for (const { kind, event, serial, time } of await emulated.log(0)) {
    if (kind !== 'print' || event !== 'ended') continue;
    ends.set(serial, [...(ends.get(serial) ?? []), Date.parse(time)]);
  }
  return ends;
}
