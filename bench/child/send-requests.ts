/** Sends one request again and again over raw connections, each as soon as the last was answered, and counts. */
import { connect, type Socket } from 'node:net';
import { z } from 'zod';
import { onAsk } from './asks.js';

const load = z.object({
  host: z.string(),
  port: z.int(),
  text: z.string(),
  connections: z.int(),
  seconds: z.number(),
});

const END_OF_HEAD = Buffer.from('\r\n\r\n');

class Sender {
  answered = 0;
  readonly #socket: Socket;
  readonly #request: Buffer;
  /** Bytes of the present answer that are still to come; null while its head is not whole. */
  #left: number | null = null;
  #head: Buffer = Buffer.alloc(0);
  #going = true;

  constructor({ host, port, text }: z.infer<typeof load>, onFailure: (error: Error) => void) {
    this.#request = Buffer.from(text);
    this.#socket = connect({ host, port, noDelay: true });
    this.#socket.once('connect', () => this.#socket.write(this.#request));
    this.#socket.once('error', onFailure);
    this.#socket.once('close', () => {
      if (this.#going) onFailure(new Error('the connection was closed'));
    });
    this.#socket.on('data', (chunk) => {
      try {
        this.#read(chunk);
      } catch (error) {
        onFailure(error instanceof Error ? error : new Error(String(error)));
      }
    });
  }

  stop(): void {
    this.#going = false;
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    if (this.#left === null) {
      this.#head = this.#head.length === 0 ? chunk : Buffer.concat([this.#head, chunk]);
      const end = this.#head.indexOf(END_OF_HEAD);
      if (end < 0) return;
      const head = this.#head.toString('latin1', 0, end);
      if (!/^HTTP\/1\.1 20[01] /.test(head)) throw new Error(`answered ${head}`);
      const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
      if (length === undefined) throw new Error(`an answer without a length: ${head}`);
      this.#left = end + END_OF_HEAD.length + Number(length) - this.#head.length;
      this.#head = Buffer.alloc(0);
    } else this.#left -= chunk.length;
    if (this.#left > 0) return;
    this.#left = null;
    this.answered += 1;
    if (this.#going) this.#socket.write(this.#request);
  }
}

onAsk('load', load, (given) => {
  return new Promise((resolve, reject) => {
    const beganAt = performance.now();
    const senders = Array.from({ length: given.connections }, () => new Sender(given, reject));
    setTimeout(() => {
      const seconds = (performance.now() - beganAt) / 1_000;
      for (const sender of senders) sender.stop();
      resolve({ requests: senders.reduce((sum, { answered }) => sum + answered, 0), seconds });
    }, given.seconds * 1_000);
  });
});
// The channel keeps the process until then.
process.channel?.ref();
process.once('disconnect', () => process.exit());
