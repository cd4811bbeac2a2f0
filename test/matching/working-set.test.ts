import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MatchGates, MatchJob, MatchPrinter, MatchRules } from '../../src/matching/input.js';
import { checkPair } from '../../src/matching/pair.js';
import { couldTakeAJob } from '../../src/matching/readiness-checks.js';
import { WorkingSet } from '../../src/matching/working-set.js';
import { naivePass } from './naive.js';
import { channel, easyJobArb, job, printer, printersArb, SETTINGS, settingsArb, slot } from './samples.js';

const JOB_IDS = Array.from({ length: 10 }, (_, at) => `job-${at}`);
const RULES: MatchRules = { checkRemaining: 'warn', distinctSlots: false };
const petg = { channels: [channel(0, { type: 'PETG' })] };

type Step =
  | { readonly kind: 'job'; readonly job: MatchJob }
  | { readonly kind: 'no-job'; readonly id: string }
  | { readonly kind: 'printer'; readonly printer: MatchPrinter }
  | { readonly kind: 'no-printer'; readonly id: string }
  | { readonly kind: 'gates'; readonly gates: MatchGates }
  /** `fails`: which of the pass's assignments come to nothing, by position. */
  | { readonly kind: 'pass'; readonly fails: readonly number[] };

const ids = fc.constantFrom(...JOB_IDS);
const togethers = fc.constantFrom(null, null, 'order-1', 'order-2');
const gatesArb = fc
  .tuple(settingsArb, fc.subarray(['order-1', 'order-2']))
  .map(([settings, begun]): MatchGates => ({ ...settings, begun: new Set(begun) }));

const types = fc.constantFrom('PLA', 'PETG', 'ABS');

/** Free printers and plain jobs, which fit or do not by one type: so that what changes often decides something. */
const plainStepArb: fc.Arbitrary<Step> = fc.oneof(
  fc.tuple(types, fc.nat({ max: 3 })).map(([type, at]): Step => {
    const machine = printer({ id: `printer-${at}`, slots: [slot(0, 0, { type })] });
    return { kind: 'printer', printer: machine };
  }),
  fc.tuple(types, ids, fc.nat({ max: 4 })).map(([type, id, queueOrder]): Step => {
    return { kind: 'job', job: job({ id, queueOrder, channels: [channel(0, { type })] }) };
  }),
);

const stepArb: fc.Arbitrary<Step> = fc.oneof(
  { weight: 10, arbitrary: plainStepArb },
  {
    weight: 6,
    arbitrary: fc
      .tuple(easyJobArb, ids, togethers)
      .map(([one, id, together]): Step => ({ kind: 'job', job: { ...one, id, together } })),
  },
  { weight: 1, arbitrary: ids.map((id): Step => ({ kind: 'no-job', id })) },
  {
    weight: 5,
    arbitrary: fc
      .tuple(printersArb, fc.nat({ max: 5 }))
      .map(
        ([[one = printer()], at]): Step => ({ kind: 'printer', printer: { ...one, id: `printer-${at}` } }),
      ),
  },
  {
    weight: 1,
    arbitrary: fc.nat({ max: 5 }).map((at): Step => ({ kind: 'no-printer', id: `printer-${at}` })),
  },
  { weight: 1, arbitrary: gatesArb.map((gates): Step => ({ kind: 'gates', gates })) },
  { weight: 8, arbitrary: fc.array(fc.nat({ max: 3 })).map((fails): Step => ({ kind: 'pass', fails })) },
);

const rulesArb: fc.Arbitrary<MatchRules> = fc.record({
  checkRemaining: fc.constantFrom<MatchRules['checkRemaining'][]>('off', 'warn', 'refuse'),
  distinctSlots: fc.boolean(),
});

/** The set beside everything that was told it. */
class Farm {
  readonly jobs = new Map<string, MatchJob>();
  readonly printers = new Map<string, MatchPrinter>();
  readonly set: WorkingSet;
  gates: MatchGates = SETTINGS;

  constructor(readonly rules: MatchRules) {
    this.set = new WorkingSet(rules);
  }

  putJob(one: MatchJob): void {
    this.jobs.set(one.id, one);
    this.set.putJob(one);
  }

  putPrinter(one: MatchPrinter): void {
    this.printers.set(one.id, one);
    this.set.putPrinter(one);
  }

  take(step: Step): void {
    switch (step.kind) {
      case 'job':
        this.putJob(step.job);
        break;
      case 'no-job':
        this.jobs.delete(step.id);
        this.set.dropJob(step.id);
        break;
      case 'printer':
        this.putPrinter(step.printer);
        break;
      case 'no-printer':
        this.printers.delete(step.id);
        this.set.dropPrinter(step.id);
        break;
      case 'gates':
        this.gates = step.gates;
        break;
      case 'pass':
        this.pass(step.fails);
    }
  }

  /** Holds the pass against one over everything, and carries out what it says. */
  pass(fails: readonly number[] = []): void {
    const before = { jobs: [...this.jobs.values()], printers: [...this.printers.values()] };
    const expected = naivePass(before.jobs, before.printers, { ...this.gates, ...this.rules });
    const found = this.set.pass(this.gates);
    expect(found.map((one) => [one.jobId, one.printerId])).toEqual(expected);
    for (const [at, { jobId, printerId }] of found.entries()) {
      const one = this.jobs.get(jobId);
      const machine = this.printers.get(printerId);
      if (one === undefined || machine === undefined) throw new Error('unknown pair');
      if (fails.includes(at)) {
        this.putJob(one);
        this.putPrinter(machine);
      } else {
        this.jobs.delete(jobId);
        this.putPrinter({ ...machine, available: false });
      }
    }
    expect(this.set.size).toBe(this.jobs.size);
  }
}

describe('a working set', () => {
  it('gives with every pass what a pass over everything gives, whatever changed before', () => {
    fc.assert(
      fc.property(rulesArb, fc.array(stepArb, { minLength: 5, maxLength: 40 }), (rules, steps) => {
        const farm = new Farm(rules);
        for (const step of steps) farm.take(step);
        farm.pass();
        farm.pass();
      }),
      { numRuns: 150 },
    );
  });

  it('pain-16, pain-17: tells of every waiting job what the checks tell of it', () => {
    fc.assert(
      fc.property(rulesArb, fc.array(stepArb, { minLength: 5, maxLength: 25 }), (rules, steps) => {
        const farm = new Farm(rules);
        for (const step of steps) farm.take(step);
        farm.pass();
        const settings = { ...farm.gates, ...rules, maxConcurrentJobs: null, startsLeft: null };
        for (const one of farm.jobs.values()) {
          const reasons = farm.set.reasons(one.id);
          if (reasons === null) continue;
          const free = [...farm.printers.values()].filter(couldTakeAJob);
          expect([...reasons.keys()].sort()).toEqual(free.map(({ id }) => id).sort());
          for (const machine of free) {
            const told = reasons.get(machine.id);
            const checked = checkPair(one, machine, settings);
            expect(told?.matched).toBe(checked.matched);
            if (told?.reasonCode !== 'previous-mismatch') expect(told).toEqual(checked.reason);
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  it('lets no normal job that fits a working printer wait for ever', () => {
    const freeAgain = fc.array(fc.nat({ max: 7 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(
        fc.uniqueArray(easyJobArb, { minLength: 1, maxLength: 8, selector: ({ id }) => id }),
        printersArb,
        gatesArb,
        fc.array(togethers, { minLength: 8, maxLength: 8 }),
        freeAgain,
        (jobs, printers, gates, groups, order) => {
          const farm = new Farm(RULES);
          farm.gates = { ...gates, maxConcurrentJobs: null, startsLeft: null };
          for (const [at, one] of jobs.entries()) farm.putJob({ ...one, together: groups[at] ?? null });
          const working = printers.map((one) => ({
            ...one,
            enabled: true,
            isInMaintenance: false,
            online: true,
            available: true,
            ready: true,
            developerMode: 'on' as const,
            setAside: null,
          }));
          // In each round one printer ends its job, in whatever order, and all of them do so in the end.
          const rounds = [...order, ...working.keys()].map((at) => at % working.length);
          for (const one of working) farm.putPrinter(one);
          for (let lap = 0; lap <= jobs.length; lap++) {
            for (const [tick, at] of rounds.entries()) {
              farm.pass();
              const ended = working[at];
              if (ended) farm.putPrinter({ ...ended, lastPrintedAt: lap * 100 + tick });
            }
          }
          const settings = { ...farm.gates, ...farm.rules };
          for (const one of farm.jobs.values()) {
            if (one.priority !== 100) continue;
            for (const machine of working) expect(checkPair(one, machine, settings).matched).toBe(false);
          }
        },
      ),
      { numRuns: 30 },
    );
  });

  it('looks only at what has changed', () => {
    let looks = 0;
    const counted = (id: string, changes: Partial<MatchPrinter> = {}) => {
      const machine = printer({ id, ...changes });
      return Object.defineProperty({ ...machine }, 'bedSize', {
        enumerable: true,
        get: () => {
          looks++;
          return machine.bedSize;
        },
      });
    };
    const farm = new WorkingSet(SETTINGS);
    const reaching = (x: number) => ({ ...job().file, reach: { x, y: 10, z: null } });
    const kinds = 50;
    for (let at = 0; at < 1000; at++) {
      farm.putJob(job({ id: `job-${at}`, queueOrder: at, file: reaching(400 + (at % kinds)) }));
    }
    for (let at = 0; at < 20; at++) farm.putPrinter(counted(`printer-${at}`));
    expect(farm.pass(SETTINGS)).toEqual([]);
    expect(looks).toBe(20 * kinds);
    // Nothing changed, not even by a report that says the same again.
    farm.putPrinter(printer({ id: 'printer-0', lastSeenAt: 9, doing: 'idle' }));
    looks = 0;
    expect(farm.pass(SETTINGS)).toEqual([]);
    expect(looks).toBe(0);
    // One printer more is looked at for each kind; one job more of a known kind for nothing.
    farm.putPrinter(counted('one more'));
    farm.putJob(job({ id: 'another', file: reaching(400) }));
    looks = 0;
    expect(farm.pass(SETTINGS)).toEqual([]);
    expect(looks).toBe(kinds);
    // A job of a new kind is held against all.
    farm.putJob(job({ id: 'new', file: reaching(500) }));
    looks = 0;
    expect(farm.pass(SETTINGS)).toEqual([]);
    expect(looks).toBe(21);
  });

  it('holds a printer that changed while it was free against all jobs again', () => {
    const farm = new Farm(RULES);
    farm.putJob(job({ id: 'waits', ...petg }));
    farm.putPrinter(printer());
    farm.pass();
    expect(farm.jobs.size).toBe(1);
    farm.putPrinter(printer({ slots: [slot(0, 0, { type: 'PETG' })] }));
    farm.pass();
    expect(farm.jobs.size).toBe(0);
  });

  it('remembers of what a gate held back that nobody looked at it', () => {
    const farm = new Farm(RULES);
    farm.putJob(job({ id: 'stuck', ...petg }));
    farm.putJob(job({ id: 'low', priority: 1000 }));
    farm.putPrinter(printer());
    farm.pass();
    expect(farm.set.reasons('low')).toBeNull();
    farm.gates = { ...SETTINGS, processLowPriorityJobs: true, maxConcurrentJobs: 1, activeJobs: 1 };
    farm.pass();
    farm.gates = { ...farm.gates, activeJobs: 0 };
    farm.pass();
    expect([...farm.jobs.keys()]).toEqual(['stuck']);
    expect(farm.set.reasons('low')?.get('printer-1')).toMatchObject({ reasonCode: 'matched' });
  });

  it('keeps jobs of one order together where that is wanted', () => {
    const order = (begun: readonly string[]) => {
      const set = new WorkingSet(SETTINGS);
      const orders = ['a', 'b', null, 'a', 'b', 'a'];
      for (const [at, together] of orders.entries()) {
        set.putJob(job({ id: `${together}${at}`, queueOrder: at, together }));
      }
      for (let at = 0; at < orders.length; at++)
        set.putPrinter(printer({ id: String(at), lastPrintedAt: at }));
      return set.pass({ ...SETTINGS, begun: new Set(begun) }).map(({ jobId }) => jobId);
    };
    expect(order([])).toEqual(['a0', 'a3', 'a5', 'b1', 'b4', 'null2']);
    expect(order(['b'])).toEqual(['b1', 'b4', 'a0', 'a3', 'a5', 'null2']);
  });
});
