import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';

/**
 * Clients that ask before they send (`Expect: 100-continue`). They are told to go on once somebody wants the body, so
 * that a refused upload is never sent at all.
 */
export class ExpectContinue {
  readonly #waiting = new WeakSet<IncomingMessage>();

  watch(server: Server): void {
    server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
      this.#waiting.add(request);
      server.emit('request', request, response);
    });
  }

  /** The body has been announced and not been asked for: what follows on the connection may or may not be it. */
  isWaiting(request: IncomingMessage): boolean {
    return this.#waiting.has(request);
  }

  goOn(request: IncomingMessage, response: ServerResponse): void {
    if (this.#waiting.delete(request)) response.writeContinue();
  }

  /** The body; asked for when the first of it is read. */
  body(request: IncomingMessage, response: ServerResponse): Readable {
    return this.isWaiting(request) ? Readable.from(this.#onDemand(request, response)) : request;
  }

  async *#onDemand(request: IncomingMessage, response: ServerResponse): AsyncGenerator<Buffer> {
    this.goOn(request, response);
    // Left open on an early end: the answer still has to go out on its connection.
    yield* request.iterator({ destroyOnReturn: false });
  }
}
