import { afterStart } from './machine-after-start.js';
import { ended, keep, next, released } from './machine-endings.js';
import {
  type DispatchEvent,
  type DispatchState,
  type DispatchTiming,
  type Moment,
  NOT_WATCHED,
  type Step,
  type TransferFailure,
} from './machine-types.js';
import type { Observation } from './observation.js';

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
  if (state.watch.returningSince !== null)
    return released(state, 'the printer was gone when the daemon had restarted', false);
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
  const { phase } = state.journal;
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
      return onRestarted(state, event);
    case 'observed':
      return onReturned(state, event.observation);
    case 'tick':
      return onNotReturned(state, event, timing);
    case 'transfer-begun':
      if (phase !== 'reserved') return keep(state);
      return {
        ...next(state, { phase: 'transferring', transferAttempts: 1 }),
        job: { to: 'sending-to-printer', message: null, excludePrinter: false },
        effects: [{ kind: 'upload', afterMs: 0 }],
      };
    case 'transfer-failed':
      return phase === 'transferring' ? onTransferFailed(state, event.failure, timing) : keep(state);
    case 'transferred':
      if (phase !== 'transferring') return keep(state);
      return { ...next(state, { phase: 'transferred' }), effects: [{ kind: 'check-start' }] };
    case 'start-blocked':
      return phase === 'transferred' ? released(state, event.reason, event.exclude) : keep(state);
    case 'start-cleared':
      return phase === 'transferred' ? onCleared(state, event, event.before, event.wasReady) : keep(state);
    default:
      return keep(state);
  }
}

/** What the printer holds of the file is not thrown away: the transfer goes on once the printer shows itself. */
function onRestarted(state: DispatchState, { mono }: Moment): Step {
  if (state.journal.phase === 'reserved')
    return released(state, 'the daemon restarted before the start', false);
  return keep({ journal: state.journal, watch: { ...NOT_WATCHED, returningSince: mono } });
}

/** Sent anew, unless it lies there with our size: then nothing is sent (docs/protocol.md §8.3). */
function onReturned(state: DispatchState, seen: Observation): Step {
  const { activity } = seen;
  if (state.watch.returningSince === null || !seen.complete || activity === null) return keep(state);
  if (activity !== 'IDLE' && activity !== 'FINISH' && activity !== 'FAILED')
    return released(state, `the printer was ${activity} when the daemon had restarted`, false);
  return {
    ...next(state, { phase: 'transferring' }, NOT_WATCHED),
    effects: [{ kind: 'upload', afterMs: 0 }],
  };
}

function onNotReturned(state: DispatchState, { mono }: Moment, timing: DispatchTiming): Step {
  const { returningSince } = state.watch;
  if (returningSince === null || mono - returningSince < timing.returnMs) return keep(state);
  return released(state, 'the printer did not show itself after the daemon had restarted', false);
}

function onTransferFailed(state: DispatchState, failure: TransferFailure, timing: DispatchTiming): Step {
  const { transferAttempts } = state.journal;
  if (!failure.retry || transferAttempts >= timing.maxTransferAttempts)
    return released(state, failure.message, true);
  const afterMs = timing.transferBackoffMs[transferAttempts - 1] ?? timing.transferBackoffMs.at(-1) ?? 0;
  return {
    ...next(state, { transferAttempts: transferAttempts + 1 }),
    effects: [{ kind: 'upload', afterMs }],
  };
}

function onCleared(state: DispatchState, { at, mono }: Moment, before: Observation, wasReady: boolean): Step {
  const shown = { activity: before.activity, identity: before.identity };
  const watch = { ...NOT_WATCHED, since: { at, mono }, fromStart: true, calmSince: mono, last: before };
  return {
    ...next(state, { phase: 'start-sent', startSentAt: at, before: shown, wasReady }, watch),
    effects: [{ kind: 'send-start' }],
  };
}
