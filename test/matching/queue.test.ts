import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MatchJob, MatchPrinter } from '../../src/matching/input.js';
import { byQueue } from '../../src/matching/order.js';
import { checkPair } from '../../src/matching/pair.js';
import { matchQueue } from '../../src/matching/queue.js';
import { channel, job, jobsArb, printer, printersArb, SETTINGS, settingsArb, slot } from './samples.js';

function pairs(jobs: readonly MatchJob[], printers: readonly MatchPrinter[], settings = SETTINGS): string[] {
  return matchQueue(jobs, printers, settings).assignments.map((one) => `${one.jobId} on ${one.printerId}`);
}

const petg = { channels: [channel(0, { type: 'PETG' })] };

describe('matchQueue', () => {
  it('serves jobs by priority, place, age and id', () => {
    const jobs = [
      job({ id: 'd', priority: 1000, queueOrder: 0 }),
      job({ id: 'c', queueOrder: 2, createdAt: 1 }),
      job({ id: 'b', queueOrder: 2, createdAt: 1 }),
      job({ id: 'a', queueOrder: 2, createdAt: 2 }),
      job({ id: 'e', queueOrder: 1, createdAt: 9 }),
    ];
    expect(jobs.sort(byQueue).map((one) => one.id)).toEqual(['e', 'b', 'c', 'a', 'd']);
  });

  it('pain-44: wears printers evenly: never printed, longest idle, fewest hours, name, id', () => {
    const printers = [
      printer({ id: 'e', name: 'B', lastPrintedAt: 5, lifetimePrintHours: 1 }),
      printer({ id: 'd', name: 'A', lastPrintedAt: 5, lifetimePrintHours: 1 }),
      printer({ id: 'c', name: 'Z', lastPrintedAt: 5, lifetimePrintHours: 0 }),
      printer({ id: 'b', name: 'Z', lastPrintedAt: 4, lifetimePrintHours: 9 }),
      printer({ id: 'a', name: 'Z', lastPrintedAt: null, lifetimePrintHours: 99 }),
    ];
    const jobs = ['1', '2', '3', '4', '5'].map((id, queueOrder) => job({ id, queueOrder }));
    expect(pairs(jobs, printers)).toEqual(['1 on a', '2 on b', '3 on c', '4 on d', '5 on e']);
  });

  it('passes over a job that fits nowhere', () => {
    const jobs = [job({ id: '1', ...petg }), job({ id: '2', queueOrder: 1 })];
    expect(pairs(jobs, [printer()])).toEqual(['2 on printer-1']);
  });

  it('holds low-priority jobs back while a normal one waits, even one that fits nowhere', () => {
    const jobs = [job({ id: 'normal', ...petg }), job({ id: 'low', priority: 1000 })];
    expect(pairs(jobs, [printer()])).toEqual([]);
    expect(pairs(jobs.slice(1), [printer()])).toEqual(['low on printer-1']);
  });

  it('fills idle printers with low-priority jobs if set so, once no normal job can start', () => {
    const settings = { ...SETTINGS, processLowPriorityJobs: true };
    const stuck = job({ id: 'stuck', ...petg });
    const low = job({ id: 'low', priority: 1000 });
    const two = [printer({ id: 'a' }), printer({ id: 'b' })];
    expect(pairs([stuck, low], two, settings)).toEqual(['low on a']);
    expect(pairs([stuck, low, job({ id: 'normal' })], two, settings)).toEqual(['normal on a']);
  });

  it('stops at the limit of jobs under way', () => {
    const jobs = [job({ id: '1' }), job({ id: '2', queueOrder: 1 })];
    const two = [printer({ id: 'a' }), printer({ id: 'b' })];
    expect(pairs(jobs, two, { ...SETTINGS, maxConcurrentJobs: 3, activeJobs: 2 })).toEqual(['1 on a']);
  });

  it('pain-18: chooses slots for each printer by what that printer holds', () => {
    const mixed = printer({ id: 'b', slots: [slot(0, 0, { type: 'PETG' }), slot(0, 1)] });
    const jobs = [job({ id: '1' }), job({ id: '2', queueOrder: 1 })];
    const { assignments } = matchQueue(jobs, [printer({ id: 'a' }), mixed], SETTINGS);
    expect(
      assignments.map(({ mapping }) => mapping.map((entry) => ('skip' in entry ? null : entry.tray))),
    ).toEqual([[0], [1]]);
  });

  it('tells a mismatch once and refers equal jobs to it', () => {
    const jobs = [job({ id: '1', ...petg }), job({ id: '2', queueOrder: 1, ...petg })];
    const { reasons } = matchQueue(jobs, [printer()], SETTINGS);
    expect(reasons('1')?.get('printer-1')).toMatchObject({ reasonCode: 'material-mismatch' });
    expect(reasons('2')?.get('printer-1')).toMatchObject({
      reasonCode: 'previous-mismatch',
      data: { partId: 'part00000000000000000001', plateId: 1 },
    });
    expect(reasons('3')).toBeNull();
  });

  it('repeats the reason itself for equal jobs whose part is gone', () => {
    const jobs = ['1', '2'].map((id) => job({ id, partId: null, ...petg }));
    const { reasons } = matchQueue(jobs, [printer()], SETTINGS);
    expect(reasons('2')?.get('printer-1')).toMatchObject({ reasonCode: 'material-mismatch' });
  });

  it('leaves printers out of the reasons that could take no job, or took one before', () => {
    const jobs = [job({ id: '1' }), job({ id: '2', queueOrder: 1 })];
    const printers = [
      printer({ id: 'a' }),
      printer({ id: 'b', ready: false }),
      printer({ id: 'c', tags: ['x'] }),
    ];
    const { reasons } = matchQueue(jobs, printers, SETTINGS);
    expect([...(reasons('1')?.keys() ?? [])]).toEqual(['a']);
    expect([...(reasons('2')?.keys() ?? [])]).toEqual(['c']);
  });

  it('pain-16, pain-17: agrees with the checks of each pair', () => {
    fc.assert(
      fc.property(jobsArb, printersArb, settingsArb, (jobs, printers, settings) => {
        const { assignments, reasons } = matchQueue(jobs, printers, settings);
        for (const { id: jobId } of jobs) {
          const one = jobs.find((candidate) => candidate.id === jobId);
          for (const [printerId, reason] of reasons(jobId) ?? []) {
            const machine = printers.find((candidate) => candidate.id === printerId);
            if (one === undefined || machine === undefined) throw new Error('unknown pair');
            const checked = checkPair(one, machine, {
              ...settings,
              maxConcurrentJobs: null,
              startsLeft: null,
            });
            expect(reason.matched).toBe(checked.matched);
            if (reason.reasonCode !== 'previous-mismatch') expect(reason).toEqual(checked.reason);
          }
        }
        for (const { jobId, printerId, mapping } of assignments) {
          expect(reasons(jobId)?.get(printerId)).toMatchObject({ matched: true, mapping });
        }
      }),
      { numRuns: 200 },
    );
  });

  it('gives each job and each printer once, within the limit, in queue order', () => {
    fc.assert(
      fc.property(jobsArb, printersArb, settingsArb, (jobs, printers, settings) => {
        const { assignments } = matchQueue(jobs, printers, settings);
        expect(new Set(assignments.map((one) => one.jobId)).size).toBe(assignments.length);
        expect(new Set(assignments.map((one) => one.printerId)).size).toBe(assignments.length);
        const limit = settings.maxConcurrentJobs ?? Number.POSITIVE_INFINITY;
        expect(assignments.length).toBeLessThanOrEqual(Math.max(0, limit - settings.activeJobs));
        expect(assignments.length).toBeLessThanOrEqual(settings.startsLeft?.count ?? printers.length);
        const order = jobs.toSorted(byQueue).map((one) => one.id);
        const places = assignments.map((one) => order.indexOf(one.jobId));
        expect(places).toEqual(places.toSorted((a, b) => a - b));
      }),
      { numRuns: 200 },
    );
  });

  it('lets no normal job wait for a printer that fits it and a later job takes', () => {
    fc.assert(
      fc.property(jobsArb, printersArb, settingsArb, (jobs, printers, settings) => {
        const { assignments } = matchQueue(jobs, printers, settings);
        const open = { ...settings, maxConcurrentJobs: null, startsLeft: null };
        const taken = new Map(assignments.map((one) => [one.jobId, one.printerId]));
        const queue = jobs.toSorted(byQueue);
        for (const [at, waiting] of queue.entries()) {
          if (waiting.priority !== 100 || taken.has(waiting.id)) continue;
          for (const later of queue.slice(at + 1)) {
            const machine = printers.find((one) => one.id === taken.get(later.id));
            if (machine !== undefined) expect(checkPair(waiting, machine, open).matched).toBe(false);
          }
        }
      }),
      { numRuns: 200 },
    );
  });

  it('leaves no normal job waiting beside a free printer that fits it, short of the limit', () => {
    fc.assert(
      fc.property(jobsArb, printersArb, (jobs, printers) => {
        const { assignments } = matchQueue(jobs, printers, SETTINGS);
        const jobIds = new Set(assignments.map((one) => one.jobId));
        const printerIds = new Set(assignments.map((one) => one.printerId));
        for (const waiting of jobs.filter((one) => one.priority === 100 && !jobIds.has(one.id))) {
          for (const free of printers.filter((one) => !printerIds.has(one.id))) {
            expect(checkPair(waiting, free, SETTINGS).matched).toBe(false);
          }
        }
      }),
      { numRuns: 200 },
    );
  });

  it('does not depend on the order in which jobs and printers are given', () => {
    const shuffled = fc
      .tuple(jobsArb, printersArb)
      .chain(([jobs, printers]) =>
        fc.tuple(
          fc.constant({ jobs, printers }),
          fc.shuffledSubarray(jobs, { minLength: jobs.length }),
          fc.shuffledSubarray(printers, { minLength: printers.length }),
        ),
      );
    fc.assert(
      fc.property(shuffled, settingsArb, ([{ jobs, printers }, otherJobs, otherPrinters], settings) => {
        const one = matchQueue(jobs, printers, settings);
        const other = matchQueue(otherJobs, otherPrinters, settings);
        expect(other.assignments).toEqual(one.assignments);
        for (const { id: jobId } of jobs) {
          expect(other.reasons(jobId)).toEqual(one.reasons(jobId));
        }
      }),
      { numRuns: 200 },
    );
  });

  it('looks at each kind of job and printer once, so that a long queue of equal jobs costs nothing', () => {
    let looks = 0;
    const counted = Array.from({ length: 20 }, (_, at) => {
      const machine = printer({ id: `printer-${at}` });
      return Object.defineProperty({ ...machine }, 'nozzles', {
        get: () => {
          looks++;
          return machine.nozzles;
        },
      });
    });
    const jobs = Array.from({ length: 1000 }, (_, at) => job({ id: String(at), ...petg }));
    expect(matchQueue(jobs, counted, SETTINGS).assignments).toEqual([]);
    expect(looks).toBeLessThan(200);
  });
});
