import type { Logger } from 'pino';
import { bridgeSide } from './bridge-side.js';
import type { Config } from './config/config.js';
import type { Database } from './database/database.js';
import type { DispatchRunner } from './dispatch/runner.js';
import { EntityJournal } from './domain/entity-journal.js';
import type { Fleet } from './fleet/fleet.js';
import { RealtimeBroker } from './realtime/broker.js';
import type { DoorsOptions } from './realtime/doors.js';
import { EntityPublisher } from './realtime/entity-publisher.js';
import { fleetStats } from './realtime/fleet-stats.js';
import { localEntities } from './realtime/local-entities.js';
import type { Authenticate } from './realtime/login.js';
import type { BrokerMeter } from './realtime/meter.js';
import { sinkOf } from './realtime/sink.js';
import { StatsPublisher } from './realtime/stats-publisher.js';
import { viewPermissions } from './realtime/view-permission.js';
import type { Presenter } from './resources/resource.js';
import { reachableHost } from './telemetry/reachable-host.js';

export interface PushSideOptions {
  readonly config: Pick<Config, 'mqtt' | 'realtime'>;
  readonly version: string;
  readonly storeId: string;
  readonly database: Database;
  readonly fleet: Fleet;
  readonly runner: DispatchRunner;
  readonly mqttLogin: Authenticate;
  readonly meter: BrokerMeter;
  /** What was committed, for whoever follows it. */
  readonly changes: EntityJournal;
  readonly presenter: Presenter;
  readonly log: Logger;
}

/** Time in which clients come back after the daemon was away, and then hear what they have missed of its last moments. */
const CLIENTS_BACK_MS = 5_000;

/** What is committed, kept for those who are told of it. */
export function entityChanges(log: Logger): EntityJournal {
  return new EntityJournal({
    onGivenUp: (transactions) =>
      log.warn({ transactions }, 'gave up changes that nobody took: they are too many or too old'),
    onError: (error) => log.error({ err: error }, 'could not write down who was told of what'),
  });
}

/** What tells others of the farm without being asked: the MQTT broker, one elsewhere, and who publishes on them. */
export function pushSide(options: PushSideOptions) {
  const { config, storeId, database, fleet, runner, mqttLogin, meter, changes, presenter, log } = options;
  const { mqtt, realtime } = config;
  const { topicAliases } = realtime;
  const broker = new RealtimeBroker({
    ...(mqtt.enabled ? listeners(mqtt) : { tls: null, plain: null }),
    maxConnections: mqtt.maxConnections,
    authenticate: mqttLogin,
    viewPermission: viewPermissions({ aliases: topicAliases }),
    meter,
    publicPrefixes: realtime.homeAssistant.enabled ? [realtime.homeAssistant.prefix] : [],
    log,
  });
  const isBusy = (printerId: string) => runner.isBusy(printerId);
  const liveStats = fleetStats({ fleet, storeId, isBusy, feed: database.feed });
  const { bridge, homeAssistant } = bridgeSide({ ...options, broker });
  const sink = sinkOf(bridge === null ? [broker] : [broker, bridge.store]);
  const stats = new StatsPublisher({ source: liveStats, sink, now: () => performance.now(), log });
  const entities = new EntityPublisher({ changes, presenter, topicAliases, log });
  if (mqtt.enabled) entities.add(localEntities(broker), { pendingAfterMs: CLIENTS_BACK_MS });
  if (bridge !== null) entities.add(bridge);
  return { broker, stats, entities, liveStats, bridge, homeAssistant };
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

/** Where clients reach the broker. */
export function brokerAddresses(
  { mqtt }: Pick<Config, 'mqtt'>,
  { ports }: RealtimeBroker,
): { mqttUrl: string; wssUrl: string | null } {
  const wssHost = reachableHost(mqtt.websocket.host ?? mqtt.host);
  return {
    mqttUrl: `mqtts://${reachableHost(mqtt.host)}:${ports.tls ?? mqtt.port}`,
    wssUrl: ports.webSocket === null ? null : `wss://${wssHost}:${ports.webSocket}/mqtt`,
  };
}
