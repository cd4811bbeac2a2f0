import { z } from 'zod';
import type { Permission } from '../../contract/permissions.js';
import type { Method, Operation } from '../operation.js';

/** What a caller may do next with what it has just read. */
export const apiHint = z
  .object({
    action: z.string(),
    description: z.string(),
    method: z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']),
    path: z.string(),
    bodySchema: z.record(z.string(), z.unknown()).optional(),
    condition: z.string().optional(),
  })
  .meta({ id: 'ApiHint' });
export type ApiHint = z.infer<typeof apiHint>;

interface Step {
  readonly action: string;
  readonly method: Method;
  readonly path: string;
  readonly condition?: string;
}

/** Where a list leads beyond its own routes. */
const FURTHER: Readonly<Record<string, readonly Step[]>> = {
  '/v1/parts': [
    {
      action: 'queue_print',
      method: 'POST',
      path: '/v2/builds',
      condition: 'The part holds a sliced file (type gcode3mf)',
    },
    { action: 'create_sku', method: 'POST', path: '/v1/parts/create-skus' },
  ],
  '/v1/skus': [{ action: 'queue_print', method: 'POST', path: '/v2/builds' }],
  '/v1/printers': [
    {
      action: 'send_command',
      method: 'POST',
      path: '/v1/printer-commands/send',
      condition: 'The printer is online',
    },
  ],
  '/v1/print-jobs': [{ action: 'queue_print', method: 'POST', path: '/v2/builds' }],
};

/** Finds, for the path of a list, what can be done next. */
export class RouteHints {
  #byKey: ReadonlyMap<string, Operation> | null = null;

  /** @param operations everything the API does; asked for when the first hint is wanted, for hints are part of it */
  constructor(readonly operations: () => readonly Operation[]) {}

  /** Paths of lists, in order. */
  get paths(): readonly string[] {
    const lists = this.operations().filter(({ method, lists }) => method === 'GET' && lists);
    return [...new Set(lists.map(({ path }) => path))].sort();
  }

  /**
   * Hints for a list, first those that lead further. What is not built is left out.
   *
   * @param held what the caller may do: more is not offered; absent offers everything
   */
  of(path: string, held?: ReadonlySet<Permission>): readonly ApiHint[] {
    const further = (FURTHER[path] ?? []).flatMap((step) => {
      const found = this.#find(step.method, step.path);
      return found ? [{ operation: found, step }] : [];
    });
    const own = this.operations()
      .filter((one) => one.path === path || one.path === `${path}/{id}`)
      .filter((one) => one.method !== 'GET' || one.path !== path)
      .map((operation) => ({ operation, step: { action: actionOf(operation) } }));
    return [...further, ...own]
      .filter(({ operation }) => !operation.notYet && allowed(operation, held))
      .map(({ operation, step }) => ({
        ...step,
        description: operation.summary,
        method: operation.method,
        path: operation.path,
      }));
  }

  #find(method: Method, path: string): Operation | undefined {
    this.#byKey ??= new Map(this.operations().map((one) => [`${one.method} ${one.path}`, one]));
    return this.#byKey.get(`${method} ${path}`);
  }
}

function allowed({ permissions }: Operation, held: ReadonlySet<Permission> | undefined): boolean {
  return held === undefined || permissions.every((permission) => held.has(permission));
}

/** `update_part` for `parts.update`. */
function actionOf({ id }: Operation): string {
  const [noun = '', ...verb] = id.replace(/^local\./, '').split('.');
  return [...verb, noun.replace(/s$/, '')]
    .join('_')
    .replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
