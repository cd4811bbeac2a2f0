import type { Logger } from 'pino';
import type { Config } from './config/config.js';
import type { DispatchRunner } from './dispatch/runner.js';
import type { Fleet } from './fleet/fleet.js';
import { RealtimeBroker } from './realtime/broker.js';
import type { DoorsOptions } from './realtime/doors.js';
import { fleetStats } from './realtime/fleet-stats.js';
import type { Authenticate } from './realtime/login.js';
import type { BrokerMeter } from './realtime/meter.js';
import { StatsPublisher } from './realtime/stats-publisher.js';
import { viewPermissionOf } from './realtime/view-permission.js';

export interface PushSideOptions {
  readonly config: Pick<Config, 'mqtt'>;
  readonly storeId: string;
  readonly fleet: Fleet;
  readonly runner: DispatchRunner;
  readonly mqttLogin: Authenticate;
  readonly meter: BrokerMeter;
  readonly log: Logger;
}

/** What tells others of the farm without being asked: the MQTT broker and who publishes on it. */
export function pushSide({ config, storeId, fleet, runner, mqttLogin, meter, log }: PushSideOptions) {
  const { mqtt } = config;
  const broker = new RealtimeBroker({
    ...(mqtt.enabled ? listeners(mqtt) : { tls: null, plain: null }),
    maxConnections: mqtt.maxConnections,
    authenticate: mqttLogin,
    viewPermission: viewPermissionOf,
    meter,
    log,
  });
  const liveStats = fleetStats({ fleet, storeId, isBusy: (printerId) => runner.isBusy(printerId) });
  const stats = new StatsPublisher({ source: liveStats, sink: broker, now: () => performance.now(), log });
  return { broker, stats, liveStats };
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
