/**
 * `idle-subscribers`: memory of a subscriber that only waits.
 *
 * Resident memory of the daemon with 1,000 subscribers on TLS, less that with 100, for each of the 900. No printer says anything.
 * The baseline is a bare aedes with the same subscribers.
 *
 * What limits it: OpenSSL's state of a connection, and Node's socket around it, in both.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { type Benchmark, type BenchmarkOptions, type Figure, median } from './benchmark.js';
import { Child } from './child.js';
import { Daemon, type Installation, inFolder, install } from './farm.js';
import { bareArgs, freePort } from './places.js';
import { brokerPort, SubscriberLoad } from './subscriber-load.js';

const FEW = 100;
const MANY = 1_000;
/** One address, and one key, may hold half of the places. */
const MAX_CONNECTIONS = 2 * MANY + 200;
const SETTLE_MS = 3_000;

const memory = z.object({ liveBytes: z.number(), rssBytes: z.number() });

export const idleSubscribers: Benchmark = {
  name: 'idle-subscribers',
  about: 'memory of each of 1,000 subscribers that only wait, against a bare aedes',
  run: (options) => inFolder('idle-subscribers', (folder) => measure(folder, options)),
};

async function measure(folder: string, options: BenchmarkOptions): Promise<readonly [Figure]> {
  const farm = await install(join(folder, 'farm'), {
    printers: [],
    caFiles: [],
    maxConnections: MAX_CONNECTIONS,
  });
  const rounds: { subject: number; baseline: number }[] = [];
  for (let round = 1; round <= options.rounds; round++) {
    options.tell(`round ${round} of ${options.rounds}: ${MANY} subscribers twice`);
    const daemon = await Daemon.start(farm, { profileDir: options.profileDir });
    let subject: number;
    try {
      subject = await bytesEach(folder, farm, daemon.child, brokerPort(farm));
    } finally {
      await daemon.stop();
    }
    rounds.push({ subject, baseline: await takeBare(folder, farm) });
  }
  return [
    {
      name: 'idle-subscribers',
      goal: { op: '<=', value: 1.5 },
      subject: median(rounds.map((round) => round.subject)),
      baseline: median(rounds.map((round) => round.baseline)),
      unit: 'bytes per subscriber',
      detail: { subscribers: MANY, less: FEW, rounds: rounds.length },
    },
  ];
}

async function takeBare(folder: string, farm: Installation): Promise<number> {
  const port = await freePort();
  const tls = join(farm.dataDir, 'tls');
  const file = join(folder, 'relay.json');
  const certificate = { certFile: join(tls, 'server.pem'), keyFile: join(tls, 'server-key.pem') };
  await writeFile(file, JSON.stringify({ caPem: '', printers: [], port, messages: [], ...certificate }));
  const bare = new Child({
    name: 'the bare broker',
    args: bareArgs('bare-relay', [file]),
    logFile: join(folder, 'bare.log'),
  });
  try {
    await bare.ask(z.int(), 'start');
    return await bytesEach(folder, farm, bare, port);
  } finally {
    await bare.stop();
  }
}

async function bytesEach(folder: string, farm: Installation, broker: Child, port: number): Promise<number> {
  const few = await SubscriberLoad.open(folder, farm, port, { count: FEW });
  try {
    const before = await residentOf(broker);
    const more = await SubscriberLoad.open(folder, farm, port, { count: MANY - FEW });
    try {
      const after = await residentOf(broker);
      const open = (await few.openNow()) + (await more.openNow());
      if (open !== MANY) throw new Error(`${broker.name} has kept ${open} of ${MANY} subscribers`);
      return (after - before) / (MANY - FEW);
    } finally {
      await more.stop();
    }
  } finally {
    await few.stop();
  }
}

async function residentOf(broker: Child): Promise<number> {
  await delay(SETTLE_MS);
  return (await broker.ask(memory, 'memory')).rssBytes;
}
