import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NewsMemory, NOTHING_TOLD, type Told } from '../../src/fleet/news-memory.js';
import type { HealthNote } from '../../src/resources/printer-news.js';

const TIMING = { stableMs: 10_000, sameMessageMs: 60_000 };
const CLOG: HealthNote = { level: 'error', code: '0300-8003', message: 'It clogged.' };
const DUST: HealthNote = { level: 'warning', code: '0500-0001', message: 'It is dusty.' };

/** A memory whose printer is watched second by second, by a clock of its own; what is told is written at once. */
class Watch {
  mono = 5_000;
  readonly told: string[] = [];
  durable: Told;
  #memory: NewsMemory;

  constructor(durable: Told = NOTHING_TOLD) {
    this.durable = durable;
    this.#memory = new NewsMemory(durable, TIMING);
  }

  is(online: boolean): this {
    this.#memory.noteConnection(online, this.#now());
    return this.#look();
  }

  says(...notes: readonly HealthNote[]): this {
    this.#memory.noteHealth(notes, this.#now());
    return this.#look();
  }

  /** Seconds pass; the memory is asked exactly when it wanted to be. */
  pass(seconds: number): this {
    const end = this.mono + seconds * 1_000;
    for (let due = this.#memory.dueAt; due !== null && due <= end; due = this.#memory.dueAt) {
      this.mono = Math.max(this.mono, due);
      this.#look();
    }
    this.mono = end;
    return this;
  }

  /** A new process begins with what was written. */
  restart(): this {
    this.#memory = new NewsMemory(this.durable, TIMING);
    return this;
  }

  get dueAt(): number | null {
    return this.#memory.dueAt;
  }

  #now() {
    return { mono: this.mono, at: new Date(this.mono).toISOString() };
  }

  #look(): this {
    const news = this.#memory.news(this.mono);
    if (news === null) return this;
    if ((news.awaySince === null) !== (this.durable.awaySince === null))
      this.told.push(news.awaySince === null ? 'online' : 'offline');
    const known = new Set(this.durable.health.map(({ level, code }) => level + code));
    for (const note of news.health) if (!known.has(note.level + note.code)) this.told.push(note.code);
    this.durable = news;
    this.#memory.written(news);
    return this;
  }
}

describe('whether a printer is there', () => {
  it('is told when it has lasted, with the time at which it began', () => {
    const watch = new Watch().is(true).pass(100);
    expect(watch.dueAt).toBeNull();
    watch.is(false).pass(9.999);
    expect(watch.told).toEqual([]);
    watch.is(false).pass(0.001);
    expect(watch.told).toEqual(['offline']);
    expect(watch.durable.awaySince).toBe(new Date(105_000).toISOString());
    watch.is(true).pass(9.999);
    expect(watch.told).toEqual(['offline']);
    expect(watch.pass(0.001).told).toEqual(['offline', 'online']);
  });

  it('is not told of a printer that comes back in time, however often', () => {
    const watch = new Watch().is(true);
    for (let times = 0; times < 100; times++) watch.is(false).pass(9).is(true).pass(1);
    expect(watch.pass(60).told).toEqual([]);
  });

  it('is not told again after a restart, whether it is there or not', () => {
    const watch = new Watch().is(true).pass(60).restart().is(true).pass(60);
    expect(watch.told).toEqual([]);
    watch.is(false).pass(60).restart().is(false).pass(60);
    expect(watch.told).toEqual(['offline']);
    watch.restart().pass(60).is(true).pass(60);
    expect(watch.told).toEqual(['offline', 'online']);
  });

  it('is told after a restart when it changed meanwhile', () => {
    const watch = new Watch().is(true).restart().is(false).pass(60);
    expect(watch.told).toEqual(['offline']);
  });
});

describe('what a printer complains of', () => {
  it('is told at once, each once while it stands', () => {
    const watch = new Watch().is(true).says(CLOG).says(CLOG).pass(600).says(CLOG, DUST).says(CLOG, DUST);
    expect(watch.told).toEqual([CLOG.code, DUST.code]);
  });

  it('is the same when it comes back within a minute, and new after one', () => {
    const watch = new Watch().is(true).says(CLOG).says().pass(59.9).says(CLOG);
    expect(watch.told).toEqual([CLOG.code]);
    watch.says().pass(60).says(CLOG);
    expect(watch.told).toEqual([CLOG.code, CLOG.code]);
  });

  it('has gone after a minute even if nothing more is heard', () => {
    const watch = new Watch().is(true).says(CLOG).says().pass(60);
    expect(watch.durable).toEqual(NOTHING_TOLD);
    expect(watch.dueAt).toBeNull();
  });

  it('stands while the printer is away, for nobody knows', () => {
    const watch = new Watch().is(true).says(CLOG).says().is(false).pass(600).is(true).says(CLOG).pass(600);
    expect(watch.told).toEqual([CLOG.code, 'offline', 'online']);
  });

  it('is not told again after a restart while it stands, and is when it had gone', () => {
    const watch = new Watch().is(true).says(CLOG).restart().is(true).says(CLOG).pass(600);
    expect(watch.told).toEqual([CLOG.code]);
    watch.restart().is(true).says().pass(60).says(CLOG);
    expect(watch.told).toEqual([CLOG.code, CLOG.code]);
  });

  it('is told anew when it gets worse', () => {
    const worse: HealthNote = { ...DUST, level: 'error' };
    expect(new Watch().is(true).says(DUST).says(worse).told).toEqual([DUST.code, DUST.code]);
  });

  it('is bounded for a printer that makes up a new message each second', () => {
    const watch = new Watch().is(true);
    for (let at = 0; at < 600; at++) watch.says({ ...CLOG, code: `0300-${at}` }).pass(1);
    expect(watch.durable.health.length).toBeLessThanOrEqual(64);
    // Ten minutes, and no more than stand at once in each.
    expect(watch.told.length).toBeLessThanOrEqual(64 * 11);
  });
});

type Step =
  | { readonly kind: 'is'; readonly online: boolean }
  | { readonly kind: 'says'; readonly notes: readonly HealthNote[] }
  | { readonly kind: 'pass'; readonly seconds: number }
  | { readonly kind: 'restart' };

const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('is' as const), online: fc.boolean() }),
    fc.record({ kind: fc.constant('says' as const), notes: fc.subarray([CLOG, DUST]) }),
    fc.record({ kind: fc.constant('pass' as const), seconds: fc.integer({ min: 0, max: 90 }) }),
    fc.record({ kind: fc.constant('restart' as const) }),
  ),
  { maxLength: 60 },
);

function run(watch: Watch, step: Step): void {
  if (step.kind === 'is') watch.is(step.online);
  else if (step.kind === 'says') watch.says(...step.notes);
  else if (step.kind === 'pass') watch.pass(step.seconds);
  else watch.restart();
}

describe('whatever happens', () => {
  it('online and offline are told in turns, beginning with offline', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const watch = new Watch();
        for (const step of all) run(watch, step);
        const presence = watch.told.filter((word) => word === 'online' || word === 'offline');
        expect(presence).toEqual(presence.map((_word, at) => (at % 2 === 0 ? 'offline' : 'online')));
      }),
    );
  });

  it('what lasts is told in the end, and then nothing is due', () => {
    fc.assert(
      fc.property(steps, fc.boolean(), fc.subarray([CLOG, DUST]), (all, online, notes) => {
        const watch = new Watch();
        for (const step of all) run(watch, step);
        watch
          .is(true)
          .says(...notes)
          .pass(61)
          .is(online)
          .pass(11);
        expect(watch.durable.awaySince === null).toBe(online);
        expect(new Set(watch.durable.health)).toEqual(new Set(notes));
        expect(watch.dueAt).toBeNull();
      }),
    );
  });

  it('a message is told no more often than once a minute', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const watch = new Watch();
        const toldAt: number[] = [];
        for (const step of all) {
          run(watch, step);
          const times = watch.told.filter((word) => word === CLOG.code).length;
          while (toldAt.length < times) toldAt.push(watch.mono);
        }
        for (const [at, mono] of toldAt.entries())
          if (at > 0) expect(mono - (toldAt[at - 1] ?? 0)).toBeGreaterThanOrEqual(TIMING.sameMessageMs);
      }),
    );
  });
});
