import { ApiError } from '../contract/errors.js';
import { type Operation, operation } from './operation.js';

/**
 * Declares an operation whose work is not built: it has its route, lets in who may call it, checks params and body as
 * declared, and then answers 501 `not_implemented`.
 */
export function notYet<Params, Body>(
  definition: Omit<Operation<Params, Body>, 'run' | 'notYet'>,
): Operation<Params, Body> {
  const { method, path } = definition;
  return operation({
    ...definition,
    notYet: true,
    run: async () => {
      throw new ApiError(
        'not_implemented',
        `${method} ${path} is not built yet: the request is right, but nothing was done`,
      );
    },
  });
}
