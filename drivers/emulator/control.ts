/** The HTTP control API: what a person or a script may do to the emulated printers (docs/emulator.md). */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { BlockList } from 'node:net';
import { z } from 'zod';
import type { EmulatedPrinter } from './api.js';
import type { TruthLog } from './ground-truth.js';

export interface ControlParts {
  readonly printers: () => readonly EmulatedPrinter[];
  readonly log: TruthLog;
  readonly setSpeed: (speed: number) => void;
  readonly speed: () => number;
}

/** A request that cannot be served; `message` goes to the client. */
class ControlError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

const MAX_BODY_BYTES = 64 * 1024;

const faultBody = z.strictObject({
  name: z.string(),
  args: z.record(z.string(), z.unknown()).default({}),
});
const powerBody = z.strictObject({ on: z.boolean() });
const screenBody = z.strictObject({ press: z.enum(['cancel', 'pause', 'resume', 'dismiss']) });
const timeBody = z.strictObject({ speed: z.number() });

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8);

export class ControlServer {
  #server: Server | undefined;
  #url: string | null = null;

  constructor(private readonly parts: ControlParts) {}

  /** Null while not listening. */
  get url(): string | null {
    return this.#url;
  }

  /** @throws Error when the host is not a loopback address or the port is taken. */
  async start(host: string, port: number): Promise<void> {
    if (!loopback.check(host)) throw new Error(`the control API listens on 127.0.0.0/8 only, not on ${host}`);
    const server = createServer((request, response) => {
      void this.#serve(request, response);
    });
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host, port }, resolve);
    });
    const address = server.address();
    const bound = typeof address === 'object' && address !== null ? address.port : port;
    this.#url = `http://${host}:${bound}`;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    this.#url = null;
    if (server === undefined) return;
    server.closeAllConnections();
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      await this.#route(request, response);
    } catch (error) {
      const status = error instanceof ControlError ? error.status : 400;
      send(response, status, { error: error instanceof Error ? error.message : String(error) });
    }
  }

  async #route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1');
    const [root, serial, part, ...rest] = url.pathname.split('/').filter((segment) => segment !== '');
    const route = `${request.method} ${root ?? ''}${part === undefined ? '' : ` ${part}`}`;
    if (rest.length > 0) throw new ControlError(404, `no ${url.pathname}`);
    if (route === 'GET log' && serial === undefined) {
      this.#log(url, response);
    } else if (route === 'GET printers' && serial === undefined) {
      send(response, 200, this.parts.printers().map(summary));
    } else if (route === 'POST time' && serial === undefined) {
      this.parts.setSpeed(timeBody.parse(await body(request)).speed);
      send(response, 200, { speed: this.parts.speed() });
    } else if (root === 'printers' && serial !== undefined) {
      await this.#printer(this.#find(serial), `${request.method} ${part ?? ''}`.trim(), request, response);
    } else {
      throw new ControlError(404, `no ${request.method} ${url.pathname}`);
    }
  }

  async #printer(
    printer: EmulatedPrinter,
    action: string,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    switch (action) {
      case 'GET':
        break;
      case 'POST faults': {
        const { name, args } = faultBody.parse(await body(request));
        printer.addFault(name, args);
        break;
      }
      case 'DELETE faults':
        printer.clearFaults();
        break;
      case 'POST power':
        await printer.power(powerBody.parse(await body(request)).on);
        break;
      case 'POST screen':
        press(printer, screenBody.parse(await body(request)).press);
        break;
      default:
        throw new ControlError(404, `a printer takes no ${action}`);
    }
    send(response, 200, { ...summary(printer), files: printer.files() });
  }

  #find(serial: string): EmulatedPrinter {
    const printer = this.parts.printers().find((p) => p.serial === serial);
    if (printer === undefined) throw new ControlError(404, `no emulated printer ${serial}`);
    return printer;
  }

  #log(url: URL, response: ServerResponse): void {
    const since = Number(url.searchParams.get('since') ?? 0);
    if (!Number.isInteger(since) || since < 0) {
      throw new ControlError(400, 'since must be a whole number from 0');
    }
    const { log } = this.parts;
    response.writeHead(200, {
      'content-type': 'application/x-ndjson',
      'x-next-index': String(log.nextIndex),
    });
    response.end(
      log
        .since(since)
        .map((entry) => `${JSON.stringify(entry)}\n`)
        .join(''),
    );
  }
}

function press(printer: EmulatedPrinter, button: 'cancel' | 'pause' | 'resume' | 'dismiss'): void {
  if (button === 'cancel') printer.pressCancel();
  if (button === 'pause') printer.pressPause();
  if (button === 'resume') printer.pressResume();
  if (button === 'dismiss') printer.dismiss();
}

function summary(printer: EmulatedPrinter): Record<string, unknown> {
  const { serial, name, modelCode, host, mqttPort, ftpPort, accessCode, activity } = printer;
  return { serial, name, modelCode, host, mqttPort, ftpPort, accessCode, activity };
}

async function body(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const piece of request) {
    const chunk: Buffer = Buffer.from(piece);
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) throw new ControlError(413, `a body may have ${MAX_BODY_BYTES} bytes`);
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw new ControlError(400, 'the body must be JSON');
  }
}

function send(response: ServerResponse, status: number, content: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(`${JSON.stringify(content)}\n`);
}
