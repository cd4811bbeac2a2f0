import { ended, endFailed, endUnknown, finished, keep, released } from './machine-endings.js';
import {
  type DispatchEvent,
  type DispatchState,
  type DispatchTiming,
  type Journal,
  NOT_WATCHED,
  type Step,
  type Watch,
} from './machine-types.js';
import {
  isCancelCode,
  isFault,
  type Observation,
  refusesStart,
  type Sighting,
  sight,
} from './observation.js';

/**
 * One dispatch's life: where it stands and what has happened give where it stands next and what is to be done.
 * Pure: no clock, no I/O. The caller makes a step durable before it carries out the step's effects, so that whatever
 * reaches a printer has been written down first.
 *
 * reserved → transferring → transferred → start-sent → printing → ended
 *
 * Up to `transferred` nothing was asked of the printer that prints: a dispatch may be dropped and the job queued
 * again. From `start-sent` on only what reports show ends it (docs/protocol.md §7).
 */
export function step(state: DispatchState, event: DispatchEvent, timing: DispatchTiming): Step {
  if (state.journal.phase === 'ended') return keep(state);
  if (event.kind === 'printer-removed') return onRemoved(state);
  switch (state.journal.phase) {
    case 'reserved':
    case 'transferring':
    case 'transferred':
      return beforeStart(state, event, timing);
    case 'start-sent':
    case 'printing':
      return afterStart(state, event, timing);
  }
}

function onRemoved(state: DispatchState): Step {
  const begun = state.journal.startSentAt !== null;
  return ended(state, {
    outcome: begun ? 'unknown' : 'failed',
    message: begun ? 'outcome unknown: printer removed' : 'printer removed',
    ready: begun ? 'clear' : 'keep',
    to: 'failed',
    effects: [{ kind: 'abort-upload' }],
  });
}

/** Nothing that prints has been asked yet: every trouble ends in the queue. */
function beforeStart(state: DispatchState, event: DispatchEvent, timing: DispatchTiming): Step {
  const { journal } = state;
  switch (event.kind) {
    case 'cancel':
      return ended(state, {
        outcome: 'cancelled',
        message: null,
        ready: 'keep',
        to: 'cancelled',
        effects: [{ kind: 'abort-upload' }],
      });
    case 'restarted':
      return released(state, 'the daemon restarted before the start', false);
    case 'transfer-begun':
      if (journal.phase !== 'reserved') return keep(state);
      return {
        ...next(state, { phase: 'transferring', transferAttempts: 1 }),
        job: { to: 'sending-to-printer', message: null, excludePrinter: false },
        effects: [{ kind: 'upload', afterMs: 0 }],
      };
    case 'transfer-failed':
      return journal.phase === 'transferring' ? onTransferFailed(state, event.failure, timing) : keep(state);
    case 'transferred':
      if (journal.phase !== 'transferring') return keep(state);
      return { ...next(state, { phase: 'transferred' }), effects: [{ kind: 'check-start' }] };
    case 'start-blocked':
      return journal.phase === 'transferred' ? released(state, event.reason, event.exclude) : keep(state);
    case 'start-cleared':
      return journal.phase === 'transferred'
        ? onCleared(state, event.at, event.before, event.wasReady)
        : keep(state);
    default:
      return keep(state);
  }
}

function onTransferFailed(
  state: DispatchState,
  failure: { readonly message: string; readonly retry: boolean },
  timing: DispatchTiming,
): Step {
  const { transferAttempts } = state.journal;
  if (!failure.retry || transferAttempts >= timing.maxTransferAttempts)
    return released(state, failure.message, true);
  const afterMs = timing.transferBackoffMs[transferAttempts - 1] ?? timing.transferBackoffMs.at(-1) ?? 0;
  return {
    ...next(state, { transferAttempts: transferAttempts + 1 }),
    effects: [{ kind: 'upload', afterMs }],
  };
}

function onCleared(state: DispatchState, at: number, before: Observation, wasReady: boolean): Step {
  const shown = { activity: before.activity, identity: before.identity };
  const journal = { phase: 'start-sent' as const, startSentAt: at, before: shown, wasReady };
  return {
    ...next(state, journal, { ...NOT_WATCHED, since: at, fromStart: true, last: before }),
    effects: [{ kind: 'send-start' }],
  };
}

/** From here only the printer's own reports decide. */
function afterStart(state: DispatchState, event: DispatchEvent, timing: DispatchTiming): Step {
  const { journal, watch } = state;
  switch (event.kind) {
    case 'start-unsent':
      // The driver's promise: the printer never heard of it.
      return journal.phase === 'start-sent' && journal.confirmedAt === null && journal.resentAt === null
        ? released(state, event.message, false, 'restore')
        : keep(state);
    case 'start-refused': {
      const refusal = { at: event.at, message: event.message, elsewhere: event.elsewhere };
      return journal.phase === 'start-sent' ? keep({ journal, watch: { ...watch, refusal } }) : keep(state);
    }
    case 'connection-lost':
    case 'restarted':
      return keep({ journal, watch: NOT_WATCHED });
    case 'cancel':
      return journal.cancelRequestedAt === null ? requestStop(state, event.at) : keep(state);
    case 'observed':
      return onObserved(state, event.observation, timing);
    case 'tick':
      // Time alone never ends anything: what the printer last showed does, once it has lasted long enough.
      return watch.last && watch.since !== null
        ? judge(state, sight(journal, watch.last), event.at, timing)
        : keep(state);
    default:
      return keep(state);
  }
}

function requestStop(state: DispatchState, at: number): Step {
  return { ...next(state, { cancelRequestedAt: at, stopSentAt: at }), effects: [{ kind: 'send-stop' }] };
}

function onObserved(state: DispatchState, seen: Observation, timing: DispatchTiming): Step {
  const sighting = sight(state.journal, seen);
  if (sighting === 'unclear') return keep({ ...state, watch: { ...state.watch, last: seen } });
  const noted = note(state, seen, sighting);
  const result = judge(noted, sighting, seen.at, timing);
  return result;
}

/** Remembers what a report shows: errors for the journal, the course of things for the watch. */
function note(state: DispatchState, seen: Observation, sighting: Sighting): DispatchState {
  const { journal, watch } = state;
  const ours = sighting.startsWith('ours');
  const cancelSeen =
    ours && (isCancelCode(seen.errorCode) || (sighting === 'ours-failed' && isCancelCode(seen.failReason)));
  const fault = ours && isFault(seen.errorCode) && !isCancelCode(seen.errorCode) ? seen.errorCode : null;
  const changed = (cancelSeen && !journal.cancelSeen) || (fault !== null && journal.firstError === null);
  const strange = sighting === 'idle' || sighting === 'foreign' || sighting === 'ours-idle';
  return {
    journal: changed
      ? { ...journal, cancelSeen: journal.cancelSeen || cancelSeen, firstError: journal.firstError ?? fault }
      : journal,
    watch: {
      ...watch,
      since: watch.since ?? seen.at,
      unbroken: sighting === 'ours-active' || watch.unbroken,
      strangeSince: strange ? (watch.strangeSince ?? seen.at) : null,
      failedSince: sighting === 'ours-failed' ? (watch.failedSince ?? seen.at) : null,
      refusal: refusalIn(journal, watch, seen, sighting),
      last: seen,
    },
  };
}

/** An error named after the start, while nothing of ours shows, refuses the start (docs/protocol.md §7.3). */
function refusalIn(journal: Journal, watch: Watch, seen: Observation, sighting: Sighting): Watch['refusal'] {
  if (sighting === 'ours-active') return null;
  if (watch.refusal || journal.phase !== 'start-sent' || !watch.fromStart) return watch.refusal;
  const known = watch.last?.errorCode === seen.errorCode;
  if (known || !refusesStart(seen.errorCode)) return null;
  return { at: seen.at, message: `the printer refused the start: ${seen.errorCode}`, elsewhere: false };
}

function judge(state: DispatchState, sighting: Sighting, at: number, timing: DispatchTiming): Step {
  switch (sighting) {
    case 'ours-active':
      return onActive(state, at, timing);
    case 'ours-finished':
      return finished(state);
    case 'ours-failed':
      return onFailed(state, at, timing);
    case 'ours-idle':
    case 'idle':
    case 'foreign':
      return state.journal.phase === 'printing'
        ? onGone(state, sighting, at, timing)
        : onNotBegun(state, sighting, at, timing);
    case 'unclear':
      return keep(state);
  }
}

function onActive(state: DispatchState, at: number, timing: DispatchTiming): Step {
  const { journal, watch } = state;
  const paused = watch.last?.activity === 'PAUSE';
  const job = {
    to: paused ? ('paused' as const) : ('printing' as const),
    message: null,
    excludePrinter: false,
  };
  if (journal.phase === 'start-sent') {
    return {
      ...next(state, { phase: 'printing', confirmedAt: at }),
      job,
      effects: stopAgain(journal, at, timing),
    };
  }
  const again = stopAgain(journal, at, timing);
  if (again.length > 0) return { ...next(state, { stopSentAt: at }), job, effects: again };
  return { ...keep(state), job };
}

function stopAgain(journal: Journal, at: number, timing: DispatchTiming): Step['effects'] {
  if (journal.cancelRequestedAt === null || journal.stopSentAt === null) return [];
  return at - journal.stopSentAt >= timing.stopAgainMs ? [{ kind: 'send-stop' }] : [];
}

function onFailed(state: DispatchState, at: number, timing: DispatchTiming): Step {
  const { journal, watch } = state;
  const certain = journal.cancelSeen || journal.cancelRequestedAt !== null;
  if (!certain && at - (watch.failedSince ?? at) < timing.reasonMs) return keep(state);
  return endFailed(state, certain);
}

/** Our print was seen active, and now the machine shows something else. */
function onGone(state: DispatchState, sighting: Sighting, at: number, timing: DispatchTiming): Step {
  const { journal, watch } = state;
  if (sighting === 'ours-idle' && (watch.unbroken || journal.cancelRequestedAt !== null)) {
    // Under our eyes it went from printing to idle: someone ended it at the machine.
    return endFailed(state, true);
  }
  if (at - (watch.strangeSince ?? at) < timing.strangeMs) return keep(state);
  return endUnknown(
    state,
    sighting === 'foreign'
      ? 'another print runs on the printer'
      : 'the printer is idle and shows no trace of the print',
  );
}

/** The start was sent and our print has not been seen active. */
function onNotBegun(state: DispatchState, sighting: Sighting, at: number, timing: DispatchTiming): Step {
  const { journal, watch } = state;
  const idleFor = at - (watch.strangeSince ?? at);
  const accepted = sighting === 'ours-idle' && journal.acceptedAt === null ? { acceptedAt: at } : null;
  if (sighting === 'foreign') {
    return idleFor < timing.strangeMs ? keep(state) : endUnknown(state, 'another print runs on the printer');
  }
  if (watch.refusal && idleFor >= timing.refusalMs && at - watch.refusal.at >= timing.refusalMs) {
    const { message, elsewhere } = watch.refusal;
    if (journal.cancelRequestedAt !== null) return notStarted(state, message);
    if (elsewhere) return released(state, message, true, 'restore');
    return ended(state, { outcome: 'not-started', message, ready: 'restore', to: 'failed' });
  }
  // Only a window watched without a gap proves anything, counted from the last start at the earliest.
  const from = Math.max(
    watch.strangeSince ?? at,
    watch.since ?? at,
    journal.resentAt ?? journal.startSentAt ?? at,
  );
  if (at - from >= timing.confirmMs) return onNeverBegan(state, at);
  if (at - from >= timing.firstSignMs && !watch.refreshAsked) {
    const asked = { journal: { ...journal, ...accepted }, watch: { ...watch, refreshAsked: true } };
    return { ...keep(asked), effects: [{ kind: 'refresh' }] };
  }
  return accepted ? next(state, accepted) : keep(state);
}

function onNeverBegan(state: DispatchState, at: number): Step {
  const { journal, watch } = state;
  if (journal.cancelRequestedAt !== null) return notStarted(state, 'the print never began');
  const mayResend = watch.fromStart && journal.resentAt === null && journal.acceptedAt === null;
  if (!mayResend) {
    return ended(state, {
      outcome: 'not-started',
      message:
        'start_not_confirmed: the printer took the command but never began; check its screen, then retry',
      ready: journal.acceptedAt === null ? 'restore' : 'clear',
      to: 'failed',
    });
  }
  const fresh = { ...NOT_WATCHED, since: at, fromStart: true, last: watch.last };
  // The runner gives the second start a token of its own before this is written.
  return { ...next(state, { resentAt: at }, fresh), effects: [{ kind: 'send-start' }] };
}

function notStarted(state: DispatchState, message: string): Step {
  return ended(state, { outcome: 'cancelled', message, ready: 'restore', to: 'cancelled' });
}

function next(state: DispatchState, journal: Partial<Journal>, watch: Watch = state.watch): Step {
  return {
    state: { journal: { ...state.journal, ...journal }, watch },
    job: null,
    ending: null,
    effects: [],
  };
}
