import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PrinterActivity } from '../../drivers/driver.js';
import { type OpenStretch, PrintClock } from '../../src/fleet/print-clock.js';
import { idleState } from '../dispatch/scripted-driver.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const BEGIN = Date.UTC(2026, 0, 1);

/** A printer's counter as the database has it, and the daemon before it, which may end at any moment. */
class Counted {
  hours = 0;
  open: OpenStretch | null = null;
  clock = new PrintClock();
  mono = 0;
  wall = BEGIN;
  timed = false;

  pass(ms: number): void {
    this.mono += ms;
    this.wall += ms;
  }

  see(activity: PrinterActivity | null, minutesLeft: number | null = null, complete = true): void {
    const base = idleState();
    const state = idleState({ activity, print: { ...base.print, remainingMinutes: minutesLeft } });
    const report = { receivedAt: this.wall, activityAt: this.wall, sequence: 0, complete, state };
    this.clock.note(report, this.mono);
  }

  /** As one transaction does: all of it, or nothing. */
  write(fails = false): void {
    const printed = this.clock.take();
    if (fails) this.clock.giveBack(printed);
    else {
      this.hours += printed.ms / HOUR;
      this.open = printed.open;
    }
  }

  /** Kill -9, and another process after so long. */
  restart(downMs: number, clockSetMs = 0): void {
    this.pass(downMs);
    this.wall += clockSetMs;
    this.clock = new PrintClock(this.open);
    this.mono = 0;
  }
}

describe('the hours of a printer', () => {
  it('are the time from report to report in which it prints, pauses left out', () => {
    const farm = new Counted();
    const shown: readonly [PrinterActivity, number][] = [
      ['IDLE', 5],
      ['PREPARE', 10],
      ['RUNNING', 30],
      ['PAUSE', 60],
      ['RUNNING', 20],
      ['FINISH', 90],
    ];
    for (const [activity, minutes] of shown)
      for (let minute = 0; minute < minutes; minute++) {
        farm.see(activity, 60);
        farm.pass(MINUTE);
      }
    farm.write();
    expect(farm.hours * 60).toBeCloseTo(10 + 30 + 20);
    expect(farm.open).toBeNull();
  });

  it('are those of a clock that nobody can set', () => {
    const farm = new Counted();
    farm.see('RUNNING', 60);
    for (const set of [-HOUR, 24 * HOUR, 50 * 365 * 24 * HOUR, -3 * HOUR]) {
      farm.wall += set;
      farm.pass(MINUTE);
      farm.see('RUNNING', 60);
    }
    farm.write();
    expect(farm.hours * 60).toBeCloseTo(4);
  });

  it('go on over a restart in the middle of a print', () => {
    const farm = new Counted();
    farm.see('RUNNING', 600);
    farm.write();
    farm.pass(MINUTE);
    farm.see('RUNNING', 599);
    farm.restart(3 * HOUR);
    farm.see('RUNNING', 419);
    farm.pass(MINUTE);
    farm.see('FINISH');
    farm.write();
    expect(farm.hours * 60).toBeCloseTo(182);
    expect(farm.open).toBeNull();
    farm.restart(HOUR);
    farm.see('FINISH');
    farm.write();
    expect(farm.hours * 60).toBeCloseTo(182);
  });

  it.each([
    ['that ended while nobody looked, up to what it still had before it', 5 * 24 * HOUR, 0, 90],
    ['whatever the clock was set to', HOUR / 2, 365 * 24 * HOUR, 90],
    ['and nothing when it was set back', HOUR, -10 * HOUR, 0],
  ])('count a print %s', (_what, downMs, setMs, minutes) => {
    const farm = new Counted();
    farm.see('RUNNING', 90);
    farm.write();
    farm.restart(downMs, setMs);
    farm.see('IDLE');
    farm.write();
    expect(farm.hours * 60).toBeCloseTo(minutes);
  });

  it('do not grow by what is not known: a pause, a print without a time, a report that says too little', () => {
    const farm = new Counted();
    farm.see('RUNNING', 90);
    farm.see('PAUSE', 90);
    farm.write();
    farm.restart(HOUR);
    farm.see('RUNNING', 80);
    farm.write();
    expect(farm.hours).toBe(0);
    farm.see('FINISH');
    farm.see('RUNNING');
    farm.write();
    farm.restart(HOUR);
    farm.see(null);
    farm.see('RUNNING', 5, false);
    farm.see('FINISH');
    farm.write();
    expect(farm.hours).toBe(0);
  });

  it('count a print through a lost connection once', () => {
    const farm = new Counted();
    farm.see('RUNNING', 100);
    farm.pass(20 * MINUTE);
    farm.write();
    farm.see('RUNNING', 80);
    farm.pass(10 * HOUR);
    farm.see('FINISH');
    farm.write();
    expect(farm.hours * 60).toBeCloseTo(100);
  });

  it('are neither lost nor counted twice, whatever is written when, fails, or ends in between', () => {
    const minutes = fc.integer({ min: 1, max: 2 });
    const step = fc.oneof(
      { weight: 8, arbitrary: fc.record({ kind: fc.constant('pass' as const), minutes }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('switch' as const) }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('write' as const), fails: fc.boolean() }) },
      {
        weight: 1,
        arbitrary: fc.record({
          kind: fc.constant('kill' as const),
          down: fc.integer({ min: 1, max: 500 }),
          set: fc.constantFrom(0, 0, -10 * HOUR, 10_000 * HOUR),
        }),
      },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const farm = new Counted();
        let printing = false;
        let truth = 0;
        let before = 0;
        // A print is written down when it begins and ends: that is all that a crash leaves.
        const turn = (to: boolean) => {
          printing = to;
          farm.see(to ? 'RUNNING' : 'FINISH', to ? 10_000 : null);
          farm.write();
        };
        turn(false);
        for (const one of steps) {
          if (one.kind === 'switch') turn(!printing);
          else if (one.kind === 'write') farm.write(one.fails);
          else if (one.kind === 'pass') {
            farm.pass(one.minutes * MINUTE);
            if (printing) truth += one.minutes;
            farm.see(printing ? 'RUNNING' : 'FINISH', printing ? 10_000 : null);
          } else {
            farm.restart(one.down * MINUTE, one.set);
            if (printing) truth += one.down;
            // With a clock that was set nobody can know; the next part is looked at by itself.
            if (one.set !== 0) {
              turn(false);
              expect(farm.hours * 60 - before).toBeLessThanOrEqual(truth + 10_000);
              truth = farm.hours * 60;
            } else farm.see(printing ? 'RUNNING' : 'FINISH', printing ? 10_000 : null);
          }
          expect(farm.hours * 60).toBeGreaterThanOrEqual(before - 1e-9);
          before = farm.hours * 60;
          expect(before).toBeLessThanOrEqual(truth + 1e-6);
        }
        turn(false);
        expect(farm.hours * 60).toBeCloseTo(truth, 6);
      }),
    );
  });
});
