/** Everything a printer publishes passes here, and so do the faults of publishing. */
import { FAULTS, type FaultSet } from './faults.js';
import type { MqttServer } from './mqtt-server.js';

export class Outbox {
  #held: { readonly payload: Buffer; readonly accepted: number } | null = null;
  #sinceDrop = 0;
  #quietUntil = 0;

  constructor(
    private readonly mqtt: MqttServer,
    private readonly faults: FaultSet,
    /** Virtual milliseconds. */
    private readonly now: () => number,
  ) {}

  /** True when a message would reach somebody. */
  get open(): boolean {
    return this.mqtt.hasSubscribers && !this.faults.has(FAULTS.mqttSilent) && !this.overloaded;
  }

  /** Too many requests: the machine says nothing for a while. */
  get overloaded(): boolean {
    return this.now() < this.#quietUntil;
  }

  /** Publishes nothing for so many virtual milliseconds. */
  beQuiet(virtualMs: number): void {
    this.#quietUntil = this.now() + virtualMs;
  }

  publish(payload: Buffer): void {
    if (!this.open) return;
    if (this.#held === null && this.faults.take(FAULTS.mqttReorder) !== null) {
      this.#held = { payload, accepted: this.mqtt.accepted };
      return;
    }
    const held = this.#held;
    this.#held = null;
    this.#send(payload);
    // What was on its way to one connection never reaches a later one.
    if (held?.accepted === this.mqtt.accepted) this.#send(held.payload);
  }

  #send(payload: Buffer): void {
    this.mqtt.publish(payload);
    const drop = this.faults.peek(FAULTS.mqttDropAfter);
    if (drop === null) return;
    this.#sinceDrop++;
    if (this.#sinceDrop < drop.n) return;
    this.#sinceDrop = 0;
    this.faults.take(FAULTS.mqttDropAfter);
    this.mqtt.dropAll();
  }
}
