import { z } from 'zod';
import { choice, id, json, nullable, text, words } from './column.js';
import { resource } from './resource.js';
import { record } from './shapes.js';

export const AUDIT_SOURCES = ['web', 'api', 'cli', 'webhook', 'system', 'scheduler'] as const;
export const AUDIT_ACTORS = ['user', 'api_key', 'webhook', 'system', 'scheduler'] as const;
export const AUDIT_ACTIONS = [
  'create',
  'update',
  'delete',
  'bulk_create',
  'bulk_update',
  'bulk_delete',
  'login',
  'logout',
  'export',
  'import',
  'sensitive_access',
] as const;

const fieldChange = z.object({ field: z.string(), oldValue: z.unknown(), newValue: z.unknown() });

/** One field of an entity before and after. */
export type FieldChange = z.infer<typeof fieldChange>;

/** Who did what. Rows are only ever added, in the transaction of what they tell of, and go when they are old. */
export const auditLog = resource({
  name: 'auditLog',
  label: 'audit log entry',
  path: '/v1/audit-logs',
  operations: ['list', 'search'],
  permissions: { view: 'audit.log.view' },
  columns: {
    source: choice(AUDIT_SOURCES),
    /** Plural with a capital, such as `Printers`. */
    entityType: text({ max: 64 }),
    entityId: nullable(id()),
    /** In place of `entityId` where it was more than one. */
    entityIds: nullable(words()),
    action: nullable(choice(AUDIT_ACTIONS)),
    /** Such as `printJob.retry`. */
    detailedAction: nullable(text({ max: 128 })),
    changes: nullable(json(z.array(fieldChange))),
    metadata: nullable(json(record)),
    actorId: text({ max: 128 }),
    actorType: choice(AUDIT_ACTORS),
    actorEmail: nullable(text()),
    apiKeyId: nullable(id()),
    impersonatedBy: nullable(text()),
    /** The same for all that one request did; its `x-request-id`. */
    correlationId: text({ max: 128 }),
    ipAddress: nullable(text({ max: 64 })),
    userAgent: nullable(text({ max: 512 })),
    /** What the caller gave in `x-audit-reason`. */
    reason: nullable(text({ max: 1024 })),
  },
  defaultSort: [{ field: 'createdAt', direction: 'desc' }],
  omit: ['updatedAt'],
});
