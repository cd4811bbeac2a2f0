import { z } from 'zod';
import { type ChannelData, secretsOf } from '../domain/channel-data.js';
import { type Letter, type LetterContext, post } from './letters.js';
import type { Poster, PostResult } from './post.js';

/** What came of sending a notice once. */
export interface Attempt {
  readonly delivered: boolean;
  readonly httpStatus: number | null;
  /** Why it was not delivered, without any secret. */
  readonly error: string | null;
  /** The receiver asks to be left alone so long, milliseconds. */
  readonly retryAfterMs: number | null;
  readonly durationMs: number;
}

/** Sends a notice once. @returns null when the signal ended it */
export async function attempt(
  poster: Pick<Poster, 'post'>,
  of: ChannelData,
  letter: Letter,
  context: LetterContext,
  signal: AbortSignal,
): Promise<Attempt | null> {
  const began = performance.now();
  const result = await poster.post(post(of, letter, context), signal);
  if (result.kind === 'aborted') return null;
  const durationMs = Math.round(performance.now() - began);
  const error = errorOf(of, result);
  return {
    delivered: error === null,
    httpStatus: result.kind === 'answered' ? result.status : null,
    error: error === null ? null : without(secretsOf(of), error),
    retryAfterMs: result.kind === 'answered' ? (result.retryAfterMs ?? wished(of, result.text)) : null,
    durationMs,
  };
}

function errorOf(of: ChannelData, result: Exclude<PostResult, { kind: 'aborted' }>): string | null {
  if (result.kind === 'unanswered') return result.error;
  const { status, text } = result;
  if (status >= 200 && status < 300) return null;
  if (REDIRECTS.has(status))
    return `answered ${status}: redirects are not followed, give the address that it leads to`;
  const said = of.channel === 'webhook' ? null : complaint(text);
  return said === null ? `answered ${status}` : `answered ${status}: ${said}`;
}

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

const busy = z.object({ parameters: z.object({ retry_after: z.number().min(0).max(86_400) }) });

/** Telegram says in its answer, and not in a header, how long it wants to be left alone. Milliseconds. */
function wished({ channel }: ChannelData, text: string): number | null {
  if (channel !== 'telegram') return null;
  try {
    const said = busy.safeParse(JSON.parse(text)).data;
    return said === undefined ? null : Math.ceil(said.parameters.retry_after * 1000);
  } catch {
    // No JSON: it asks for nothing.
    return null;
  }
}

const complaints = z.union([
  z.object({ description: z.string() }).transform(({ description }) => description),
  z.object({ errors: z.array(z.string()) }).transform(({ errors }) => errors.join(', ')),
  z.object({ message: z.string() }).transform(({ message }) => message),
]);

/** What the known services say is wrong, in their own words; receivers of the farm's own may say anything and are not quoted. */
function complaint(text: string): string | null {
  if (/^[a-z_]{1,60}$/.test(text)) return text;
  try {
    const said = complaints.safeParse(JSON.parse(text)).data;
    return said === undefined ? null : said.replaceAll(/\p{Cc}+/gu, ' ').slice(0, 200);
  } catch {
    // No JSON: nothing that could be told in a line.
    return null;
  }
}

function without(secrets: readonly string[], text: string): string {
  return secrets.reduce((rest, secret) => rest.replaceAll(secret, '[redacted]'), text);
}
