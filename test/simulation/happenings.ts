import type { TruthEntry } from '../../drivers/emulator/index.js';
import type { World } from './world.js';

/** Kinds of entries that show a farm at work. */
const LIVELY = new Set(['print', 'state', 'project_file', 'ftp', 'power']);

/** Resolves after so many things have really happened in the farm, or when it has been quiet for a while. */
export function happenings(
  { truth, daemon }: World,
  count: number,
  quietMs = 400,
  counts: (entry: TruthEntry) => boolean = ({ kind }) => LIVELY.has(kind),
): Promise<number> {
  return new Promise((resolve) => {
    let seen = 0;
    const finish = () => {
      clearTimeout(timer);
      off();
      resolve(seen);
    };
    const timer = setTimeout(finish, quietMs);
    const off = truth.log.on((entry) => {
      if (!counts(entry)) return;
      seen += 1;
      timer.refresh();
      if (seen >= count) finish();
    });
    // A daemon that dies is what a step should look at next.
    if (daemon.isRunning) void daemon.gone().then(finish);
  });
}
