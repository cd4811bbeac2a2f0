/**
 * `stalled-subscriber`: what a subscriber that stops reading costs the daemon.
 *
 * 100 played printers report once a second. Of six subscribers one stops reading; its kernel's buffers fill, then the
 * daemon's own bound is reached and it is dropped. The figure is how much the daemon's live memory (heap and external, after a
 * collection, looked at every two seconds) ever rises meanwhile, against 8 MB. The five others must get every message.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { median } from './benchmark.js';
import { Daemon, type Installation } from './farm.js';
import { type PlayedRound, playedBenchmark, playedFarm } from './played-farm.js';
import { brokerPort, SubscriberLoad } from './subscriber-load.js';

const PRINTERS = 100;
const READERS = 5;
const SECONDS = 60;
const WARM_SECONDS = 15;
const LOOK_MS = 2_000;
const SETTLE_MS = 1_000;
const ALLOWED_BYTES = 8 * 1024 * 1024;
const LEAST_DELIVERED = 0.98;

interface Taken {
  readonly growth: number;
  /** Seconds until the daemon had dropped it. */
  readonly droppedAfter: number;
  readonly delivered: number;
}

export const stalledSubscriber = playedBenchmark<Installation, Taken>({
  name: 'stalled-subscriber',
  about: "the daemon's memory while a subscriber does not read, against 8 MB",
  printers: PRINTERS,
  seconds: SECONDS,
  plays: 1,
  open: playedFarm,
  take,
  figure: (rounds, printers) => ({
    goal: { op: '<=', value: 1 },
    subject: median(rounds.map(({ growth }) => growth)),
    baseline: ALLOWED_BYTES,
    unit: 'bytes',
    detail: {
      printers,
      readers: READERS,
      delivered: median(rounds.map(({ delivered }) => delivered)),
      secondsUntilDropped: median(rounds.map(({ droppedAfter }) => droppedAfter)),
      rounds: rounds.length,
    },
  }),
});

async function take({
  folder,
  farm,
  player,
  printers,
  seconds,
  profileDir,
}: PlayedRound<Installation>): Promise<Taken> {
  const daemon = await Daemon.start(farm, { profileDir });
  const loads: SubscriberLoad[] = [];
  try {
    await daemon.allOnline(printers);
    const port = brokerPort(farm);
    const readers = await SubscriberLoad.open(folder, farm, port, { count: READERS });
    loads.push(readers);
    const staller = await SubscriberLoad.open(folder, farm, port, { count: 1 });
    loads.push(staller);
    const play = (span: number) =>
      player.ask(z.object({ lateMs: z.number() }), 'play', { seconds: span }, span * 1000 + 60_000);
    await play(WARM_SECONDS);
    await delay(SETTLE_MS);
    const before = await readers.messages();
    // The first scrape loads what it needs.
    await mqttClients(daemon);
    const { liveBytes } = await daemon.memory();
    await staller.stall();
    const watch = new Watch(daemon, liveBytes);
    const watching = watch.run();
    await play(seconds);
    await delay(SETTLE_MS);
    watch.stop();
    await watching;
    const delivered = (await readers.messages()) - before;
    if (delivered < printers * READERS * seconds * LEAST_DELIVERED)
      throw new Error(`the others got only ${delivered} messages`);
    if (watch.droppedAfter === null) throw new Error('the subscriber that does not read was not dropped');
    return { growth: watch.growth, droppedAfter: watch.droppedAfter, delivered };
  } finally {
    for (const load of loads) await load.stop();
    await daemon.stop();
  }
}

/** Looks at the daemon's memory, and whether it has one client less. */
class Watch {
  growth = 0;
  droppedAfter: number | null = null;
  readonly #stopping = new AbortController();

  constructor(
    private readonly daemon: Daemon,
    private readonly baseBytes: number,
  ) {}

  async run(): Promise<void> {
    const began = performance.now();
    while (!this.#stopping.signal.aborted) {
      const { liveBytes } = await this.daemon.memory();
      this.growth = Math.max(this.growth, liveBytes - this.baseBytes);
      if (this.droppedAfter === null && (await mqttClients(this.daemon)) === READERS)
        this.droppedAfter = Math.round((performance.now() - began) / 1000);
      await delay(LOOK_MS);
    }
  }

  stop(): void {
    this.#stopping.abort();
  }
}

async function mqttClients({ installation: { url, apiKey } }: Daemon): Promise<number> {
  const answer = await fetch(`${url}/metrics`, { headers: { authorization: `ApiKey ${apiKey}` } });
  const found = /^printfarmd_mqtt_clients (\d+)$/m.exec(await answer.text())?.[1];
  if (found === undefined) throw new Error('the daemon does not say how many MQTT clients it has');
  return Number(found);
}
