/**
 * Sees whether a TLS peer said goodbye before it closed.
 *
 * Node reports an orderly close_notify and a bare TCP close alike, but an upload that ends without the first was cut.
 * The type byte of TLS 1.2 records is not encrypted, so the raw stream tells: an alert as the last record is the
 * goodbye.
 */
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';

const ALERT = 21;
const HEADER_BYTES = 5;

export class TlsRecordWatch extends Duplex {
  #lastType = 0;
  #header = Buffer.alloc(HEADER_BYTES);
  #headerFilled = 0;
  #bodyLeft = 0;

  constructor(private readonly raw: Socket) {
    super({ allowHalfOpen: true });
    raw.on('data', (chunk: Buffer) => {
      this.#scan(chunk);
      if (!this.push(chunk)) raw.pause();
    });
    // What has arrived is read to its end before the close counts; a reset ends it at once.
    let ended = false;
    raw.on('end', () => {
      ended = true;
      this.push(null);
    });
    raw.on('error', (error) => this.destroy(error));
    raw.on('close', () => {
      if (!ended) this.destroy(new Error('connection cut'));
    });
  }

  /** The peer's last record was an alert and arrived whole. */
  get closedOrderly(): boolean {
    return this.#lastType === ALERT && this.#bodyLeft === 0 && this.#headerFilled === 0;
  }

  override _read(): void {
    this.raw.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.raw.write(chunk, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.raw.end(() => done());
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.raw.destroy();
    done(error);
  }

  #scan(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#bodyLeft > 0) {
        const skipped = Math.min(this.#bodyLeft, chunk.length - at);
        this.#bodyLeft -= skipped;
        at += skipped;
        continue;
      }
      const copied = chunk.copy(this.#header, this.#headerFilled, at, at + HEADER_BYTES - this.#headerFilled);
      this.#headerFilled += copied;
      at += copied;
      if (this.#headerFilled < HEADER_BYTES) return;
      this.#lastType = this.#header[0] ?? 0;
      this.#bodyLeft = this.#header.readUInt16BE(3);
      this.#headerFilled = 0;
    }
  }
}
