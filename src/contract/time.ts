/** ISO 8601 UTC with milliseconds and `Z`: the only form in which times are stored and answered. */
export type Timestamp = string;

export function timestamp(epochMs: number): Timestamp {
  return new Date(epochMs).toISOString();
}

/** Where "now" comes from; passed in, so that tests own time. */
export interface Clock {
  /** Wall clock, epoch milliseconds. */
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };
