import { isDeepStrictEqual } from 'node:util';
import type { Priority } from '../contract/enums.js';
import { FIT_CHECKS } from './fit-checks.js';
import { Heap } from './heap.js';
import type { MatchGates, MatchJob, MatchPrinter, MatchRules, MatchSettings } from './input.js';
import { byPlace, type Candidate, insertWaiting, type Kind, kindKey, newKind, type Waiting } from './kind.js';
import { channelMapping } from './mapping.js';
import { placeChannels } from './materials.js';
import { byQueue, byWear } from './order.js';
import { firstFailing } from './pair.js';
import { prepareJob, preparePrinter } from './prepare.js';
import { couldTakeAJob, isBelowLimit, startsAllowed } from './readiness-checks.js';
import { MatchReasons } from './reasons.js';
import type { ChannelMapping, PairReason } from './result.js';

export interface JobAssignment {
  readonly jobId: string;
  readonly printerId: string;
  readonly mapping: readonly ChannelMapping[];
}

/**
 * The queue and the free printers, taken apart once and kept. A pass looks only at pairs of which one is new or has
 * changed since the pass that looked at the other; of all other pairs it is known that they do not fit. That gives what
 * a pass over everything gives.
 *
 * Time is a count of changes. A kind of jobs remembers up to where it has tried printers, a printer since when it is as it
 * is: a pair is new when the printer changed later than the kind tried. What a gate held back has not tried, and so is
 * new again when the gate opens.
 */
export class WorkingSet {
  readonly #tiers: Readonly<Record<Priority, Map<string, Kind>>> = { 100: new Map(), 1000: new Map() };
  readonly #jobs = new Map<string, Waiting>();
  readonly #free = new Map<string, Candidate>();
  readonly #reasons = new MatchReasons();
  #count = 0;
  /** All kinds have tried whatever was free before this. */
  #settled = 0;
  #together = 0;
  #settings: MatchSettings | null = null;

  constructor(private readonly rules: MatchRules) {}

  get size(): number {
    return this.#jobs.size;
  }

  /** Adds a pending job, or says what it asks for now. */
  putJob(job: MatchJob): void {
    const known = this.#jobs.get(job.id);
    if (known !== undefined && isDeepStrictEqual(known.job, job)) return;
    this.dropJob(job.id);
    this.#reasons.forget(job.id);
    const key = kindKey(job, this.rules);
    const kinds = this.#tiers[job.priority];
    const kind = kinds.get(key) ?? newKind(key, job);
    kinds.set(key, kind);
    const waiting: Waiting = { job, kind, front: job, begun: false };
    insertWaiting(kind, waiting);
    this.#jobs.set(job.id, waiting);
    if (job.together !== null) this.#together++;
  }

  /** Takes out a job that is not pending any more. */
  dropJob(id: string): void {
    const known = this.#jobs.get(id);
    if (known === undefined) return;
    this.#jobs.delete(id);
    const { kind, job } = known;
    kind.waiting.splice(kind.waiting.indexOf(known), 1);
    if (kind.waiting.length === 0) this.#tiers[job.priority].delete(kind.key);
    if (job.together !== null) this.#together--;
  }

  /** Adds a printer, or says how it is now. Only what could take a job is kept. */
  putPrinter(printer: MatchPrinter): void {
    const known = this.#free.get(printer.id);
    if (!couldTakeAJob(printer)) this.#free.delete(printer.id);
    else if (known === undefined || !offersTheSame(known.printer.printer, printer)) {
      this.#free.set(printer.id, { printer: preparePrinter(printer), since: ++this.#count });
    }
  }

  dropPrinter(id: string): void {
    this.#free.delete(id);
  }

  /**
   * Gives jobs to printers, one job per printer, first job first. A job that fits no free printer is passed over and holds
   * nobody up. Jobs and printers that were given to each other are out of the set; whoever cannot carry that out puts them
   * in again.
   */
  pass(gates: MatchGates): readonly JobAssignment[] {
    const { checkRemaining, distinctSlots } = this.rules;
    const settings = { ...gates, checkRemaining, distinctSlots };
    this.#settings = settings;
    this.#arrange(gates.begun);
    const free = this.#byWear();
    const turn: Turn = { settings, free, taken: new Set(), assignments: [], now: ++this.#count };
    const normal = this.#tiers[100];
    const waits = normal.size > 0;
    this.#walk(normal, turn);
    // Low-priority jobs have their turn when no normal job waits, or none of those that wait could start.
    const fills = gates.processLowPriorityJobs && turn.assignments.length === 0;
    if (!waits || fills) this.#walk(this.#tiers[1000], turn);
    // No printer is left that anybody could fit.
    if (turn.taken.size === free.length) this.#settled = turn.now;
    return turn.assignments;
  }

  /**
   * What passes found about a job, by printer id: of a waiting one every printer that could take a job, of one that was
   * given away those that were tried for it. Null when no pass came to it.
   */
  reasons(jobId: string): ReadonlyMap<string, PairReason> | null {
    const waiting = this.#jobs.get(jobId);
    if (this.#settings === null) return null;
    if (waiting === undefined) return this.#reasons.ofGiven(jobId, this.#settings);
    if (!waiting.kind.met) return null;
    const printers = this.#byWear().map(({ printer }) => printer);
    return this.#reasons.ofWaiting(waiting, printers, this.#settings);
  }

  /** Jobs that passes came to and that wait. */
  *waitingIds(): Iterable<string> {
    for (const [id, { kind }] of this.#jobs) if (kind.met) yield id;
  }

  #byWear(): Candidate[] {
    return [...this.#free.values()].sort((a, b) => byWear(a.printer.printer, b.printer.printer));
  }

  /** Each kind finds its first printer; then they are served in the order of their first jobs. */
  #walk(kinds: ReadonlyMap<string, Kind>, turn: Turn): void {
    if (!hasRoom(turn)) return;
    const fitting: Kind[] = [];
    for (const kind of kinds.values()) if (this.#begin(kind, turn)) fitting.push(kind);
    const queue = new Heap(fitting, byFirst);
    for (let kind = queue.least; kind !== undefined; kind = queue.least) {
      if (turn.taken.size === turn.free.length || !hasRoom(turn)) return;
      const found = kind.found;
      if (found !== null && !turn.taken.has(found)) this.#give(kind, found, turn);
      if (kind.waiting.length > 0 && this.#advance(kind, turn)) queue.settle();
      else queue.drop();
    }
  }

  /** @returns whether a printer fits that the kind has not tried. */
  #begin(kind: Kind, turn: Turn): boolean {
    kind.met = true;
    kind.next = 0;
    kind.misfits = [];
    return this.#advance(kind, turn);
  }

  #advance(kind: Kind, { free, taken, settings, now }: Turn): boolean {
    const tried = Math.max(kind.tried, this.#settled);
    while (kind.next < free.length) {
      const candidate = free[kind.next++];
      if (candidate === undefined || candidate.since <= tried || taken.has(candidate)) continue;
      const { printer } = candidate;
      if (firstFailing(FIT_CHECKS, { job: kind.job, printer, settings }) === null) {
        kind.found = candidate;
        return true;
      }
      kind.misfits.push(printer);
    }
    kind.found = null;
    kind.tried = now;
    return false;
  }

  #give(kind: Kind, to: Candidate, turn: Turn): void {
    const job = kind.waiting[0]?.job;
    if (job === undefined) return;
    const { printer } = to;
    const prepared = prepareJob(job);
    const placement = placeChannels(prepared, printer, turn.settings);
    if (!placement.placed) throw new Error('material-match passed without a placement');
    turn.taken.add(to);
    turn.assignments.push({
      jobId: job.id,
      printerId: printer.printer.id,
      mapping: channelMapping(prepared, placement.slots),
    });
    this.#reasons.note({ job, misfits: kind.misfits, seen: kind.misfits.length, winner: printer });
    this.#free.delete(printer.printer.id);
    this.dropJob(job.id);
  }

  /** Jobs that are kept together stand where the first of them stands, those of which one is under way before all others. */
  #arrange(begun: ReadonlySet<string>): void {
    if (this.#together === 0) return;
    const fronts = new Map<string, MatchJob>();
    for (const { job } of this.#jobs.values()) {
      if (job.together === null) continue;
      const word = `${job.priority} ${job.together}`;
      const front = fronts.get(word);
      if (front === undefined || byQueue(job, front) < 0) fronts.set(word, job);
    }
    for (const waiting of this.#jobs.values()) {
      const { job } = waiting;
      waiting.front = fronts.get(`${job.priority} ${job.together}`) ?? job;
      waiting.begun = job.together !== null && begun.has(job.together);
    }
    for (const kinds of Object.values(this.#tiers)) {
      for (const kind of kinds.values()) kind.waiting.sort(byPlace);
    }
  }
}

interface Turn {
  readonly settings: MatchSettings;
  /** In the order in which they are given work. */
  readonly free: readonly Candidate[];
  readonly taken: Set<Candidate>;
  readonly assignments: JobAssignment[];
  readonly now: number;
}

function hasRoom({ settings, assignments }: Turn): boolean {
  return isBelowLimit(settings, assignments.length) && startsAllowed(settings, assignments.length);
}

function byFirst(a: Kind, b: Kind): number {
  const [one, other] = [a.waiting[0], b.waiting[0]];
  return one === undefined || other === undefined ? 0 : byPlace(one, other);
}

/** What only tells how long ago it was heard, or what it does, changes nothing for a job. */
function offersTheSame(before: MatchPrinter, now: MatchPrinter): boolean {
  const offer = ({ lastSeenAt: _seen, doing: _doing, awayBecause: _away, ...rest }: MatchPrinter) => rest;
  return isDeepStrictEqual(offer(before), offer(now));
}
