import { z } from 'zod';
import { choice, date, flag, id, integer, json, nullable, text, withDefault } from './column.js';
import { resource } from './resource.js';

export const DISPATCH_PHASES = [
  'reserved',
  'transferring',
  'transferred',
  'start-sent',
  'printing',
  'ended',
] as const;
export const DISPATCH_OUTCOMES = [
  'completed',
  'failed',
  'cancelled',
  'released',
  'not-started',
  'unknown',
] as const;

const identity = z.object({
  taskId: z.string(),
  subtaskId: z.string(),
  jobId: z.string(),
  name: z.string(),
  file: z.string(),
});

const filamentSource = z.object({
  unitId: z.int(),
  slotIndex: z.int(),
  external: z.boolean(),
  extruder: z.int().nullable(),
});

/**
 * The journal: one row per attempt to bring one job onto one printer. Each phase is durable before the act it
 * announces. Two partial unique indexes (see the migration) forbid a second open row for a printer or a job.
 */
export const dispatch = resource({
  name: 'dispatch',
  label: 'dispatch',
  columns: {
    printJobId: id({ references: { resource: 'printJob', onDelete: 'restrict' } }),
    // No reference: the journal outlives a printer that was removed.
    printerId: id(),
    phase: choice(DISPATCH_PHASES),
    /** Our number in the start command, 1 to 2147483647; fresh for a re-send. */
    token: integer({ min: 1, max: 2_147_483_647, unique: true }),
    /** The token of the start that was proven not to have happened, when it was sent again. */
    previousToken: nullable(integer()),
    /** Display name on the printer, unique per dispatch. */
    name: text(),
    remoteName: text(),
    plate: integer({ min: 1 }),
    sha256: text(),
    bytes: integer({ min: 0 }),
    filaments: json(z.array(filamentSource.nullable())),
    /** Fingerprint of the mapped slots when the printer was chosen; a start is refused if it changed since. */
    slotSnapshot: text(),
    transferAttempts: withDefault(integer({ min: 0 }), 0),
    /** Bytes may lie on the printer under `remoteName`. */
    uploaded: withDefault(flag(), false),
    /** What the printer showed just before the start: to tell an old state from ours. */
    before: nullable(json(z.object({ activity: z.string().nullable(), identity }))),
    startSentAt: nullable(date()),
    resentAt: nullable(date()),
    /** Our identity was seen on the printer, though it had not begun. */
    acceptedAt: nullable(date()),
    /** A report showed our print active. */
    confirmedAt: nullable(date()),
    /** By what the printer showed our print to be ours; firmware that shows ids does not lose them without a restart. */
    recognisedBy: nullable(choice(['ids', 'name'])),
    cancelRequestedAt: nullable(date()),
    stopSentAt: nullable(date()),
    /** First error the printer named since the start, `0300_400C` form. */
    firstError: nullable(text()),
    /** The same in words, as far as the printer's number has any. */
    firstErrorText: nullable(text()),
    cancelSeen: withDefault(flag(), false),
    /** The printer was confirmed ready before the start; restored when the start is proven not to have happened. */
    wasReady: withDefault(flag(), false),
    /** Spools of the library that lay in its slots when the start was sent, and what the whole print takes of them. */
    spools: nullable(json(z.array(z.object({ instanceId: z.string(), grams: z.number() })))),
    endedAt: nullable(date()),
    outcome: nullable(choice(DISPATCH_OUTCOMES)),
    message: nullable(text()),
    remoteRemovedAt: nullable(date()),
  },
});
