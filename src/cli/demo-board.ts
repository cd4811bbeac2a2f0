import { z } from 'zod';
import type { DemoJob, DemoPrinter } from './demo-api.js';
import type { Terminal } from './terminal.js';

/** The part of a message on the stats topic that the board shows. */
export const stat = z.object({
  printerId: z.string(),
  state: z.string().nullable(),
  data: z.object({
    print: z
      .object({
        percent: z.number().optional(),
        currentLayer: z.number().optional(),
        totalLayers: z.number().optional(),
        activity: z.string().optional(),
      })
      .optional(),
  }),
});
export type Stat = z.infer<typeof stat>;

export interface BoardState {
  readonly printers: readonly DemoPrinter[];
  readonly jobs: readonly DemoJob[];
  readonly stats: ReadonlyMap<string, Stat>;
  readonly elapsedMs: number;
}

const BAR = 20;

/** The farm at a glance: one line per printer, redrawn in place on a terminal; elsewhere a line per finished job. */
export class Board {
  #drawn = 0;
  readonly #told = new Set<string>();

  constructor(
    private readonly terminal: Terminal,
    private readonly out: { write(text: string): unknown; readonly isTTY?: boolean; readonly rows?: number },
  ) {}

  show(state: BoardState): void {
    if (this.out.isTTY === true) this.#redraw(state);
    else this.#tell(state);
  }

  /** Leaves the last picture standing. */
  finish(state: BoardState): void {
    if (this.out.isTTY === true) this.#redraw(state);
    else for (const line of this.#lines(state)) this.terminal.out(line);
    this.#drawn = 0;
  }

  #redraw(state: BoardState): void {
    const lines = this.#lines(state);
    const up = this.#drawn > 0 ? `\u001b[${this.#drawn}A` : '';
    this.out.write(`${up}${lines.map((line) => `\u001b[2K${line}`).join('\n')}\n`);
    this.#drawn = lines.length;
  }

  #tell({ jobs, printers, elapsedMs }: BoardState): void {
    for (const job of jobs) {
      if (!['completed', 'failed', 'cancelled'].includes(job.status) || this.#told.has(job.id)) continue;
      this.#told.add(job.id);
      const where = printers.find((printer) => printer.id === job.assignedPrinterId)?.name ?? '-';
      const why = job.errorMessage === null ? '' : `: ${job.errorMessage}`;
      this.terminal.out(
        `${seconds(elapsedMs)}  ${job.status} on ${where}${why}  (${this.#told.size}/${jobs.length})`,
      );
    }
  }

  #lines(state: BoardState): readonly string[] {
    const { jobs, elapsedMs } = state;
    const count = (status: string) => jobs.filter((job) => job.status === status).length;
    const done = count('completed');
    const bad = count('failed') + count('cancelled');
    const waiting = count('pending');
    const active = jobs.length - done - bad - waiting;
    const rows = this.out.isTTY === true ? Math.max(3, (this.out.rows ?? 24) - 4) : state.printers.length;
    const shown = state.printers.slice(0, rows);
    const rest = state.printers.length - shown.length;
    return [
      this.terminal.style(
        'bold',
        `${'PRINTER'.padEnd(22)} ${'STATE'.padEnd(9)} ${'PROGRESS'.padEnd(BAR + 6)} LAYER      DONE`,
      ),
      ...shown.map((printer) => this.#line(printer, state)),
      ...(rest > 0 ? [`… and ${rest} more`] : []),
      `${done} of ${jobs.length} completed, ${active} under way, ${waiting} waiting${bad > 0 ? `, ${bad} failed` : ''}, ${seconds(elapsedMs)}`,
    ];
  }

  #line(printer: DemoPrinter, { jobs, stats }: BoardState): string {
    const print = stats.get(printer.id)?.data.print;
    const state = stats.get(printer.id)?.state ?? (printer.isOnline ? '' : 'offline');
    const busy = printer.printingJobId !== null;
    const percent = busy && state !== 'FINISH' && state !== 'IDLE' ? (print?.percent ?? 0) : 0;
    const filled = Math.round((percent / 100) * BAR);
    const bar = busy
      ? `${'█'.repeat(filled)}${'░'.repeat(BAR - filled)} ${String(Math.round(percent)).padStart(3)}%`
      : '';
    const layers = busy && print?.totalLayers ? `${print.currentLayer ?? 0}/${print.totalLayers}` : '';
    const done = jobs.filter(
      (job) => job.assignedPrinterId === printer.id && job.status === 'completed',
    ).length;
    return `${printer.name.slice(0, 22).padEnd(22)} ${state.padEnd(9)} ${bar.padEnd(BAR + 6)} ${layers.padEnd(10)} ${done}`;
  }
}

export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
