import { isCancelCode, isFatal, isFault, refusesStart } from './error-codes.js';
import { type DispatchState, type Journal, type Moment, NOT_WATCHED, type Watch } from './machine-types.js';
import { idsOf, type Observation, type Progress } from './observation.js';
import { recognise, type Sighting } from './sighting.js';

/** Remembers what a report shows: marks and errors for the journal, the course of things for the watch. */
export function note(
  state: DispatchState,
  seen: Observation,
  sighting: Sighting,
  moment: Moment,
): DispatchState {
  return {
    journal: noteInJournal(state, seen, sighting, moment),
    watch: noteInWatch(state, seen, sighting, moment),
  };
}

const RAN: ReadonlySet<Sighting> = new Set(['ours-active', 'ours-finished', 'ours-failed']);
/** The start has arrived, and the machine stands as it stood. */
const TAKEN: ReadonlySet<Sighting> = new Set(['ours-idle', 'perhaps-finished', 'perhaps-failed']);

/** Gives the same object when there is nothing to write. */
function noteInJournal(state: DispatchState, seen: Observation, sighting: Sighting, { at }: Moment): Journal {
  const { journal, watch } = state;
  const found: Partial<Journal> = {
    ...(TAKEN.has(sighting) && journal.acceptedAt === null && journal.phase === 'start-sent'
      ? { acceptedAt: at }
      : {}),
    ...(RAN.has(sighting) ? whatRan(journal, watch, seen, sighting) : {}),
  };
  return Object.keys(found).length === 0 ? journal : { ...journal, ...found };
}

function whatRan(journal: Journal, watch: Watch, seen: Observation, sighting: Sighting): Partial<Journal> {
  const by = recognise(journal, watch, seen.identity);
  // An error that stood there before the print says nothing about it.
  const code = watch.last?.errorCode === seen.errorCode ? null : seen.errorCode;
  const codes = sighting === 'ours-failed' ? [code, seen.failReason] : [code];
  const error = codes.reduce<string | null>(worse, journal.firstError);
  return {
    ...(by !== null && by !== journal.recognisedBy && journal.recognisedBy !== 'ids'
      ? { recognisedBy: by }
      : {}),
    ...(!journal.cancelSeen && codes.some(isCancelCode) ? { cancelSeen: true } : {}),
    ...(error === journal.firstError
      ? {}
      : { firstError: error, firstErrorText: error === seen.errorCode ? (seen.errorText ?? null) : null }),
  };
}

/** The first error names the cause, but one that ends a print outdoes one that only paused it. */
function worse(known: string | null, code: string | null): string | null {
  if (!isFault(code) || isFatal(known)) return known;
  return known === null || isFatal(code) ? code : known;
}

/** What was missed is not known; how far our print had come is. */
export function afterGap({ furthest, goneBack }: Watch): Watch {
  return { ...NOT_WATCHED, furthest, goneBack };
}

/**
 * Looks after a gap at a print without ids: one that stands further back than ours did was begun meanwhile, by
 * the printer itself or by somebody else (docs/protocol.md §7.4).
 */
export function lookedBack(state: DispatchState, seen: Observation): DispatchState {
  const { journal, watch } = state;
  const looking = journal.phase === 'printing' && !watch.unbroken && !watch.fromStart && seen.complete;
  if (!looking || watch.goneBack || idsOf(seen.identity).length > 0) return state;
  return isBehind(seen, watch.furthest) ? { journal, watch: { ...watch, goneBack: true } } : state;
}

function isBehind({ activity, progress }: Observation, furthest: Progress): boolean {
  const had = (furthest.layer ?? 0) > 0 || (furthest.percent ?? 0) > 0;
  if (activity === 'PREPARE' || activity === 'SLICING') return had;
  if (activity !== 'RUNNING' && activity !== 'PAUSE') return false;
  return isLess(progress.layer, furthest.layer) || isLess(progress.percent, furthest.percent);
}

function isLess(now: number | null, before: number | null): boolean {
  return now !== null && before !== null && now < before;
}

/** Gives the same object when there is nothing new. */
function further(known: Progress, seen: Progress): Progress {
  const percent = most(known.percent, seen.percent);
  const layer = most(known.layer, seen.layer);
  const isNews = percent !== known.percent || layer !== known.layer;
  return isNews ? { percent, layer, totalLayers: null } : known;
}

function most(one: number | null, other: number | null): number | null {
  if (one === null || other === null) return one ?? other;
  return Math.max(one, other);
}

function noteInWatch(state: DispatchState, seen: Observation, sighting: Sighting, moment: Moment): Watch {
  const { journal, watch } = state;
  const other = sighting === 'foreign' || sighting === 'unnamed';
  const calm = sighting === 'idle' || TAKEN.has(sighting);
  const calmSince = calm ? (watch.calmSince ?? moment.mono) : null;
  return {
    ...watch,
    since: watch.since ?? moment,
    unbroken: sighting === 'ours-active' || (watch.unbroken && !other),
    stirred: watch.stirred || other,
    strangeSince: other || calm ? (watch.strangeSince ?? moment.mono) : null,
    calmSince,
    // Somebody may dismiss the failure on the screen before its reason has come.
    failedSince:
      sighting === 'ours-failed' ? (watch.failedSince ?? moment.mono) : calm ? watch.failedSince : null,
    lookingSince: calm ? watch.lookingSince : null,
    refusal: refusalIn(journal, watch, seen, sighting, moment),
    last: seen,
    furthest: sighting === 'ours-active' ? further(watch.furthest, seen.progress) : watch.furthest,
  };
}

/** An error named after the start, while nothing of ours shows, refuses the start (docs/protocol.md §7.3). */
function refusalIn(
  journal: Journal,
  watch: Watch,
  seen: Observation,
  sighting: Sighting,
  { mono }: Moment,
): Watch['refusal'] {
  if (sighting !== 'idle' && !TAKEN.has(sighting)) return null;
  if (watch.refusal || journal.phase !== 'start-sent' || !watch.fromStart) return watch.refusal;
  const isNews = watch.last !== null && watch.last.errorCode !== seen.errorCode;
  if (!isNews || !refusesStart(seen.errorCode)) return null;
  const message = `the printer refused the start with ${seen.errorCode}`;
  return { mono, message, elsewhere: false, busy: false };
}
