import { idsOf, isBlank, isSamePrint, type Observation, type PrintIdentity } from './observation.js';

/** What is known of our print, by which a report is read (docs/protocol.md §7.1). */
export interface Known {
  readonly token: number;
  readonly previousToken: number | null;
  readonly name: string;
  readonly remoteName: string;
  /** What the printer showed just before the start. */
  readonly before: { readonly activity: string | null; readonly identity: PrintIdentity } | null;
  readonly confirmedAt: number | null;
  readonly recognisedBy: 'ids' | 'name' | null;
}

/** What has been watched without a gap. */
export interface Continuity {
  /** Since the start command was sent. */
  readonly fromStart: boolean;
  /** Since our print was the last thing seen active. */
  readonly unbroken: boolean;
  /** What runs under our name was found to be another print. */
  readonly goneBack: boolean;
}

/**
 * What a report says about our print.
 *
 * - `ours-active`, `ours-finished`, `ours-failed`: it runs, or it ran and ended so.
 * - `ours-idle`: our marks show, but the machine stands as it stood; the start was taken, the print has not begun.
 * - `perhaps-finished`, `perhaps-failed`: it shows as ended and as ours, but the print before it had ended the same
 *   way and ours was never seen active.
 * - `foreign`: another print is active. `unnamed`: something is active that does not say what.
 * - `idle`: nothing is active and nothing of ours shows. `unclear`: the report says too little.
 */
export type Sighting =
  | 'ours-active'
  | 'ours-finished'
  | 'ours-failed'
  | 'ours-idle'
  | 'perhaps-finished'
  | 'perhaps-failed'
  | 'foreign'
  | 'unnamed'
  | 'idle'
  | 'unclear';

export function sight(known: Known, watched: Continuity, seen: Observation): Sighting {
  if (!seen.complete || seen.activity === null) return 'unclear';
  // A print under our eyes may lose its marks on the way to its end; nothing else can have come between.
  const ours =
    recognise(known, watched, seen.identity) !== null || (watched.unbroken && isBlank(seen.identity));
  switch (seen.activity) {
    case 'PREPARE':
    case 'SLICING':
    case 'RUNNING':
    case 'PAUSE':
      return ours ? 'ours-active' : activeOther(known, seen.identity);
    case 'FINISH':
      return ours ? ended(known, seen, 'finished') : 'idle';
    case 'FAILED':
      return ours ? ended(known, seen, 'failed') : 'idle';
    case 'IDLE':
      return ours ? 'ours-idle' : 'idle';
  }
}

/** The marks of the print before may stay for a report or two while a new one begins. */
function activeOther(known: Known, identity: PrintIdentity): Sighting {
  const lagging =
    known.confirmedAt === null && known.before !== null && isSamePrint(identity, known.before.identity);
  return isBlank(identity) || lagging ? 'unnamed' : 'foreign';
}

/** Some firmware shows our id while it still stands at the end of the print before (docs/protocol.md §7.3). */
function ended(
  known: Known,
  seen: Observation,
  how: 'finished' | 'failed',
): 'ours-finished' | 'ours-failed' | 'perhaps-finished' | 'perhaps-failed' | 'ours-idle' {
  const { before } = known;
  if (known.confirmedAt !== null || before === null || before.activity !== seen.activity)
    return `ours-${how}`;
  return hasTraceOf(before.identity, known, seen.identity) ? 'ours-idle' : `perhaps-${how}`;
}

/** A mark of the print before the start still shows: ours has not taken its place. */
export function hasTraceOf(before: PrintIdentity, known: Known, shown: PrintIdentity): boolean {
  const stale = (old: string, now: string) => now !== '' && now !== '0' && now === old;
  return (
    stale(before.taskId, shown.taskId) ||
    stale(before.subtaskId, shown.subtaskId) ||
    stale(before.jobId, shown.jobId) ||
    (stale(before.name, shown.name) && shown.name !== known.name)
  );
}

/**
 * Whether the marks are ours, and by what. Ids decide where there are any: one of ours, and none of a stranger beside
 * it (those of the print before may linger). Names and files count only where no id shows, and only if no restart of
 * the printer can have come between: some models print by themselves, without ids, what they find after power comes
 * back, and that is no print of ours (docs/protocol.md §7.4).
 */
export function recognise(known: Known, watched: Continuity, identity: PrintIdentity): 'ids' | 'name' | null {
  const ids = idsOf(identity);
  if (ids.length > 0) {
    const tokens = [known.token, known.previousToken].filter((token) => token !== null).map(String);
    const stale = known.before ? idsOf(known.before.identity) : [];
    const strange = ids.some((id) => !tokens.includes(id) && !stale.includes(id));
    return !strange && ids.some((id) => tokens.includes(id)) ? 'ids' : null;
  }
  const named = identity.name === '' ? identity.file === known.remoteName : identity.name === known.name;
  if (watched.goneBack) return null;
  const trusted = known.recognisedBy === 'name' || watched.fromStart || watched.unbroken;
  return named && trusted ? 'name' : null;
}
