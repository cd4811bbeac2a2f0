import { step } from '../../src/dispatch/machine.js';
import {
  DEFAULT_TIMING,
  type DispatchEvent,
  type DispatchState,
  type DispatchTiming,
  type Effect,
  type Ending,
  type JobMove,
  type Journal,
  NOT_WATCHED,
  type Step,
} from '../../src/dispatch/machine-types.js';
import { NO_PROGRESS, type Observation, type PrintIdentity } from '../../src/dispatch/observation.js';

export const TOKEN = 4711;
export const NAME = `cube-${TOKEN}`;
export const FILE = `${NAME}.gcode.3mf`;

export const TIMING: DispatchTiming = { ...DEFAULT_TIMING, settleMs: 0 };

export const NOBODY: PrintIdentity = { taskId: '0', subtaskId: '0', jobId: '', name: '', file: '' };

/** As newer firmware shows our print. */
export const OURS = identity(TOKEN, NAME);
/** As firmware that keeps no ids shows it. */
export const OURS_BY_NAME: PrintIdentity = { ...NOBODY, name: NAME, file: FILE };
export const FORMER = identity(99, 'vase-99');
export const STRANGER = identity(123_456, 'from_the_screen');

export function identity(id: number, name: string): PrintIdentity {
  const text = String(id);
  return { taskId: text, subtaskId: text, jobId: text, name, file: `/data/Metadata/plate_1.gcode` };
}

export function journal(changes: Partial<Journal> = {}): Journal {
  return {
    phase: 'reserved',
    token: TOKEN,
    previousToken: null,
    name: NAME,
    remoteName: FILE,
    before: null,
    confirmedAt: null,
    recognisedBy: null,
    transferAttempts: 0,
    startSentAt: null,
    resentAt: null,
    acceptedAt: null,
    cancelRequestedAt: null,
    stopSentAt: null,
    firstError: null,
    firstErrorText: null,
    cancelSeen: false,
    wasReady: false,
    ...changes,
  };
}

type Seen = Partial<Omit<Observation, 'at'>>;
type Happening<E = DispatchEvent> = E extends DispatchEvent ? Omit<E, 'at' | 'mono'> : never;

const BEGINNING = Date.parse('2026-03-01T08:00:00.000Z');

/** A dispatch and the time it lives in; keeps what the machine asked for. */
export class Life {
  state: DispatchState;
  effects: Effect[] = [];
  moves: JobMove[] = [];
  endings: Ending[] = [];
  mono = 1_000;
  /** Wall clock; may be set. */
  wall = BEGINNING;

  constructor(
    start: Partial<Journal> = {},
    readonly timing: DispatchTiming = TIMING,
  ) {
    this.state = { journal: journal(start), watch: NOT_WATCHED };
  }

  /** Everything up to the start command, before which the printer showed this. */
  static started(before: Seen = {}, wasReady = true): Life {
    const life = new Life();
    life.on({ kind: 'transfer-begun' });
    life.on({ kind: 'transferred' });
    life.on({ kind: 'start-cleared', before: life.observation({ activity: 'IDLE', ...before }), wasReady });
    life.forget();
    return life;
  }

  /** Started, and seen printing. */
  static printing(identity: PrintIdentity = OURS): Life {
    const life = Life.started();
    life.after(3_000).sees({ activity: 'RUNNING', identity });
    life.forget();
    return life;
  }

  get ending(): Ending | null {
    return this.endings[0] ?? null;
  }

  get phase(): Journal['phase'] {
    return this.state.journal.phase;
  }

  get kinds(): string[] {
    return this.effects.map((effect) => effect.kind);
  }

  forget(): void {
    this.effects = [];
    this.moves = [];
    this.endings = [];
  }

  after(ms: number): this {
    this.mono += ms;
    this.wall += ms;
    return this;
  }

  on(happening: Happening): Step {
    const event: DispatchEvent = { ...happening, at: this.wall, mono: this.mono };
    const result = step(this.state, event, this.timing);
    this.state = result.state;
    this.effects.push(...result.effects);
    if (result.job) this.moves.push(result.job);
    if (result.ending) this.endings.push(result.ending);
    return result;
  }

  sees(seen: Seen): this {
    this.on({ kind: 'observed', observation: this.observation(seen) });
    return this;
  }

  /** The same report and a tick every second, for so long. */
  keepsSeeing(seen: Seen, ms: number): this {
    for (let passed = 0; passed < ms && this.endings.length === 0; passed += 1_000) {
      this.sees(seen).after(1_000);
      this.on({ kind: 'tick' });
    }
    return this;
  }

  /** Time passes without a report. */
  ticks(ms: number): this {
    for (let passed = 0; passed < ms && this.endings.length === 0; passed += 1_000) {
      this.after(1_000).on({ kind: 'tick' });
    }
    return this;
  }

  loses(ms: number): this {
    this.on({ kind: 'connection-lost' });
    return this.after(ms);
  }

  observation(seen: Seen): Observation {
    return {
      at: this.wall,
      activityAt: this.wall,
      complete: true,
      activity: 'IDLE',
      identity: NOBODY,
      errorCode: null,
      failReason: null,
      progress: NO_PROGRESS,
      ...seen,
    };
  }
}
