import { isCancelCode, isFatal, isFault, refusesStart } from './error-codes.js';
import type { DispatchState, Journal, Moment, Watch } from './machine-types.js';
import type { Observation } from './observation.js';
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
    ...(error === journal.firstError ? {} : { firstError: error }),
  };
}

/** The first error names the cause, but one that ends a print outdoes one that only paused it. */
function worse(known: string | null, code: string | null): string | null {
  if (!isFault(code) || isFatal(known)) return known;
  return known === null || isFatal(code) ? code : known;
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
