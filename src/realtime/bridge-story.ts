import type { BridgeError, BridgeErrorKind } from './bridge-error.js';
import type { RealtimeLog } from './log.js';

/**
 * Tells the log how the external broker fares, each thing once for an outage, however often it is tried. A broker that
 * lets in and soon throws out again, time after time, is one outage: it ends when a connection holds.
 */
export class BridgeStory {
  private readonly told = new Set<BridgeErrorKind>();
  private saidConnected = false;
  /** The last connection was let in and did not hold. */
  private unsteady = false;

  constructor(
    private readonly log: RealtimeLog,
    private readonly place: string,
  ) {}

  opened(): void {
    if (!this.unsteady) this.isBack();
  }

  /** The connection has held for a while. */
  settled(): void {
    this.unsteady = false;
    this.isBack();
  }

  /** @param unsteady it had been let in, but not for long */
  ended(error: BridgeError, unsteady: boolean): void {
    this.unsteady ||= unsteady;
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
