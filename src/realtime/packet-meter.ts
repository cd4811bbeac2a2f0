import { readLength } from './connect-head.js';

/**
 * Follows the packets in a byte stream without keeping them, to tell a packet that is too large before it is
 * gathered in memory.
 */
export class PacketMeter {
  /** The fixed header as far as it has come. */
  private header = Buffer.alloc(0);
  /** Bytes of the current packet still to come. */
  private remaining = 0;

  /** Packets that have begun so far. */
  begun = 0;

  constructor(private readonly maxBytes: number) {}

  /** @returns false once a packet is announced that is larger than allowed, or malformed. */
  accepts(chunk: Buffer): boolean {
    let at = 0;
    while (at < chunk.length) {
      if (this.remaining > 0) {
        const passed = Math.min(this.remaining, chunk.length - at);
        this.remaining -= passed;
        at += passed;
        continue;
      }
      this.header = Buffer.concat([this.header, chunk.subarray(at, at + 1)]);
      at++;
      const length = readLength(this.header, 1);
      if (length === null) {
        if (this.header.length > 4) return false;
        continue;
      }
      if (length.value > this.maxBytes) return false;
      this.begun++;
      this.remaining = length.value;
      this.header = Buffer.alloc(0);
    }
    return true;
  }
}
