import { isWantedPause } from '../domain/wanted-pauses.js';
import { isFault } from './error-codes.js';
import {
  cancelledUnbegun,
  endCancelled,
  endFailed,
  endUnknown,
  finished,
  keep,
  next,
  notStarted,
  released,
  wasNearEnd,
  withWords,
} from './machine-endings.js';
import { onCalm } from './machine-not-begun.js';
import type { DispatchEvent, DispatchState, DispatchTiming, Moment, Step } from './machine-types.js';
import { afterGap, lookedBack, note } from './machine-watch.js';
import type { Observation } from './observation.js';
import { type Sighting, sight } from './sighting.js';

/** The start was sent, or may have been: only the printer's own reports decide from here. */
export function afterStart(state: DispatchState, event: DispatchEvent, timing: DispatchTiming): Step {
  const { journal, watch } = state;
  switch (event.kind) {
    case 'start-unsent':
      return onUnsent(state, event.message, event.exclude);
    case 'start-refused': {
      // A second start refused says nothing about the first.
      if (journal.phase !== 'start-sent' || journal.resentAt !== null) return keep(state);
      const { mono, message, elsewhere, busy } = event;
      return keep({ journal, watch: { ...watch, refusal: { mono, message, elsewhere, busy } } });
    }
    case 'connection-lost':
    case 'restarted':
      return keep({ journal, watch: afterGap(watch) });
    case 'cancel':
      return onCancel(state, event);
    case 'observed': {
      const seen = event.observation;
      const looked = lookedBack(state, seen);
      const sighting = sight(journal, looked.watch, seen);
      // An old report told again shows nothing new about the present.
      const fresh = seen.at !== watch.last?.at;
      if (sighting === 'unclear') return keep({ journal, watch: { ...watch, last: seen } });
      return judge(note(looked, seen, sighting, event), sighting, event, fresh, timing);
    }
    case 'tick':
      return watch.last && watch.since
        ? judge(state, sight(journal, watch, watch.last), event, false, timing)
        : keep(state);
    default:
      return keep(state);
  }
}

/** The driver's promise: the printer never heard of this start. */
function onUnsent(state: DispatchState, message: string, exclude: boolean): Step {
  const { journal, watch } = state;
  if (journal.phase !== 'start-sent') return keep(state);
  const ready = watch.stirred ? 'clear' : 'restore';
  if (journal.cancelRequestedAt !== null) return cancelledUnbegun(state, message, ready);
  // The first start was proven not to have begun, or there would have been no second.
  if (journal.resentAt !== null) return notStarted(state, `start_not_confirmed: ${message}`, ready);
  return released(state, message, exclude, ready);
}

/** A stop ends whatever the machine prints: it is sent only when that is ours, or may be about to be. */
function onCancel(state: DispatchState, moment: Moment): Step {
  const { journal, watch } = state;
  const asked =
    journal.cancelRequestedAt === null ? next(state, { cancelRequestedAt: moment.at }) : keep(state);
  return watch.last && mayStop(state, sight(journal, watch, watch.last)) ? stopping(asked, moment) : asked;
}

function mayStop({ journal, watch }: DispatchState, sighting: Sighting): boolean {
  if (sighting === 'ours-active') return true;
  // Under our eyes it stood still, then our start was sent: what begins now is what we started.
  if (sighting === 'unnamed') return watch.fromStart;
  return journal.phase === 'start-sent' && watch.calmSince !== null;
}

function stopping(step: Step, { at, mono }: Moment): Step {
  const { journal, watch } = step.state;
  const state = { journal: { ...journal, stopSentAt: at }, watch: { ...watch, stoppedAt: mono } };
  return { ...step, state, effects: [...step.effects, { kind: 'send-stop' }] };
}

function judge(
  state: DispatchState,
  sighting: Sighting,
  moment: Moment,
  fresh: boolean,
  timing: DispatchTiming,
): Step {
  switch (sighting) {
    case 'ours-active':
      return onActive(state, moment, timing);
    case 'ours-finished':
      return finished(state);
    case 'ours-failed':
      return onFailed(state, moment, timing);
    case 'foreign':
    case 'unnamed':
      return onOther(state, sighting, moment, timing);
    case 'ours-idle':
    case 'idle':
    case 'perhaps-finished':
    case 'perhaps-failed':
      return state.journal.phase === 'printing'
        ? onGone(state, sighting, moment, timing)
        : onCalm(state, sighting, moment, fresh, timing);
    case 'unclear':
      return keep(state);
  }
}

function onActive(state: DispatchState, moment: Moment, timing: DispatchTiming): Step {
  const { journal, watch } = state;
  const job =
    watch.last?.activity === 'PAUSE'
      ? { to: 'paused' as const, message: whyPaused(watch.last), excludePrinter: false }
      : { to: 'printing' as const, message: null, excludePrinter: false };
  const confirmed =
    journal.phase === 'start-sent' ? next(state, { phase: 'printing', confirmedAt: moment.at }) : keep(state);
  const step = { ...confirmed, job };
  if (journal.cancelRequestedAt === null) return step;
  // A stop that reached the printer while it was still reading the file has stopped nothing.
  const due =
    journal.phase === 'start-sent' ||
    watch.stoppedAt === null ||
    moment.mono - watch.stoppedAt >= timing.stopAgainMs;
  return due ? stopping(step, moment) : step;
}

/** A pause that nobody asked for says what the printer waits for, such as filament. */
function whyPaused({ errorCode, errorText, trouble }: Observation): string | null {
  if (isWantedPause(errorCode)) return null;
  if (isFault(errorCode)) return withWords(`the printer paused with ${errorCode}`, errorText ?? null);
  return trouble ? `the printer paused with ${trouble}` : null;
}

function onFailed(state: DispatchState, { mono }: Moment, timing: DispatchTiming): Step {
  const { journal, watch } = state;
  if (journal.cancelSeen || journal.cancelRequestedAt !== null) return endCancelled(state);
  return mono - (watch.failedSince ?? mono) < timing.reasonMs ? keep(state) : endFailed(state);
}

function onOther(
  state: DispatchState,
  sighting: 'foreign' | 'unnamed',
  { mono }: Moment,
  timing: DispatchTiming,
): Step {
  const lasting = mono - (state.watch.strangeSince ?? mono);
  if (sighting === 'foreign') {
    return lasting < timing.strangeMs ? keep(state) : endUnknown(state, 'another print runs on the printer');
  }
  // It may well be ours: some firmware shows no marks while it takes a print in.
  return lasting < timing.confirmMs
    ? keep(state)
    : endUnknown(state, 'something runs on the printer that does not say what it is');
}

/** Our print was seen active, and now nothing is. */
function onGone(state: DispatchState, sighting: Sighting, moment: Moment, timing: DispatchTiming): Step {
  const { mono } = moment;
  const { journal, watch } = state;
  if (watch.failedSince !== null) return onFailed(state, moment, timing);
  if (sighting === 'ours-idle' && watch.unbroken) {
    // Under our eyes it went from printing to idle, and stays so: someone ended it at the machine.
    if (mono - (watch.calmSince ?? mono) < timing.reasonMs) return keep(state);
    const told = journal.cancelSeen || journal.cancelRequestedAt !== null;
    return told || !wasNearEnd(watch.furthest)
      ? endCancelled(state)
      : endUnknown(
          state,
          'the print was near its end when the printer went idle: finished, or cancelled there',
        );
  }
  if (mono - (watch.strangeSince ?? mono) < timing.strangeMs) return keep(state);
  if (journal.cancelRequestedAt !== null) {
    return endCancelled(state);
  }
  return endUnknown(state, 'the printer is idle and shows no trace of the print');
}
