import { setTimeout as delay } from 'node:timers/promises';
import type { Argv } from 'yargs';
import type { QueueBoard } from '../telemetry/control-methods.js';
import type { ArgumentsOf, CommandContext, CommonOptions } from './command.js';
import { remoteQueue } from './control-client.js';
import { EXIT, type ExitCode } from './exit-codes.js';
import { withConfigFile } from './options.js';
import { withDaemon } from './running-daemon.js';
import { printable, type Terminal } from './terminal.js';

export function options(yargs: Argv<CommonOptions>) {
  return withConfigFile(yargs)
    .option('once', { type: 'boolean', default: false, describe: 'Print it once, on a terminal too' })
    .option('limit', {
      type: 'number',
      describe: 'Jobs to show, 1 to 200; on a terminal as many as it has room for, else 50',
    })
    .example('$0 queue', 'Watch the queue; Ctrl-C ends it')
    .example('$0 queue --once', 'Print it once');
}

type Arguments = ArgumentsOf<typeof options>;

const REFRESH_MS = 2_000;
/** Times what an answer took are waited before the next is asked for. */
const PATIENCE = 10;
/** Lines of the screen that are no jobs. */
const AROUND = 5;

/** Shows what is printed, what waits and why, and what failed: again and again on a terminal, else once. */
export async function run(args: Arguments, context: CommandContext): Promise<ExitCode> {
  const { terminal } = context;
  const live = terminal.watched && !args.once && !args.json;
  const room = live ? terminal.height - AROUND : 50;
  const limit = Math.min(200, Math.max(1, Math.trunc(args.limit ?? room)));
  const interrupted = live ? context.interruption() : null;
  return withDaemon(args.config, context, async (client) => {
    for (;;) {
      const asked = performance.now();
      const board = await remoteQueue(client, limit);
      const tookMs = performance.now() - asked;
      if (args.json) terminal.json(board);
      else {
        if (live) terminal.clear();
        show(terminal, board, live);
      }
      if (interrupted === null || (await ended(interrupted, tookMs))) return EXIT.ok;
    }
  });
}

/** Waits for the next look: longer where the daemon had much to look through, for it has a farm to run. */
async function ended(signal: AbortSignal, tookMs: number): Promise<boolean> {
  await delay(Math.max(REFRESH_MS, tookMs * PATIENCE), undefined, { signal }).catch(() => undefined);
  return signal.aborted;
}

const ID_SHOWN = 8;

function show(terminal: Terminal, board: QueueBoard, live: boolean): void {
  const { at, underWay, waiting, failed, jobs } = board;
  terminal.out(`${underWay} under way, ${waiting} waiting, ${failed} failed        ${at}`);
  if (jobs.length === 0) return;
  terminal.out();
  const rows = jobs.map((job) => ({
    id: job.id.slice(0, ID_SHOWN),
    label: printable(job.label).slice(0, 32),
    state: job.low ? `${job.status} (low)` : job.status,
    printer: printable(job.printer ?? '-'),
    why: printable(job.why ?? ''),
  }));
  const widest = (name: 'label' | 'state' | 'printer') =>
    Math.max(name.length, ...rows.map((row) => row[name].length));
  const used = ID_SHOWN + widest('label') + widest('state') + widest('printer') + 4 * 2;
  // On a terminal every job has one line, so that the table keeps its height.
  const room = live ? Math.max(20, terminal.width - used - 1) : Number.POSITIVE_INFINITY;
  terminal.table(
    [
      { title: 'ID', value: (row) => row.id },
      { title: 'JOB', value: (row) => row.label },
      { title: 'STATE', value: (row) => row.state },
      { title: 'PRINTER', value: (row) => row.printer },
      { title: 'WHY', value: (row) => shortened(row.why, room) },
    ],
    rows,
  );
  const hidden = waiting + underWay - jobs.filter(({ status }) => status !== 'failed').length;
  if (hidden > 0) terminal.out(terminal.style('dim', `and ${hidden} more`));
}

function shortened(text: string, room: number): string {
  return text.length > room ? `${text.slice(0, room - 1)}…` : text;
}
