import { isDeepStrictEqual } from 'node:util';
import type { Config } from './config.js';

/**
 * Names of the settings whose values differ, as `http.port`. Lists count as one setting. Values are left out: some are
 * secrets.
 */
export function changedSettings(before: Config, after: Config): string[] {
  return differences(before, after, []).sort();
}

function differences(before: unknown, after: unknown, path: readonly string[]): string[] {
  if (!isGroup(before) || !isGroup(after)) return isDeepStrictEqual(before, after) ? [] : [path.join('.')];
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...keys].flatMap((key) => differences(before[key], after[key], [...path, key]));
}

function isGroup(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Settings that take effect while the daemon runs. */
const LIVE: ReadonlySet<string> = new Set([
  'printers',
  'log.level',
  'rateLimit.profile',
  'rateLimit.perMinute',
  'rateLimit.perHour',
  'diagnostics.messages.enabled',
  'diagnostics.messages.perPrinter',
  'diagnostics.messages.maxBytes',
  'queue.maxHeating',
  'queue.workingHours',
  'queue.continuous.bedBelowC',
  'queue.continuous.waitSeconds',
  'webhooks.allowPrivateTargets',
  'webhooks.allowHttp',
  'webhooks.caFiles',
  'webhooks.maxFailures',
]);

export function isLive(setting: string): boolean {
  return LIVE.has(setting);
}

/** What runs after the live settings of `read` have been put in effect: the rest is as it was at the start. */
export function withLiveSettings(running: Config, read: Config): Config {
  return {
    ...running,
    printers: read.printers,
    rateLimit: read.rateLimit,
    diagnostics: read.diagnostics,
    webhooks: { ...read.webhooks, logDays: running.webhooks.logDays },
    queue: {
      ...running.queue,
      maxHeating: read.queue.maxHeating,
      workingHours: read.queue.workingHours,
      continuous: read.queue.continuous,
    },
    log: { ...running.log, level: read.log.level },
  };
}
