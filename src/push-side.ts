import type { Logger } from 'pino';
import { bridgeSide } from './bridge-side.js';
import type { Config } from './config/config.js';
import type { Database } from './database/database.js';
import type { DispatchRunner } from './dispatch/runner.js';
import type { Fleet } from './fleet/fleet.js';
import { RealtimeBroker } from './realtime/broker.js';
import type { DoorsOptions } from './realtime/doors.js';
import { fleetStats } from './realtime/fleet-stats.js';
import type { Authenticate } from './realtime/login.js';
import type { BrokerMeter } from './realtime/meter.js';
import { sinkOf } from './realtime/sink.js';
import { StatsPublisher } from './realtime/stats-publisher.js';
import { viewPermissionOf } from './realtime/view-permission.js';

export interface PushSideOptions {
  readonly config: Pick<Config, 'mqtt' | 'realtime'>;
  readonly version: string;
  readonly storeId: string;
  readonly database: Database;
  readonly fleet: Fleet;
  readonly runner: DispatchRunner;
  readonly mqttLogin: Authenticate;
  readonly meter: BrokerMeter;
  readonly log: Logger;
}

/** What tells others of the farm without being asked: the MQTT broker, one elsewhere, and who publishes on them. */
export function pushSide(options: PushSideOptions) {
  const { config, storeId, fleet, runner, mqttLogin, meter, log } = options;
  const { mqtt, realtime } = config;
  const broker = new RealtimeBroker({
    ...(mqtt.enabled ? listeners(mqtt) : { tls: null, plain: null }),
    maxConnections: mqtt.maxConnections,
    authenticate: mqttLogin,
    viewPermission: viewPermissionOf,
    meter,
    publicPrefixes: realtime.homeAssistant.enabled ? [realtime.homeAssistant.prefix] : [],
    log,
  });
  const liveStats = fleetStats({ fleet, storeId, isBusy: (printerId) => runner.isBusy(printerId) });
  const { bridge, homeAssistant } = bridgeSide({ ...options, broker });
  const sink = sinkOf(bridge === null ? [broker] : [broker, bridge.store]);
  const stats = new StatsPublisher({ source: liveStats, sink, now: () => performance.now(), log });
  return { broker, stats, liveStats, bridge, homeAssistant };
}

function listeners({ host, port, tls, websocket, plain }: Config['mqtt']): DoorsOptions {
  const certificate = { certPem: tls.certFile, keyPem: tls.keyFile };
  return {
    tls: { host, port, ...certificate },
    webSocket: websocket.enabled
      ? { host: websocket.host ?? host, port: websocket.port, ...certificate }
      : null,
    plain: plain.enabled ? { host: plain.host, port: plain.port } : null,
  };
}
