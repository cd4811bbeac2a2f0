import type { GroundTruth, TruthEntry } from '../../drivers/emulator/index.js';
import { REPORT_MS, SESSION } from './scale.js';
import { SpoolTruth } from './spool-truth.js';

/** Prints that people start at a printer carry names of this kind; everything else with ids is ours. */
export const FOREIGN = 'screen_';

/** What really became of one start command. */
export interface StartTruth {
  readonly serial: string;
  /** Times the printer was given it. */
  readonly received: number;
  readonly begun: number;
  readonly outcomes: readonly string[];
  /** When the printer was given it last, milliseconds since the epoch. */
  readonly receivedAt: number;
  /** Accepted, and neither begun nor ended. */
  readonly waiting: boolean;
  /** What the printer made of it, `bad-mapping` when a mapped slot does not hold what the file needs. */
  readonly verdict: string;
}

/**
 * A start that is sent while the report of a print from the screen is still on its way finds the printer free. Some
 * models drop the print that runs for it; nobody can know in time.
 */
const ON_ITS_WAY_MS = 2 * REPORT_MS;

/** The daemon takes a printer that says nothing for one it watches for so long: what is undone before, it never sees. */
const UNSEEN_MS = SESSION.staleMs + SESSION.staleGraceMs;

/** A print that began on a bed on which another print lay. */
export interface Collision {
  readonly serial: string;
  readonly print: string;
  readonly on: string;
}

const NOTHING: StartTruth = {
  serial: '',
  received: 0,
  begun: 0,
  outcomes: [],
  receivedAt: 0,
  waiting: false,
  verdict: '',
};

interface Bed {
  readonly name: string;
  readonly ours: boolean;
  /** Times that the printer had lost its power before. */
  readonly cuts: number;
  /** When the print began, milliseconds since the epoch. */
  readonly since: number;
}

/** Follows the emulators' ground truth and knows at any moment what really happened. */
export class Truth {
  readonly #starts = new Map<string, StartTruth>();
  /** By serial: the print that lies on the bed, or is being printed there. */
  readonly #beds = new Map<string, Bed>();
  /** By serial: when the last print there ended. */
  readonly #endedAt = new Map<string, number>();
  readonly #printing = new Set<string>();
  readonly #cuts = new Map<string, number>();
  readonly #collisions: Collision[] = [];
  readonly #spools = new SpoolTruth();
  /** Printers whose files throw off what was printed, at a normal end. */
  readonly #ejecting = new Set<string>();
  /** By serial: the number of the start that it was given last. */
  readonly #newest = new Map<string, string>();
  readonly #off: () => void;

  constructor(readonly log: GroundTruth) {
    this.#off = log.on((entry) => this.#note(entry));
  }

  stop(): void {
    this.#off();
  }

  get collisions(): readonly Collision[] {
    return this.#collisions;
  }

  /** Prints of ours that began. */
  get begunCount(): number {
    return [...this.#starts.values()].reduce((sum, { begun }) => sum + begun, 0);
  }

  startOf(token: number | null): StartTruth {
    return token === null ? NOTHING : (this.#starts.get(String(token)) ?? NOTHING);
  }

  bedOf(serial: string): Bed | null {
    return this.#beds.get(serial) ?? null;
  }

  /** Something prints there, or is about to. */
  isBusy(serial: string): boolean {
    if (this.#printing.has(serial)) return true;
    return [...this.#starts.values()].some((start) => start.serial === serial && start.waiting);
  }

  /** The last end has stood there for so long that whoever watches has seen it. */
  isEndSeen(serial: string, now: number): boolean {
    return now - (this.#endedAt.get(serial) ?? 0) > UNSEEN_MS;
  }

  /** Times that the printer lost its power. */
  cutsOf(serial: string): number {
    return this.#cuts.get(serial) ?? 0;
  }

  /** Somebody changed what is in a slot. */
  spoolChanged(serial: string): void {
    this.#spools.changed(serial, Date.now());
  }

  /** From now on the files for this printer throw off what was printed, at a normal end and no other. */
  ejects(serial: string): void {
    this.#ejecting.add(serial);
  }

  /** It pauses over a start that mapped a slot with something else in it, and will do so again after every resume. */
  isStuck(serial: string): boolean {
    return this.#starts.get(this.#newest.get(serial) ?? '')?.verdict === 'bad-mapping';
  }

  /** Starts with a slot that did not hold what the file needs, although the printer had told so in time. */
  get wrongSlots(): readonly string[] {
    return this.#spools.wrong;
  }

  /** A person took off what lay there. */
  cleared(serial: string): void {
    this.#beds.delete(serial);
  }

  #note(entry: TruthEntry): void {
    const { kind, event, serial } = entry;
    const taskId = String(entry.taskId ?? '');
    const at = Date.parse(entry.time);
    if (kind === 'fault' && event === 'ams.runout') this.#spools.changed(serial, at);
    else if (kind === 'fault' && SpoolTruth.isBlur(event)) this.#spools.blurred(serial, at);
    else if (kind === 'fault' && event === 'cleared') this.#spools.clear(serial, at);
    if (kind === 'mqtt' && entry.command === 'print.ams_filament_setting') this.#spools.changed(serial, at);
    if (kind === 'power' && event === 'off') this.#cuts.set(serial, this.cutsOf(serial) + 1);
    if (kind === 'state') this.#follow(serial, event);
    if (kind === 'project_file' && event === 'received') this.#received(entry, taskId);
    if (kind === 'print' && event === 'begun') this.#begun(entry, taskId, String(entry.subtaskName ?? ''));
    if (kind === 'print' && event === 'ended') this.#ended(entry, taskId, String(entry.outcome ?? ''));
  }

  #follow(serial: string, activity: string): void {
    if (['PREPARE', 'SLICING', 'RUNNING', 'PAUSE'].includes(activity)) this.#printing.add(serial);
    else this.#printing.delete(serial);
  }

  #received(entry: TruthEntry, taskId: string): void {
    const before = this.#starts.get(taskId) ?? { ...NOTHING, serial: entry.serial };
    const taken = ['accepted', 'bad-plate', 'bad-file', 'wrong-model', 'wrong-nozzle', 'bad-mapping'];
    const waiting = taken.includes(String(entry.verdict)) && entry.neverStarts !== true;
    const verdict = String(entry.verdict);
    this.#newest.set(entry.serial, taskId);
    if (verdict === 'bad-mapping') this.#spools.judge(entry, taskId);
    this.#starts.set(taskId, {
      ...before,
      received: before.received + 1,
      receivedAt: Date.parse(entry.time),
      waiting: before.waiting || waiting,
      verdict,
    });
  }

  #begun({ serial, time }: TruthEntry, taskId: string, name: string): void {
    const start = this.#starts.get(taskId);
    const ours = start?.serial === serial && !name.startsWith(FOREIGN);
    if (ours) this.#starts.set(taskId, { ...start, begun: start.begun + 1, waiting: false });
    const under = this.#beds.get(serial);
    const cuts = this.cutsOf(serial);
    // A printer that was switched off has forgotten a print of others, and so has everybody who did not see it.
    const known = under !== undefined && (under.ours || under.cuts === cuts);
    const onItsWay = !under?.ours && (start?.receivedAt ?? 0) - (under?.since ?? 0) <= ON_ITS_WAY_MS;
    if (ours && known && !onItsWay) {
      this.#collisions.push({ serial, print: `${name} (${taskId})`, on: under.name });
    }
    this.#beds.set(serial, { name, ours, cuts, since: Date.parse(time) });
  }

  #ended({ serial, time }: TruthEntry, taskId: string, outcome: string): void {
    this.#printing.delete(serial);
    this.#endedAt.set(serial, Date.parse(time));
    const start = this.#starts.get(taskId);
    if (start?.serial !== serial) return;
    if (outcome === 'finished' && this.#ejecting.has(serial)) this.#beds.delete(serial);
    this.#starts.set(taskId, { ...start, outcomes: [...start.outcomes, outcome], waiting: false });
  }
}
