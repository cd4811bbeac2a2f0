/**
 * `ingest`: what reading the printers' reports costs.
 *
 * A player in another process is 200 printers that send full X1-class reports of about 10 KB, one each second and
 * every one different. In turn, the daemon and a bare mqtt.js client that only parses take the same stream, measured
 * once all sessions stand. Every report must have been read, and the last state on the daemon's stats topic must be
 * that of the last report.
 *
 * First figure: CPU of the daemon ÷ CPU of the bare client. Second: live memory (heap and external, after a
 * collection) for each printer more, from a quarter of the printers to all, daemon less bare client, against 100 KB.
 *
 * What limits it: TLS and JSON.parse are the same in both; what the daemon adds is merging a report into the state
 * that is kept, reading that state into the daemon's words, comparing facts, and the stats topic's JSON.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { connectAsync } from 'mqtt';
import { z } from 'zod';
import { type Benchmark, type BenchmarkOptions, type Figure, median } from './benchmark.js';
import { Child } from './child.js';
import { Daemon, type Installation, inFolder, install } from './farm.js';
import { bareArgs } from './places.js';
import { reportPlayer } from './played-farm.js';
import { cpuSeconds } from './process-stat.js';

const PRINTERS = 200;
const SECONDS = 30;
/** Enough for memory to have settled. */
const SHORT_SECONDS = 5;
const SETTLE_MS = 3_000;
const CATCH_UP_S = 30;
const ALLOWED_BYTES_PER_PRINTER = 100 * 1024;

const printer = z.object({ serial: z.string(), host: z.string(), mqttPort: z.int(), accessCode: z.string() });
const opened = z.object({ caPem: z.string(), reportBytes: z.int(), printers: z.array(printer) });
const shownStates = z.array(
  z.object({
    serial: z.string(),
    bedTemp: z.number(),
    nozzleTemp: z.number(),
    percent: z.number(),
    layer: z.number(),
  }),
);
const stat = z.object({
  printerId: z.string(),
  data: z.object({
    temps: z.object({ bedTemp: z.number(), nozzleTemp: z.number() }),
    print: z.object({ percent: z.number(), currentLayer: z.number() }),
  }),
});
const memory = z.object({ liveBytes: z.number(), rssBytes: z.number() });
type Opened = z.infer<typeof opened>;

interface Taken {
  readonly cpuSeconds: number;
  readonly reports: number;
  readonly liveBytes: number;
}

export const ingest: Benchmark = {
  name: 'ingest',
  about: 'CPU and memory of reading 10 KB reports, against a bare mqtt.js client that only parses them',
  run: (options) => inFolder('ingest', (folder) => measure(folder, options)),
};

async function measure(folder: string, options: BenchmarkOptions): Promise<readonly [Figure, ...Figure[]]> {
  const many = options.printers ?? PRINTERS;
  const few = Math.max(1, Math.floor(many / 4));
  const seconds = options.seconds ?? SECONDS;
  const player = reportPlayer(folder, many);
  try {
    const load = await player.ask(opened, 'open');
    const farms = { many: await farmOf(folder, load, many), few: await farmOf(folder, load, few) };
    const bare = { many: await listOf(folder, load, many), few: await listOf(folder, load, few) };
    const rounds: { subject: Taken; baseline: Taken; subjectFew: Taken; baselineFew: Taken }[] = [];
    for (let round = 1; round <= options.rounds; round++) {
      options.tell(`round ${round} of ${options.rounds}: ${many} printers, ${seconds} s each`);
      rounds.push({
        subject: await takeDaemon(farms.many, player, many, seconds, options.profileDir),
        baseline: await takeBare(bare.many, player, many, seconds, folder),
        subjectFew: await takeDaemon(farms.few, player, few, SHORT_SECONDS, null),
        baselineFew: await takeBare(bare.few, player, few, SHORT_SECONDS, folder),
      });
    }
    const subjectSlopes = rounds.map((r) => (r.subject.liveBytes - r.subjectFew.liveBytes) / (many - few));
    const baselineSlopes = rounds.map((r) => (r.baseline.liveBytes - r.baselineFew.liveBytes) / (many - few));
    return [
      {
        name: 'ingest',
        goal: { op: '<=', value: 1.6 },
        subject: median(rounds.map((r) => r.subject.cpuSeconds)),
        baseline: median(rounds.map((r) => r.baseline.cpuSeconds)),
        unit: `CPU seconds for ${seconds} s`,
        detail: {
          printers: many,
          reportBytes: load.reportBytes,
          reports: median(rounds.map((r) => r.subject.reports)),
          rounds: rounds.length,
        },
      },
      {
        name: 'ingest-memory',
        goal: { op: '<=', value: 1 },
        subject: median(subjectSlopes.map((slope, index) => slope - (baselineSlopes[index] ?? 0))),
        baseline: ALLOWED_BYTES_PER_PRINTER,
        unit: 'bytes per printer',
        detail: {
          daemonBytesPerPrinter: Math.round(median(subjectSlopes)),
          bareBytesPerPrinter: Math.round(median(baselineSlopes)),
          fromPrinters: few,
          toPrinters: many,
        },
      },
    ];
  } finally {
    await player.stop();
  }
}

async function farmOf(folder: string, load: Opened, count: number): Promise<Installation> {
  const caFile = join(folder, 'printers-ca.pem');
  await writeFile(caFile, load.caPem);
  return install(join(folder, `farm-${count}`), {
    caFiles: [caFile],
    printers: load.printers.slice(0, count).map((one) => ({ ...one, ftpPort: 990, model: 'X1C' })),
  });
}

async function listOf(folder: string, load: Opened, count: number): Promise<string> {
  const file = join(folder, `printers-${count}.json`);
  await writeFile(file, JSON.stringify({ caPem: load.caPem, printers: load.printers.slice(0, count) }));
  return file;
}

async function takeDaemon(
  farm: Installation,
  player: Child,
  count: number,
  seconds: number,
  profileDir: string | null,
): Promise<Taken> {
  const daemon = await Daemon.start(farm, { probes: ['bench/child/probe-reports.js'], profileDir });
  try {
    await daemon.allOnline(count);
    const taken = await take('the daemon', daemon.child, player, count, seconds);
    await compareStats(daemon, player);
    return taken;
  } finally {
    await daemon.stop();
  }
}

async function takeBare(
  list: string,
  player: Child,
  count: number,
  seconds: number,
  folder: string,
): Promise<Taken> {
  const client = new Child({
    name: 'the bare client',
    args: bareArgs('bare-mqtt', [list]),
    logFile: join(folder, 'bare-mqtt.log'),
  });
  try {
    await client.ask(z.int(), 'connect');
    return await take('the bare client', client, player, count, seconds);
  } finally {
    await client.stop();
  }
}

async function take(
  name: string,
  reader: Child,
  player: Child,
  count: number,
  seconds: number,
): Promise<Taken> {
  const subscribers = await player.ask(z.int(), 'subscribers');
  if (subscribers !== count) throw new Error(`${name} listens to ${subscribers} of ${count} printers`);
  await delay(SETTLE_MS);
  const sentBefore = await player.ask(z.int(), 'sent');
  const readBefore = await reader.ask(z.int(), 'reports');
  const cpuBefore = cpuSeconds(reader.pid);
  await player.ask(z.object({ lateMs: z.number() }), 'play', { seconds }, seconds * 1000 + 60_000);
  const sent = (await player.ask(z.int(), 'sent')) - sentBefore;
  await caughtUp(reader, readBefore + sent);
  const cpu = cpuSeconds(reader.pid) - cpuBefore;
  const read = (await reader.ask(z.int(), 'reports')) - readBefore;
  if (read !== sent) throw new Error(`${name} read ${read} of ${sent} reports`);
  const { liveBytes } = await reader.ask(memory, 'memory');
  return { cpuSeconds: cpu, reports: read, liveBytes };
}

/** On a busy machine the reader is behind the player; what it then still does belongs to the figure. */
async function caughtUp(reader: Child, reports: number): Promise<void> {
  await delay(SETTLE_MS / 3);
  for (let second = 0; second < CATCH_UP_S; second++) {
    if ((await reader.ask(z.int(), 'reports')) >= reports) return;
    await delay(1_000);
  }
}

/** The stats topic must show the last report of every printer. */
async function compareStats(daemon: Daemon, player: Child): Promise<void> {
  const { mqttUrl, storeId, apiKey, caFile } = daemon.installation;
  const shown = await player.ask(shownStates, 'shown');
  const serials = new Map((await daemon.printers()).map(({ id, deviceId }) => [id, deviceId]));
  const client = await connectAsync(mqttUrl, {
    username: storeId,
    password: apiKey,
    clientId: `apiclient_${apiKey.slice(0, 24)}_bench`,
    ca: await readFile(caFile),
  });
  try {
    const stats = new Map<string, z.infer<typeof stat>['data']>();
    const all = new Promise<void>((resolve) => {
      client.on('message', (_topic, payload) => {
        const { printerId, data } = stat.parse(JSON.parse(payload.toString()));
        stats.set(serials.get(printerId) ?? '', data);
        if (stats.size === shown.length) resolve();
      });
    });
    await client.subscribeAsync(`stores/${storeId}/printer-stats/+`);
    await daemon.child.within(all, 30_000, 'a state of every printer');
    for (const { serial, bedTemp, nozzleTemp, percent, layer } of shown) {
      const found = stats.get(serial);
      const same =
        found?.temps.bedTemp === bedTemp &&
        found.temps.nozzleTemp === nozzleTemp &&
        found.print.percent === percent &&
        found.print.currentLayer === layer;
      if (!same) throw new Error(`the last state of ${serial} is not that of its last report`);
    }
  } finally {
    await client.endAsync(true);
  }
}
