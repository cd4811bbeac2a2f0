import { describe, expect, it } from 'vitest';
import { dispatch, Scene, SERIAL, TOKEN } from './scene.js';

describe('the referee of the simulation', () => {
  it('sees nothing wrong with a print that runs and is completed', () => {
    const scene = new Scene();
    scene.begin();
    expect(scene.look()).toEqual([]);
    scene.end('finished');
    scene.told('completed', { status: 'completed' });
    expect(scene.look()).toEqual([]);
  });

  it('sees a lost job, and a build of which a part is missing', () => {
    const scene = new Scene();
    expect(scene.referee.look({ ...scene.snapshot(), jobs: new Map(), dispatches: [] }).join()).toMatch(
      /build build has 0 of 1 jobs.*accepted job job is lost/,
    );
  });

  it.each([-1, 1])('sees a job that is counted too seldom or too often (%s)', (wrong) => {
    const scene = new Scene();
    scene.begin();
    scene.end('finished');
    scene.told('completed', { status: 'completed' });
    scene.printer = { ...scene.printer, lifetimeJobCount: 1 + wrong };
    expect(scene.look().join()).toMatch(/counts \d jobs; 1 were completed and 0 settled/);
  });

  it('sees hours that go back', () => {
    const scene = new Scene();
    scene.printer = { ...scene.printer, lifetimePrintHours: 2 };
    scene.look();
    scene.printer = { ...scene.printer, lifetimePrintHours: 1.5 };
    expect(scene.look().join()).toContain('went from 2 to 1.5');
  });

  it('sees two open dispatches', () => {
    const scene = new Scene();
    scene.dispatches = [dispatch(), dispatch({ id: 'another', token: 1 })];
    expect(scene.look().join()).toMatch(/printer printer has two open.*job job has two open/);
  });

  it('sees journal, job and printer tell different stories', () => {
    const scene = new Scene();
    scene.job = { ...scene.job, status: 'pending' };
    scene.printer = { ...scene.printer, printingJobId: null };
    expect(scene.look().join()).toMatch(/job job is pending with an open dispatch.*holds job null/);
  });

  it('sees a job that moves where nobody asked it to', () => {
    const scene = new Scene();
    scene.begin();
    scene.end('finished');
    scene.told('completed', { status: 'completed' });
    scene.look();
    scene.job = { ...scene.job, status: 'pending' };
    expect(scene.look()).toEqual(['job job went from completed to pending and nobody asked for it']);
  });

  it('sees a start that is sent twice or begins twice', () => {
    const scene = new Scene();
    scene.begin();
    scene.log.tell('project_file', 'received', { taskId: String(TOKEN), verdict: 'repeated-id' });
    expect(scene.look().join()).toContain(`start ${TOKEN} of job job was sent 2 times`);
    scene.log.tell('print', 'begun', { taskId: String(TOKEN), subtaskName: 'cube' });
    expect(scene.look().join()).toContain(`start ${TOKEN} of job job began 2 times`);
  });

  it('sees a job begun twice by two dispatches, unless a person asked for it again', () => {
    for (const asked of [false, true]) {
      const scene = new Scene();
      scene.begin();
      scene.end('failed');
      scene.told('failed', { status: 'failed', errorMessage: 'the printer stopped' });
      scene.look();
      scene.referee.clear(SERIAL);
      if (asked) scene.referee.retry(['job']);
      scene.dispatches = [...scene.dispatches, dispatch({ id: 'second', token: 12 })];
      scene.job = { ...scene.job, status: 'printing' };
      scene.printer = { ...scene.printer, printingJobId: 'job' };
      scene.begin(12);
      const twice = scene.look().filter((breach) => breach.includes('begun 2 times'));
      expect(twice).toHaveLength(asked ? 0 : 1);
    }
  });

  it.each([
    ['completed', 'failed', { status: 'completed' }],
    ['failed', 'finished', { status: 'failed' }],
    ['cancelled', 'finished', { status: 'cancelled' }],
    ['released', 'finished', { status: 'pending' }],
    ['not-started', 'finished', { status: 'failed' }],
  ])('sees that a job is told %s when its print really is %s', (told, truth, job) => {
    const scene = new Scene();
    scene.look();
    scene.begin();
    scene.end(truth);
    scene.told(told, job);
    expect(scene.look().join()).toContain(`job job (start ${TOKEN}) is told`);
  });

  it.each(['failed', 'cancelled'])('sees that a job is told %s while it still prints', (told) => {
    const scene = new Scene();
    scene.begin();
    scene.told(told, { status: told });
    expect(scene.look().join()).toContain('but it still prints');
  });

  it('sees doubt that is not shown', () => {
    const scene = new Scene();
    scene.look();
    scene.told('unknown', { status: 'failed', errorMessage: 'the printer stopped' });
    scene.printer = { ...scene.printer, confirmedReady: true };
    expect(scene.look().join()).toMatch(
      /is ready although its print is unknown.*has no known outcome and shows/,
    );
  });

  it('sees a bed called clear that is not, and a print on top of another', () => {
    const scene = new Scene();
    scene.begin();
    scene.printer = { ...scene.printer, confirmedReady: true };
    expect(scene.look()).toEqual([`printer ${SERIAL} is ready, but cube lies on its bed`]);
    scene.end('finished');
    scene.begin(12);
    expect(scene.look().join()).toContain(`${SERIAL} began cube (12) onto cube`);
  });

  it.each([
    [1, false],
    [0, true],
  ])('holds nobody to a print of others that the printer itself forgot', (found, forgotten) => {
    const scene = new Scene();
    scene.log.tell('print', 'begun', { taskId: '17', subtaskName: 'screen_1' });
    if (forgotten) scene.log.tell('power', 'off');
    scene.log.time = '2026-01-01T00:01:00.000Z';
    scene.begin();
    expect(scene.look().filter((breach) => breach.includes('onto screen_1'))).toHaveLength(found);
  });

  it('knows that a start may cross the report of a print that somebody has just begun at the screen', () => {
    const scene = new Scene();
    scene.log.tell('print', 'begun', { taskId: '17', subtaskName: 'screen_1' });
    scene.log.time = '2026-01-01T00:00:00.800Z';
    scene.begin();
    expect(scene.look()).toEqual([]);
  });

  it('knows since when an end stands at a printer', () => {
    const scene = new Scene();
    scene.begin();
    scene.end('finished');
    const ended = Date.parse(scene.log.time);
    expect(scene.truth.isEndSeen(SERIAL, ended + 3_000)).toBe(false);
    expect(scene.truth.isEndSeen(SERIAL, ended + 30_000)).toBe(true);
  });
});
