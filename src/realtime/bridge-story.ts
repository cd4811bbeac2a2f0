import type { BridgeError, BridgeErrorKind } from './bridge-error.js';
import type { RealtimeLog } from './log.js';

/** How the external broker fares. */
export interface BridgeStatus {
  readonly connected: boolean;
  /** Epoch milliseconds since when. */
  readonly since: number;
  /** Messages that wait for it; entity events wait in the database besides. */
  readonly buffered: number;
  /** States that newer ones replaced before they could be sent. */
  readonly dropped: number;
  /** Why it is not connected; null while it is. */
  readonly problem: string | null;
}

/** So many short connections are no accident. */
const UNSTEADY = 2;

/**
 * Tells the log how the external broker fares, each thing once for an outage, however often it is tried. A broker that
 * lets in and soon throws out again, time after time, is one outage: it ends when a connection holds.
 */
export class BridgeStory {
  private readonly told = new Set<BridgeErrorKind>();
  private saidConnected = false;
  /** Connections that were let in and did not hold, since one did. */
  private shortLived = 0;

  constructor(
    private readonly log: RealtimeLog,
    private readonly place: string,
  ) {}

  opened(): void {
    if (this.shortLived < UNSTEADY) this.isBack();
  }

  /** The connection has held for a while. */
  settled(): void {
    this.shortLived = 0;
    this.isBack();
  }

  /** @param shortLived it had been let in, but not for long */
  ended(error: BridgeError, shortLived: boolean): void {
    if (shortLived) this.shortLived += 1;
    this.saidConnected = false;
    const fields = { broker: this.place, reason: error.kind };
    if (this.told.has(error.kind)) this.log.debug(fields, `the external broker: ${error.message}`);
    else this.log.warn(fields, `no external broker: ${error.message}; trying again`);
    this.told.add(error.kind);
  }

  private isBack(): void {
    this.told.clear();
    if (this.saidConnected) return;
    this.saidConnected = true;
    this.log.info({ broker: this.place }, 'the external broker is connected');
  }
}
