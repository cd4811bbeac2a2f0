import type { Duplex } from 'node:stream';
import type { Frame } from './frame.js';

export interface OutgoingOptions {
  readonly stream: Duplex;
  /** Bytes that wait for all clients together. */
  readonly waitingInAll: () => number;
  /** The state of a topic, if the client is still to be told. */
  readonly stateOf: (topic: string) => { readonly frame: Frame; readonly qos: 0 | 1 } | null;
  /** The client does not take what it asked for, and is to be dropped. */
  readonly onOverflow: (why: string, waitingBytes: number) => void;
  /** A message was sent that the client will acknowledge. */
  readonly onNumbered: () => void;
}

/** More than a large farm's heartbeats at once, several times over. */
const MAX_WAITING_BYTES = 3 * 1024 * 1024;
/** What all clients together may leave waiting; a client that leaves little is not the cause. */
const MAX_WAITING_IN_ALL_BYTES = 64 * 1024 * 1024;
const LITTLE_BYTES = 256 * 1024;
/** Messages of QoS 1 that are sent and not yet acknowledged; more wait here. */
const WINDOW = 256;
const MAX_PACKET_ID = 65_535;

/** What goes out to one client, and what waits for it. */
export class Outgoing {
  private corked = false;
  /** Messages of QoS 1 that wait for the window, oldest first. */
  private held: Frame[] = [];
  private nextHeld = 0;
  private heldBytes = 0;
  private unacknowledged = 0;
  private lastId = 0;
  /** Topics whose states are still to be told, as the stream takes them. */
  private readonly states = new Set<string>();
  private waitsForDrain = false;

  constructor(private readonly options: OutgoingOptions) {}

  /** Bytes that wait for the client to read or to acknowledge. */
  get waitingBytes(): number {
    return this.options.stream.writableLength + this.heldBytes;
  }

  send(frame: Frame, qos: 0 | 1): void {
    if (!this.options.stream.writable || this.overflows()) return;
    if (qos === 0) {
      this.write([frame.whole(false)]);
      return;
    }
    this.held.push(frame);
    this.heldBytes += frame.bytes;
    this.fillWindow();
  }

  /** The client has acknowledged a message. */
  acknowledged(): void {
    if (this.unacknowledged > 0) this.unacknowledged--;
    this.fillWindow();
  }

  /** Tells the states of these topics, no faster than the client reads: each as it is when its turn comes. */
  tellStates(topics: Iterable<string>): void {
    for (const topic of topics) this.states.add(topic);
    if (!this.waitsForDrain) this.tellNext();
  }

  private tellNext(): void {
    const { stream, stateOf } = this.options;
    for (const topic of this.states) {
      if (!stream.writable) return;
      if (stream.writableNeedDrain) {
        this.waitsForDrain = true;
        stream.once('drain', () => {
          this.waitsForDrain = false;
          this.tellNext();
        });
        return;
      }
      this.states.delete(topic);
      const state = stateOf(topic);
      if (state === null) continue;
      if (state.qos === 0) this.write([state.frame.whole(true)]);
      else this.write(state.frame.numbered(this.nextId(), true));
    }
  }

  private fillWindow(): void {
    while (this.unacknowledged < WINDOW && this.options.stream.writable) {
      const frame = this.held[this.nextHeld];
      if (frame === undefined) break;
      this.nextHeld++;
      this.heldBytes -= frame.bytes;
      this.write(frame.numbered(this.nextId(), false));
    }
    // Now and then, so that a long queue is not copied for every message.
    if (this.nextHeld * 2 < this.held.length) return;
    this.held = this.held.slice(this.nextHeld);
    this.nextHeld = 0;
  }

  private nextId(): number {
    this.unacknowledged++;
    this.options.onNumbered();
    this.lastId = (this.lastId % MAX_PACKET_ID) + 1;
    return this.lastId;
  }

  private overflows(): boolean {
    const { waitingBytes } = this;
    if (waitingBytes <= LITTLE_BYTES) return false;
    const tooMuch =
      waitingBytes > MAX_WAITING_BYTES || this.options.waitingInAll() > MAX_WAITING_IN_ALL_BYTES;
    if (!tooMuch) return false;
    const reads = this.options.stream.writableLength <= LITTLE_BYTES;
    this.options.onOverflow(reads ? 'does not acknowledge' : 'does not read', waitingBytes);
    return true;
  }

  /** What is written in one turn of the event loop goes out together. */
  private write(chunks: readonly Buffer[]): void {
    const { stream } = this.options;
    if (!this.corked) {
      this.corked = true;
      stream.cork();
      setImmediate(() => {
        this.corked = false;
        stream.uncork();
      });
    }
    for (const chunk of chunks) stream.write(chunk);
  }
}
