import { Asked } from './asked.js';
import { JOURNAL_RULES } from './journal-rules.js';
import type { Library } from './library.js';
import { QUEUE_RULES } from './queue-rules.js';
import { type Decisions, RULES } from './rules.js';
import type { DispatchRow, JobRow, Snapshot } from './snapshot.js';
import type { Truth } from './truth.js';

const ALL_RULES = [...RULES, ...QUEUE_RULES, ...JOURNAL_RULES];

/** Remembers what people were promised and what they decided, and holds every look at the farm against the rules. */
export class Referee implements Decisions {
  readonly accepted = new Set<string>();
  readonly #lives = new Map<string, number>();
  readonly #dispatchLives = new Map<string, number>();
  readonly #cutsBefore = new Map<string, number>();
  readonly #cutDuring = new Set<string>();
  readonly #resolved = new Set<string>();
  readonly #touched = new Set<string>();
  readonly #cleared = new Set<string>();
  /** Builds that were answered, and the jobs each must have. */
  readonly #builds = new Map<string, number>();
  /** Sizes of builds that were asked for and not answered: whole or not there. */
  readonly #unanswered = new Set<number>();
  readonly #cancelAsked = new Set<string>();
  readonly #changed = new Set<string>();
  readonly printerTags = new Asked<readonly string[]>();
  readonly requiredTags = new Asked<JobRow['requiredPrinterTags']>();
  readonly materials = new Asked<JobRow['materialAssignments']>();
  #last: Snapshot | null = null;

  constructor(
    private readonly truth: Truth,
    readonly library: Library,
  ) {}

  /** A person was told that these jobs are queued. */
  accept(ids: readonly string[]): void {
    for (const id of ids) this.accepted.add(id);
  }

  acceptBuild(id: string, jobs: number): void {
    this.#builds.set(id, jobs);
  }

  /** Nobody knows whether these builds were made. */
  leaveUnanswered(jobs: readonly number[]): void {
    for (const count of jobs) this.#unanswered.add(count);
  }

  /** Jobs that people were promised. */
  get promised(): number {
    return [...this.#builds.values()].reduce((sum, jobs) => sum + jobs, 0);
  }

  /** A person asks for ended jobs to be printed again. */
  retry(ids: readonly string[]): void {
    for (const id of ids) {
      this.#lives.set(id, this.lifeOf(id) + 1);
      this.#touched.add(id);
      this.#resolved.delete(id);
    }
  }

  /** A person settles what became of a job. */
  resolve(id: string): void {
    this.#resolved.add(id);
    this.#touched.add(id);
  }

  /** A person wants jobs to end. */
  cancel(ids: readonly string[]): void {
    for (const id of ids) this.#cancelAsked.add(id);
  }

  /** A person changes something, by name. */
  change(what: string): void {
    this.#changed.add(what);
  }

  wasChanged(what: string): boolean {
    return this.#changed.has(what);
  }

  wasCancelAsked(jobId: string): boolean {
    return this.#cancelAsked.has(jobId);
  }

  /** A person takes off what lies on a bed, and says so. */
  clear(serial: string): void {
    this.truth.cleared(serial);
    this.#cleared.add(serial);
  }

  lifeOf(jobId: string): number {
    return this.#lives.get(jobId) ?? 0;
  }

  lifeOfDispatch(id: string): number {
    return this.#dispatchLives.get(id) ?? 0;
  }

  isResolved(jobId: string): boolean {
    return this.#resolved.has(jobId);
  }

  wasTouched(jobId: string): boolean {
    return this.#touched.has(jobId);
  }

  wasCleared(serial: string): boolean {
    return this.#cleared.has(serial);
  }

  hadPowerCut({ id }: DispatchRow): boolean {
    return this.#cutDuring.has(id);
  }

  /** @returns what does not hold, nothing when the promise is kept */
  look(now: Snapshot): readonly string[] {
    this.#follow(now);
    const look = { before: this.#last, now, truth: this.truth, decisions: this };
    const breaches = [...this.#buildsAreWhole(now), ...ALL_RULES.flatMap((rule) => rule(look))];
    this.#last = now;
    this.#touched.clear();
    this.#changed.clear();
    for (const asked of [this.printerTags, this.requiredTags, this.materials]) asked.clear();
    this.#cleared.clear();
    return breaches;
  }

  #buildsAreWhole(now: Snapshot): readonly string[] {
    const jobs = new Map<string, number>([...this.#builds.keys()].map((id) => [id, 0]));
    for (const { partBuildId } of now.jobs.values()) jobs.set(partBuildId, (jobs.get(partBuildId) ?? 0) + 1);
    return [...jobs].flatMap(([id, count]) => {
      const wanted = this.#builds.get(id);
      // A completed job that is printed again adds a copy.
      if (wanted !== undefined) return count < wanted ? [`build ${id} has ${count} of ${wanted} jobs`] : [];
      return this.#unanswered.has(count) || this.#last?.jobs.size === now.jobs.size
        ? []
        : [`build ${id} was made in part: ${count} jobs`];
    });
  }

  #follow(now: Snapshot): void {
    const serials = new Map(now.printers.map(({ id, serial }) => [id, serial]));
    const open = new Set(this.#last?.dispatches.filter((row) => row.endedAt === null).map(({ id }) => id));
    for (const row of now.dispatches) {
      const isNew = !this.#dispatchLives.has(row.id);
      if (isNew) this.#dispatchLives.set(row.id, this.lifeOf(row.printJobId));
      const cuts = this.truth.cutsOf(serials.get(row.printerId) ?? '');
      if (isNew) this.#cutsBefore.set(row.id, cuts);
      const watched = isNew || row.endedAt === null || open.has(row.id);
      if (watched && cuts > (this.#cutsBefore.get(row.id) ?? cuts)) this.#cutDuring.add(row.id);
    }
  }
}
