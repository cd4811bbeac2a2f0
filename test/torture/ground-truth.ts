import type { CrashFloor, Job } from './crash-floor.js';

/**
 * What of the promise was broken since an entry of the emulators' log, at which every printer was given one job or
 * none. Nobody asks for a second print here, so that every printer begins one at the most, and what the farm says of
 * its jobs must be what the printers did.
 */
export function brokenPromises(floor: CrashFloor, since: number, jobs: readonly Job[]): readonly string[] {
  const entries = floor.emulator.log.entries.slice(since).filter(({ kind }) => kind === 'print');
  const begun = entries.filter(({ event }) => event === 'begun');
  const finished = entries.filter(({ event, outcome }) => event === 'ended' && outcome === 'finished').length;
  const count = (fits: (job: Job) => boolean) => jobs.filter(fits).length;
  const completed = count(({ status }) => status === 'completed');
  const printed =
    completed +
    count(({ status }) => status === 'cancelled') +
    count(({ errorMessage }) => errorMessage?.startsWith('outcome unknown:') === true) +
    count(({ errorMessage }) => errorMessage?.startsWith('the printer stopped') === true);
  return [
    ...floor.emulator.printers.flatMap(({ name, serial }) => {
      const times = begun.filter((entry) => entry.serial === serial).length;
      return times > 1 ? [`${name} began ${times} prints for one job`] : [];
    }),
    ...(completed > finished ? [`${completed} jobs are completed, but ${finished} prints finished`] : []),
    ...(begun.length > printed
      ? [`${begun.length} prints began, but only ${printed} jobs can tell of one`]
      : []),
  ];
}
