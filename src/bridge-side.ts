import type { Logger } from 'pino';
import type { Config } from './config/config.js';
import type { Database } from './database/database.js';
import type { Fleet } from './fleet/fleet.js';
import { printerFaces } from './printer-faces.js';
import { Bridge } from './realtime/bridge.js';
import { discoveryTopic } from './realtime/home-assistant.js';
import { type DiscoveryOutlet, HomeAssistantPublisher } from './realtime/home-assistant-publisher.js';
import type { StatsSink } from './realtime/sink.js';

interface Options {
  readonly config: Pick<Config, 'mqtt' | 'realtime'>;
  readonly storeId: string;
  readonly database: Database;
  readonly fleet: Fleet;
  /** The daemon's own. */
  readonly broker: StatsSink;
  readonly version: string;
  readonly log: Logger;
}

/** What goes beyond the daemon's own broker and the clients that know it: another broker, and Home Assistant. */
export function bridgeSide(options: Options): {
  readonly bridge: Bridge | null;
  readonly homeAssistant: HomeAssistantPublisher | null;
} {
  const { config, storeId, database, fleet, version, log } = options;
  const { bridge: settings, homeAssistant } = config.realtime;
  const bridge =
    settings === null
      ? null
      : new Bridge({
          login: settings,
          storeId,
          topicPrefix: settings.topicPrefix,
          // Also while the option is off: what it left there goes then.
          ownTopics: [discoveryTopic(homeAssistant.prefix, storeId, '+')],
          random: Math.random,
          now: Date.now,
          log,
        });
  if (!homeAssistant.enabled) return { bridge, homeAssistant: null };
  const own: DiscoveryOutlet = { sink: options.broker, topic: (topic) => topic, statusTopic: null };
  return {
    bridge,
    homeAssistant: new HomeAssistantPublisher({
      source: printerFaces({ database, fleet, storeId }),
      outlets: [...(config.mqtt.enabled ? [own] : []), ...(bridge === null ? [] : [bridge.outlet])],
      storeId,
      prefix: homeAssistant.prefix,
      version,
      log,
    }),
  };
}
