import { z } from 'zod';
import { DAEMON_ACTIONS } from './daemon-actions.js';
import { Draw } from './draw.js';
import { type FarmSize, SimulatedFarm } from './farm.js';
import { furnish } from './floor-actions.js';
import { BadAnswer, NO_ANSWER, Person } from './person.js';
import { confirmBeds, PERSON_ACTIONS, queue } from './person-actions.js';
import { PRINTER_ACTIONS } from './printer-actions.js';
import { hasEnded, isUnknown } from './rules.js';
import { settle } from './settling.js';
import { type Snapshot, takeSnapshot } from './snapshot.js';
import type { Action, World } from './world.js';

export interface SimulationOptions extends FarmSize {
  /** Steps before everything is mended. */
  readonly steps: number;
  /** No further step begins after so many milliseconds; null, the default, plays all of them. */
  readonly budgetMs?: number | null;
  /** How much more often than usual the daemon is killed and stopped, default 1. */
  readonly restarts?: number;
  /** Hears every step. */
  readonly onStep?: (line: string) => void;
}

export interface Report {
  readonly seed: number;
  readonly steps: number;
  readonly kills: number;
  readonly stops: number;
  readonly faults: ReadonlyMap<string, number>;
  readonly jobs: Readonly<Record<'completed' | 'failed' | 'unknown' | 'cancelled', number>>;
  readonly begun: number;
  /** Jobs that every printer refused, so that a person had to end them. */
  readonly refusedEverywhere: number;
  /** What of the promise was broken; nothing when it holds. */
  readonly breaches: readonly string[];
  readonly history: readonly string[];
  /** Folder with the daemon's log, kept when the promise was broken. */
  readonly kept: string | null;
}

/** While the daemon runs, and while it does not. */
function actionsOf(restarts: number) {
  const endings = DAEMON_ACTIONS.filter(({ when }) => when === 'running');
  const ends = endings.map((action) => ({ ...action, weight: action.weight * restarts }));
  const beginnings = DAEMON_ACTIONS.filter(({ when }) => when === 'down');
  return { running: [...PRINTER_ACTIONS, ...PERSON_ACTIONS, ...ends], down: beginnings };
}

/** Enough to understand a breach; the seed plays the rest again. */
const HISTORY = 4_000;

const shownJobs = z.array(
  z.object({ id: z.string(), status: z.string(), errorMessage: z.string().nullable() }),
);

/** Whom actions get that ask nobody. */
const NOBODY = new Person('http://127.0.0.1:1', '', '');

class Broken extends Error {
  constructor(readonly breaches: readonly string[]) {
    super(breaches.join('; '));
  }
}

/** Plays one seed: a farm, random happenings, a look after each, and a peaceful end. */
export async function simulate(options: SimulationOptions): Promise<Report> {
  const farm = await SimulatedFarm.make(options);
  const simulation = new Simulation(farm, options);
  let breaches: readonly string[] = [];
  try {
    await simulation.run();
  } catch (error) {
    breaches =
      error instanceof Broken
        ? error.breaches
        : [error instanceof Error ? String(error.stack) : String(error)];
  }
  const report = simulation.report(breaches);
  await farm.stop(breaches.length > 0);
  return report;
}

class Simulation {
  readonly #world: World;
  readonly #actions: ReturnType<typeof actionsOf>;
  readonly #history: string[] = [];
  readonly #began = performance.now();
  #steps = 0;
  #refused = 0;

  constructor(
    private readonly farm: SimulatedFarm,
    private readonly options: SimulationOptions,
  ) {
    this.#world = farm.world;
    this.#actions = actionsOf(options.restarts ?? 1);
  }

  async run(): Promise<void> {
    await this.#open();
    const { steps, budgetMs = null } = this.options;
    const until = budgetMs === null ? Number.POSITIVE_INFINITY : performance.now() + budgetMs;
    for (let at = 1; at <= steps && performance.now() < until; at++) await this.#step(at);
    this.#tell('everything is mended');
    const { refusedEverywhere, stuck } = await settle(
      this.#world,
      () => this.#look(),
      (line) => this.#tell(line),
    );
    this.#refused = refusedEverywhere.length;
    if (stuck.length > 0) throw new Broken(stuck.map((what) => `no end: ${what}`));
  }

  /** A farm at work is what things happen to. */
  async #open(): Promise<void> {
    await this.#look();
    const { person } = this.#world.daemon;
    if (!person) throw new Error('the daemon died before anything happened to it');
    for (const part of ['first', 'second', 'third']) {
      const draw = new Draw(this.options.seed, `${part} jobs`);
      this.#tell(`queue: ${await queue.run(this.#world, draw, person)}`);
    }
    const furnished = await furnish(this.#world, new Draw(this.options.seed, 'furniture'), person);
    this.#tell(`furnish: ${furnished}`);
    this.#tell(`clear beds: ${await confirmBeds(this.#world, person, this.#world.machines)}`);
    await this.#look();
  }

  report(breaches: readonly string[]): Report {
    const { daemon, injected, truth, view } = this.#world;
    const jobs = [...view.jobs.values()];
    const count = (status: string) => jobs.filter((job) => job.status === status).length;
    const unknown = jobs.filter(isUnknown).length;
    return {
      seed: this.options.seed,
      steps: this.#steps,
      kills: daemon.kills,
      stops: daemon.stops,
      faults: injected,
      jobs: {
        completed: count('completed'),
        failed: count('failed') - unknown,
        unknown,
        cancelled: count('cancelled'),
      },
      begun: truth.begunCount,
      refusedEverywhere: this.#refused,
      breaches,
      history: this.#history,
      kept: breaches.length > 0 ? this.farm.folder : null,
    };
  }

  async #step(at: number): Promise<void> {
    const { daemon } = this.#world;
    const draw = new Draw(this.options.seed, `step ${at}`);
    daemon.notice();
    const { person } = daemon;
    const action = this.#actionFor(draw, person !== null);
    this.#steps = at;
    // An action that needs nobody to ask is given nobody.
    const done = await action.run(this.#world, draw, person ?? NOBODY);
    this.#tell(`${at} ${action.name}: ${done}`);
    await this.#look();
  }

  /**
   * What it falls on does not depend on the farm, so that a seed plays the same again; only what cannot be done while
   * the daemon is down gives way to something that can.
   */
  #actionFor(draw: Draw, running: boolean): Action {
    const action = draw.weighted(this.#actions.running);
    return running || action.when === 'always' ? action : draw.weighted(this.#actions.down);
  }

  /** Reads what the daemon says, on disk and over REST, and holds it against what is true. */
  async #look(): Promise<Snapshot> {
    const { daemon, referee } = this.#world;
    const view = takeSnapshot(this.farm.dataDir, daemon.isRunning);
    this.#world.view = view;
    const breaches = referee.look(view);
    if (breaches.length > 0) throw new Broken(breaches);
    if (daemon.person) await this.#compareWithRest(view);
    return view;
  }

  async #compareWithRest(view: Snapshot): Promise<void> {
    const path = '/v1/print-jobs?limit=10000&fields=id,status,errorMessage';
    const shown = await this.#world.daemon.person?.ask(shownJobs, 'GET', path);
    if (shown === undefined || shown === NO_ANSWER) return;
    if (shown === null) throw new BadAnswer('the list of jobs was refused');
    const byId = new Map(shown.map((job) => [job.id, job]));
    const breaches = [...view.jobs.values()].flatMap((job) => {
      const seen = byId.get(job.id);
      if (!seen) return [`job ${job.id} is not listed`];
      // Only people change jobs that have ended, and they are waiting for this answer.
      const same = !hasEnded(job) || seen.status === job.status;
      return same ? [] : [`job ${job.id} is ${job.status} and is listed as ${seen.status}`];
    });
    if (breaches.length > 0) throw new Broken(breaches);
  }

  #tell(what: string): void {
    const line = `${((performance.now() - this.#began) / 1000).toFixed(1)} s: ${what}`;
    this.#history.push(line);
    if (this.#history.length > HISTORY) this.#history.shift();
    this.options.onStep?.(line);
  }
}
