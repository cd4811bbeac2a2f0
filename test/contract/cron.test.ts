import fc from 'fast-check';
import { createTask, validate } from 'node-cron';
import { describe, expect, it } from 'vitest';
import { lastDue, readSchedule } from '../../src/contract/cron.js';

const due = (text: string, now: Date) => {
  const schedule = readSchedule(text);
  const time = schedule && lastDue(schedule, now.getTime());
  return time === null ? null : new Date(time);
};

describe('a schedule', () => {
  it.each(['* * * * *', '*/15 0-6/2 1,15 * 1-5', '0 0 29 2 *', '59 23 31 12 7', ' 41  3 * * * '])(
    'is %s',
    (text) => {
      expect(readSchedule(text)).not.toBeNull();
      expect(validate(text.trim().replace(/\s+/g, ' '))).toBe(true);
    },
  );

  it.each([
    '',
    'daily',
    '41 3 * *',
    '0 41 3 * * *',
    '60 * * * *',
    '* 24 * * *',
    '* * 0 * *',
    '* * * 13 *',
    '* * * * 8',
    '5-1 * * * *',
    '*/0 * * * *',
    '5/10 * * * *',
    '1,,2 * * * *',
    '-1 * * * *',
    '0 0 31 2,4 *',
    '0 0 * * MON',
    '1.5 * * * *',
  ])('is not %j', (text) => {
    expect(readSchedule(text)).toBeNull();
  });

  it.each([
    ['41 3 * * *', new Date(2026, 10, 26, 12), new Date(2026, 10, 26, 3, 41)],
    ['41 3 * * *', new Date(2026, 10, 26, 3, 40, 59), new Date(2026, 10, 25, 3, 41)],
    ['41 3 * * *', new Date(2026, 10, 26, 3, 41), new Date(2026, 10, 26, 3, 41)],
    ['0,30 8-17 * * 1-5', new Date(2026, 10, 29, 9), new Date(2026, 10, 27, 17, 30)],
    ['0 0 29 2 *', new Date(2027, 0, 1), new Date(2024, 1, 29)],
    ['0 4 1 * 1', new Date(2026, 10, 26), new Date(2026, 5, 1, 4)],
  ])('%s was last due before %s', (text, now, expected) => {
    expect(due(text, now)).toEqual(expected);
  });

  it('is due when what does the work says that it is', () => {
    const field = (min: number, max: number) =>
      fc.oneof(
        fc.constant('*'),
        fc.integer({ min: 1, max: 20 }).map((step) => `*/${step}`),
        fc
          .uniqueArray(fc.integer({ min, max }), { minLength: 1, maxLength: 4 })
          .map((list) => list.join(',')),
        fc.tuple(fc.integer({ min, max }), fc.integer({ min, max })).map((ends) => {
          const [from = 0, to = 0] = ends.sort((a, b) => a - b);
          return `${from}-${to}`;
        }),
      );
    const text = fc.tuple(field(0, 59), field(0, 23), field(1, 31), field(1, 12), field(0, 7));
    const now = fc.integer({ min: Date.UTC(2025, 0, 1), max: Date.UTC(2029, 0, 1) });
    fc.assert(
      fc.property(text, now, fc.integer({ min: 0, max: 3_000 }), (fields, time, minutesOn) => {
        const expression = fields.join(' ');
        expect(readSchedule(expression) !== null).toBe(validate(expression));
        const found = due(expression, new Date(time));
        if (found === null) return;
        const task = createTask(expression, () => undefined);
        expect(task.match(found)).toBe(true);
        // Nothing fits between it and then.
        const between = found.getTime() + minutesOn * 60_000;
        if (minutesOn > 0 && between <= time) expect(task.match(new Date(between))).toBe(false);
      }),
      { numRuns: 60 },
    );
  });
});
