import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { connect } from 'node:tls';
import { generate } from 'mqtt-packet';
import { z } from 'zod';
import { createEmulatorCa, LeafIssuer } from '../../drivers/emulator/certificates.js';
import { serialOf } from '../drivers/bambu/reports.js';
import { CrashFloor, until } from './crash-floor.js';
import { Dice } from './dice.js';
import { FLOODS, type MadPrinter, madPrinter } from './mad-orders.js';
import { percentile, type TortureTest, type Verdict } from './trial.js';

const MODELS = ['X1C', 'P1S', 'A1'];
const HOSTS = ['127.66.1.1', '127.66.1.2', '127.66.1.3'];
const MAD_HOST = '127.66.1.9';
const CODE = '12345678';
/** One look at a quiet farm, and one as long at a flooded one, in turn. */
const LOOK_MS = 5_000;
const ASK_EACH_MS = 8;
/** The daemon waits as in a farm. */
const WAITS = {
  backOffFirstMs: 1_000,
  backOffLastMs: 30_000,
  crowdedBackOffMs: 60_000,
  refusedRetryMs: 60_000,
};
/** Prints go on over both looks. */
const PRINT_SPEED = 60;
const SLOWER_AT_MOST = 2;
const GROWN_AT_MOST_MB = 128;
const MB = 1024 * 1024;

/** What the operator reads; what cannot be read at all is cut off for that before it is too much. */
const WORDS = {
  reports: 'floods this program',
  changes: 'floods this program',
  garbage: 'messages that cannot be read',
} as const;

const live = z.object({
  connection: z.object({ status: z.string(), message: z.string().nullable() }),
  lastReport: z.object({ at: z.iso.datetime() }).nullable(),
});

interface Look {
  /** Milliseconds from asking for another printer by REST to its answer. */
  readonly answers: number[];
  /** Seconds that the newest report of another printer was old. */
  readonly ages: number[];
}

/** No. 8: one printer sends 2,000 messages a second with bodies of 64 kB while others print and report. */
export const floods: TortureTest = {
  number: 8,
  name: 'report flood',
  async run({ seeds, tell }): Promise<Verdict> {
    const ca = await createEmulatorCa();
    const issuer = new LeafIssuer(ca);
    const mad = await madPrinter(MAD_HOST, (serial) => issuer.issue({ commonName: serial }), serialOf('x1c'));
    const failures: string[] = [];
    try {
      const pushed = await pushes(mad);
      tell(`a reader that takes everything gets ${pushed.toFixed(0)} messages a second`);
      const floor = await CrashFloor.open(MODELS, HOSTS, seeds[0] ?? 1, {
        ca,
        sessionTiming: WAITS,
      });
      try {
        const quiet: Look = { answers: [], ages: [] };
        const flooded: Look = { answers: [], ages: [] };
        let grown = 0;
        let cut = 0;
        for (const seed of seeds) {
          const seen = await oneSeed(floor, mad, seed, quiet, flooded).catch((error: unknown) => ({
            ...{ broken: [String(error)], grown: 0, cut: 0, told: 'broken off' },
          }));
          failures.push(...seen.broken.map((what) => `seed ${seed}: ${what}`));
          grown = Math.max(grown, seen.grown);
          cut += seen.cut;
          tell(`seed ${seed}: ${seen.told}`);
        }
        const p99 = (list: readonly number[]) => percentile(list, 99);
        const slower = p99(flooded.answers) / p99(quiet.answers);
        if (!(slower < SLOWER_AT_MOST)) failures.push(`the others answer ${slower.toFixed(2)} times as late`);
        if (grown > GROWN_AT_MOST_MB * MB) failures.push(`the daemon grew by ${(grown / MB).toFixed(0)} MB`);
        const figures =
          `${pushed.toFixed(0)} messages/s into a reader that takes all; ${cut} floods cut; ` +
          `p99 of another printer's GET ${p99(quiet.answers).toFixed(1)} ms quiet, ` +
          `${p99(flooded.answers).toFixed(1)} ms flooded (x${slower.toFixed(2)}, ${flooded.answers.length} asked); ` +
          `p99 age of its report ${p99(quiet.ages).toFixed(2)} s and ${p99(flooded.ages).toFixed(2)} s; ` +
          `memory at most +${(grown / MB).toFixed(0)} MB`;
        return { runs: seeds.length, figures, failures };
      } finally {
        await floor.close();
      }
    } finally {
      await mad.stop();
    }
  },
};

async function oneSeed(floor: CrashFloor, mad: MadPrinter, seed: number, quiet: Look, flooded: Look) {
  const dice = new Dice(seed, 'flood');
  const flood = dice.pick(FLOODS);
  const { printers, log } = floor.emulator;
  const broken: string[] = [];
  await floor.tidy();
  const { serial, host, port: mqttPort } = mad;
  const id = await floor.register({ serial, host, mqttPort, accessCode: CODE, trust: 'ca' });
  await until(() => missing(floor, id, 'online', ''), 20_000, 'the mad printer to be online');
  floor.emulator.setSpeed(PRINT_SPEED);
  const since = log.entries.length;
  const before = new Set((await floor.newest(MODELS.length)).map((job) => job.id));
  for (const printer of printers) await floor.queue(printer);
  for (const printer of printers)
    await until(
      () =>
        Promise.resolve(floor.truth(printer, since, 'print', 'begun').length > 0 ? null : printer.activity),
      20_000,
      'prints to begin',
    );
  const watched = dice.pick(printers);
  const began = log.entries.length;
  const calm = await look(floor, floor.id(watched));
  const tallied = await mad.order({ flood });
  const memory = fromHere(floor.life.pid);
  const wild = await look(floor, floor.id(watched));
  const grown = memory();
  await until(() => missing(floor, id, null, WORDS[flood]), 10_000, 'words on the flood');
  const after = await mad.order({ flood: null });
  // Else it would be waited for, as long as in a farm.
  await floor.call(z.unknown(), 'DELETE', `/v1/printers/${id}`);
  for (const printer of printers) {
    if (floor.truth(printer, began, 'mqtt', 'connect').length > 0)
      broken.push(`${printer.serial} had to connect anew`);
    if (!(await floor.row(printer)).isOnline) broken.push(`${printer.serial} is not online`);
  }
  await floor.tidy();
  const jobs = (await floor.newest(MODELS.length)).filter((job) => !before.has(job.id));
  const undone = jobs.filter(({ status }) => status !== 'completed');
  if (jobs.length < MODELS.length || undone.length > 0) broken.push(`jobs ended ${JSON.stringify(jobs)}`);
  const cut = after.cut - tallied.cut;
  if (cut === 0) broken.push('the session was not cut');
  quiet.answers.push(...calm.answers);
  quiet.ages.push(...calm.ages);
  flooded.answers.push(...wild.answers);
  flooded.ages.push(...wild.ages);
  const told =
    `${flood}: ${cut} floods cut after ${after.messages - tallied.messages} messages, p99 ` +
    `${percentile(calm.answers, 99).toFixed(1)} ms and ${percentile(wild.answers, 99).toFixed(1)} ms, ` +
    `memory +${(grown / MB).toFixed(0)} MB`;
  return { broken, grown, cut, told };
}

async function missing(
  floor: CrashFloor,
  id: string,
  status: string | null,
  words: string,
): Promise<string | null> {
  const { connection } = await floor.call(live, 'GET', `/local/printers/${id}`);
  const there = status === null || connection.status === status;
  return there && (connection.message ?? '').includes(words) ? null : JSON.stringify(connection);
}

async function look(floor: CrashFloor, id: string): Promise<Look> {
  const seen: Look = { answers: [], ages: [] };
  const end = performance.now() + LOOK_MS;
  while (performance.now() < end) {
    const asked = performance.now();
    await floor.call(z.unknown(), 'GET', `/v1/printers/${id}`);
    seen.answers.push(performance.now() - asked);
    const { lastReport } = await floor.call(live, 'GET', `/local/printers/${id}`);
    seen.ages.push(lastReport ? (Date.now() - Date.parse(lastReport.at)) / 1000 : Number.POSITIVE_INFINITY);
    await delay(ASK_EACH_MS);
  }
  return seen;
}

/** Notes how much memory a process holds (Linux). @returns tells how much more it held at its highest since then */
function fromHere(pid: number): () => number {
  const read = (name: string) => {
    const found = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(
      readFileSync(`/proc/${pid}/status`, 'utf8'),
    );
    return Number(found?.[1]) * 1024;
  };
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
  const before = read('VmRSS');
  return () => read('VmHWM') - before;
}

/** Lets it flood a reader that takes everything. @returns messages a second */
async function pushes(mad: MadPrinter): Promise<number> {
  const socket = connect({ host: mad.host, port: mad.port, rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  socket.on('error', () => undefined).resume();
  socket.write(generate({ cmd: 'connect', clientId: 'reader', protocolVersion: 4, clean: true }));
  socket.write(
    generate({
      cmd: 'subscribe',
      messageId: 1,
      subscriptions: [{ topic: `device/${mad.serial}/report`, qos: 0 }],
    }),
  );
  await delay(500);
  const before = await mad.order({ flood: 'reports' });
  const from = performance.now();
  await delay(3_000);
  const after = await mad.order({ flood: null });
  const seconds = (performance.now() - from) / 1000;
  socket.destroy();
  return (after.messages - before.messages) / seconds;
}
