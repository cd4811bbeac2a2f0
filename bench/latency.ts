/**
 * `latency`: how long it takes until a subscriber has what a printer reported.
 *
 * 40 played printers report every two seconds, so that no state waits for the second between two of one printer. The time
 * is taken when the daemon is handed a report, before it looks at it, and when a subscriber on TLS has the whole message;
 * all processes share the machine's clock. The figure is the 99th percentile. The baseline is a bare relay: mqtt.js parses the
 * same reports, aedes tells a message of the same size.
 *
 * What limits it: on a busy machine, when the processes are given the processor; the percentile then says little.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { median } from './benchmark.js';
import { Child } from './child.js';
import { Daemon, type Installation } from './farm.js';
import { bareArgs, freePort } from './places.js';
import { farmOfPlayer, type Opened, openPlayer, type PlayedRound, playedBenchmark } from './played-farm.js';
import { brokerPort, SubscriberLoad } from './subscriber-load.js';

const PRINTERS = 40;
const SECONDS = 30;
const WARM_SECONDS = 10;
const PER_SECOND = 0.5;
const SETTLE_MS = 2_000;
/** Of the reports whose message must have come. */
const LEAST_TOLD = 0.98;

const named = z.array(z.tuple([z.string(), z.number()]));
type Named = z.infer<typeof named>;

interface Spans {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly reports: number;
}

interface Pair {
  readonly subject: Spans;
  readonly baseline: Spans;
}

interface Played {
  readonly load: Opened;
  readonly installation: Installation;
}

export const latency = playedBenchmark<Played, Pair>({
  name: 'latency',
  about: 'time from a report to the subscriber, 99th percentile, against a bare relay',
  printers: PRINTERS,
  seconds: SECONDS,
  plays: 2,
  async open(folder, player) {
    const load = await openPlayer(player);
    return { load, installation: await farmOfPlayer(folder, load) };
  },
  async take(round) {
    const { spans: subject, messages } = await takeDaemon(round);
    return { subject, baseline: await takeRelay(round, messages) };
  },
  figure(rounds, printers) {
    const of = (side: keyof Pair, what: keyof Spans) => median(rounds.map((round) => round[side][what]));
    return {
      goal: { op: '<=', value: 2 },
      subject: of('subject', 'p99Ms'),
      baseline: of('baseline', 'p99Ms'),
      unit: 'milliseconds, 99th percentile',
      detail: {
        printers,
        reports: of('subject', 'reports'),
        medianMs: of('subject', 'p50Ms'),
        medianMsOfRelay: of('baseline', 'p50Ms'),
        rounds: rounds.length,
      },
    };
  },
});

async function takeDaemon({
  folder,
  farm: { installation: farm },
  player,
  printers,
  seconds,
  profileDir,
}: PlayedRound<Played>): Promise<{ spans: Spans; messages: [string, string][] }> {
  const daemon = await Daemon.start(farm, { probes: ['bench/child/probe-received.js'], profileDir });
  try {
    await daemon.allOnline(printers);
    const subscriber = await SubscriberLoad.open(folder, farm, brokerPort(farm), {
      count: 1,
      keep: true,
      time: true,
    });
    try {
      const spans = await take(daemon.child, player, subscriber, seconds);
      return { spans, messages: await subscriber.kept() };
    } finally {
      await subscriber.stop();
    }
  } finally {
    await daemon.stop();
  }
}

async function takeRelay(
  { folder, farm: { installation: farm, load }, player, seconds }: PlayedRound<Played>,
  messages: readonly [string, string][],
): Promise<Spans> {
  const { caPem, printers } = load;
  const port = await freePort();
  const file = join(folder, 'relay.json');
  const tls = join(farm.dataDir, 'tls');
  const certificate = { certFile: join(tls, 'server.pem'), keyFile: join(tls, 'server-key.pem') };
  await writeFile(file, JSON.stringify({ caPem, printers, port, messages, ...certificate }));
  const relay = new Child({
    name: 'the bare relay',
    args: bareArgs('bare-relay', [file]),
    logFile: join(folder, 'relay.log'),
  });
  try {
    await relay.ask(z.int(), 'start');
    const subscriber = await SubscriberLoad.open(folder, farm, port, { count: 1, time: true });
    try {
      return await take(relay, player, subscriber, seconds);
    } finally {
      await subscriber.stop();
    }
  } finally {
    await relay.stop();
  }
}

async function take(
  reader: Child,
  player: Child,
  subscriber: SubscriberLoad,
  seconds: number,
): Promise<Spans> {
  const play = async (span: number) => {
    const ms = span * 1000 + 60_000;
    await player.ask(z.object({ lateMs: z.number() }), 'play', { seconds: span, perSecond: PER_SECOND }, ms);
    await delay(SETTLE_MS);
  };
  await play(WARM_SECONDS);
  await reader.ask(named, 'received');
  await subscriber.times();
  await play(seconds);
  return spansOf(await reader.ask(named, 'received'), await subscriber.times());
}

/** @throws Error when messages are missing */
function spansOf(received: Named, told: Named): Spans {
  const toldAt = new Map(told);
  const spans = received
    .flatMap(([name, at]) => {
      const arrived = toldAt.get(name);
      return arrived === undefined ? [] : [arrived - at];
    })
    .sort((a, b) => a - b);
  if (spans.length === 0 || spans.length < received.length * LEAST_TOLD)
    throw new Error(`only ${spans.length} of ${received.length} reports were told`);
  const at = (share: number) => spans[Math.min(spans.length - 1, Math.floor(spans.length * share))] ?? 0;
  return { p50Ms: at(0.5), p99Ms: at(0.99), reports: spans.length };
}
