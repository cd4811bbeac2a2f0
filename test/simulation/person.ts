import { z } from 'zod';

/** The daemon died, or was dying, before it had answered. */
export const NO_ANSWER = Symbol('no answer');

/** An answer that a daemon must never give. */
export class BadAnswer extends Error {}

/** Longer than any operation waits, on a computer that does other things. */
const ANSWER_MS = 60_000;

/** Somebody at the REST API, with the owner's key. */
export class Person {
  constructor(
    private readonly url: string,
    private readonly key: string,
    private readonly storeId: string,
  ) {}

  /**
   * @returns what was answered with success; null for a refusal (4xx); NO_ANSWER when the daemon is gone
   * @throws BadAnswer for 5xx, silence, or another shape
   */
  async ask<T>(
    schema: z.ZodType<T>,
    method: string,
    path: string,
    body?: unknown,
  ): Promise<T | null | typeof NO_ANSWER> {
    let answer: { status: number; text: string };
    try {
      answer = await this.#send(method, path, body);
    } catch (error) {
      if (error instanceof DOMException && error.name === 'TimeoutError') {
        throw new BadAnswer(`${method} ${path}: no answer in ${ANSWER_MS / 1000} s`);
      }
      return NO_ANSWER;
    }
    const { status, text } = answer;
    if (status >= 500) throw new BadAnswer(`${method} ${path}: ${status} ${text}`);
    if (status >= 400) return null;
    return schema.parse(text === '' ? undefined : JSON.parse(text));
  }

  async #send(method: string, path: string, body: unknown): Promise<{ status: number; text: string }> {
    const response = await fetch(this.url + path, {
      method,
      headers: {
        authorization: `ApiKey ${this.key}`,
        'x-printago-storeid': this.storeId,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    return { status: response.status, text: await response.text() };
  }
}

export const ids = z.array(z.string());
export const anything = z.unknown();
