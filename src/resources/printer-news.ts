import { z } from 'zod';
import { date, id, json, nullable, withDefault } from './column.js';
import { resource } from './resource.js';

export const HEALTH_LEVELS = ['error', 'warning'] as const;

/** One message of a printer that somebody should hear of. */
export const healthNote = z.object({
  level: z.enum(HEALTH_LEVELS),
  /** As on the stats topic: `0300-400C`. */
  code: z.string(),
  message: z.string(),
});
export type HealthNote = z.infer<typeof healthNote>;

/**
 * What was last told of a printer's live state: that it is away, and which of its messages stand. So a restart tells
 * nothing twice. A printer that has no row is there and has no messages.
 */
export const printerNews = resource({
  name: 'printerNews',
  label: 'printer news',
  columns: {
    printerId: id({ references: { resource: 'printer', onDelete: 'cascade' }, unique: true }),
    /** When it went away; null while it is there. */
    awaySince: nullable(date()),
    health: withDefault(json(z.array(healthNote).readonly()), []),
  },
});
