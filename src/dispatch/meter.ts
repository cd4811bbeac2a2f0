import type { Outcome, Phase } from './machine-types.js';

/** Told of the dispatches' progress, for figures. All of it is quick and throws nothing. */
export interface DispatchMeter {
  /** A step is durable; `point` is a word of `step-point.ts`. */
  stepped(point: string): void;
  /** A phase is over that this process saw whole. */
  passed(phase: Phase, tookMs: number): void;
  ended(outcome: Outcome): void;
  /** Bytes of a file went out to a printer. */
  sent(bytes: number): void;
}

export const NO_METER: DispatchMeter = {
  stepped: () => undefined,
  passed: () => undefined,
  ended: () => undefined,
  sent: () => undefined,
};
