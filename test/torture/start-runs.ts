import { setTimeout as delay } from 'node:timers/promises';
import type { EmulatedPrinter } from '../../drivers/emulator/index.js';
import { type CrashFloor, type Job, until } from './crash-floor.js';
import { TERMINAL } from './crash-run.js';
import type { Dice } from './dice.js';
import { brokenPromises } from './ground-truth.js';

export interface StartResult {
  readonly job: Job | undefined;
  readonly broken: readonly string[];
  readonly story: readonly string[];
}

interface Trial {
  readonly floor: CrashFloor;
  readonly printer: EmulatedPrinter;
  readonly since: number;
  seen(kind: string, event: string): Promise<void>;
}

/** One job on one printer, and what befalls it meanwhile. */
async function tried(
  floor: CrashFloor,
  dice: Dice,
  what: string,
  befall: (trial: Trial) => Promise<void>,
): Promise<StartResult & { readonly trial: Trial }> {
  await floor.tidy();
  const printer = dice.pick(floor.emulator.printers);
  const { log } = floor.emulator;
  const since = log.entries.length;
  const before = new Set((await floor.newest(10)).map(({ id }) => id));
  const seen = async (kind: string, event: string) => {
    const fits = (entry: (typeof log.entries)[number]) =>
      entry.serial === printer.serial && entry.kind === kind && entry.event === event;
    await log.waitFor(
      (entry) => fits(entry) && log.entries.indexOf(entry) >= since,
      20_000,
      `${kind} ${event}`,
    );
  };
  const trial: Trial = { floor, printer, since, seen };
  const broken: string[] = [];
  let jobs: readonly Job[] = [];
  try {
    const befalling = befall(trial);
    await floor.queue(printer);
    await befalling;
    await until(
      async () => {
        jobs = (await floor.newest(10)).filter(({ id }) => !before.has(id));
        return jobs.length > 0 && jobs.every(({ status }) => TERMINAL.has(status))
          ? null
          : JSON.stringify(jobs);
      },
      60_000,
      'the job to come to an end',
    );
  } catch (error) {
    broken.push(String(error));
  }
  broken.push(...brokenPromises(floor, since, jobs));
  const [job] = jobs;
  return { job, broken, story: [`${printer.name}: ${what}`, JSON.stringify(jobs)], trial };
}

/** No. 2: the printer takes the start, and the answer to it is lost. */
export async function lostReplyRun(floor: CrashFloor, dice: Dice): Promise<StartResult> {
  const [name, args] = dice.pick([
    ['net.dropAfterStart', { times: 1 }],
    ['mqtt.noAck', { command: 'project_file', times: 1 }],
    ['mqtt.noAck', { command: 'project_file', puback: false, times: 1 }],
    ['mqtt.ackWithoutResult', { command: 'project_file', times: 1 }],
  ] as const);
  const result = await tried(floor, dice, name, async ({ printer }) => printer.addFault(name, args));
  const { trial, broken } = result;
  const starts = floor.truth(trial.printer, trial.since, 'project_file', 'received').length;
  return {
    ...result,
    broken: [
      ...broken,
      ...(starts === 1 ? [] : [`${starts} starts were sent`]),
      ...(result.job?.status === 'completed' ? [] : ['the print was not followed to its end']),
    ],
  };
}

export const REBOOTS = ['after the upload', 'during the start', 'in the middle of the print'] as const;

/** No. 3: the printer loses its power and comes back. */
export async function rebootRun(
  floor: CrashFloor,
  dice: Dice,
  when: (typeof REBOOTS)[number],
): Promise<StartResult> {
  const result = await tried(floor, dice, when, async ({ printer, seen }) => {
    switch (when) {
      case 'after the upload':
        await seen('ftp', 'stored');
        break;
      case 'during the start':
        printer.addFault('job.slowStart', { seconds: 600, times: 1 });
        await seen('project_file', 'received');
        break;
      case 'in the middle of the print':
        await seen('print', 'begun');
        await delay(dice.whole(0, 500));
    }
    await printer.power(false);
    await delay(dice.whole(0, 800));
    await printer.power(true);
  });
  const { trial, job, broken } = result;
  const cut = floor
    .truth(trial.printer, trial.since, 'print', 'ended')
    .some((e) => e.outcome === 'power-cut');
  const guessed =
    cut && when === 'in the middle of the print' && !job?.errorMessage?.startsWith('outcome unknown:');
  const ready = (await floor.row(trial.printer)).confirmedReady;
  const lies = floor.truth(trial.printer, trial.since, 'print', 'begun').length > 0;
  return {
    ...result,
    broken: [
      ...broken,
      ...(guessed ? [`what became of the print was guessed: ${JSON.stringify(job)}`] : []),
      ...(ready && lies ? ['the bed carries a print and counts as clear'] : []),
    ],
  };
}
