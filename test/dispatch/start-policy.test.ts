import fc from 'fast-check';
import { afterEach, describe, expect, it, test } from 'vitest';
import { isHeating } from '../../src/dispatch/heating.js';
import { Rests } from '../../src/dispatch/rests.js';
import { NO_POLICY, StartPolicy } from '../../src/dispatch/start-policy.js';
import { nextOpening, parseHours } from '../../src/dispatch/working-hours.js';
import { setContinuousPrint } from '../../src/domain/printers.js';
import { idleState } from './scripted-driver.js';
import { Workshop } from './workshop.js';

/** A time of the machine's own clock; the 2nd of November 2026 is a Monday. */
const at = (day: number, hour: number, minute = 0) => new Date(2026, 10, day, hour, minute);
const opening = (hours: readonly string[], now: Date) => nextOpening(hours.map(parseHours), now);

describe('working hours', () => {
  test.each([
    ['in the morning before', at(2, 6, 59), at(2, 7)],
    ['from their first minute', at(2, 7), null],
    ['to their last', at(6, 18, 59), null],
    ['in the evening after', at(6, 19), at(9, 7)],
    ['on a free day', at(8, 12), at(9, 7)],
  ])('mon-fri 07:00-19:00, %s', (_, now, next) => {
    expect(opening(['mon-fri 07:00-19:00'], now)).toEqual(next);
  });

  test.each([
    ['on the day itself', at(6, 22), null],
    ['past midnight', at(7, 5, 59), null],
    ['until they end', at(7, 6), at(13, 22)],
    ['not on the morning of that day', at(6, 5), at(6, 22)],
  ])('fri 22:00-06:00 go on past midnight: %s', (_, now, next) => {
    expect(opening(['fri 22:00-06:00'], now)).toEqual(next);
  });

  it('are several spans, over the end of the week too, and last for ever where none are named', () => {
    const hours = ['sat-mon 08:00-12:00', 'wed,fri 10:00-24:00'];
    expect(opening(hours, at(2, 11))).toBeNull();
    expect(opening(hours, at(3, 11))).toEqual(at(4, 10));
    expect(opening(hours, at(4, 23, 59))).toBeNull();
    expect(opening([], at(3, 3))).toBeNull();
    expect(() => parseHours('always')).toThrow('"always" are no working hours');
  });

  it('are open at the moment that was named as their next opening, and not before', () => {
    const day = fc.constantFrom('mon', 'tue-thu', 'sun,fri', 'sat-mon');
    const hour = fc.integer({ min: 0, max: 23 }).map((value) => `${String(value).padStart(2, '0')}:30`);
    fc.assert(
      fc.property(day, hour, hour, fc.integer({ min: 0, max: 20_160 }), (days, from, to, minutes) => {
        const hours = [`${days} ${from}-${to}`];
        const now = new Date(2026, 10, 2, 0, minutes);
        const next = opening(hours, now);
        if (next === null) return;
        expect(next > now).toBe(true);
        expect(opening(hours, next)).toBeNull();
        expect(opening(hours, new Date(next.getTime() - 60_000))).toEqual(next);
      }),
    );
  });
});

describe('a start policy', () => {
  it('says how many prints may begin and why no more', () => {
    const policy = new StartPolicy();
    expect(policy.startsLeft(at(2, 3).getTime(), () => 99)).toBeNull();
    policy.configure({ ...NO_POLICY, maxHeating: 2, workingHours: ['mon 07:00-19:00'] });
    expect(policy.startsLeft(at(2, 3).getTime(), () => 0)).toEqual({
      count: 0,
      because:
        'Outside the working hours (mon 07:00-19:00) no print begins; they begin again on Monday at 07:00.',
    });
    expect(policy.startsLeft(at(2, 8).getTime(), () => 1)).toMatchObject({ count: 1 });
    expect(policy.startsLeft(at(2, 8).getTime(), () => 3)).toMatchObject({
      count: 0,
      because: expect.stringContaining('3 of at most 2 printers are warming up'),
    });
  });

  const live = (state: Parameters<typeof idleState>[0]) => ({
    printerId: 'p',
    serial: 's',
    connection: { status: 'online' as const, since: 0, error: null },
    report: { receivedAt: 1, activityAt: 1, sequence: 1, complete: true, state: idleState(state) },
  });

  it('counts printers that prepare, have no layer yet, or have a cold heater', () => {
    const nozzle = { index: 0, diameter: '0.4', type: null, temp: 30, target: 220, hasFilament: null };
    const cold = { bedTemp: 25, bedTarget: 0, nozzles: [{ ...nozzle, target: 0 }] };
    const print = { ...idleState().print, layer: 0 };
    expect(isHeating(live(cold))).toBe(false);
    expect(isHeating(live({ ...cold, activity: 'PREPARE' }))).toBe(true);
    expect(isHeating(live({ ...cold, activity: 'RUNNING', print }))).toBe(true);
    expect(isHeating(live({ ...cold, activity: 'RUNNING', print: { ...print, layer: 3 } }))).toBe(false);
    expect(isHeating(live({ ...cold, bedTarget: 60 }))).toBe(true);
    expect(isHeating(live({ ...cold, nozzles: [nozzle] }))).toBe(true);
    const offline = { status: 'offline' as const, since: 0, error: null };
    expect(isHeating({ ...live({ activity: 'PREPARE' }), connection: offline })).toBe(false);
  });
});

let shop: Workshop;
afterEach(() => shop?.close());

describe('in the farm', () => {
  const MONDAY_NOON = at(2, 12).getTime();

  it('prints begin one after another where only so many printers may warm up, and jobs say so', async () => {
    shop = await Workshop.open(3);
    shop.policy.configure({ ...NO_POLICY, maxHeating: 1 });
    await shop.boot({ schedule: false });
    const ids = await shop.queue(2);
    const started = Promise.race(
      [0, 1, 2].map(async (index) => {
        await shop.session(index).next('start');
        return index;
      }),
    );
    shop.scheduler.start();
    const first = await started;
    const [one = '', two = ''] = ids;
    expect(await shop.job(one)).toMatchObject({ status: 'sending-to-printer' });
    expect(await shop.job(two)).toMatchObject({ status: 'pending' });
    const found = await shop.scheduler.troubleshoot(two);
    expect(found?.map(({ result }) => result.firstFailedCheck)).toContain('subscription-slots');

    const { token, name } = await shop.dispatchOf(one);
    const identity = { taskId: String(token), subtaskId: String(token), name };
    const print = { ...idleState({}, identity).print, layer: 1 };
    shop.session(first).reports(idleState({ activity: 'RUNNING', print }));
    await shop.untilJob(one, 'printing');
    await shop.untilJob(two, 'sending-to-printer');
  });

  it('no print begins outside the working hours, not even of a file that was on its way', async () => {
    shop = await Workshop.open(1);
    shop.now = () => MONDAY_NOON;
    shop.policy.configure({ ...NO_POLICY, workingHours: ['mon 08:00-18:00'] });
    await shop.boot({ schedule: false });
    const session = shop.session();
    session.onUpload = async ({ sizeBytes }) => {
      shop.now = () => at(2, 18).getTime();
      return { remoteBytes: sizeBytes, durationMs: 1, skipped: false, warning: null };
    };
    const [id = ''] = await shop.queue();
    shop.scheduler.start();
    const released = await shop.until(async () => {
      const [row] = await shop.dispatchesOf(id);
      return row?.phase === 'ended' && row;
    });
    expect(released).toMatchObject({
      outcome: 'released',
      message: expect.stringContaining('Outside the working hours (mon 08:00-18:00)'),
    });
    expect(session.starts).toEqual([]);
    expect(await shop.job(id)).toMatchObject({ status: 'pending', excludedPrinterIds: [] });
    const [found] = (await shop.scheduler.troubleshoot(id)) ?? [];
    const check = found?.result.checks.find(({ code }) => code === 'subscription-slots');
    expect(check).toMatchObject({
      passed: false,
      explanation: expect.stringContaining('they begin again on Monday at 08:00'),
    });
  });
});

describe('a printer in continuous printing', () => {
  const row = { id: 'p', continuousPrint: true, printingJobId: null };
  it('waits until its bed is cold and it has rested; others wait for nothing here', async () => {
    shop = await Workshop.open(1);
    await shop.boot({ schedule: false });
    const live = (bedTemp: number | null, activity: 'FINISH' | 'RUNNING' = 'FINISH') => {
      const found = shop.fleet.live(shop.printerId);
      if (!found) throw new Error('no printer');
      const report = { receivedAt: 1, activityAt: 1, sequence: 1, complete: true };
      const { serial, session, connection, capabilities } = found;
      const state = idleState({ activity, bedTemp });
      return { printerId: 'p', serial, session, connection, capabilities, report: { ...report, state } };
    };
    const rests = new Rests();
    const cold = { bedBelowC: 40, waitSeconds: 0 };
    expect(rests.waitsFor(row, live(61.4), cold, 0)).toBe(
      'cooling down, with its bed at 61 °C; the next print begins below 40 °C',
    );
    expect(rests.waitsFor(row, live(39.9), cold, 0)).toBeNull();
    expect(rests.waitsFor(row, live(null), cold, 0)).toBeNull();
    expect(rests.waitsFor({ ...row, continuousPrint: false }, live(61), cold, 0)).toBeNull();

    const resting = { bedBelowC: null, waitSeconds: 60 };
    expect(rests.waitsFor(row, live(20, 'RUNNING'), resting, 0)).toBeNull();
    expect(rests.waitsFor(row, live(20), resting, 1_000)).toContain('for another 60 s');
    expect(rests.waitsFor(row, live(20), resting, 31_000)).toContain('for another 30 s');
    expect(rests.waitsFor(row, live(20), resting, 61_000)).toBeNull();
    expect(rests.waitsFor({ ...row, printingJobId: 'j' }, live(20), resting, 62_000)).toBeNull();
    expect(rests.waitsFor(row, live(20), resting, 63_000)).toContain('for another 60 s');
  });

  it('begins the next one when its bed has become cold, and says until then that it cools down', async () => {
    shop = await Workshop.open(1);
    shop.tickMs = 50;
    shop.policy.configure({ ...NO_POLICY, continuous: { bedBelowC: 40, waitSeconds: 0 } });
    await shop.boot();
    await shop.write((tx) => setContinuousPrint(tx, shop.printerId, true, null));
    const session = shop.session();
    session.reports(idleState({ activity: 'FINISH', bedTemp: 61 }));
    const [id = ''] = await shop.queue();
    const [found] = (await shop.scheduler.troubleshoot(id)) ?? [];
    const check = found?.result.checks.find(({ code }) => code === 'available');
    expect(check?.explanation).toContain('cooling down, with its bed at 61 °C');
    session.reports(idleState({ activity: 'FINISH', bedTemp: 50 }));
    expect(session.uploads).toEqual([]);
    const sent = session.next('start');
    session.reports(idleState({ activity: 'FINISH', bedTemp: 39 }));
    await sent;
    expect(await shop.job(id)).toMatchObject({ status: 'sending-to-printer' });
  });
});
