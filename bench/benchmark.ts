/** What a benchmark is and what it answers. */

export interface Goal {
  readonly op: '<=' | '>=';
  readonly value: number;
}

/** One measured ratio. Where the goal is an amount and not a comparison, `baseline` is that amount. */
export interface Figure {
  readonly name: string;
  readonly goal: Goal;
  /** Medians of the rounds, in `unit`. */
  readonly subject: number;
  readonly baseline: number;
  readonly unit: string;
  /** What else was seen on the way, for people; units stand in the names. */
  readonly detail: Readonly<Record<string, number>>;
}

export interface BenchmarkOptions {
  /** Emulated printers; null takes the benchmark's own number. */
  readonly printers: number | null;
  /** Length of the measured span; null takes the benchmark's own. */
  readonly seconds: number | null;
  /** Size of the file that is sent; null takes the benchmark's own. */
  readonly megabytes: number | null;
  /** How often subject and baseline take turns; medians are taken over them. */
  readonly rounds: number;
  /** Folder for the daemon's CPU profiles, null for none. */
  readonly profileDir: string | null;
  /** Tells a person how far it is. */
  readonly tell: (text: string) => void;
}

export interface Benchmark {
  readonly name: string;
  readonly about: string;
  /** The first figure is the benchmark's own; others stand beside it. @throws Error when it cannot be measured */
  run(options: BenchmarkOptions): Promise<readonly [Figure, ...Figure[]]>;
}

/** A figure as it is printed. */
export interface Line extends Figure {
  readonly ratio: number;
  readonly holds: boolean;
}

export function judged(figure: Figure): Line {
  const { name, goal, subject, baseline, unit, detail } = figure;
  const ratio = subject / baseline;
  const holds = goal.op === '<=' ? ratio <= goal.value : ratio >= goal.value;
  return { name, ratio, goal, holds, subject, baseline, unit, detail };
}

/** @throws Error when there is nothing to take the median of */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.floor((sorted.length - 1) / 2)];
  if (upper === undefined || lower === undefined) throw new Error('nothing was measured');
  return (upper + lower) / 2;
}
