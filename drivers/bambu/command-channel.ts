import { type CommandOutcome, DriverError } from '../driver.js';
import { Acknowledgements } from './acknowledgements.js';
import type { JsonObject } from './coerce.js';
import type { BambuCommand } from './commands.js';
import { judgeAcknowledgement } from './refusal.js';

/** What a command travels over; false when nothing was sent. */
export interface CommandLine {
  publish(payload: string): boolean;
}

/** So many commands in a row without any answer: the printer reports, but does not listen. */
const VANISHED_IN_A_ROW = 2;

/**
 * Sends commands over whatever connection there is now and waits for their acknowledgements. A command belongs to
 * the connection it was sent over: it is never kept for the next one.
 */
export class CommandChannel {
  readonly #acknowledgements = new Acknowledgements();
  readonly #onVanishing: () => void;
  #line: CommandLine | null = null;
  #vanished = 0;

  /** @param onVanishing commands go unanswered although the connection stands */
  constructor(onVanishing: () => void) {
    this.#onVanishing = onVanishing;
  }

  /** Whether there is a connection to send over. */
  get attached(): boolean {
    return this.#line !== null;
  }

  attach(line: CommandLine): void {
    this.#vanished = 0;
    this.#line = line;
  }

  /** What is still awaited counts as unanswered: it may have arrived. */
  detach(): void {
    this.#line = null;
    this.#acknowledgements.abandon();
  }

  /** Sends without waiting; false when nothing was sent. */
  tell(command: BambuCommand): boolean {
    return this.#line?.publish(compose(command, this.#acknowledgements.nextSequence())) ?? false;
  }

  /** Sends once and judges the acknowledgement. */
  async ask(command: BambuCommand, timeoutMs: number): Promise<CommandOutcome> {
    const line = this.#line;
    const sequence = this.#acknowledgements.nextSequence();
    if (line === null || !line.publish(compose(command, sequence))) {
      return { kind: 'unsent', error: nothingSent() };
    }
    const answer = await this.#acknowledgements.expect(command, sequence, timeoutMs);
    if (answer.kind === 'answered') {
      this.#vanished = 0;
      return judgeAcknowledgement(answer.body);
    }
    this.#noteVanished(line);
    return { kind: 'unanswered' };
  }

  /**
   * Offers a part of a message that carries a command name.
   * @returns whether it answered a command of ours
   */
  offer(type: string, body: JsonObject): boolean {
    return this.#acknowledgements.offer(type, body);
  }

  #noteVanished(line: CommandLine): void {
    // Only silence on a standing connection says anything.
    if (this.#line !== line) return;
    this.#vanished += 1;
    if (this.#vanished >= VANISHED_IN_A_ROW) this.#onVanishing();
  }
}

export function nothingSent(): DriverError {
  return new DriverError('unreachable', 'There is no connection to the printer; nothing was sent.');
}

function compose(command: BambuCommand, sequence: number): string {
  return JSON.stringify({ [command.type]: { sequence_id: String(sequence), ...command.fields } });
}
