import { describe, expect, it } from 'vitest';
import { Draw } from './draw.js';
import { drawAssignments, gives } from './library.js';
import { dispatch, LIBRARY, Scene, SERIAL, TOKEN } from './scene.js';
import { hasTags } from './tags.js';

/** A job that waits for its printer; `assign` gives it to the printer. */
class Queue extends Scene {
  constructor() {
    super();
    this.job = { ...this.job, status: 'pending', assignedPrinterId: null };
    this.printer = { ...this.printer, printingJobId: null, confirmedReady: true, isAvailable: true };
    this.dispatches = [];
  }

  assign(): readonly string[] {
    this.job = { ...this.job, status: 'sending-to-printer', assignedPrinterId: 'printer' };
    this.printer = { ...this.printer, printingJobId: 'job' };
    this.dispatches = [dispatch({ phase: 'transferring', startSentAt: null })];
    return this.look();
  }
}

describe('the referee of the queue', () => {
  it.each([
    ['south', 1],
    ['north', 0],
  ])('sees a job on a printer that never had its tags (%s)', (tag, found) => {
    const queue = new Queue();
    queue.job = { ...queue.job, requiredPrinterTags: { 'user.tags': 'north' } };
    queue.printer = { ...queue.printer, tags: ['south'] };
    queue.look();
    // Somebody changes the tags, and changes them back.
    queue.referee.printerTags.add('printer', [tag]);
    expect(queue.assign().filter((breach) => breach.includes('never had the tags'))).toHaveLength(found);
  });

  it.each([
    ['red', 1],
    ['black', 0],
  ])('sees a job printed from a slot that it never asked for (%s)', (variantId, found) => {
    const queue = new Queue();
    queue.job = { ...queue.job, materialAssignments: { 1: [{ groupId: 'dark' }] } };
    queue.look();
    queue.job = { ...queue.job, materialMapping: [{ skip: true }, { variantId, materialType: 'PLA' }] };
    expect(queue.assign().filter((breach) => breach.includes('never asked for'))).toHaveLength(found);
  });

  it.each([
    [{ isInMaintenance: true }, 'in maintenance'],
    [{ enabled: false }, 'disabled'],
    [{ isSetAside: true }, 'set aside'],
  ])('sees a job on a printer that takes none: %o', (state, words) => {
    const queue = new Queue();
    queue.printer = { ...queue.printer, ...state };
    queue.look();
    expect(queue.assign()).toEqual([`job job went to ${SERIAL}, which is ${words}`]);
    queue.dispatches = [];
    queue.look();
    queue.referee.change(`${words} printer`);
    expect(queue.assign()).toEqual([]);
  });

  it.each([
    [false, 1],
    [true, 0],
  ])('sees a job of low priority taken before a normal one, unless it may fill (%s)', (fills, found) => {
    const queue = new Queue();
    queue.lowPriorityFills = fills;
    queue.job = { ...queue.job, priority: 1000 };
    queue.others = [{ ...queue.job, id: 'other', priority: 100, partBuildId: 'build' }];
    queue.look();
    const breaches = queue.assign().filter((breach) => breach.includes('low priority'));
    expect(breaches).toHaveLength(found);
  });

  it('sees two jobs at one place', () => {
    const queue = new Queue();
    queue.others = [{ ...queue.job, id: 'other' }];
    expect(queue.look()).toEqual(['jobs job and other both wait at 100/1024']);
  });

  it.each([
    [10_000, 1],
    [500, 0],
  ])('pain-22: sees a start with a slot that had changed %i ms before', (ms, found) => {
    const queue = new Queue();
    queue.log.time = new Date(Date.parse('2026-01-01T00:00:00.000Z') - ms).toISOString();
    queue.log.tell('fault', 'ams.runout');
    queue.log.time = '2026-01-01T00:00:00.000Z';
    queue.log.tell('project_file', 'received', {
      taskId: String(TOKEN),
      verdict: 'bad-mapping',
      reason: 'PETG',
    });
    expect(queue.look()).toHaveLength(found);
    expect(queue.truth.isStuck(SERIAL)).toBe(true);
  });

  it('knows that a printer may have said nothing of a slot', () => {
    const queue = new Queue();
    queue.log.tell('fault', 'mqtt.silent');
    queue.log.tell('fault', 'ams.runout');
    queue.log.time = '2026-01-01T00:00:30.000Z';
    queue.log.tell('fault', 'cleared');
    queue.log.tell('project_file', 'received', { taskId: String(TOKEN), verdict: 'bad-mapping' });
    expect(queue.look()).toEqual([]);
    queue.log.time = '2026-01-01T00:01:30.000Z';
    queue.log.tell('project_file', 'received', { taskId: '12', verdict: 'bad-mapping' });
    expect(queue.look()).toHaveLength(1);
  });
});

describe('the referee of the journal', () => {
  it('sees an end without a word, and a job whose end follows from nothing', () => {
    const scene = new Scene();
    scene.told('failed', { status: 'cancelled' });
    expect(scene.look()).toEqual([
      'dispatch dispatch is failed without a word why',
      'job job is cancelled (null), but nobody cancelled it',
    ]);
    scene.referee.cancel(['job']);
    expect(scene.look()).toEqual(['dispatch dispatch is failed without a word why']);
  });

  it('sees a printer excluded that was never tried', () => {
    const queue = new Queue();
    queue.job = { ...queue.job, excludedPrinterIds: ['printer'] };
    expect(queue.look()).toEqual(['job job is pending (null), but no dispatch excluded printer printer']);
  });

  it('lets continuous printing go on after a normal end, and after no other', () => {
    for (const [outcome, how, found] of [
      ['completed', 'finished', 0],
      ['failed', 'failed', 3],
    ] as const) {
      const scene = new Scene();
      scene.truth.ejects(SERIAL);
      scene.printer = { ...scene.printer, continuousPrint: true, fabmaticRemainingJobs: 2 };
      scene.begin();
      scene.look();
      scene.end(how);
      scene.told(outcome, { status: outcome, errorMessage: 'why' });
      scene.dispatches = scene.dispatches.map((row) => ({
        ...row,
        message: how === 'failed' ? 'why' : null,
      }));
      scene.printer = { ...scene.printer, confirmedReady: true };
      expect(scene.look()).toHaveLength(found);
    }
  });

  it('sees prints that are left where none may be', () => {
    const scene = new Scene();
    scene.begin();
    scene.printer = { ...scene.printer, fabmaticRemainingJobs: 1 };
    expect(scene.look()).toEqual([`${SERIAL} has 1 continuous prints left`]);
  });
});

describe("the referee's own reading", () => {
  it.each([
    ['north', ['north'], true],
    ['north|fast', ['north'], false],
    ['&=north,south', ['south', 'north'], true],
    ['|=south,fast', ['fast'], true],
    ['|=south,fast', ['north'], false],
    ['!=closed', ['north'], true],
    ['!=closed', ['closed'], false],
  ])('of the tags %s and %j', (text, tags, expected) => {
    expect(hasTags({ 'user.tags': text }, tags)).toBe(expected);
  });

  it('of materials: what is drawn can be given by a farm whose slots are named', () => {
    const library = {
      ...LIBRARY,
      typeOf: new Map([
        ['white', 'PLA'],
        ['black', 'PLA'],
        ['red', 'PETG'],
        ['green', 'PLA'],
      ] as const),
    };
    for (let seed = 0; seed < 50; seed++) {
      const wanted = drawAssignments(new Draw(seed, 'materials'), library, ['PLA', 'PETG']);
      const gaveBy = (slot: string, channel: number) =>
        gives(
          {
            variantId: slot,
            materialId: channel === 0 ? 'pla' : 'petg',
            materialType: channel === 0 ? 'PLA' : 'PETG',
          },
          wanted[channel] ?? [],
          library,
        );
      expect(['white', 'black', 'green'].some((slot) => gaveBy(slot, 0))).toBe(true);
      expect(gaveBy('red', 1)).toBe(true);
    }
    expect(gives({ variantId: 'white' }, [{ groupId: 'dark' }], library)).toBe(false);
    expect(gives({ materialType: 'PLA' }, [{ materialId: 'pla' }], library)).toBe(false);
  });
});
