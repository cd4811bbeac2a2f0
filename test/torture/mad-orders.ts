import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { z } from 'zod';
import type { Leaf } from '../../drivers/emulator/certificates.js';

export const FLOODS = ['reports', 'changes', 'garbage'] as const;

/** Null: behave again. Without a word: only tell. */
export const madOrder = z.object({ flood: z.enum(FLOODS).nullable().optional() });
export type MadOrder = z.infer<typeof madOrder>;

const tally = z.object({
  connects: z.int(),
  /** Handed to the network whole. */
  messages: z.int(),
  bytes: z.int(),
  /** Connections that the other side ended during a flood. */
  cut: z.int(),
});
export type Tally = z.infer<typeof tally>;
const told = z.object({ tally });
const begun = told.extend({ port: z.int().positive(), serial: z.string() });

const ANSWER_MS = 20_000;

export interface MadPrinter {
  readonly serial: string;
  readonly host: string;
  readonly port: number;
  order(order: MadOrder): Promise<Tally>;
  stop(): Promise<void>;
}

/** Starts the printer of `mad-printer.ts` at an address of its own. */
export async function madPrinter(
  host: string,
  leaf: (serial: string) => Promise<Leaf>,
  serial: string,
): Promise<MadPrinter> {
  const { certificatePem, privateKeyPem } = await leaf(serial);
  const child = fork(join(import.meta.dirname, 'mad-printer.ts'), [host, certificatePem, privateKeyPem]);
  const next = async (): Promise<unknown> => {
    const [message]: unknown[] = await once(child, 'message', { signal: AbortSignal.timeout(ANSWER_MS) });
    return message;
  };
  const { port } = begun.parse(await next());
  return {
    serial,
    host,
    port,
    async order(order) {
      const answered = next();
      child.send(order);
      return told.parse(await answered).tally;
    },
    async stop() {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
  };
}
