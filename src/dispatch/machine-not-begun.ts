import {
  cancelledUnbegun,
  endFailed,
  endUnknown,
  finished,
  keep,
  next,
  notStarted,
  released,
} from './machine-endings.js';
import {
  type DispatchState,
  type DispatchTiming,
  type Ending,
  type Journal,
  type Moment,
  NOT_WATCHED,
  type Step,
  type Watch,
} from './machine-types.js';
import { isBlank, isSamePrint } from './observation.js';
import { hasTraceOf, type Sighting } from './sighting.js';

const NEVER_BEGAN =
  'start_not_confirmed: the printer took the command but never began; look at its screen, and check that LAN Only Mode ' +
  'and Developer Mode are on, for without them some firmware ignores commands without a word; then retry';

/**
 * The start was sent, our print has not been seen active, and nothing is active now. That it has not begun is proven
 * only by a whole window watched without a gap, and one more look at its end (docs/protocol.md §7.3).
 */
export function onCalm(
  state: DispatchState,
  sighting: Sighting,
  moment: Moment,
  fresh: boolean,
  timing: DispatchTiming,
): Step {
  const { watch } = state;
  const { mono } = moment;
  const calmFor = mono - (watch.calmSince ?? mono);
  if (watch.stirred) {
    return calmFor < timing.strangeMs
      ? keep(state)
      : endUnknown(state, 'something was printed meanwhile, and nothing shows whether it was this job');
  }
  if (isBelieved(state, calmFor, moment, timing))
    return fresh ? onRefused(state) : look(state, moment, timing);
  if (calmFor >= timing.confirmMs) {
    const looking = watch.lookingSince === null ? beginLook(state, mono) : state;
    const lookedFor = mono - (looking.watch.lookingSince ?? mono);
    const saidAnew = fresh && looking.watch.last?.activityAt !== looking.watch.lookedFrom;
    if (lookedFor >= timing.lastLookMs && saidAnew) return onNeverBegan(looking, sighting, moment, timing);
    // Its reports come, and what it said of its activity is older than the start.
    return lookedFor >= timing.confirmMs && fresh
      ? endUnknown(looking, 'the printer reports, but not what it is doing')
      : look(looking, moment, timing);
  }
  const unasked = calmFor >= timing.firstSignMs && watch.askedAt === null;
  return unasked ? ask(state, moment) : keep(state);
}

function beginLook(state: DispatchState, mono: number): DispatchState {
  const lookedFrom = state.watch.last?.activityAt ?? null;
  return { ...state, watch: { ...state.watch, lookingSince: mono, lookedFrom } };
}

/** Asks for everything until something comes: what was reported long ago proves nothing about now. */
function look(state: DispatchState, moment: Moment, timing: DispatchTiming): Step {
  const { askedAt, lookingSince } = state.watch;
  const asked = askedAt !== null && askedAt >= (lookingSince ?? 0) ? askedAt : null;
  return asked === null || moment.mono - asked >= timing.lastLookMs ? ask(state, moment) : keep(state);
}

function ask(state: DispatchState, { mono }: Moment): Step {
  return { ...keep({ ...state, watch: { ...state.watch, askedAt: mono } }), effects: [{ kind: 'refresh' }] };
}

function isBelieved(
  { journal, watch }: DispatchState,
  calmFor: number,
  { mono }: Moment,
  timing: DispatchTiming,
): boolean {
  const { refusal } = watch;
  if (refusal === null || !watch.fromStart || journal.acceptedAt !== null || journal.resentAt !== null) {
    return false;
  }
  return calmFor >= timing.refusalMs && mono - refusal.mono >= timing.refusalMs;
}

function onRefused(state: DispatchState): Step {
  const { journal, watch } = state;
  if (watch.refusal === null) return keep(state);
  const { message, elsewhere, busy } = watch.refusal;
  const ready = busy ? 'clear' : 'restore';
  if (journal.cancelRequestedAt !== null) return cancelledUnbegun(state, message, ready);
  return elsewhere ? released(state, message, true, ready) : notStarted(state, message, ready);
}

/** A whole window without our print. What it proves depends on what was watched before it. */
function onNeverBegan(
  state: DispatchState,
  sighting: Sighting,
  moment: Moment,
  timing: DispatchTiming,
): Step {
  const { journal, watch } = state;
  if (sighting === 'perhaps-failed') return endFailed(state);
  if (sighting === 'perhaps-finished') {
    // Ours in every mark, and begun while nobody looked; had we looked all the time, we should have seen it run.
    return watch.fromStart
      ? endUnknown(state, 'the printer shows the print as finished, but was never seen printing it')
      : finished(state);
  }
  const ready: Ending['ready'] = watch.fromStart && journal.acceptedAt === null ? 'restore' : 'clear';
  if (journal.cancelRequestedAt !== null) return cancelledUnbegun(state, 'the print never began', ready);
  if (watch.fromStart && journal.resentAt === null && journal.acceptedAt === null)
    return resend(state, moment);
  if (watch.fromStart || showsNothingHappened(journal, watch, timing)) {
    return notStarted(state, NEVER_BEGAN, ready);
  }
  return endUnknown(state, 'the printer is idle and shows no trace of the print');
}

function resend(state: DispatchState, { at, mono }: Moment): Step {
  const { last } = state.watch;
  const fresh: Watch = { ...NOT_WATCHED, since: { at, mono }, fromStart: true, calmSince: mono, last };
  // The caller gives the second start a token of its own before this is written.
  return { ...next(state, { resentAt: at }, fresh), effects: [{ kind: 'send-start' }] };
}

/**
 * After a gap: the printer still shows the print that it showed before the start, so none has come since. One that
 * shows no print at all may have been switched off and on; it is believed only if there was no time for a print.
 */
function showsNothingHappened(journal: Journal, watch: Watch, timing: DispatchTiming): boolean {
  if (!journal.before || !watch.last || !watch.since) return false;
  const { identity } = watch.last;
  if (!isBlank(identity) && hasTraceOf(journal.before.identity, journal, identity)) return true;
  if (!isSamePrint(journal.before.identity, identity)) return false;
  const blindMs = watch.since.at - (journal.resentAt ?? journal.startSentAt ?? 0);
  return blindMs >= 0 && blindMs <= timing.confirmMs;
}
