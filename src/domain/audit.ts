import type { Actor, WriteContext } from '../database/change.js';
import type { Transaction } from '../database/transaction.js';
import { auditLog } from '../resources/index.js';
import type { Insert } from '../resources/resource.js';
import { type AuditEntry, entriesOf } from './audit-entries.js';

/**
 * The recorder of the audit log: what people, keys and the command line change is written down in the transaction that
 * changes it. Of what the daemon does by itself only printers coming and going are, and what it no longer lets them do: its
 * work on jobs is told by the jobs, and a farm that prints must not write for the log's sake.
 */
export async function recordChanges(tx: Transaction): Promise<void> {
  const entries = entriesOf(tx.context.actor, tx.changes);
  if (entries.length === 0) return;
  // Switching the log off is the last thing it tells.
  const switched = tx.changes.some(
    ({ resource, fields }) => resource === 'store' && fields.includes('auditEnabled'),
  );
  if (!switched && !(await isAuditEnabled(tx))) return;
  const email = await emailOf(tx);
  for (const entry of entries) await write(tx, entry, email);
}

/** Writes down what is no change of an entity, such as a command to a printer; nothing while the log is off. */
export async function recordAct(tx: Transaction, entry: AuditEntry): Promise<void> {
  if (await isAuditEnabled(tx)) await write(tx, entry, await emailOf(tx));
}

async function isAuditEnabled(tx: Transaction): Promise<boolean> {
  const row = await tx.db
    .selectFrom('store')
    .select('auditEnabled')
    .where('id', '=', tx.context.storeId)
    .executeTakeFirst();
  return row?.auditEnabled === 1;
}

async function write(tx: Transaction, entry: AuditEntry, actorEmail: string | null): Promise<void> {
  const { context } = tx;
  const [only, ...others] = entry.ids;
  const single = others.length === 0;
  await tx.note(auditLog, {
    storeId: context.storeId,
    ...whoOf(context),
    actorEmail,
    entityType: entry.entityType,
    entityId: single ? (only ?? null) : null,
    entityIds: single ? null : entry.ids,
    action: entry.action,
    detailedAction: entry.detailedAction ?? context.request?.action ?? null,
    changes: entry.changes === null ? null : [...entry.changes],
    metadata: entry.metadata,
    correlationId: context.correlationId,
    ipAddress: context.address,
    userAgent: context.request?.userAgent ?? null,
    reason: context.request?.reason ?? null,
  });
}

/** The address of the person behind the write, as it is now. */
async function emailOf({ context, db }: Transaction): Promise<string | null> {
  const { actor, storeId } = context;
  if (actor.type !== 'user' || actor.id === null) return null;
  const row = await db
    .selectFrom('user')
    .select('email')
    .where('id', '=', actor.id)
    .where('storeId', '=', storeId)
    .executeTakeFirst();
  return row?.email ?? null;
}

const SOURCES = { api_key: 'api', user: 'web', cli: 'cli', system: 'system' } as const;

function whoOf({
  actor,
}: WriteContext): Pick<Insert<typeof auditLog>, 'source' | 'actorType' | 'actorId' | 'apiKeyId'> {
  return {
    source: SOURCES[actor.type],
    // The contract knows no actor for the command line: who may use it owns the machine, like the daemon itself.
    actorType: actor.type === 'cli' ? 'system' : actor.type,
    actorId: actorName(actor),
    apiKeyId: actor.type === 'api_key' ? actor.id : null,
  };
}

function actorName({ id, type }: Actor): string {
  return id ?? type;
}
