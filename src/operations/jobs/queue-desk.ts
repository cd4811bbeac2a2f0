import type { QueueDesk } from '../../telemetry/control-methods.js';
import { explainJob } from './explain-job.js';
import { type BoardSources, queueBoard } from './queue-board.js';

/** What the command line is told of the queue. */
export function queueDesk(sources: BoardSources): QueueDesk {
  return {
    board: (limit) => queueBoard(sources, limit),
    explain: ({ job, printer }) => explainJob(sources, job, printer),
  };
}
