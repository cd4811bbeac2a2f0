import { z } from 'zod';
import type { Store } from '../../domain/stores.js';
import type { Condition, ListQuery } from '../../query/condition.js';
import type { Parameters } from '../../query/parse-get.js';
import { auditLog, store } from '../../resources/index.js';
import type { Deps } from '../deps.js';
import { type Operation, operation } from '../operation.js';
import { id, noParams } from '../schemas.js';
import { listOperation, searchOperation } from '../standard.js';

const subscriptionShape = z
  .object({
    plan: z.enum(['core', 'personal']).nullable(),
    isCommercial: z.boolean().nullable(),
    concurrencySlots: z.int().min(1).nullable(),
    trialEndsAt: z.iso.datetime().nullable(),
    term: z.enum(['year', 'month']).nullable(),
    id,
    storeId: id,
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: 'Subscription' });

export function auditOperations(deps: Deps): Operation[] {
  const { database, settings } = deps;

  const configure = operation({
    id: 'subscriptions.auditLogs',
    audit: 'auditLog.configure',
    method: 'PATCH',
    path: '/v1/subscriptions/audit-logs',
    status: 200,
    summary: 'Switch the audit log on or off; what it holds stays until it is old',
    permissions: ['audit.logs.configure'],
    params: noParams,
    body: z.object({ enabled: z.boolean() }),
    answer: () => subscriptionShape,
    async run({ body }, { write }) {
      const row = await database.write(write, (tx) =>
        tx.update(store, write.storeId, { auditEnabled: body.enabled }),
      );
      return subscription(row, settings.maxConcurrentJobs);
    },
  });

  return [listOperation(auditLog, deps, { refine: byEntityId }), searchOperation(auditLog, deps), configure];
}

/** There is nothing to subscribe to on one's own machine: everything is included, without end. */
function subscription({ id, storeId, createdAt, updatedAt }: Store, concurrencySlots: number | null) {
  return {
    plan: 'core',
    isCommercial: true,
    concurrencySlots,
    trialEndsAt: null,
    term: null,
    id,
    storeId,
    createdAt,
    updatedAt,
  };
}

/** `entityIdSearch=abc`: a part of the id of what an entry is about, or of one of them. */
function byEntityId(query: ListQuery, parameters: Parameters): ListQuery {
  const wanted = parameters.flatMap(([name, value]) =>
    name === 'entityIdSearch' && value !== '' ? [value] : [],
  );
  if (wanted.length === 0) return query;
  const holds = (value: string): Condition => ({
    kind: 'or',
    of: [
      { kind: 'field', field: 'entityId', operator: 'contains', value },
      { kind: 'field', field: 'entityIds', operator: 'contains', value },
    ],
  });
  return { ...query, filter: { kind: 'and', of: [query.filter, ...wanted.map(holds)] } };
}
