import type { GroundTruth, TruthEntry } from '../../drivers/emulator/index.js';

/** Prints that people start at a printer carry names of this kind; everything else with ids is ours. */
export const FOREIGN = 'screen_';

/** What really became of one start command. */
export interface StartTruth {
  readonly serial: string;
  /** Times the printer was given it. */
  readonly received: number;
  readonly begun: number;
  readonly outcomes: readonly string[];
  /** Accepted, and neither begun nor ended. */
  readonly waiting: boolean;
}

/** A print that began on a bed on which another print lay. */
export interface Collision {
  readonly serial: string;
  readonly print: string;
  readonly on: string;
}

const NOTHING: StartTruth = { serial: '', received: 0, begun: 0, outcomes: [], waiting: false };

/** Follows the emulators' ground truth and knows at any moment what really happened. */
export class Truth {
  readonly #starts = new Map<string, StartTruth>();
  /** By serial: the print that lies on the bed, or is being printed there. */
  readonly #beds = new Map<
    string,
    { readonly name: string; readonly ours: boolean; readonly cuts: number }
  >();
  readonly #printing = new Set<string>();
  readonly #cuts = new Map<string, number>();
  readonly #collisions: Collision[] = [];
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

  bedOf(serial: string): { readonly name: string; readonly ours: boolean } | null {
    return this.#beds.get(serial) ?? null;
  }

  /** Something prints there, or is about to. */
  isBusy(serial: string): boolean {
    if (this.#printing.has(serial)) return true;
    return [...this.#starts.values()].some((start) => start.serial === serial && start.waiting);
  }

  /** Times that the printer lost its power. */
  cutsOf(serial: string): number {
    return this.#cuts.get(serial) ?? 0;
  }

  /** A person took off what lay there. */
  cleared(serial: string): void {
    this.#beds.delete(serial);
  }

  #note(entry: TruthEntry): void {
    const { kind, event, serial } = entry;
    const taskId = String(entry.taskId ?? '');
    if (kind === 'power' && event === 'off') this.#cuts.set(serial, this.cutsOf(serial) + 1);
    if (kind === 'state') this.#follow(serial, event);
    if (kind === 'project_file' && event === 'received') this.#received(entry, taskId);
    if (kind === 'print' && event === 'begun') this.#begun(serial, taskId, String(entry.subtaskName ?? ''));
    if (kind === 'print' && event === 'ended') this.#ended(serial, taskId, String(entry.outcome ?? ''));
  }

  #follow(serial: string, activity: string): void {
    if (['PREPARE', 'SLICING', 'RUNNING', 'PAUSE'].includes(activity)) this.#printing.add(serial);
    else this.#printing.delete(serial);
  }

  #received(entry: TruthEntry, taskId: string): void {
    const before = this.#starts.get(taskId) ?? { ...NOTHING, serial: entry.serial };
    const taken = ['accepted', 'bad-plate', 'bad-file', 'wrong-model', 'wrong-nozzle', 'bad-mapping'];
    const waiting = taken.includes(String(entry.verdict)) && entry.neverStarts !== true;
    this.#starts.set(taskId, {
      ...before,
      received: before.received + 1,
      waiting: before.waiting || waiting,
    });
  }

  #begun(serial: string, taskId: string, name: string): void {
    const start = this.#starts.get(taskId);
    const ours = start?.serial === serial && !name.startsWith(FOREIGN);
    if (ours) this.#starts.set(taskId, { ...start, begun: start.begun + 1, waiting: false });
    const under = this.#beds.get(serial);
    const cuts = this.cutsOf(serial);
    // A printer that was switched off has forgotten a print of others, and so has everybody who did not see it.
    if (ours && under && (under.ours || under.cuts === cuts)) {
      this.#collisions.push({ serial, print: `${name} (${taskId})`, on: under.name });
    }
    this.#beds.set(serial, { name, ours, cuts });
  }

  #ended(serial: string, taskId: string, outcome: string): void {
    this.#printing.delete(serial);
    const start = this.#starts.get(taskId);
    if (start?.serial !== serial) return;
    this.#starts.set(taskId, { ...start, outcomes: [...start.outcomes, outcome], waiting: false });
  }
}
