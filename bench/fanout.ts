/**
 * `fanout`: what telling many subscribers of every state costs.
 *
 * A player in another process is 100 printers that report once a second; 50 subscribers follow all of them over TLS, each
 * message of QoS 0. The figure is messages delivered for each second of the daemon's CPU, of which what it takes
 * for the reports alone, measured after it in the same process, is taken off. The baseline is Debian's mosquitto with the same
 * messages, which a feeder publishes retained over TLS, and what it takes for the feeder alone taken off likewise.
 *
 * What limits it: one TLS record and one system call for each message and subscriber, in both. The daemon puts each
 * state into words besides, once however many follow it.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { median } from './benchmark.js';
import { built, Child } from './child.js';
import { Daemon, type Installation } from './farm.js';
import { startMosquitto } from './mosquitto.js';
import { type PlayedRound, playedBenchmark, playedFarm } from './played-farm.js';
import { cpuSeconds } from './process-stat.js';
import { brokerPort, SubscriberLoad } from './subscriber-load.js';

const PRINTERS = 100;
const SUBSCRIBERS = 50;
const SECONDS = 20;
const WARM_SECONDS = 5;
const SETTLE_MS = 1_000;
/** Of what should have come. A state that follows within a second takes the place of the one before. */
const LEAST_DELIVERED = 0.9;

interface Taken {
  readonly delivered: number;
  readonly cpuAlone: number;
  readonly cpu: number;
}

type Play = (seconds: number) => Promise<void>;

interface Pair {
  readonly subject: Taken;
  readonly baseline: Taken;
}

export const fanout = playedBenchmark<Installation, Pair>({
  name: 'fanout',
  about: 'messages to 50 subscribers for each second of CPU, against mosquitto',
  printers: PRINTERS,
  seconds: SECONDS,
  plays: 4,
  open: playedFarm,
  async take(round) {
    const { taken: subject, messages } = await takeDaemon(round);
    return { subject, baseline: await takeMosquitto(round, messages) };
  },
  figure(rounds, printers) {
    const perSecond = (pick: keyof Pair) => median(rounds.map((round) => rateOf(round[pick])));
    const cpu = (pick: keyof Pair) => median(rounds.map((round) => round[pick].cpu - round[pick].cpuAlone));
    return {
      goal: { op: '>=', value: 0.7 },
      subject: perSecond('subject'),
      baseline: perSecond('baseline'),
      unit: 'messages per CPU second',
      detail: {
        printers,
        subscribers: SUBSCRIBERS,
        delivered: median(rounds.map(({ subject }) => subject.delivered)),
        cpuSecondsReportsAlone: median(rounds.map(({ subject }) => subject.cpuAlone)),
        cpuSecondsFanout: cpu('subject'),
        cpuSecondsMosquitto: cpu('baseline'),
      },
    };
  },
});

function rateOf({ delivered, cpu, cpuAlone }: Taken): number {
  return delivered / (cpu - cpuAlone);
}

async function takeDaemon({
  folder,
  farm,
  player,
  printers,
  seconds,
  profileDir,
}: PlayedRound<Installation>): Promise<{ taken: Taken; messages: [string, string][] }> {
  const daemon = await Daemon.start(farm, { profileDir });
  try {
    await daemon.allOnline(printers);
    const play: Play = async (span) => {
      await player.ask(z.object({ lateMs: z.number() }), 'play', { seconds: span }, span * 1000 + 60_000);
    };
    const open = () =>
      SubscriberLoad.open(folder, farm, brokerPort(farm), { count: SUBSCRIBERS, keep: true });
    const { messages, ...taken } = await take(daemon.pid, play, open, seconds, printers);
    return { taken, messages };
  } finally {
    await daemon.stop();
  }
}

async function takeMosquitto(
  { folder, farm, seconds }: PlayedRound<Installation>,
  messages: readonly [string, string][],
): Promise<Taken> {
  const messagesFile = join(folder, 'messages.json');
  await writeFile(messagesFile, JSON.stringify(messages));
  const tls = join(farm.dataDir, 'tls');
  const mosquitto = await startMosquitto(folder, {
    cert: join(tls, 'server.pem'),
    key: join(tls, 'server-key.pem'),
  });
  const feeder = new Child({
    name: 'the feeder',
    args: [built('bench/child/feeder.js'), `mqtts://127.0.0.1:${mosquitto.port}`, farm.caFile, messagesFile],
    logFile: join(folder, 'feeder.log'),
  });
  try {
    const play: Play = async (span) => {
      await feeder.ask(z.null(), 'play', { seconds: span }, span * 1000 + 60_000);
    };
    const open = () => SubscriberLoad.open(folder, farm, mosquitto.port, { count: SUBSCRIBERS });
    return await take(mosquitto.pid, play, open, seconds, messages.length);
  } finally {
    await feeder.stop();
    await mosquitto.stop();
  }
}

/** The same load with subscribers and then without: what was compiled meanwhile would else flatter the first. */
async function take(
  pid: number,
  play: Play,
  open: () => Promise<SubscriberLoad>,
  seconds: number,
  printers: number,
): Promise<Taken & { messages: [string, string][] }> {
  await play(WARM_SECONDS);
  const load = await open();
  let told: { cpu: number; delivered: number; messages: [string, string][] };
  try {
    await play(WARM_SECONDS);
    await delay(SETTLE_MS);
    const before = await load.messages();
    const cpu = await cpuOf(pid, () => play(seconds));
    told = { cpu, delivered: (await load.messages()) - before, messages: await load.kept() };
  } finally {
    await load.stop();
  }
  const expected = printers * SUBSCRIBERS * seconds;
  if (told.delivered < expected * LEAST_DELIVERED)
    throw new Error(`only ${told.delivered} of ${expected} messages were delivered`);
  await delay(SETTLE_MS);
  return { ...told, cpuAlone: await cpuOf(pid, () => play(seconds)) };
}

async function cpuOf(pid: number, work: () => Promise<void>): Promise<number> {
  const before = cpuSeconds(pid);
  await work();
  await delay(SETTLE_MS);
  return cpuSeconds(pid) - before;
}
