import type { DriverLog, SessionEvents } from '../driver.js';
import type { CommandLine } from './command-channel.js';

/** Tells whoever wants to know what goes over a session's connection. */
export class Traffic {
  readonly #serial: string;
  readonly #topics: { readonly sent: string; readonly received: string };
  readonly #listener: SessionEvents['onTraffic'];
  readonly #log: DriverLog;

  constructor(serial: string, listener: SessionEvents['onTraffic'], log: DriverLog) {
    this.#serial = serial;
    this.#topics = { sent: `device/${serial}/request`, received: `device/${serial}/report` };
    this.#listener = listener;
    this.#log = log;
  }

  received(payload: Buffer): void {
    this.#tell('received', payload);
  }

  /** The same line, heard. */
  through(line: CommandLine): CommandLine {
    return {
      publish: (payload) => {
        const sent = line.publish(payload);
        if (sent) this.#tell('sent', payload);
        return sent;
      },
    };
  }

  #tell(direction: 'sent' | 'received', payload: Buffer | string): void {
    try {
      this.#listener?.(direction, this.#topics[direction], payload);
    } catch (error) {
      this.#log.error({ serial: this.#serial, err: error }, 'a listener of the session failed');
    }
  }
}
