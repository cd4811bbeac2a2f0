import type { Logger } from 'pino';
import type { Clock } from '../contract/time.js';
import type { Database } from '../database/database.js';
import type { DispatchRunner } from '../dispatch/runner.js';
import type { Scheduler } from '../dispatch/scheduler.js';
import type { Discovery } from '../fleet/discovery.js';
import type { Fleet } from '../fleet/fleet.js';
import type { QueryDefaults } from '../query/parse-get.js';
import type { Presenter } from '../resources/resource.js';
import type { FileStore } from '../storage/file-store.js';
import type { Upkeep } from '../upkeep/upkeep.js';
import type { FailedLogins } from './access/failed-logins.js';
import type { FileUrls } from './file-urls.js';
import type { RouteHints } from './introspection/hints.js';
import type { NoticeDesk } from './notifications/notice-desk.js';

/** What operations stand on. Built once by the daemon. */
export interface Deps {
  readonly database: Database;
  readonly fleet: Fleet;
  readonly discovery: Discovery;
  readonly runner: DispatchRunner;
  readonly scheduler: Scheduler;
  readonly files: FileStore;
  readonly upkeep: Pick<Upkeep, 'report' | 'ask'>;
  readonly urls: FileUrls;
  readonly presenter: Presenter;
  readonly clock: Clock;
  readonly log: Logger;
  readonly query: QueryDefaults;
  /** What may be done next, told to those who ask a list for it. */
  readonly hints: RouteHints;
  /** What the stats topic tells of a printer now; null for one that is not known. */
  readonly printerStat: (printerId: string) => object | null;
  readonly settings: {
    /** Of the daemon. */
    readonly version: string;
    readonly uploadLifetimeMs: number;
    readonly sessionLifetimeMs: number;
    /** Named when someone tries to change by REST what the file owns. */
    readonly configFile: string;
  };
  /** Where the present request, or else anybody, reaches us. */
  readonly baseUrl: () => string;
  readonly failedLogins: FailedLogins;
  readonly notices: NoticeDesk;
  /** A secret came in that must never appear in the log. */
  readonly hideSecret: (secret: string) => void;
}
