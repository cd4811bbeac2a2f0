import type { MatchSettings } from './input.js';
import type { PreparedJob, PreparedPrinter } from './prepare.js';
import type { CheckCode, CheckContext } from './result.js';

export interface Pair {
  readonly job: PreparedJob;
  readonly printer: PreparedPrinter;
  readonly settings: MatchSettings;
}

/** One check. Deciding and explaining are apart, because the matcher decides millions and explains a few. */
export interface CheckRule {
  readonly code: CheckCode;
  readonly label: string;
  /** True for what passes by itself or at a person's touch and says nothing about job and printer as such. */
  readonly temporary: boolean;
  passes(pair: Pair): boolean;
  /** Asked only with what `passes` answered. */
  explain(pair: Pair, passed: boolean): string;
  context?(pair: Pair): CheckContext | undefined;
}
