import { type JsonObject, readInteger, readText } from './coerce.js';
import type { BambuCommand } from './commands.js';

/** What came of waiting for an acknowledgement. */
export type Answer = { readonly kind: 'answered'; readonly body: JsonObject } | { readonly kind: 'silent' };

const FIRST_SEQUENCE = 20_000;
const SEQUENCES = 10_000;

interface Pending {
  readonly key: string;
  readonly settle: (answer: Answer) => void;
}

/**
 * Matches acknowledgements to commands (docs/protocol.md §6.1). Other programs' acknowledgements arrive on the same
 * topic, so a reply counts only with our key, our command and a sequence id that is still awaited.
 */
export class Acknowledgements {
  readonly #pending = new Map<number, Pending>();
  #next = 0;

  /** Sequence ids run from 20000 to 29999 and then start over. */
  nextSequence(): number {
    const sequence = FIRST_SEQUENCE + this.#next;
    this.#next = (this.#next + 1) % SEQUENCES;
    return sequence;
  }

  /** Resolves with the reply, or as `silent` after the time or when the connection is given up. */
  expect(command: BambuCommand, sequence: number, timeoutMs: number): Promise<Answer> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => settle({ kind: 'silent' }), timeoutMs);
      const settle = (answer: Answer): void => {
        clearTimeout(timer);
        this.#pending.delete(sequence);
        resolve(answer);
      };
      this.#pending.get(sequence)?.settle({ kind: 'silent' });
      this.#pending.set(sequence, { key: keyOf(command.type, command.fields.command), settle });
    });
  }

  /** @returns whether the message answered a command of ours */
  offer(type: string, body: JsonObject): boolean {
    const sequence = readInteger(body.sequence_id);
    const pending = sequence === null ? undefined : this.#pending.get(sequence);
    if (pending === undefined || pending.key !== keyOf(type, readText(body.command))) return false;
    pending.settle({ kind: 'answered', body });
    return true;
  }

  /** The connection is gone: nobody will answer any more. */
  abandon(): void {
    for (const pending of [...this.#pending.values()]) pending.settle({ kind: 'silent' });
  }
}

function keyOf(type: string, command: string): string {
  return `${type}.${command}`;
}
