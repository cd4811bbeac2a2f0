import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import type { NoticeOutcome } from '../../src/domain/notice-outcomes.js';
import type { Attempt } from '../../src/webhooks/attempt.js';
import { Lane } from '../../src/webhooks/lane.js';
import type { Outbox, WaitingNotice } from '../../src/webhooks/outbox.js';

/** An outbox in memory, whose writing may fail. */
class Box implements Outbox {
  readonly waiting: WaitingNotice[] = [];
  readonly settled: NoticeOutcome[] = [];
  reads = 0;
  failing = 0;
  #rows = 0;

  add(count: number): void {
    for (let more = 0; more < count; more += 1) {
      this.#rows += 1;
      const id = `n${this.#rows}`;
      this.waiting.push({ row: this.#rows, id, eventId: id, event: 'onJobFailed', body: '{}' });
    }
  }

  async next(after: number, most: number): Promise<readonly WaitingNotice[]> {
    this.reads += 1;
    return this.waiting.filter(({ row }) => row > after).slice(0, most);
  }

  async settle(outcomes: readonly NoticeOutcome[]): Promise<string | null> {
    if (this.failing > 0) {
      this.failing -= 1;
      throw new Error('the disk is full');
    }
    this.settled.push(...outcomes);
    const gone = new Set(outcomes.map(({ id }) => id));
    this.waiting.splice(0, this.waiting.length, ...this.waiting.filter(({ id }) => !gone.has(id)));
    return null;
  }
}

const took: Attempt = { delivered: true, httpStatus: 200, error: null, retryAfterMs: null, durationMs: 1 };
const refused: Attempt = { ...took, delivered: false, httpStatus: 500, error: 'answered 500' };

interface Run {
  readonly box: Box;
  readonly sent: string[];
  readonly waits: number[];
  readonly errors: unknown[];
  readonly lane: Lane;
}

function run(send: (notice: WaitingNotice, call: number) => Attempt, random = () => 0.5): Run {
  const [box, sent, waits, errors]: [Box, string[], number[], unknown[]] = [new Box(), [], [], []];
  const lane = new Lane({
    outbox: box,
    send: async (notice, signal) => {
      // Real calls take time, and others go on meanwhile.
      await new Promise((resolve) => setImmediate(resolve));
      if (signal.aborted) return null;
      sent.push(notice.id);
      return send(notice, sent.length);
    },
    timing: { retryDelaysMs: [10_000, 60_000], jitter: 0.2 },
    sleep: async (ms) => {
      waits.push(ms);
      await new Promise((resolve) => setImmediate(resolve));
    },
    random,
    now: () => 0,
    onSettled: () => undefined,
    onError: (error) => errors.push(error),
  });
  return { box, sent, waits, errors, lane };
}

const empty = (box: Box) =>
  vi.waitFor(() => expect(box.waiting).toEqual([]), { timeout: 10_000, interval: 1 });

describe('a lane', () => {
  it('keeps the order and settles each notice once, whatever fails and whenever it is woken or ended', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.boolean(), { minLength: 1, maxLength: 400 }),
        fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 5 }),
        fc.nat({ max: 2 }),
        async (fails, batches, brokenWrites) => {
          const of = run((_notice, call) => (fails[call % fails.length] ? refused : took));
          of.box.failing = brokenWrites;
          of.lane.start();
          for (const count of batches) {
            of.box.add(count);
            of.lane.wake();
            await new Promise((resolve) => setImmediate(resolve));
          }
          await empty(of.box);
          await of.lane.stop();
          const total = batches.reduce((sum, count) => sum + count, 0);
          const all = Array.from({ length: total }, (_one, index) => `n${index + 1}`);
          expect(of.box.settled.map(({ id }) => id)).toEqual(all);
          // In order, each as often as it was tried: never another in between.
          expect(of.sent.filter((id, index) => id !== of.sent[index - 1])).toEqual(all);
          for (const { id, status, attempts } of of.box.settled) {
            expect(of.sent.filter((one) => one === id)).toHaveLength(attempts);
            expect(attempts).toBeLessThanOrEqual(3);
            if (status === 'failed') expect(attempts).toBe(3);
          }
          expect(of.errors).toHaveLength(brokenWrites);
        },
      ),
      { numRuns: 25 },
    );
  }, 25_000);

  it('loses and repeats nothing that was written down when it is ended at any moment', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: 120 }), fc.nat({ max: 60 }), async (turns, count) => {
        const of = run((_notice, call) => (call % 3 === 0 ? refused : took));
        of.box.add(count);
        of.lane.start();
        for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
        await of.lane.stop();
        const settled = of.box.settled.map(({ id }) => id);
        expect([...settled, ...of.box.waiting.map(({ id }) => id)]).toEqual(
          Array.from({ length: count }, (_one, index) => `n${index + 1}`),
        );
      }),
      { numRuns: 40 },
    );
  }, 25_000);

  it('waits 10 s and 60 s, a fifth more or less, and longer where a busy receiver says so', async () => {
    const waitsWith = async (answer: Attempt, random: number) => {
      const of = run(
        () => answer,
        () => random,
      );
      of.box.add(1);
      of.lane.start();
      await empty(of.box);
      await of.lane.stop();
      return of.waits;
    };
    expect(await waitsWith(refused, 0.5)).toEqual([10_000, 60_000]);
    expect(await waitsWith(refused, 0)).toEqual([8_000, 48_000]);
    expect(await waitsWith(refused, 1)).toEqual([12_000, 72_000]);
    const busy = { ...refused, httpStatus: 503, retryAfterMs: 30_000 };
    expect(await waitsWith(busy, 0.5)).toEqual([30_000, 60_000]);
    expect(await waitsWith({ ...busy, retryAfterMs: 86_400_000 }, 0.5)).toEqual([600_000, 600_000]);
    const limited = { ...refused, httpStatus: 429, retryAfterMs: 1_000 };
    expect(await waitsWith(limited, 0.5)).toEqual([...new Array(10).fill(1_000), 10_000, 60_000]);
    const atOnce = { ...limited, retryAfterMs: 0 };
    expect(await waitsWith(atOnce, 0.5)).toEqual([...new Array(10).fill(1_000), 10_000, 60_000]);
  });

  it('does nothing while there is nothing to do', async () => {
    const of = run(() => took);
    of.lane.start();
    of.box.add(3);
    of.lane.wake();
    await empty(of.box);
    const { reads } = of.box;
    for (let turn = 0; turn < 200; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(of.box.reads - reads).toBeLessThanOrEqual(1);
    expect(of.waits).toEqual([]);
    await of.lane.stop();
  });

  it('writes down what was delivered while the next call has no answer yet', async () => {
    const box = new Box();
    let answer: (attempt: Attempt) => void = () => undefined;
    const lane = new Lane({
      outbox: box,
      send: ({ id }) =>
        id === 'n1'
          ? Promise.resolve(took)
          : new Promise((resolve) => {
              answer = resolve;
            }),
      timing: { retryDelaysMs: [], jitter: 0 },
      sleep: () => Promise.resolve(),
      random: () => 0.5,
      now: () => 0,
      onSettled: () => undefined,
      onError: (error) => expect.unreachable(String(error)),
    });
    box.add(2);
    lane.start();
    await vi.waitFor(() => expect(box.settled.map(({ id }) => id)).toEqual(['n1']), 5_000);
    expect(box.waiting.map(({ id }) => id)).toEqual(['n2']);
    answer(took);
    await empty(box);
    await lane.stop();
    expect(box.settled.map(({ id }) => id)).toEqual(['n1', 'n2']);
  });

  it('writes down many deliveries at a time', async () => {
    const of = run(() => took);
    let writes = 0;
    const settle = of.box.settle.bind(of.box);
    of.box.settle = (outcomes) => {
      writes += 1;
      return settle(outcomes);
    };
    of.box.add(320);
    of.lane.start();
    await empty(of.box);
    await of.lane.stop();
    expect(writes).toBeLessThanOrEqual(40);
  });
});
