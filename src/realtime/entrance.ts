import { callerOf } from '../operations/access/address.js';
import type { RealtimeLog } from './log.js';
import { TokenBucket } from './token-bucket.js';

export interface EntranceOptions {
  /** Connections at once, in their handshake, logging in or logged in. */
  readonly maxConnections: number;
  readonly log: RealtimeLog;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Told of each that may not come in. */
  readonly onRefused?: () => void;
}

/** What a connection holds that came in. */
export interface Place {
  /** Its client has logged in: from now on the place is not taken from it. */
  keep(): void;
  /** The connection has ended. */
  leave(): void;
}

/** A farm this small is shared by nobody. */
const SMALLEST_SHARE = 16;
const NEW_PER_SECOND = { each: 10, all: 50 } as const;
const TELL_EVERY_MS = 60_000;
/** Callers remembered at once: more than a farm has, little enough to hold. */
const MAX_CALLERS = 10_000;

/**
 * Who may connect at all, before a byte is read or a handshake begun. One caller may hold half of the places and come
 * ten times a second, so that a flood from one address leaves room and time for the others. When all places are taken,
 * whoever has waited longest without logging in gives up its place to the next: silence keeps nobody out.
 */
export class Entrance {
  /** Connections that one caller, or one key, may hold. */
  readonly share: number;
  private readonly open = new Map<string, number>();
  private total = 0;
  /** Who has not logged in, and how to end them; oldest first. */
  private readonly strangers = new Map<Place, () => void>();
  /** Oldest first. */
  private readonly callers = new Map<string, TokenBucket>();
  private readonly everybody: TokenBucket;
  private toldAt = Number.NEGATIVE_INFINITY;
  private refusedSince = 0;

  constructor(private readonly options: EntranceOptions) {
    this.share = Math.max(SMALLEST_SHARE, Math.ceil(options.maxConnections / 2));
    this.everybody = new TokenBucket(options.maxConnections, NEW_PER_SECOND.all, options.now);
  }

  /**
   * @param address of the peer
   * @param giveUp ends the connection
   * @returns null when it may not come in.
   */
  admit(address: string, giveUp: () => void): Place | null {
    const caller = callerOf(address);
    const held = this.open.get(caller) ?? 0;
    const why = this.objection(caller, held);
    if (why !== null) {
      this.tell(address, why);
      return null;
    }
    if (this.total >= this.options.maxConnections) this.makeRoom();
    this.open.set(caller, (this.open.get(caller) ?? 0) + 1);
    this.total++;
    let gone = false;
    const place: Place = {
      keep: () => void this.strangers.delete(place),
      leave: () => {
        if (gone) return;
        gone = true;
        this.strangers.delete(place);
        this.total--;
        const left = (this.open.get(caller) ?? 1) - 1;
        if (left > 0) this.open.set(caller, left);
        else this.open.delete(caller);
      },
    };
    this.strangers.set(place, giveUp);
    return place;
  }

  private makeRoom(): void {
    for (const [place, giveUp] of this.strangers) {
      place.leave();
      giveUp();
      return;
    }
  }

  private objection(caller: string, held: number): string | null {
    const { maxConnections } = this.options;
    if (this.total >= maxConnections && this.strangers.size === 0)
      return `too many: there are ${maxConnections} already`;
    if (held >= this.share) return `too many from one address: it holds ${held} already`;
    // Asked in this order, so that what one caller is refused costs the others nothing.
    if (!this.bucketOf(caller).take(1)) return 'one address connects too often';
    return this.everybody.take(1) ? null : 'too many connect at once';
  }

  private bucketOf(caller: string): TokenBucket {
    const bucket =
      this.callers.get(caller) ?? new TokenBucket(this.share, NEW_PER_SECOND.each, this.options.now);
    this.callers.delete(caller);
    if (this.callers.size >= MAX_CALLERS) {
      for (const oldest of this.callers.keys()) {
        this.callers.delete(oldest);
        break;
      }
    }
    this.callers.set(caller, bucket);
    return bucket;
  }

  private tell(address: string, why: string): void {
    this.refusedSince++;
    this.options.onRefused?.();
    const now = this.options.now();
    if (now - this.toldAt < TELL_EVERY_MS) return;
    this.toldAt = now;
    this.options.log.warn({ address, refused: this.refusedSince }, `refusing realtime clients: ${why}`);
    this.refusedSince = 0;
  }
}
