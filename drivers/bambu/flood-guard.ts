import { DriverError } from '../driver.js';

/** More than any printer sends, by far: they report a few times a second, some tens of kB at most (docs/protocol.md §4.2). */
export const TRAFFIC_LIMITS = {
  messagesPerSecond: 100,
  messagesAtOnce: 500,
  bytesPerSecond: 2 * 1024 * 1024,
  bytesAtOnce: 8 * 1024 * 1024,
  /** Bytes of one packet: nothing larger than the largest message that is read, and some room. */
  packetBytes: 2 * 1024 * 1024,
} as const;

export const FLOOD = 'flood';

/** An allowance that fills up at a steady rate, up to a limit. */
class Allowance {
  #left: number;
  #at = 0;

  constructor(
    private readonly perSecond: number,
    private readonly most: number,
  ) {
    this.#left = most;
  }

  /** @returns false when more was taken than there was */
  take(amount: number, now: number): boolean {
    this.#left = Math.min(this.most, this.#left + ((now - this.#at) / 1000) * this.perSecond) - amount;
    this.#at = now;
    return this.#left >= 0;
  }
}

/**
 * Watches what one connection brings in. A machine gone mad, or whatever else speaks for it, must cost the farm no more
 * than the moment until it is cut off.
 */
export class FloodGuard {
  readonly #messages = new Allowance(TRAFFIC_LIMITS.messagesPerSecond, TRAFFIC_LIMITS.messagesAtOnce);
  readonly #bytes = new Allowance(TRAFFIC_LIMITS.bytesPerSecond, TRAFFIC_LIMITS.bytesAtOnce);
  #packetBytes = 0;

  /** Bytes arrived. @returns why that is too much; null while it is not */
  noteBytes(count: number, now: number): DriverError | null {
    this.#packetBytes += count;
    if (!this.#bytes.take(count, now)) return flooded('more than 2 MB a second');
    return this.#packetBytes > TRAFFIC_LIMITS.packetBytes ? flooded('a message of more than 2 MB') : null;
  }

  /** A packet is whole. */
  notePacket(): void {
    this.#packetBytes = 0;
  }

  /** A report is whole. @returns why that is one too many; null while it is not */
  noteMessage(now: number): DriverError | null {
    return this.#messages.take(1, now) ? null : flooded('more than 100 messages a second');
  }
}

function flooded(what: string): DriverError {
  return new DriverError(
    'protocol',
    `The printer floods this program with reports (${what}) and was cut off; it is tried again in a minute. ` +
      'Restart the printer. If it goes on, see what answers at its address.',
    { code: FLOOD },
  );
}
