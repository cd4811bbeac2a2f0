import { date, integer, nullable, text } from './column.js';
import { resource } from './resource.js';

/** The last run of a piece of daily work, one row for each. */
export const choreRun = resource({
  name: 'choreRun',
  label: 'daily work',
  columns: {
    chore: text({ max: 64 }),
    startedAt: date(),
    durationMs: integer({ min: 0 }),
    /** What came of it; null when it failed. */
    result: nullable(text()),
    /** Why it failed; null when it did not. */
    error: nullable(text()),
  },
});
