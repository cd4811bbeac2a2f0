import { Answer, type CallContext, type Operation, operation } from '../operation.js';
import { noParams } from '../schemas.js';

/**
 * One answer made of several operations', by name, each run with the caller's own rights and without parameters.
 * What the caller may not see is an empty list.
 */
export function composed(
  path: string,
  summary: string,
  parts: Readonly<Record<string, Operation | undefined>>,
): Operation {
  return operation({
    id: `older.${path.slice('/v1/'.length).replaceAll('/', '.')}`,
    method: 'GET',
    path,
    status: 200,
    summary,
    permissions: [],
    older: true,
    params: noParams,
    body: null,
    async run(_input, context) {
      const answers = Object.entries(parts).map(
        async ([name, part]) => [name, part ? await bodyOf(part, context) : []] as const,
      );
      return Object.fromEntries(await Promise.all(answers));
    },
  });
}

async function bodyOf(part: Operation, context: CallContext): Promise<unknown> {
  if (!part.permissions.every((permission) => context.caller.permissions.has(permission))) return [];
  const answer = await part.run({ params: {}, query: [], body: undefined }, context);
  return answer instanceof Answer ? answer.body : answer;
}
