import type { JobStatus } from '../contract/enums.js';
import type { Journal, Step } from './machine-types.js';

/**
 * What a durable step is called where the process may be ended around it: a phase where the dispatch moves on to one,
 * else what is new in the journal or the job.
 *
 * @param shown what the job was last made to show, null before anything
 */
export function pointOf(before: Journal, { state, job }: Step, shown: JobStatus | null): string {
  const { journal } = state;
  if (journal.resentAt !== before.resentAt) return 'start-sent-again';
  if (journal.phase !== before.phase) return journal.phase;
  if (journal.stopSentAt !== before.stopSentAt) return 'stop-sent';
  if (journal.cancelRequestedAt !== before.cancelRequestedAt) return 'cancel-asked';
  if (journal.transferAttempts !== before.transferAttempts) return 'transferring-again';
  if (journal.acceptedAt !== before.acceptedAt) return 'accepted';
  if (job && job.to !== shown) return shown === 'paused' && job.to === 'printing' ? 'resumed' : job.to;
  if (journal.firstError !== before.firstError) return 'error-noted';
  return 'noted';
}
