/** One fault-injection test of `npm run faults`. */
export interface TortureTest {
  /** As docs/reliability.md counts them. */
  readonly number: number;
  readonly name: string;
  run(options: TortureOptions): Promise<Verdict>;
}

export interface TortureOptions {
  /** The seeds of this run, in order. */
  readonly seeds: readonly number[];
  /** Real minutes, for what goes on for a time. */
  readonly minutes: number;
  /** Farms at work at one time. */
  readonly atOnce: number;
  tell(text: string): void;
}

export interface Verdict {
  readonly runs: number;
  /** What was measured, in words. */
  readonly figures: string;
  /** What did not hold, each with its seed; empty when everything did. */
  readonly failures: readonly string[];
}

/** Works through a list, so many at a time. */
export async function eachAtOnce<T>(
  list: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const left = [...list];
  const worker = async (): Promise<void> => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

/** The value that so many of a hundred do not exceed; NaN of nothing. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.max(0, Math.ceil((sorted.length * percent) / 100) - 1)] ?? Number.NaN;
}
