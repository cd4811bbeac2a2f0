import { mendFloor } from './floor-actions.js';
import { happenings } from './happenings.js';
import { anything, ids, type Person } from './person.js';
import { confirmBeds, correctDetails } from './person-actions.js';
import { heal } from './printer-actions.js';
import { registerStrangers } from './registration.js';
import { hasEnded } from './rules.js';
import type { Snapshot } from './snapshot.js';
import type { World } from './world.js';

/** Longer than any wait of the daemon that is not shortened: a printer is looked at again after a minute. */
const PATIENCE_MS = 150_000;

export interface Settled {
  /** Jobs that came to no end by themselves and that a person had to cancel, because every printer had refused them. */
  readonly refusedEverywhere: readonly string[];
  /** What did not come to an end. */
  readonly stuck: readonly string[];
}

/**
 * Everything that was broken is mended and a person looks after the farm: from here on every job has to come to an end.
 *
 * @param look takes and judges a new snapshot
 */
export async function settle(
  world: World,
  look: () => Promise<Snapshot>,
  tell: (line: string) => void,
): Promise<Settled> {
  const all = [...world.machines, ...world.strangers];
  await Promise.all(all.map((machine) => heal(world, machine)));
  const refusedEverywhere: string[] = [];
  let quietSince = performance.now();
  let shown = '';
  for (;;) {
    if (!world.daemon.isRunning) {
      world.daemon.notice();
      await world.daemon.boot(null);
    }
    const now = await look();
    const open = openEnds(now);
    if (open.length === 0) return { refusedEverywhere, stuck: [] };
    const shows = open.join();
    if (shows !== shown) {
      quietSince = performance.now();
      tell(open.length > 12 ? `${open.length} open ends` : shows);
    }
    shown = shows;
    if (performance.now() - quietSince > PATIENCE_MS) return { refusedEverywhere, stuck: open };
    const { person } = world.daemon;
    if (person) refusedEverywhere.push(...(await lookAfter(world, person, now)));
    await happenings(world, 6, 500);
  }
}

async function lookAfter(world: World, person: Person, now: Snapshot): Promise<readonly string[]> {
  await registerStrangers(world, person);
  await correctDetails(world, person);
  const disabled = now.printers.filter(({ enabled }) => !enabled).map(({ id }) => id);
  for (const id of disabled) world.referee.change(`disabled ${id}`);
  if (disabled.length > 0)
    await person.ask(anything, 'PATCH', '/v1/printers/enabled', { enabled: true, ids: disabled });
  await mendFloor(world, person);
  for (const { printer } of world.machines) {
    if (printer.activity !== 'PAUSE') continue;
    // What was mapped is not there: no resume helps, whoever stands there ends it.
    if (world.truth.isStuck(printer.serial)) printer.pressCancel();
    else printer.pressResume();
  }
  const unready = new Set(now.printers.filter(({ confirmedReady }) => !confirmedReady).map(({ id }) => id));
  await confirmBeds(
    world,
    person,
    world.machines.filter(({ id }) => unready.has(id)),
  );
  return cancelRefused(world, person, now);
}

/** A job that every printer of its kind has refused waits for a person. */
async function cancelRefused(world: World, person: Person, now: Snapshot): Promise<readonly string[]> {
  const refused: string[] = [];
  for (const job of now.jobs.values()) {
    if (job.status !== 'pending' || job.excludedPrinterIds.length === 0) continue;
    const code = world.parts.find(({ id }) => id === job.partId)?.code;
    const fitting = world.machines.filter((machine) => machine.code === code);
    if (fitting.every(({ id }) => job.excludedPrinterIds.includes(id))) refused.push(job.id);
  }
  world.referee.cancel(refused);
  if (refused.length > 0) await person.ask(ids, 'PATCH', '/v1/print-jobs/cancel', { printJobIds: refused });
  return refused;
}

function openEnds(now: Snapshot): readonly string[] {
  const jobs = [...now.jobs.values()].filter((job) => !hasEnded(job));
  const holding = now.printers.filter(({ printingJobId }) => printingJobId !== null);
  return [
    ...jobs.map(({ id, status }) => `job ${id} is ${status}`),
    ...holding.map(({ serial, printingJobId }) => `printer ${serial} holds job ${printingJobId}`),
  ];
}
