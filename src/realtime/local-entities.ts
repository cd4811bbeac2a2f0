import { setImmediate as turn } from 'node:timers/promises';
import type { EntityConsumer } from './entity-publisher.js';

interface Broker {
  followsEntities(type: string): boolean;
  publish(topic: string, payload: string, options: { retain: boolean; qos: 0 | 1 }): void;
}

/** The broker's own clients. Nothing is kept for those who are away: they read the farm again when they come back. */
export function localEntities(broker: Broker): EntityConsumer {
  return {
    name: 'local',
    wants: (type) => broker.followsEntities(type),
    async deliver(topic, payload) {
      broker.publish(topic, payload, { retain: false, qos: 1 });
      // A change of thousands is hundreds of messages: they leave one by one, and nothing else stands still meanwhile.
      await turn();
    },
  };
}
