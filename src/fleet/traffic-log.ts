import { type Clock, timestamp } from '../contract/time.js';
import { redactedPayload } from './redact.js';

export interface TrafficSettings {
  readonly enabled: boolean;
  /** Messages kept of each printer. */
  readonly perPrinter: number;
  /** Bytes kept of each printer. */
  readonly maxBytes: number;
}

export const NO_TRAFFIC: TrafficSettings = { enabled: false, perPrinter: 0, maxBytes: 0 };

/** One MQTT message as it is shown: without secrets. */
export interface TrafficMessage {
  /** ISO time, UTC. */
  readonly at: string;
  readonly direction: 'sent' | 'received';
  readonly topic: string;
  /** As long as it was. */
  readonly bytes: number;
  /** True where only the beginning was kept. */
  readonly truncated: boolean;
  /** Parsed where it is JSON, else text. */
  readonly payload: unknown;
}

interface Kept {
  readonly at: number;
  readonly direction: 'sent' | 'received';
  readonly topic: string;
  readonly bytes: number;
  readonly payload: Buffer;
}

interface Ring {
  readonly messages: Kept[];
  bytes: number;
}

/** A single message takes no more than this of the memory; a full report has some ten thousand. */
const LARGEST_BYTES = 64 * 1024;
/** What a message costs beside its payload. */
const OVERHEAD_BYTES = 256;

/** The last messages to and from every printer, in memory only; nothing at all while it is off. */
export class TrafficLog {
  readonly #clock: Clock;
  readonly #rings = new Map<string, Ring>();
  #settings: TrafficSettings;

  constructor(settings: TrafficSettings, clock: Clock) {
    this.#settings = settings;
    this.#clock = clock;
  }

  get enabled(): boolean {
    return this.#settings.enabled;
  }

  /** In effect at once: what is too much is forgotten, and everything where it is switched off. */
  configure(settings: TrafficSettings): void {
    this.#settings = settings;
    if (!settings.enabled) this.#rings.clear();
    for (const ring of this.#rings.values()) this.#trim(ring);
  }

  note(serial: string, direction: Kept['direction'], topic: string, payload: Buffer | string): void {
    if (!this.#settings.enabled) return;
    const bytes = Buffer.byteLength(payload);
    const room = Math.min(LARGEST_BYTES, this.#settings.maxBytes - OVERHEAD_BYTES);
    // A copy of its own: what came is a part of the connection's buffer, which would be kept whole.
    const copy = Buffer.from(payload).subarray(0, room);
    const ring = this.#rings.get(serial) ?? { messages: [], bytes: 0 };
    this.#rings.set(serial, ring);
    ring.messages.push({ at: this.#clock.now(), direction, topic, bytes, payload: copy });
    ring.bytes += copy.length + OVERHEAD_BYTES;
    this.#trim(ring);
  }

  forget(serial: string): void {
    this.#rings.delete(serial);
  }

  /**
   * Newest first.
   *
   * @param secrets values that are struck out wherever they stand
   */
  of(serial: string, secrets: readonly string[]): readonly TrafficMessage[] {
    const messages = this.#rings.get(serial)?.messages ?? [];
    return messages.toReversed().map(({ at, payload, ...message }) => {
      const truncated = payload.length < message.bytes;
      return {
        at: timestamp(at),
        ...message,
        truncated,
        payload: redactedPayload(payload, truncated, secrets),
      };
    });
  }

  #trim(ring: Ring): void {
    const { perPrinter, maxBytes } = this.#settings;
    while (ring.messages.length > perPrinter || ring.bytes > maxBytes) {
      const gone = ring.messages.shift();
      if (gone === undefined) return;
      ring.bytes -= gone.payload.length + OVERHEAD_BYTES;
    }
  }
}
