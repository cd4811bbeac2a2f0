import { join } from 'node:path';
import { access } from './access.js';
import type { Config } from './config/config.js';
import { systemClock } from './contract/time.js';
import { dailyWork } from './daily-work.js';
import type { FileCheck } from './database/file-check.js';
import { syncConfiguredPrinters } from './domain/configured-printers.js';
import { completeStore, systemContext } from './domain/stores.js';
import { farmFigures } from './farm-figures.js';
import { HttpServer } from './http/server.js';
import { openDatabase, requireStoreId, urlKey } from './installation.js';
import { LiveSettings } from './live-settings.js';
import { tellOfMaintenance } from './maintenance-notices.js';
import { meters } from './metrics-side.js';
import { noticeSide } from './notice-side.js';
import type { Deps } from './operations/deps.js';
import { FileUrls } from './operations/file-urls.js';
import { allOperations } from './operations/index.js';
import { RouteHints } from './operations/introspection/hints.js';
import { queueDesk } from './operations/jobs/queue-desk.js';
import type { Operation } from './operations/operation.js';
import { fileTransfers } from './operations/storage/transfers.js';
import { configured } from './printer-settings.js';
import { type PrinterSideOptions, printerSide } from './printer-side.js';
import { proveProgress } from './progress.js';
import { brokerAddresses, entityChanges, pushSide } from './push-side.js';
import { readiness } from './readiness.js';
import { toPrinterStat } from './realtime/printer-stat.js';
import { ServedCertificates } from './served-certificates.js';
import { FileStore } from './storage/file-store.js';
import { EXAMINE_MS, examineHandlers, queueHandlers } from './telemetry/control-methods.js';
import { CHANNEL_TEST_MS } from './telemetry/control-notifications.js';
import { controlSocketPath } from './telemetry/control-protocol.js';
import { ControlServer } from './telemetry/control-server.js';
import { acquireDataLock } from './telemetry/data-lock.js';
import type { LogLines } from './telemetry/tally.js';

export interface DaemonOptions
  extends Pick<
    PrinterSideOptions,
    | 'config'
    | 'log'
    | 'timing'
    | 'sessionTiming'
    | 'transferTiming'
    | 'cameraTiming'
    | 'awayGraceMs'
    | 'newsTiming'
    | 'probe'
  > {
  readonly configFile: string;
  readonly version: string;
  /** How many lines of the log told of something wrong, for the figures. */
  readonly logLines?: LogLines;
  /** Takes secrets that must never appear in the log. */
  readonly hideSecret?: (secret: string) => void;
  /** The check of the database file, where it has begun already. */
  readonly check?: FileCheck;
}

export interface RunningDaemon {
  readonly url: string;
  readonly mqttUrl: string;
  /** MQTT over WebSocket; null without. */
  readonly wssUrl: string | null;
  /** Resolves when the daemon has got on; rejects with what stands still. */
  progress(): Promise<void>;
  /** Puts in effect what can change while running; see LiveSettings. */
  reconfigure(config: Config): Promise<void>;
  /** Reads the files of the listeners' certificates anew; what has changed is shown from now on. Never fails. */
  refreshCertificates(): Promise<void>;
  stop(): Promise<void>;
}

const DAY_MS = 86_400_000;

/**
 * The composition root: builds every part once, starts them in order, stops them in reverse. Reading this file tells
 * what there is and who knows whom; four groups of parts are put together beside it (`printer-side`, `access`,
 * `push-side`, `daily-work`).
 */
export async function startDaemon(options: DaemonOptions): Promise<RunningDaemon> {
  const { config } = options;
  const started: (() => Promise<void> | void)[] = [];
  const stop = async () => {
    for (const end of started.splice(0).reverse()) await end();
  };
  try {
    const lock = acquireDataLock(config.dataDir);
    started.push(() => lock.release());
    const parts = await build(options, (end) => started.push(end));
    await start(parts, (end) => started.push(end));
    return {
      url: parts.http.url,
      ...brokerAddresses(config, parts.broker),
      progress: () => proveProgress(parts),
      reconfigure: (changed) => parts.live.apply(changed),
      refreshCertificates: () => parts.certificates.refresh(),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

type OnStop = (end: () => Promise<void> | void) => void;
type Parts = Awaited<ReturnType<typeof build>>;

async function build(options: DaemonOptions, onStop: OnStop) {
  const { config, log } = options;
  const clock = systemClock;
  const startedAt = clock.now();
  const { metrics, ...meter } = meters(log, options.logLines);
  onStop(() => metrics.stop());

  const changes = entityChanges(log);
  const database = await openDatabase(config.dataDir, {
    create: false,
    ...meter.database,
    changes,
    onListenerError: (error) => log.error({ err: error }, 'a listener of the change feed failed'),
    ...(options.probe ? { probe: options.probe } : {}),
    ...(options.check ? { check: options.check } : {}),
  });
  onStop(() => database.close());
  const storeId = await requireStoreId(database);
  changes.attach(database, storeId);
  onStop(() => changes.close());
  const { maxFileBytes } = config.storage;
  const files = new FileStore({ root: join(config.dataDir, 'files'), maxFileBytes });
  await files.start();

  const printers = await printerSide({ ...options, database, storeId, clock, files, meter: meter.dispatch });
  const { fleet, discovery, runner, scheduler } = printers;

  const { mqttEnforceIpAllowlist } = config.auth;
  const doors = access({ database, storeId, clock, log, mqttEnforceIpAllowlist });
  const { authenticator, failedLogins, mqttLogin, controls } = doors;
  let http: HttpServer | null = null;
  const urls = new FileUrls(await urlKey(config.dataDir), () => http?.url ?? '');
  const fileUrl = (uri: string) => urls.permanent(uri);
  const presenter = { fileUrl };
  const told = { database, storeId, fleet, runner, mqttLogin, meter: meter.broker, changes, presenter };
  const push = pushSide({ ...options, ...told });
  const { broker, liveStats, bridge } = push;
  authenticator.onStale((id) => broker.closeAllOn(id));

  farmFigures(metrics, { ...options, ...told, broker, bridge, clock });

  const rateLimit = { ...config.rateLimit };
  let ready = false;
  const hideSecret = options.hideSecret ?? (() => undefined);
  const ports = () => [http?.port, ...Object.values(broker.ports)];
  const notifying = { ...options, metrics, database, storeId, clock, ports, fileUrl, hideSecret };
  const { notifier, notices, noticeControls, reconfigureNotices } = await noticeSide(notifying);
  const live = new LiveSettings({ config, database, storeId, rateLimit, reconfigureNotices, ...printers });
  const daily = dailyWork({ config, database, storeId, files, clock, log });
  let described: readonly Operation[] = [];
  const deps: Deps = {
    database,
    fleet,
    discovery,
    runner,
    scheduler,
    files,
    upkeep: daily.upkeep,
    urls,
    presenter,
    clock,
    log,
    query: { defaultLimit: config.query.defaultLimit },
    hints: new RouteHints(() => described),
    printerStat(printerId) {
      const seen = liveStats.stat(printerId);
      return seen && toPrinterStat(seen);
    },
    settings: {
      version: options.version,
      sessionLifetimeMs: config.auth.sessionDays * DAY_MS,
      uploadLifetimeMs: config.storage.uploadExpiryMinutes * 60_000,
      configFile: options.configFile,
    },
    failedLogins,
    notices,
    baseUrl: () => http?.url ?? '',
    hideSecret,
  };
  const operations = allOperations(deps);
  described = operations.filter(({ older }) => !older);
  const certificates = await ServedCertificates.read({ config, now: () => new Date(clock.now()), log });
  http = new HttpServer({
    ...config.http,
    tls: certificates.rest,
    caPem: () => certificates.caPem,
    rateLimit,
    operations,
    authenticator,
    failedLogins,
    storeId,
    transfers: fileTransfers(deps),
    mqttUpgrade: config.mqtt.enabled
      ? (request, socket, head, address) => broker.upgrade(request, socket, head, address)
      : null,
    metrics: config.metrics.enabled ? { text: () => metrics.text(), allow: config.metrics.allow } : null,
    meter: meter.http,
    health: () => ({
      parts: readiness({ database, daily, broker, bridge, runner, mqtt: config.mqtt, started: ready }),
      version: options.version,
      uptimeS: (clock.now() - startedAt) / 1000,
    }),
    clock,
    log,
  });
  certificates.shownBy({ REST: http, MQTT: broker });
  const control = new ControlServer({
    path: controlSocketPath(config.dataDir),
    handlers: {
      ...controls,
      ...noticeControls,
      ...examineHandlers((serial, signal) => fleet.examine(serial, signal)),
      ...queueHandlers(queueDesk({ database, storeId, fleet, scheduler, clock })),
    },
    timeoutsMs: { 'printers.test': EXAMINE_MS, 'notifications.test': CHANNEL_TEST_MS },
    log,
  });
  return {
    config,
    log,
    database,
    storeId,
    ...printers,
    ...push,
    notifier,
    http,
    control,
    live,
    certificates,
    upkeep: daily.upkeep,
    setReady: () => {
      ready = true;
    },
  };
}

/** Listens first, then takes up what was open, then looks for work. Waits for no printer. */
async function start(parts: Parts, onStop: OnStop): Promise<void> {
  const { config, database, storeId, fleet, discovery, runner, scheduler, continuous, news } = parts;
  const { broker, stats, entities, bridge, homeAssistant, notifier, http, control } = parts;
  await database.write(systemContext(storeId), async (tx) => {
    await completeStore(tx, config.queue.maxConcurrentJobs);
    await syncConfiguredPrinters(tx, config.printers.map(configured));
  });
  await broker.start();
  onStop(() => broker.stop());
  onStop(() => bridge?.stop());
  onStop(() => entities.stop());
  await http.start();
  onStop(() => http.stop());
  // Addresses of files are known once the API listens; until it stops, it changes what is told.
  await entities.start();
  await control.start();
  onStop(() => control.stop());
  // The runner hears every report from the first on, and ends its uploads and waits before the sessions end.
  onStop(() => fleet.stop());
  await continuous.start();
  onStop(() => continuous.stop());
  await news.start();
  onStop(() => news.stop());
  await runner.start();
  onStop(() => runner.stop());
  await fleet.start();
  await notifier.start();
  onStop(() => notifier.stop());
  stats.start();
  onStop(() => stats.stop());
  await homeAssistant?.start();
  onStop(() => homeAssistant?.stop());
  // Knows all printers by now: what stands there of others goes.
  bridge?.start();
  await discovery.start();
  onStop(() => discovery.stop());
  scheduler.start();
  onStop(() => scheduler.stop());
  onStop(tellOfMaintenance({ database, log: parts.log }));
  parts.upkeep.start();
  onStop(() => parts.upkeep.stop());
  parts.setReady();
}
