import { z } from 'zod';
import type { Parameters } from '../../query/parse-get.js';
import { auditName, type Operation, operation } from '../operation.js';

/** An address that an older interface had for what another operation does now. */
interface Alias {
  readonly path: string;
  /** Id of the operation that answers. */
  readonly of: string;
  /** Added to the request's own parameters. */
  readonly parameters?: Parameters;
  /** The older body in the form of today's. */
  readonly body?: (given: unknown) => unknown;
}

const ALIASES: readonly Alias[] = [
  { path: '/v2/parts', of: 'part.list', parameters: [['meta', 'true']] },
  { path: '/v2/parts/search', of: 'part.search' },
  { path: '/v1/builds', of: 'builds.create' },
  { path: '/v1/printers/bulk', of: 'printers.updateMany', body: dataAsUpdate },
  { path: '/v1/printers/bulk', of: 'printers.deleteMany' },
];

/** The operations at their older addresses: same permissions, same checks, same answers, same name in the audit log. */
export function aliases(operations: readonly Operation[]): readonly Operation[] {
  const byId = new Map(operations.map((one) => [one.id, one]));
  return ALIASES.map(({ path, of, parameters = [], body }) => {
    const target = byId.get(of);
    if (!target) throw new Error(`${path} stands for ${of}, which does not exist`);
    return operation({
      ...target,
      id: `older.${of}`,
      audit: auditName(target),
      path,
      older: true,
      body: target.body && body ? z.preprocess(body, target.body) : target.body,
      run: (input, context) => target.run({ ...input, query: [...input.query, ...parameters] }, context),
    });
  });
}

/** `{ids, data}` was what is `{ids, update}` now. */
function dataAsUpdate(given: unknown): unknown {
  if (typeof given !== 'object' || given === null || !('data' in given)) return given;
  return { update: given.data, ...given };
}
