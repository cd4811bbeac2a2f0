import { setTimeout as delay } from 'node:timers/promises';
import type { EmulatedPrinter } from '../../drivers/emulator/index.js';
import { type CrashCase, SCENARIOS, type Scenario } from './crash-cases.js';
import { type CrashFloor, DaemonGone, type Job, until, WINDOW_MS } from './crash-floor.js';
import type { Dice } from './dice.js';
import { brokenPromises } from './ground-truth.js';

export interface CrashResult {
  readonly jobs: readonly Job[];
  /** From the moment the second daemon listened until every dispatch that the first had left open was decided. */
  readonly reconciledMs: number;
  /** What of it may have been spent watching, because only a whole window of reports could decide. */
  readonly windowMs: number;
  /** What was broken of the promise; empty when it held. */
  readonly broken: readonly string[];
  /** What went on, for whoever has to look into it. */
  readonly story: readonly string[];
}

/** What may also be amiss, and changes nothing of the promise. */
export const TROUBLES: readonly (readonly [name: string, args: Record<string, unknown>])[] = [
  ['mqtt.noAck', { times: 1 }],
  ['mqtt.dupReports', {}],
  ['mqtt.ackDelay', { seconds: 120 }],
  ['report.seqConstant', {}],
  ['report.trailingNul', {}],
  ['report.clockSkew', { seconds: -86_400 }],
  ['ftp.late226', { seconds: 300, times: 1 }],
  ['error.ghost', { code: '0500_4001' }],
];
const COMMITS = 8;
export const TERMINAL: ReadonlySet<string> = new Set(['completed', 'failed', 'cancelled']);

/** One print, a kill in its middle, a second daemon; then the emulators' own log is held against what the farm says. */
export async function crashRun(
  floor: CrashFloor,
  { point, scenario }: CrashCase,
  dice: Dice,
): Promise<CrashResult> {
  const plan: Scenario = SCENARIOS[scenario];
  const printers = floor.emulator.printers;
  await floor.tidy();
  const target = dice.pick(
    printers.filter(({ name }) => plan.models.some((model) => name.startsWith(`${model} `))),
  );
  const story = [`${target.name} ${target.serial}: ${scenario}, killed at ${point}`];
  const since = floor.emulator.log.entries.length;
  const before = new Set((await floor.newest(10)).map(({ id }) => id));

  let asked = 0;
  for (const other of printers) {
    if (other === target || !dice.chance(0.5)) continue;
    await floor.queue(other);
    asked += 1;
    story.push(`${other.name} prints as well`);
  }
  if (dice.chance(0.5)) {
    const [name, args] = dice.pick(TROUBLES);
    target.addFault(name, args);
    story.push(`${name} ${JSON.stringify(args)}`);
  }
  plan.prepare?.(target);
  if (plan.speed !== undefined) floor.emulator.setSpeed(plan.speed);
  const end = {
    point,
    nth: point.endsWith(':commit') ? dice.whole(1, COMMITS) : 1,
    afterMs: dice.chance(0.6) ? 0 : dice.whole(1, 60),
  };
  story.push(JSON.stringify(end));
  await floor.life.endAt(end);
  const accepted = await floor.queue(target).then(
    () => true,
    (error: unknown) => goneOr(error, false),
  );
  if (accepted) asked += 1;
  const acting = act(floor, plan, target, before);
  const killed = await Promise.race([
    floor.life.ended.then(() => true),
    delay(30_000, false, { ref: false }),
  ]);
  const broken: string[] = [];
  if (!killed) {
    broken.push(`never came to ${point}`);
    await floor.life.kill('SIGKILL');
  }
  await acting;
  if (dice.chance(0.3)) await delay(dice.whole(100, 1_500));

  const left = new Set(floor.undecided());
  await floor.boot();
  const listening = performance.now();
  const again = act(floor, plan, target, before);
  let reconciledMs = Number.NaN;
  let jobs: readonly Job[] = [];
  const ours = async () => (await floor.newest(10)).filter(({ id }) => !before.has(id));
  try {
    await until(
      async () => {
        jobs = await ours();
        if (Number.isNaN(reconciledMs) && !floor.undecided().some((id) => left.has(id)))
          reconciledMs = performance.now() - listening;
        const open = jobs.filter(({ status }) => !TERMINAL.has(status));
        return open.length === 0 ? null : JSON.stringify(open);
      },
      120_000,
      'every job to come to an end',
    );
  } catch (error) {
    broken.push(String(error));
  }
  await again;
  if (jobs.length < asked) broken.push(`${asked} prints were accepted, ${jobs.length} jobs are left`);
  broken.push(...brokenPromises(floor, since, jobs));
  const watched = jobs.some(({ errorMessage }) =>
    /^(start_not_confirmed|outcome unknown)/.test(errorMessage ?? ''),
  );
  return { jobs, reconciledMs, windowMs: watched ? WINDOW_MS : 0, broken, story };
}

/** Once its job is there; a daemon that dies meanwhile ends it. */
async function act(
  floor: CrashFloor,
  plan: Scenario,
  target: EmulatedPrinter,
  before: ReadonlySet<string>,
): Promise<void> {
  if (!plan.act) return;
  try {
    const [newest] = (await floor.newest(10)).filter(({ id }) => !before.has(id));
    if (!newest) return;
    const acted = plan.act(floor, target, newest.id);
    await Promise.race([acted, floor.life.ended, settled(floor, newest.id)]);
  } catch {
    // What a person wanted may be past already, or the daemon may be gone: both are the point of the exercise.
  }
}

async function settled(floor: CrashFloor, id: string): Promise<void> {
  await until(async () => (TERMINAL.has((await floor.job(id)).status) ? null : 'open'), 60_000, 'its end');
}

function goneOr<T>(error: unknown, otherwise: T): T {
  if (error instanceof DaemonGone) return otherwise;
  throw error;
}
