import type { JobStatus } from '../contract/enums.js';
import type { DispatchState, Effect, Ending, Step } from './machine-types.js';

/** Nothing to write and nothing to do; the watch may have moved on. */
export function keep(state: DispatchState): Step {
  return { state, job: null, ending: null, effects: [] };
}

interface End extends Ending {
  readonly to: JobStatus;
  readonly excludePrinter?: boolean;
  readonly effects?: readonly Effect[];
}

export function ended(state: DispatchState, end: End): Step {
  return {
    state: { ...state, journal: { ...state.journal, phase: 'ended' } },
    job: { to: end.to, message: end.message, excludePrinter: end.excludePrinter ?? false },
    ending: { outcome: end.outcome, message: end.message, ready: end.ready },
    effects: end.effects ?? [],
  };
}

/** The job goes back to the queue; nothing was printed. */
export function released(
  state: DispatchState,
  message: string,
  excludePrinter: boolean,
  ready: Ending['ready'] = 'keep',
): Step {
  return ended(state, { outcome: 'released', message, ready, to: 'pending', excludePrinter });
}

export function finished(state: DispatchState): Step {
  return ended(state, { outcome: 'completed', message: null, ready: 'clear', to: 'completed' });
}

/** A print that began has failed, or was ended by a person. */
export function endFailed(state: DispatchState, cancelled: boolean): Step {
  const { journal } = state;
  if (cancelled) {
    const message = journal.cancelRequestedAt === null ? 'cancelled at the printer' : null;
    return ended(state, { outcome: 'cancelled', message, ready: 'clear', to: 'cancelled' });
  }
  const code = journal.firstError;
  const message =
    code === null ? 'the printer reported a failure without a code' : `the printer stopped with ${code}`;
  return ended(state, { outcome: 'failed', message, ready: 'clear', to: 'failed' });
}

/** What happened cannot be known from here. A person looks and decides. */
export function endUnknown(state: DispatchState, why: string): Step {
  return ended(state, {
    outcome: 'unknown',
    message: `outcome unknown: ${why}`,
    ready: 'clear',
    to: 'failed',
  });
}
