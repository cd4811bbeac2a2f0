import { z } from 'zod';
import { currentSubscription } from '../../domain/local-plan.js';
import type { Condition, ListQuery } from '../../query/condition.js';
import type { Parameters } from '../../query/parse-get.js';
import { answered } from '../../resources/answered.js';
import { auditLog, store, subscription } from '../../resources/index.js';
import type { Deps } from '../deps.js';
import { type Operation, operation } from '../operation.js';
import { noParams } from '../schemas.js';
import { listOperation, searchOperation } from '../standard.js';

export function auditOperations(deps: Deps): Operation[] {
  const { database, presenter } = deps;

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
    answer: () => answered(subscription),
    async run({ body }, { write }) {
      await database.write(write, (tx) => tx.update(store, write.storeId, { auditEnabled: body.enabled }));
      return subscription.present(await currentSubscription(database.read, write.storeId), presenter);
    },
  });

  return [
    listOperation(auditLog, deps, {
      refine: byEntityId,
      query: () => z.object({ entityIdSearch: z.string().optional() }),
    }),
    searchOperation(auditLog, deps),
    configure,
  ];
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
