import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Config } from './config/config.js';
import type { Clock } from './contract/time.js';
import type { Database } from './database/database.js';
import { channelKey } from './installation.js';
import { noticeFigures } from './notice-figures.js';
import { notificationDesk } from './operations/notifications/notification-desk.js';
import { notificationHandlers } from './telemetry/control-notifications.js';
import type { Metrics } from './telemetry/metrics.js';
import { noticeDesk } from './webhooks/desk.js';
import { SERVICES } from './webhooks/letters.js';
import { Notifier } from './webhooks/notifier.js';
import { OUTBOX_LIMIT } from './webhooks/outbox-limit.js';
import { Poster } from './webhooks/post.js';
import { TargetRules } from './webhooks/targets.js';

export interface NoticeSideOptions {
  readonly config: Pick<Config, 'dataDir' | 'webhooks' | 'http' | 'mqtt'>;
  readonly database: Database;
  readonly storeId: string;
  readonly version: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** TCP ports that the daemon listens on, those that the system chose once they are known. */
  readonly ports: () => readonly (number | null | undefined)[];
  readonly fileUrl: (uri: string) => string;
  readonly hideSecret: (secret: string) => void;
}

const TIMEOUT_MS = 10_000;

/** What tells people and programs outside of what happened: webhooks and the other notification channels. */
export async function noticeSide(options: NoticeSideOptions) {
  const { config, database, storeId, version, clock, log, ports, fileUrl, hideSecret } = options;
  const { webhooks } = config;
  const { http, mqtt } = config;
  const ownPorts = () => [http.port, mqtt.port, mqtt.plain.port, ...ports()].filter(isPort);
  const rules = new TargetRules({ ...webhooks, ownPorts });
  const extraCa = await authorities(webhooks);
  const poster = new Poster({ rules, timeoutMs: TIMEOUT_MS, extraCa, now: () => clock.now() });
  const notifier = new Notifier({
    database,
    storeId,
    poster,
    bases: SERVICES,
    key: await channelKey(config.dataDir),
    userAgent: `printfarmd/${version}`,
    maxFailures: limitOf(webhooks),
    limit: OUTBOX_LIMIT,
    fileUrl,
    hideSecret,
    clock,
    log,
    sleep: (ms, signal) => delay(ms, undefined, { signal }).catch(() => undefined),
    random: Math.random,
  });
  noticeFigures(options.metrics, notifier);
  const notices = noticeDesk({ notifier, rules, database, storeId });
  const noticeControls = notificationHandlers(notificationDesk({ database, storeId, notices }));
  return { notifier, notices, noticeControls, reconfigureNotices };

  /** Reads what changed settings name. @returns what puts them in effect */
  async function reconfigureNotices(changed: Webhooks): Promise<() => void> {
    const trusted = await authorities(changed);
    return () => {
      rules.allow(changed);
      poster.renew(trusted);
      notifier.configure(limitOf(changed));
    };
  }
}

type Webhooks = Config['webhooks'];

function limitOf({ maxFailures }: Webhooks): number | null {
  return maxFailures === 0 ? null : maxFailures;
}

/** @throws Error naming a file that holds no certificate: what is not read would only be missed when nothing arrives */
function authorities({ caFiles }: Webhooks): Promise<readonly string[]> {
  return Promise.all(
    caFiles.map(async (file) => {
      const pem = await readFile(file, 'utf8');
      try {
        new X509Certificate(pem);
        return pem;
      } catch {
        throw new Error(`${file} of webhooks.caFiles holds no certificate that can be read (PEM)`);
      }
    }),
  );
}

/** 0 stands for one that the system is to choose. */
function isPort(port: number | null | undefined): port is number {
  return typeof port === 'number' && port !== 0;
}
