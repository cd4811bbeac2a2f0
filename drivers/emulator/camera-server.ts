/** The camera of models that send JPEG after JPEG: one viewer, and not a word to a wrong code (docs/protocol.md §13.1). */
import type { TLSSocket } from 'node:tls';
import { FAULTS, type FaultSet } from './faults.js';
import type { TruthRecorder } from './ground-truth.js';
import { greyJpeg } from './jpeg.js';

export interface CameraServerOptions {
  readonly serial: string;
  readonly accessCode: () => string;
  readonly faults: FaultSet;
  readonly record: TruthRecorder;
}

const GREETING_BYTES = 80;
const FRAME_EVERY_MS = 250;

export class CameraServer {
  readonly #options: CameraServerOptions;
  #viewer: TLSSocket | null = null;
  #number = 0;

  constructor(options: CameraServerOptions) {
    this.#options = options;
  }

  accept(socket: TLSSocket): void {
    let greeting = Buffer.alloc(0);
    const read = (chunk: Buffer): void => {
      greeting = Buffer.concat([greeting, chunk]);
      if (greeting.length < GREETING_BYTES) return;
      socket.off('data', read);
      socket.resume();
      this.#judge(socket, greeting);
    };
    socket.on('data', read);
    socket.on('end', () => socket.end());
  }

  #judge(socket: TLSSocket, greeting: Buffer): void {
    const { record } = this.#options;
    const reason = this.#refusal(greeting);
    if (reason !== null) {
      record('camera', 'refused', { reason });
      socket.destroy();
      return;
    }
    record('camera', 'open');
    this.#viewer = socket;
    const timer = setInterval(() => this.#send(socket), FRAME_EVERY_MS);
    socket.on('close', () => {
      clearInterval(timer);
      if (this.#viewer === socket) this.#viewer = null;
      record('camera', 'closed');
    });
    this.#send(socket);
  }

  #refusal(greeting: Buffer): string | null {
    const words = [0x40, 0x3000, 0, 0];
    const wrongWord = words.findIndex((word, at) => greeting.readUInt32LE(at * 4) !== word);
    if (wrongWord >= 0 || greeting.length > GREETING_BYTES) return 'greeting';
    const name = text(greeting.subarray(16, 48));
    const code = text(greeting.subarray(48, 80));
    if (name !== 'bblp' || code !== this.#options.accessCode()) return 'credentials';
    return this.#viewer === null ? null : 'occupied';
  }

  #send(socket: TLSSocket): void {
    const { faults, serial } = this.#options;
    if (faults.has(FAULTS.cameraSilent)) return;
    this.#number += 1;
    const frame = greyJpeg(this.#number, `${serial} ${this.#number}`);
    const whole = faults.take(FAULTS.cameraGarbage) === null;
    const header = Buffer.alloc(16);
    header.writeUInt32LE(frame.length, 0);
    header.writeUInt32LE(1, 8);
    // In pieces, as a network delivers them.
    const cut = 7 + (this.#number % 30);
    const bytes = Buffer.concat([header, whole ? frame : Buffer.alloc(frame.length, 0x20)]);
    socket.write(bytes.subarray(0, cut));
    socket.write(bytes.subarray(cut));
    if (faults.take(FAULTS.cameraCut) !== null) socket.end();
  }
}

function text(padded: Buffer): string {
  const end = padded.indexOf(0);
  return padded.subarray(0, end < 0 ? padded.length : end).toString('utf8');
}
