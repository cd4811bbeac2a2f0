import type { Logger } from 'pino';
import type { Connection } from '../../drivers/driver.js';

export interface StoryOptions {
  readonly log: Pick<Logger, 'info'>;
  /** Something that a person should know. */
  alert(code: 'away' | 'refused', message: string): void;
  /** Default `BOOT_MS`. */
  readonly graceMs?: number;
}

/** While a printer boots it refuses connections in every way there is: nobody is alarmed before this has passed. */
const BOOT_MS = 90_000;

/**
 * Tells what becomes of one printer's connection: a line in the log for every change, and an alert for a loss that
 * lasts or that waiting does not mend. Attempts that fail as the one before did are no news.
 */
export class ConnectionStory {
  readonly #options: StoryOptions;
  #told: 'online' | 'away' | null = null;
  #refusal: string | null = null;
  #why = '';
  #grace: NodeJS.Timeout | null = null;

  constructor(options: StoryOptions) {
    this.#options = options;
  }

  note(connection: Connection): void {
    switch (connection.status) {
      case 'online':
        this.#cameOnline();
        return;
      case 'refused':
        this.#wasRefused(connection);
        return;
      case 'offline':
      case 'stale':
        this.#wentAway(connection);
        return;
      case 'connecting':
      case 'stopped':
        return;
    }
  }

  stop(): void {
    if (this.#grace !== null) clearTimeout(this.#grace);
    this.#grace = null;
  }

  #cameOnline(): void {
    this.stop();
    this.#refusal = null;
    if (this.#told === 'online') return;
    this.#told = 'online';
    this.#options.log.info('printer is online');
  }

  #wasRefused({ error }: Connection): void {
    this.stop();
    this.#told = 'away';
    const message = error?.message ?? 'the printer refuses the connection';
    if (message === this.#refusal) return;
    this.#refusal = message;
    this.#options.alert('refused', message);
  }

  #wentAway({ status, error }: Connection): void {
    this.#why = error?.message ?? (status === 'stale' ? 'it does not report' : 'the connection was lost');
    if (this.#told === 'away') return;
    if (this.#told === 'online') this.#options.log.info({ why: this.#why }, 'printer is offline');
    this.#told = 'away';
    const graceMs = this.#options.graceMs ?? BOOT_MS;
    this.#grace = setTimeout(() => {
      this.#grace = null;
      this.#options.alert('away', `not reached for ${Math.round(graceMs / 1000)} s: ${this.#why}`);
    }, graceMs);
  }
}
