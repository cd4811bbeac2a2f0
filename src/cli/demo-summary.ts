import { type BoardState, seconds } from './demo-board.js';
import type { Terminal } from './terminal.js';

/** What was printed, by whom, how long it took, and where it stands. */
export function tellSummary(terminal: Terminal, state: BoardState, folder: string, keep: boolean): void {
  const completed = state.jobs.filter((job) => job.status === 'completed');
  terminal.out('');
  terminal.out(`${completed.length} of ${state.jobs.length} jobs completed in ${seconds(state.elapsedMs)}`);
  const byPrinter = state.printers.map((printer) => ({
    name: printer.name,
    count: completed.filter((job) => job.assignedPrinterId === printer.id).length,
  }));
  const busy = byPrinter.filter(({ count }) => count > 0);
  terminal.out(`By printer: ${busy.map(({ name, count }) => `${name}: ${count}`).join(', ') || 'none'}`);
  const idle = byPrinter.length - busy.length;
  if (idle > 0) terminal.out(`${idle} printer${idle === 1 ? '' : 's'} had nothing to print`);
  for (const job of state.jobs) {
    if (job.status !== 'completed') terminal.out(`  ${job.status}: ${job.errorMessage ?? 'no reason given'}`);
  }
  terminal.out(
    keep
      ? `Everything is in ${folder}: database, files, logs`
      : `Everything was in ${folder} (database, files, logs); --keep keeps it`,
  );
}
