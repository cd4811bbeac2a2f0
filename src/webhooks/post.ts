import type { LookupAddress } from 'node:dns';
import { lookup } from 'node:dns/promises';
import * as http from 'node:http';
import * as https from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { createSecureContext, rootCertificates, type SecureContext } from 'node:tls';
import { retryAfterMs } from './retry-after.js';
import { hostOf, type TargetRules } from './targets.js';

export interface PostOptions {
  readonly rules: TargetRules;
  /** Longest time from the first byte to the last, milliseconds. */
  readonly timeoutMs: number;
  /** Certificates that are trusted beside the usual ones, PEM. */
  readonly extraCa: readonly string[];
  readonly now: () => number;
  /** Finds the addresses of a host. */
  readonly resolve?: (host: string) => Promise<readonly LookupAddress[]>;
}

export interface Post {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** `answered` holds the receiver's own word; all else never came so far, and `error` says why. */
export type PostResult =
  | {
      readonly kind: 'answered';
      readonly status: number;
      readonly retryAfterMs: number | null;
      /** The beginning of what it said. */
      readonly text: string;
    }
  | { readonly kind: 'unanswered'; readonly error: string }
  | { readonly kind: 'aborted' };

/** What is read of an answer before the connection is ended: nobody needs more. Bytes. */
export const MAX_ANSWER_BYTES = 64 * 1024;
/** What of it is kept. Bytes. */
const KEPT_BYTES = 2_048;
/** Receivers end connections that rest; ours end first. */
const RESTING_MS = 3_000;
const MAX_PASSED = 32;

/**
 * Sends by POST to addresses that the rules allow, and nowhere else: what a host resolves to is looked up once, every
 * address is checked, and the connection goes to one of those. Redirects are not followed.
 */
export class Poster {
  readonly #options: PostOptions;
  #agents = newAgents();
  #extraCa: readonly string[];
  #trust: SecureContext | null = null;
  /** Addresses that say nothing against themselves; where they lead to is checked with each connection. */
  readonly #passed = new Map<string, URL>();

  constructor(options: PostOptions) {
    this.#options = options;
    this.#extraCa = options.extraCa;
  }

  /** The rules have changed, and these are trusted from now on: no connection is used that was made before. */
  renew(extraCa: readonly string[]): void {
    this.#extraCa = extraCa;
    this.#trust = null;
    this.#passed.clear();
    // Calls that are under way go on; what rests in the old ones ends by itself.
    this.#agents = newAgents();
  }

  /** Never rejects. */
  async post(post: Post, signal: AbortSignal): Promise<PostResult> {
    const url = this.#passed.get(post.url) ?? this.#pass(post.url);
    if (typeof url === 'string') return refused(url);
    // Nothing is looked up for an address in numbers, and which are the daemon's own may have changed.
    const host = hostOf(url);
    const refusal = isIP(host) === 0 ? null : this.#options.rules.refusedAddress(url, host);
    if (refusal !== null) return refused(refusal);
    const deadline = performance.now() + this.#options.timeoutMs;
    const first = await this.#once(url, post, signal, deadline);
    // A connection that rested may end just as it is used again: that says nothing of the receiver.
    return first === 'stale' ? fresh(await this.#once(url, post, signal, deadline)) : first;
  }

  /** An address that says nothing against itself, or why it is refused. */
  #pass(text: string): URL | string {
    const refusal = this.#options.rules.refusal(text);
    if (refusal !== null) return refusal;
    const url = new URL(text);
    if (this.#passed.size >= MAX_PASSED) this.#passed.clear();
    this.#passed.set(text, url);
    return url;
  }

  /** Ends the connections that rest. */
  close(): void {
    for (const agent of Object.values(this.#agents)) agent.destroy();
  }

  #once(url: URL, post: Post, signal: AbortSignal, deadline: number): Promise<PostResult | 'stale'> {
    if (signal.aborted) return Promise.resolve({ kind: 'aborted' });
    const { timeoutMs } = this.#options;
    return new Promise((resolve) => {
      let answer: http.IncomingMessage | null = null;
      let kept = '';
      let read = 0;
      let isOver = false;
      const request = this.#request(url, post);
      const end = (result: PostResult | 'stale') => {
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
        isOver = true;
        resolve(result);
      };
      /** The receiver's word counts as soon as it is there, whatever becomes of the rest of its answer. */
      const over = (error: string) => {
        if (isOver) return;
        if (answer !== null) end(this.#answered(answer, kept));
        else end({ kind: 'unanswered', error });
        request.destroy();
      };
      const onAbort = () => {
        end({ kind: 'aborted' });
        request.destroy();
      };
      const timer = setTimeout(
        () => over(`no answer within ${timeoutMs / 1000} s`),
        Math.max(0, deadline - performance.now()),
      );
      signal.addEventListener('abort', onAbort, { once: true });
      // Without an error or an answer before it where the receiver wants to go on in another protocol.
      request.on('close', () => over('the connection was ended without an answer'));
      request.on('error', (error) => {
        const isStale = request.reusedSocket && answer === null && ENDED.has(codeOf(error));
        if (isStale) end('stale');
        else over(reasonOf(error));
      });
      request.on('response', (response) => {
        answer = response;
        response.on('data', (chunk: Buffer) => {
          read += chunk.length;
          if (kept.length < KEPT_BYTES) kept += chunk.toString('utf8', 0, KEPT_BYTES - kept.length);
          if (read > MAX_ANSWER_BYTES) over('');
        });
        response.on('error', () => over(''));
        response.on('end', () => end(this.#answered(response, kept)));
      });
      request.end(post.body);
    });
  }

  #answered(response: http.IncomingMessage, text: string): PostResult {
    const { statusCode = 0, headers } = response;
    return {
      kind: 'answered',
      status: statusCode,
      retryAfterMs: retryAfterMs(headers['retry-after'], this.#options.now()),
      text,
    };
  }

  #request(url: URL, { headers, body }: Post): http.ClientRequest {
    const options = {
      method: 'POST',
      headers: { ...headers, 'content-length': Buffer.byteLength(body) },
      lookup: this.#checkedLookup(url),
    };
    return url.protocol === 'https:'
      ? https.request(url, { ...options, agent: this.#agents['https:'], ...this.#trusted() })
      : http.request(url, { ...options, agent: this.#agents['http:'] });
  }

  /** Made at the first need: reading all roots takes a moment. */
  #trusted(): { readonly secureContext?: SecureContext } {
    const extraCa = this.#extraCa;
    if (extraCa.length === 0) return {};
    this.#trust ??= createSecureContext({ ca: [...rootCertificates, ...extraCa] });
    return { secureContext: this.#trust };
  }

  #checkedLookup(url: URL): LookupFunction {
    const { rules, resolve = (host) => lookup(host, { all: true }) } = this.#options;
    return (host, options, callback) => {
      resolve(host).then(
        (found) => {
          const [first] = found;
          const refusal = found.map(({ address }) => rules.refusedAddress(url, address)).find(Boolean);
          if (refusal || !first) callback(new RefusedTarget(refusal ?? `${host} has no address`), '', 0);
          else if (options.all) callback(null, [...found]);
          else callback(null, first.address, first.family);
        },
        (error: unknown) => callback(asError(error), '', 0),
      );
    };
  }
}

function newAgents() {
  return {
    'http:': new http.Agent({ keepAlive: true, timeout: RESTING_MS }),
    'https:': new https.Agent({ keepAlive: true, timeout: RESTING_MS }),
  };
}

class RefusedTarget extends Error {}

function refused(why: string): PostResult {
  return { kind: 'unanswered', error: `the address is refused: ${why}` };
}

/** What the end of a connection looks like, to whoever waits for an answer and to whoever writes. */
const ENDED: ReadonlySet<string | null> = new Set(['ECONNRESET', 'EPIPE']);

function fresh(result: PostResult | 'stale'): PostResult {
  return result === 'stale' ? { kind: 'unanswered', error: 'the connection was ended' } : result;
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

function codeOf(error: Error): string | null {
  return 'code' in error && typeof error.code === 'string' ? error.code : null;
}

const REASONS: Readonly<Record<string, string>> = {
  ENOTFOUND: 'the name of the host cannot be found',
  EAI_AGAIN: 'no name server answers',
  ECONNREFUSED: 'the connection is refused: nothing listens there',
  ECONNRESET: 'the connection was ended before the answer',
  EHOSTUNREACH: 'there is no way to the host',
  ENETUNREACH: 'there is no way to the host',
  ETIMEDOUT: 'the host does not answer',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is signed by itself; webhooks.caFiles makes one trusted',
  SELF_SIGNED_CERT_IN_CHAIN:
    'its certificate is of a CA that is not known; webhooks.caFiles makes one trusted',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    'its certificate is of a CA that is not known; webhooks.caFiles makes one trusted',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    'its certificate is of a CA that is not known; webhooks.caFiles makes one trusted',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another host',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet; is the clock of this machine right?',
  EPROTO: 'it does not speak TLS as it should: is https:// right, and the port?',
  HPE_INVALID_CONSTANT: 'what it answers is no HTTP: is the port right?',
  HPE_HEADER_OVERFLOW: 'the headers of its answer are too long',
};

/** In words that tell of host and port at most, never of the rest of an address. */
function reasonOf(error: Error): string {
  if (error instanceof RefusedTarget) return `the address is refused: ${error.message}`;
  const code = codeOf(error);
  if (code === null) return error.message.slice(0, 200);
  return REASONS[code] ?? `${code}: ${error.message.slice(0, 200)}`;
}
