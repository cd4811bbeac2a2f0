import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Upkeep, upkeepStatus } from '../../src/domain/maintenance-status.js';

const DAY = 86_400_000;
const BEGIN = Date.UTC(2026, 0, 1);

describe('how far upkeep is', () => {
  const base: Upkeep = {
    triggerType: 'print_hours',
    interval: 200,
    warningThresholdPct: 80,
    offset: 0,
    startedAt: BEGIN,
    hoursAtStart: 1_000,
    jobsAtStart: 50,
    hours: 1_000,
    jobs: 50,
  };

  it.each<[string, Partial<Upkeep>, object]>([
    ['nothing printed yet', {}, { elapsed: 0, progress: 0, status: 'OK' }],
    ['just before the warning', { hours: 1_159.9 }, { elapsed: 159.9, progress: 79.95, status: 'OK' }],
    ['from the warning on', { hours: 1_160 }, { progress: 80, status: 'DUE_SOON' }],
    ['just before the end', { hours: 1_199.999 }, { status: 'DUE_SOON' }],
    ['at the end', { hours: 1_200 }, { progress: 100, status: 'OVERDUE' }],
    ['beyond it', { hours: 1_500 }, { progress: 250, status: 'OVERDUE' }],
    ['what had passed before', { offset: 150, hours: 1_020 }, { elapsed: 170, status: 'DUE_SOON' }],
    ['jobs', { triggerType: 'job_count', interval: 10, jobs: 59 }, { elapsed: 9, status: 'DUE_SOON' }],
    ['days', { triggerType: 'calendar_days', interval: 2 }, { elapsed: 1.5, progress: 75, status: 'OK' }],
    ['no warning before the end', { warningThresholdPct: 100, hours: 1_199 }, { status: 'OK' }],
  ])('%s', (_what, changes, expected) => {
    expect(upkeepStatus({ ...base, ...changes }, BEGIN + 1.5 * DAY)).toMatchObject(expected);
  });

  it('is never less for more printed, and never below what had passed', () => {
    const amount = fc.double({ min: 0, max: 1e5, noNaN: true });
    fc.assert(
      fc.property(amount, amount, amount, amount, (offset, hoursAtStart, hours, more) => {
        const upkeep = { ...base, offset, hoursAtStart, hours };
        const one = upkeepStatus(upkeep, BEGIN);
        const two = upkeepStatus({ ...upkeep, hours: hours + more }, BEGIN);
        expect(two.progress).toBeGreaterThanOrEqual(one.progress);
        expect(one.elapsed).toBeGreaterThanOrEqual(offset - 0.01);
      }),
    );
  });
});
