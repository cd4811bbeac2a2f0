import type { CheckRule, Pair } from './check-rule.js';
import { FIT_CHECKS } from './fit-checks.js';
import type { MatchJob, MatchPrinter, MatchSettings } from './input.js';
import { channelMapping, computedAssignments, slotRef } from './mapping.js';
import { placeChannels } from './materials.js';
import { prepareJob, preparePrinter } from './prepare.js';
import { READINESS_CHECKS } from './readiness-checks.js';
import { printerFacts } from './required-tags.js';
import type { Check, CheckCode, Mismatch, PairReason, PairResult } from './result.js';

/** All checks, in the order in which they count. */
export const CHECKS: readonly CheckRule[] = [...READINESS_CHECKS, ...FIT_CHECKS];

/** Makes every check for a job and a printer and explains each; the queue stops at the first that fails. */
export function checkPair(job: MatchJob, printer: MatchPrinter, settings: MatchSettings): PairResult {
  const pair: Pair = { job: prepareJob(job), printer: preparePrinter(printer), settings };
  const checks = CHECKS.map((rule) => toCheck(rule, pair));
  const firstFailedCheck = firstFailing(CHECKS, pair)?.code ?? null;
  const ready = firstFailing(READINESS_CHECKS, pair) === null;
  const reason = ready ? pairReason(pair) : null;
  return {
    matched: firstFailedCheck === null,
    compatible: CHECKS.every((rule) => rule.temporary || rule.passes(pair)),
    checks,
    firstFailedCheck,
    reason,
    mapping: reason?.matched === true ? reason.mapping : null,
  };
}

export function firstFailing(rules: readonly CheckRule[], pair: Pair): CheckRule | null {
  for (const rule of rules) {
    if (!rule.passes(pair)) return rule;
  }
  return null;
}

/** What the matching details say of a printer that could take a job. */
export function pairReason(pair: Pair): PairReason {
  const failing = firstFailing(FIT_CHECKS, pair);
  if (failing !== null) {
    return { matched: false, reason: failing.explain(pair, false), ...mismatch(failing.code, pair) };
  }
  const placement = placeChannels(pair.job, pair.printer, pair.settings);
  if (!placement.placed) throw new Error('material-match passed without a placement');
  return {
    matched: true,
    reason: 'The job fits this printer.',
    reasonCode: 'matched',
    priority: placement.rank,
    data: { slots: placement.slots.map(({ slot }) => slotRef(slot)) },
    mapping: channelMapping(pair.job, placement.slots),
  };
}

function mismatch(code: CheckCode, { job, printer }: Pair): Mismatch {
  const slots = printer.places.map(slotRef);
  switch (code) {
    case 'slots-loaded':
      return { reasonCode: 'no-slots', data: { config: { use_ams: printer.printer.useAms }, slots } };
    case 'material-match':
      return {
        reasonCode: 'material-mismatch',
        data: { slots, computedAssignments: computedAssignments(job) },
      };
    case 'profiles-configured':
    case 'filament-profiles':
      return { reasonCode: 'missing-profile', data: { slots } };
    default:
      return {
        reasonCode: 'tag-mismatch',
        data: { required: job.job.tags, printer: printerFacts(printer) },
      };
  }
}

function toCheck(rule: CheckRule, pair: Pair): Check {
  const passed = rule.passes(pair);
  const context = rule.context?.(pair);
  return {
    code: rule.code,
    passed,
    label: rule.label,
    explanation: rule.explain(pair, passed),
    ...(context === undefined ? {} : { context }),
  };
}
