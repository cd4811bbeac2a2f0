import { AsyncLocalStorage } from 'node:async_hooks';
import type { FastifyRequest } from 'fastify';

const HOST = /^(?:[a-z0-9](?:[a-z0-9.-]{0,252}[a-z0-9])?|\[[0-9a-f:.]{2,45}\])(?::\d{1,5})?$/i;

/**
 * The address under which the present request reached us, for the links in its own answer. It harms nobody but the
 * caller when it lies about it: what goes to others is made outside of any request.
 */
export class RequestBase {
  readonly #present = new AsyncLocalStorage<string>();

  /** What `fn` and all it awaits find in `current`; nothing when the request names no usable host. */
  run<T>(request: FastifyRequest, fn: () => T): T {
    const { host, protocol } = request;
    return typeof host === 'string' && HOST.test(host)
      ? this.#present.run(`${protocol}://${host}`, fn)
      : fn();
  }

  get current(): string | undefined {
    return this.#present.getStore();
  }
}
