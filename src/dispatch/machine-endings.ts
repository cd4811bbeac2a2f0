import type { JobStatus } from '../contract/enums.js';
import type { DispatchState, Effect, Ending, Journal, Step, Watch } from './machine-types.js';
import type { Progress } from './observation.js';

/** Nothing to write and nothing to do; the watch may have moved on. */
export function keep(state: DispatchState): Step {
  return { state, job: null, ending: null, effects: [] };
}

/** The dispatch goes on with these changes of its journal. */
export function next(state: DispatchState, journal: Partial<Journal>, watch: Watch = state.watch): Step {
  return keep({ journal: { ...state.journal, ...journal }, watch });
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

/** A person wanted the job to end, and it never began. */
export function cancelledUnbegun(state: DispatchState, message: string, ready: Ending['ready']): Step {
  return ended(state, { outcome: 'cancelled', message, ready, to: 'cancelled' });
}

/** The start reached the printer, and yet nothing began. A person looks before it is tried again. */
export function notStarted(state: DispatchState, message: string, ready: Ending['ready']): Step {
  return ended(state, { outcome: 'not-started', message, ready, to: 'failed' });
}

/** Reports of the last layers may be missed or late; this much is neither. */
const MOST_MISSED = 0.1;

/** Somebody may take off a finished print and dismiss it before a report has shown that it finished. */
export function wasNearEnd({ percent }: Progress): boolean {
  return percent !== null && percent >= 100 * (1 - MOST_MISSED);
}

/** A card that fails can end a print early, and the printer calls it finished. Null when nothing speaks for that. */
function earlyEnd({ layer, totalLayers }: Progress): string | null {
  if (layer === null || totalLayers === null || layer >= totalLayers * (1 - MOST_MISSED)) return null;
  return `the printer called it finished at layer ${layer} of ${totalLayers}: look at it before you use it`;
}

export function finished(state: DispatchState): Step {
  // What an unwatched end left in the fields proves nothing.
  const { unbroken, last } = state.watch;
  const message = unbroken && last !== null ? earlyEnd(last.progress) : null;
  return ended(state, { outcome: 'completed', message, ready: 'clear', to: 'completed' });
}

/** A print that began was ended by a person, here or at the machine. */
export function endCancelled(state: DispatchState): Step {
  const message = state.journal.cancelRequestedAt === null ? 'cancelled at the printer' : null;
  return ended(state, { outcome: 'cancelled', message, ready: 'clear', to: 'cancelled' });
}

export function endFailed(state: DispatchState): Step {
  const { firstError, firstErrorText } = state.journal;
  const trouble = state.watch.last?.trouble ?? null;
  const message =
    firstError === null
      ? withWords('the printer reported a failure without a code', trouble)
      : withWords(`the printer stopped with ${firstError}`, firstErrorText);
  return ended(state, { outcome: 'failed', message, ready: 'clear', to: 'failed' });
}

export function withWords(what: string, words: string | null): string {
  return words === null ? what : `${what}: ${words}`;
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
