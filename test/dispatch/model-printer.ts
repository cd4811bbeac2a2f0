import { NO_PROGRESS, type Observation, type PrintIdentity } from '../../src/dispatch/observation.js';
import { identity, NOBODY } from './life.js';

/** How one kind of firmware shows and treats prints; drawn at random for a whole course. */
export interface Firmware {
  /** What a report shows of a print. */
  readonly marks: 'ids' | 'name';
  /** The new id shows while the machine still stands at the end of the print before. */
  readonly echoesEarly: boolean;
  /** Reports of PREPARE in which a new print shows nothing of itself, or still the marks of the last. */
  readonly marksLate: 'never' | 'blank' | 'stale';
  /** Shows nothing, the print that was over before, or the one that was cut. */
  readonly afterPower: 'blank' | 'keeps' | 'failed';
  /** Prints a file that lies there when the power comes back. */
  readonly ghost: boolean;
}

export type StartBehaviour =
  | { readonly kind: 'begins'; readonly delay: number; readonly acked: boolean }
  | { readonly kind: 'never' }
  /** Says no, and means it unless it begins at once. */
  | { readonly kind: 'refuses'; readonly begins: boolean };

interface Print {
  /** Of our dispatch; null for a print of others, or of nobody. */
  readonly token: number | null;
  readonly shown: PrintIdentity;
  readonly prepare: number;
  readonly duration: number;
  elapsed: number;
}

/** A printer that tells the truth about itself, with the quirks of its firmware, and remembers what really happened. */
export class ModelPrinter {
  activity: NonNullable<Observation['activity']> = 'IDLE';
  shown: PrintIdentity = NOBODY;
  errorCode: string | null = null;
  powered = true;
  /** What really happened to our prints, by token. */
  readonly begun: number[] = [];
  readonly finished: number[] = [];
  readonly failed: number[] = [];
  readonly cancelled: number[] = [];
  readonly cut: number[] = [];
  /** Anything at all has begun since this was last cleared. */
  bedUsed = false;
  #print: Print | null = null;
  #waiting: { token: number; name: string; left: number; duration: number } | null = null;
  #pulse = 0;

  constructor(readonly firmware: Firmware) {}

  get printing(): boolean {
    return this.#print !== null;
  }

  get waiting(): boolean {
    return this.#waiting !== null;
  }

  pause(): void {
    if (this.activity === 'RUNNING') this.activity = 'PAUSE';
    else if (this.activity === 'PAUSE') this.activity = 'RUNNING';
  }

  /** Stands at the end of a print that nobody asks about. */
  showFormer(activity: 'IDLE' | 'FINISH' | 'FAILED', former: PrintIdentity): void {
    this.activity = activity;
    this.shown = this.#marked(former);
  }

  start(
    token: number,
    name: string,
    behaviour: StartBehaviour,
    duration: number,
  ): 'accepted' | 'refused' | 'silent' {
    if (this.#print || this.#waiting) {
      this.#flash('0500_4004');
      return 'accepted';
    }
    if (behaviour.kind === 'never') return 'accepted';
    if (behaviour.kind === 'refuses') {
      if (behaviour.begins) this.#waiting = { token, name, left: 1, duration };
      return 'refused';
    }
    this.#waiting = { token, name, left: behaviour.delay, duration };
    return behaviour.acked ? 'accepted' : 'silent';
  }

  stop(): void {
    if (this.#waiting) {
      this.cancelled.push(this.#waiting.token);
      this.#waiting = null;
      this.#flash('0300_400C');
    } else if (this.#print) {
      this.#end('FAILED', this.cancelled);
      this.#flash('0300_400C');
    }
  }

  fail(code: string): void {
    if (!this.#print) return;
    this.#end('FAILED', this.failed);
    this.errorCode = code;
  }

  dismiss(): void {
    if (this.activity === 'FINISH' || this.activity === 'FAILED') this.activity = 'IDLE';
  }

  startStranger(id: number, duration: number): void {
    if (this.#print || this.#waiting) return;
    this.#begin({
      token: null,
      shown: this.#marked(identity(id, `screen-${id}`)),
      prepare: 1,
      duration,
      elapsed: 0,
    });
  }

  powerOff(): void {
    if (!this.powered) return;
    this.powered = false;
    if (this.#print?.token) this.cut.push(this.#print.token);
    const { afterPower, marks } = this.firmware;
    this.activity = afterPower === 'failed' && this.#print ? 'FAILED' : 'IDLE';
    if (afterPower === 'failed' && this.#print) this.shown = this.#print.shown;
    if (afterPower === 'blank' || marks === 'name') this.shown = NOBODY;
    this.#print = null;
    this.#waiting = null;
    this.errorCode = null;
  }

  powerOn(lastName: string): void {
    if (this.powered) return;
    this.powered = true;
    if (!this.firmware.ghost || this.begun.length === 0) return;
    const shown = { ...NOBODY, name: lastName, file: `${lastName}.gcode.3mf` };
    this.#begin({ token: null, shown, prepare: 1, duration: 20, elapsed: 0 });
  }

  /** One moment passes. */
  step(): void {
    if (!this.powered) return;
    if (this.#pulse > 0 && --this.#pulse === 0) this.errorCode = null;
    if (this.#waiting && --this.#waiting.left <= 0) {
      const { token, name, duration } = this.#waiting;
      this.#waiting = null;
      this.begun.push(token);
      this.#begin({ token, shown: this.#marked(identity(token, name)), prepare: 3, duration, elapsed: 0 });
      return;
    }
    const print = this.#print;
    if (!print || this.activity === 'PAUSE') return;
    print.elapsed += 1;
    if (print.elapsed >= print.prepare + print.duration) this.#end('FINISH', this.finished);
    else if (print.elapsed >= print.prepare) this.activity = 'RUNNING';
  }

  report(at: number): Observation {
    return {
      at,
      activityAt: at,
      complete: true,
      activity: this.activity,
      identity: this.#identity(),
      errorCode: this.errorCode,
      failReason: null,
      progress: NO_PROGRESS,
    };
  }

  #identity(): PrintIdentity {
    const { firmware } = this;
    const print = this.#print;
    if (print?.token && this.activity === 'PREPARE') {
      if (firmware.marksLate === 'blank') return NOBODY;
      if (firmware.marksLate === 'stale') return this.shown;
    }
    if (print) return print.shown;
    if (this.#waiting && firmware.echoesEarly && firmware.marks === 'ids') {
      return { ...this.shown, subtaskId: String(this.#waiting.token) };
    }
    return this.shown;
  }

  #begin(print: Print): void {
    this.#print = print;
    this.activity = 'PREPARE';
    this.errorCode = null;
    this.bedUsed = true;
  }

  #end(activity: 'FINISH' | 'FAILED', tally: number[]): void {
    const print = this.#print;
    if (!print) return;
    if (print.token) tally.push(print.token);
    this.shown = print.shown;
    this.activity = activity;
    this.#print = null;
  }

  #marked(full: PrintIdentity): PrintIdentity {
    return this.firmware.marks === 'ids'
      ? full
      : { ...NOBODY, name: full.name, file: `${full.name}.gcode.3mf` };
  }

  #flash(code: string): void {
    this.errorCode = code;
    this.#pulse = 2;
  }
}
