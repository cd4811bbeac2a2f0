import type { PublishPacket } from 'aedes';

/**
 * Numbers messages within lanes of equal handling.
 *
 * The broker drops for each subscriber what is numbered below a message it has seen of the same origin, to give a
 * message once to filters that overlap. But a retained message, or one of QoS 1, takes more turns of the event
 * loop than others, is overtaken by a later one, and would be lost. Every lane is an origin of its own: within it
 * nothing overtakes.
 */
export class Lanes {
  private readonly counters = new Map<string, number>();

  number(packet: PublishPacket): PublishPacket & { brokerId: string; brokerCounter: number } {
    const lane = `${packet.qos}${packet.retain ? ' retained' : ''}`;
    const brokerCounter = (this.counters.get(lane) ?? 0) + 1;
    this.counters.set(lane, brokerCounter);
    return { ...packet, brokerId: lane, brokerCounter };
  }
}
