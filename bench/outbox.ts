/**
 * `outbox`: what it costs that notices arrive.
 *
 * 10,000 events, written beforehand, to a receiver that fails every third call; 10 ms until a call is made again, and no
 * channel is switched off: time per event ÷ a bare loop that makes the same calls one after the other over one connection, and
 * again after 10 ms where one fails. Both wait 5 ms an event that way; `outbox-steady` is the same with a receiver that takes
 * everything, where nothing hides what the outbox itself takes. All must be delivered, once and in order.
 *
 * What limits it: reading 128 notices at a time, a signature for each, and a commit for every 128 that were delivered (for each
 * wait, where one fails).
 */
import { join } from 'node:path';
import { z } from 'zod';
import { type Benchmark, type BenchmarkOptions, type Figure, median } from './benchmark.js';
import { built, Child } from './child.js';
import { inFolder } from './farm.js';

const EVENTS = 10_000;
const DELAY_MS = 10;
const RUN_MS = 600_000;

const taken = z.object({ calls: z.int(), accepted: z.int(), outOfOrder: z.int() });

export const outbox: Benchmark = {
  name: 'outbox',
  about: '10,000 notices to a receiver that fails every third call, against bare POSTs one after the other',
  run: (options) => inFolder('outbox', (folder) => measure(folder, options)),
};

async function measure(folder: string, options: BenchmarkOptions): Promise<readonly [Figure, Figure]> {
  const child = (name: string, file: string) =>
    new Child({ name, args: [built(`bench/child/${file}.js`)], logFile: join(folder, `${file}.log`) });
  const receiver = child('receiver', 'hook-receiver');
  const subject = child('outbox', 'outbox');
  const baseline = child('bare loop', 'plain-posts');
  try {
    const port = await receiver.ask(z.int(), 'port');
    let runs = 0;
    const one = async (side: Child, failEvery: number, schema: z.ZodType<{ ms: number }>) => {
      runs += 1;
      await receiver.ask(z.null(), 'begin', { failEvery });
      const body = { dataDir: join(folder, `data-${runs}`), port, events: EVENTS, delayMs: DELAY_MS };
      const { ms } = await side.ask(schema, 'run', body, RUN_MS);
      const { calls, accepted, outOfOrder } = await receiver.ask(taken, 'taken');
      if (accepted !== EVENTS || outOfOrder > 0)
        throw new Error(`${side.name}: ${accepted} of ${EVENTS} were taken, ${outOfOrder} out of order`);
      return { microsPerEvent: (ms * 1_000) / EVENTS, calls };
    };
    const all = z.object({ ms: z.number(), delivered: z.literal(EVENTS) });
    const failing = 3;
    await one(baseline, 0, z.object({ ms: z.number() }));
    const found = { failing: sides(), steady: sides() };
    for (let round = 1; round <= options.rounds; round++) {
      options.tell(`round ${round} of ${options.rounds}`);
      for (const [name, failEvery] of [
        ['steady', 0],
        ['failing', failing],
      ] as const) {
        found[name].subject.push((await one(subject, failEvery, all)).microsPerEvent);
        const bare = await one(baseline, failEvery, z.object({ ms: z.number() }));
        found[name].baseline.push(bare.microsPerEvent);
        found[name].calls = bare.calls;
      }
    }
    return [figure('outbox', found.failing), figure('outbox-steady', found.steady)];
  } finally {
    await Promise.all([receiver.stop(), subject.stop(), baseline.stop()]);
  }
}

interface Sides {
  readonly subject: number[];
  readonly baseline: number[];
  calls: number;
}

function sides(): Sides {
  return { subject: [], baseline: [], calls: 0 };
}

function figure(name: string, { subject, baseline, calls }: Sides): Figure {
  return {
    name,
    goal: { op: '<=', value: 2 },
    subject: median(subject),
    baseline: median(baseline),
    unit: 'µs per event',
    detail: { events: EVENTS, calls, rounds: subject.length },
  };
}
