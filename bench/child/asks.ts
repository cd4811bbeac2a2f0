/** The answering end of `Child.ask`, inside a process that a benchmark has started. */
import { z } from 'zod';

const ask = z.object({ id: z.int(), question: z.string(), body: z.unknown() });
type Handler = (body: unknown) => unknown;

const handlers = new Map<string, Handler>();
/** Asked before the module that answers was loaded. */
const early = new Map<string, (handler: Handler) => void>();

/** Answers a question; a handler may be slow, and what it throws goes back to the asker. */
export function onAsk<T>(question: string, schema: z.ZodType<T>, handler: (body: T) => unknown): void {
  if (handlers.size === 0) process.on('message', receive);
  const checked: Handler = (body) => handler(schema.parse(body));
  handlers.set(question, checked);
  early.get(question)?.(checked);
}

/** What is asked without saying more. */
export const NOTHING = z.null();

function receive(message: unknown): void {
  const { id, question, body } = ask.parse(message);
  reply(question, body).then(
    (value) => process.send?.({ id, value }),
    (error: unknown) => process.send?.({ id, value: null, error: String(error) }),
  );
}

/** A question that nobody answers is for the asker's time limit to end. */
async function reply(question: string, body: unknown): Promise<unknown> {
  const handler =
    handlers.get(question) ?? (await new Promise<Handler>((resolve) => early.set(question, resolve)));
  return handler(body);
}
