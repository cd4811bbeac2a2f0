import type { Config } from './config/config.js';
import type { DailyWork } from './daily-work.js';
import type { Database } from './database/database.js';
import type { DispatchRunner } from './dispatch/runner.js';
import type { PartHealth } from './http/health-routes.js';
import { TICK_LATE_MS } from './progress.js';
import type { BridgeStatus } from './realtime/bridge-story.js';
import type { RealtimeBroker } from './realtime/broker.js';

export interface ReadinessParts {
  readonly database: Pick<Database, 'probe'>;
  readonly daily: Pick<DailyWork, 'isSound'>;
  readonly broker: Pick<RealtimeBroker, 'ports'>;
  readonly runner: Pick<DispatchRunner, 'sinceTickMs'>;
  /** Null without an external broker. */
  readonly bridge: { readonly status: Pick<BridgeStatus, 'connected'> } | null;
  readonly mqtt: Pick<Config['mqtt'], 'enabled' | 'websocket'>;
  /** All parts were started. */
  readonly started: boolean;
}

const DATABASE_FAULTS = {
  ok: '',
  unreadable: 'it does not answer',
  unwritable: 'it cannot be written: the disk is full, read-only, failing or gone',
};
const NO_LISTENER = 'nothing listens there';

/** Which parts are ready, and why others are not. Strangers read it: no names, addresses or errors of the system. */
export function readiness(parts: ReadinessParts): PartHealth[] {
  const { database, daily, broker, bridge, runner, mqtt, started } = parts;
  const found = database.probe();
  return [
    part('database', found === 'ok', DATABASE_FAULTS[found]),
    part('databaseFile', daily.isSound(), 'the file was found damaged; the log has the details'),
    part('http', true, ''),
    part('mqtt', !mqtt.enabled || broker.ports.tls !== null, NO_LISTENER),
    {
      ...part(
        'websocket',
        !mqtt.enabled || !mqtt.websocket.enabled || broker.ports.webSocket !== null,
        `${NO_LISTENER}; it is tried again, and the log has the reason`,
      ),
      beside: true,
    },
    started
      ? part('dispatch', runner.sinceTickMs <= TICK_LATE_MS, 'nobody looks after the dispatches')
      : part('dispatch', false, 'the daemon is still starting, or stopping'),
    ...(bridge === null
      ? []
      : [
          {
            ...part('bridge', bridge.status.connected, 'no connection; it is tried again'),
            beside: true as const,
          },
        ]),
  ];
}

function part(name: string, ready: boolean, why: string): PartHealth {
  return { name, missing: ready ? null : why };
}
