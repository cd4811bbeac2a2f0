import type { CheckCode, PairResult } from '../../matching/result.js';

/** What matching found about one job and one printer. */
export interface Found {
  readonly printer: { readonly name: string };
  readonly result: PairResult;
}

/** Checks that fail for a while only, with the words for a printer that fails them. */
const PASSING: Partial<Record<CheckCode, string>> = {
  enabled: 'disabled',
  'in-maintenance': 'in maintenance',
  online: 'offline',
  available: 'not free',
  ready: 'bed not confirmed clear',
};

const LASTING: Partial<Record<CheckCode, string>> = {
  'profiles-configured': 'no profiles',
  'slots-loaded': 'no filament loaded',
  'tags-match': 'tags, model or nozzle do not match',
  'material-match': 'filament does not match',
  'filament-profiles': 'no filament profile',
};

/** Why a job waits, in one line, from what matching found about it and every printer. */
export function whyWaiting(found: readonly Found[]): string {
  if (found.length === 0) return 'There is no printer.';
  const taker = found.find(({ result }) => result.matched);
  if (taker !== undefined) return `Fits ${taker.printer.name}, which is free.`;
  const fitting = found.filter(({ result }) => result.compatible);
  const [only, ...others] = fitting;
  if (only === undefined) return fitsNone(found);
  if (fitting.every(({ result }) => result.firstFailedCheck === 'subscription-slots'))
    return explanationOf(only.result, 'subscription-slots');
  if (others.length === 0) return `${only.printer.name}: ${explanationOf(only.result, firstFailed(only))}`;
  const reasons = counted(fitting, (one) => PASSING[firstFailed(one) ?? 'enabled'] ?? 'waiting for its turn');
  return `Fits ${fitting.length} of ${found.length} printers: ${reasons}.`;
}

function fitsNone(found: readonly Found[]): string {
  const [only, ...others] = found;
  if (only && others.length === 0)
    return `${only.printer.name}: ${explanationOf(only.result, lastingTrouble(only.result))}`;
  return `Fits none of ${found.length} printers: ${counted(found, (one) => LASTING[lastingTrouble(one.result) ?? 'tags-match'] ?? 'does not fit')}.`;
}

/**
 * What a person reads of a printer: that the job fits and by which filament, the first check that fails for now, or of a
 * printer that never will fit why not, whatever else it is busy with.
 */
export function decisive(result: PairResult): { readonly label: string; readonly explanation: string } {
  const { checks, compatible, firstFailedCheck } = result;
  const failed = compatible ? firstFailedCheck : lastingTrouble(result);
  const found = checks.find(({ code }) => code === (failed ?? 'material-match'));
  return { label: found?.label ?? '', explanation: found?.explanation ?? '' };
}

function firstFailed({ result }: Found): CheckCode | null {
  return result.firstFailedCheck;
}

/** The first check that no waiting mends. */
function lastingTrouble({ checks }: PairResult): CheckCode | null {
  return checks.find(({ code, passed }) => !passed && code in LASTING)?.code ?? null;
}

function explanationOf({ checks }: PairResult, code: CheckCode | null): string {
  return checks.find((check) => check.code === code)?.explanation ?? '';
}

/** `2 not free, 1 offline`, the most frequent first. */
function counted(found: readonly Found[], wordsOf: (one: Found) => string): string {
  const counts = new Map<string, number>();
  for (const one of found) counts.set(wordsOf(one), (counts.get(wordsOf(one)) ?? 0) + 1);
  return [...counts]
    .sort(([, one], [, other]) => other - one)
    .map(([words, count]) => `${count} ${words}`)
    .join(', ');
}
