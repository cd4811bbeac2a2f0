import { type IncomingHttpHeaders, request } from 'node:http';

export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** Parsed when it is JSON, else undefined. */
  readonly body: unknown;
}

export interface RawRequest {
  readonly method: string;
  /** The whole address. */
  readonly url: string;
  /** Sent in this spelling, and nothing but these, `Host` and the body's length. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

const WAIT_MS = 10_000;

/** One request exactly as a client writes it: libraries with manners of their own would tidy it up. */
export function send({ method, url, headers = {}, body }: RawRequest): Promise<RawAnswer> {
  const length = body === undefined ? {} : { 'Content-Length': Buffer.byteLength(body) };
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers: { ...headers, ...length } }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('error', reject);
      answer.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text, body: parsed(text) });
      });
    });
    sent.setTimeout(WAIT_MS, () => sent.destroy(new Error(`${method} ${url} was not answered`)));
    sent.on('error', reject);
    sent.end(body);
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Pictures and empty answers are no JSON.
    return undefined;
  }
}
