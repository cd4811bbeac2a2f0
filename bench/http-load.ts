/** A process of its own that sends one request again and again over some connections. */
import { join } from 'node:path';
import { z } from 'zod';
import { built, Child } from './child.js';
import type { Installation } from './farm.js';

export interface LoadRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: string;
}

export interface LoadRun {
  readonly url: string;
  readonly request: LoadRequest;
  readonly installation: Pick<Installation, 'apiKey' | 'storeId'>;
  readonly connections: number;
  readonly seconds: number;
}

const loaded = z.object({ requests: z.number(), seconds: z.number() });

export class HttpLoad {
  readonly #child: Child;

  constructor(folder: string) {
    this.#child = new Child({
      name: 'the load',
      args: [built('bench/child/send-requests.js')],
      logFile: join(folder, 'load.log'),
    });
  }

  /** @throws Error when anything but a success is answered */
  run({ url, request, installation, connections, seconds }: LoadRun): Promise<z.infer<typeof loaded>> {
    const { hostname, port } = new URL(url);
    const text = requestText(request, installation);
    const body = { host: hostname, port: Number(port), text, connections, seconds };
    return this.#child.ask(loaded, 'load', body, (seconds + 30) * 1_000);
  }

  /** One request. @returns the answer's body */
  async once(
    url: string,
    { method, path, body }: LoadRequest,
    installation: LoadRun['installation'],
  ): Promise<string> {
    const answer = await fetch(url + path, {
      method,
      headers: headersFor(installation, body),
      ...(body === undefined ? {} : { body }),
    });
    if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${await answer.text()}`);
    return answer.text();
  }

  stop(): Promise<void> {
    return this.#child.stop();
  }
}

function headersFor({ apiKey, storeId }: LoadRun['installation'], body?: string): Record<string, string> {
  return {
    ...(apiKey === '' ? {} : { authorization: `ApiKey ${apiKey}` }),
    'x-printago-storeid': storeId,
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
  };
}

function requestText({ method, path, body }: LoadRequest, installation: LoadRun['installation']): string {
  const headers = {
    host: 'localhost',
    ...headersFor(installation, body),
    ...(body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body ?? ''}`;
}
