import type { Logger } from 'pino';
import type { CameraTiming } from '../drivers/bambu/camera-source.js';
import { createBambuDriver } from '../drivers/bambu/index.js';
import type { SessionTiming } from '../drivers/bambu/timing.js';
import type { TransferTiming } from '../drivers/bambu/transfer-timing.js';
import type { Config } from './config/config.js';
import type { Clock } from './contract/time.js';
import type { Database } from './database/database.js';
import { ContinuousWatch } from './dispatch/continuous-watch.js';
import type { DispatchTiming } from './dispatch/machine-types.js';
import type { DispatchMeter } from './dispatch/meter.js';
import type { StepProbe } from './dispatch/printer-work.js';
import { DispatchRunner } from './dispatch/runner.js';
import { Scheduler } from './dispatch/scheduler.js';
import { StartPolicy } from './dispatch/start-policy.js';
import { Discovery } from './fleet/discovery.js';
import { Fleet } from './fleet/fleet.js';
import type { NewsTiming } from './fleet/news-memory.js';
import { PrinterNews } from './fleet/printer-news.js';
import { TrafficLog } from './fleet/traffic-log.js';
import { trustAnchors } from './printer-settings.js';
import type { FileStore } from './storage/file-store.js';

export interface PrinterSideOptions {
  readonly config: Config;
  readonly database: Database;
  readonly storeId: string;
  readonly files: FileStore;
  readonly clock: Clock;
  readonly log: Logger;
  /** Shorter waits, for tests. */
  readonly timing?: Partial<DispatchTiming>;
  readonly sessionTiming?: Partial<SessionTiming>;
  readonly transferTiming?: Partial<TransferTiming>;
  readonly cameraTiming?: Partial<CameraTiming>;
  readonly awayGraceMs?: number;
  readonly newsTiming?: Partial<NewsTiming>;
  /** Told around every durable step, for tests that end the process there. */
  readonly probe?: StepProbe;
  readonly meter?: DispatchMeter;
}

/** What holds the printers and gives them work: their sessions, finding them, the queue and the dispatches. */
export async function printerSide(options: PrinterSideOptions) {
  const { config, database, storeId, files, clock, log } = options;
  const driver = createBambuDriver({
    log,
    maxConnecting: config.bambu.connectConcurrency,
    maxTransfers: config.transfers.max,
    camera: { max: config.camera.max, ffmpeg: config.camera.ffmpeg, timing: options.cameraTiming ?? {} },
    timing: options.sessionTiming ?? {},
    transferTiming: options.transferTiming ?? {},
  });
  const { trustAms } = config.spools;
  const anchors = await trustAnchors(config);
  const traffic = new TrafficLog(config.diagnostics.messages, clock);
  const fleet = new Fleet({
    driver,
    database,
    storeId,
    clock,
    log,
    extraCa: anchors,
    traffic,
    trustAms,
    ...(options.awayGraceMs === undefined ? {} : { awayGraceMs: options.awayGraceMs }),
  });
  const discovery = new Discovery({
    driver,
    fleet,
    log,
    enabled: config.discovery.enabled,
    address: config.discovery.address,
    ports: config.discovery.ports,
    expiryMs: config.discovery.expirySeconds * 1000,
  });
  const policy = new StartPolicy(config.queue);
  const runner = new DispatchRunner({
    database,
    storeId,
    fleet,
    clock,
    log,
    random: Math.random,
    localPath: (sha256) => files.path(sha256),
    trustAms,
    timing: { confirmMs: config.queue.confirmStartSeconds * 1000, ...options.timing },
    policy,
    ...(options.meter ? { meter: options.meter } : {}),
    ...(options.probe ? { probe: options.probe } : {}),
  });
  const scheduler = new Scheduler({
    database,
    storeId,
    fleet,
    runner,
    log,
    random: Math.random,
    tickMs: config.queue.tickSeconds * 1000,
    maxConcurrentJobs: config.queue.maxConcurrentJobs,
    policy,
    now: () => clock.now(),
    matching: config.matching,
    ...(options.probe ? { probe: options.probe } : {}),
  });

  const continuous = new ContinuousWatch({
    database,
    storeId,
    fleet,
    log,
    monotonic: () => performance.now(),
  });
  const news = new PrinterNews({
    database,
    storeId,
    fleet,
    clock,
    log,
    monotonic: () => performance.now(),
    timing: options.newsTiming ?? {},
  });

  return { fleet, discovery, policy, runner, scheduler, continuous, news, anchors, traffic };
}
