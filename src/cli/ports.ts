import type {
  DiscoveredPrinter,
  DiscoveryOptions,
  DriverLog,
  ExamineOptions,
  PrinterDiscovery,
  PrinterTarget,
} from '../../drivers/driver.js';
import type { Config } from '../config/config.js';
import type { KeyRing, OwnerInvitation } from '../telemetry/control-methods.js';
import type { Logger } from '../telemetry/log.js';
import type { LogLines } from '../telemetry/tally.js';

/**
 * What commands need of the rest of the program. Each port is fetched only by the command that uses it, so that
 * `--help` loads none of them.
 */
export interface CliPorts {
  installation(): Promise<InstallationPort>;
  /** Begins to check the database of the data folder and loads the daemon. */
  daemon(dataDir: string): Promise<DaemonPort>;
  discovery(): Promise<DiscoveryPort>;
  keys(): Promise<KeysPort>;
  invitations(): Promise<InvitationsPort>;
  examiner(): Promise<ExaminerPort>;
}

export interface InstallationPort {
  /** Makes database, store, the owner's API key and invitation in an empty data folder. */
  initialise(dataDir: string): Promise<{ storeId: string; apiKey: string; ownerInvitation: string }>;
}

export interface RunningDaemon {
  readonly url: string;
  readonly mqttUrl: string;
  /** MQTT over WebSocket; null without. */
  readonly wssUrl: string | null;
  /** Resolves when the daemon has got on; rejects with what stands still. */
  progress(): Promise<void>;
  /** Puts in effect what can change while running: the printers of the file, rate limits. Nothing else is looked at. */
  reconfigure(config: Config): Promise<void>;
  /** Reads the files of the listeners' certificates anew; what has changed is shown from now on. Never fails. */
  refreshCertificates(): Promise<void>;
  /** Stops everything in order. */
  stop(): Promise<void>;
}

export interface DaemonPort {
  /**
   * Starts the daemon; it serves when this resolves.
   * `logged.hideSecret` takes secrets that must never appear in the log, such as access codes that come by REST.
   *
   * @throws LockedError when the data folder is another daemon's.
   */
  run(
    config: Config,
    log: Logger,
    configFile: string,
    logged: { readonly hideSecret: (secret: string) => void; readonly logLines: LogLines },
  ): Promise<RunningDaemon>;
}

export interface DiscoveryPort {
  createDiscovery(
    options: DiscoveryOptions,
    onSeen: (printer: DiscoveredPrinter) => void,
    log: DriverLog,
  ): PrinterDiscovery;
}

export interface ExaminerPort {
  /** Examines a printer directly, with a session of its own. */
  examine(target: PrinterTarget, options: ExamineOptions): Promise<void>;
  /**
   * How a printer of an installation is reached, read while no daemon runs; null when there is none of this serial.
   *
   * @throws LockedError when a daemon holds the folder.
   */
  stored(config: Config, serial: string): Promise<PrinterTarget | null>;
}

export interface InvitationsPort {
  /**
   * Invites the owner of an installation whose daemon does not run.
   *
   * @throws LockedError when a daemon holds the folder.
   */
  inviteOwner(dataDir: string): Promise<OwnerInvitation>;
}

export interface KeysPort {
  /**
   * Opens the keys of a data folder directly; holds its lock until closed.
   *
   * @throws LockedError when a daemon holds the folder.
   */
  open(dataDir: string): Promise<KeyRing & { close(): Promise<void> }>;
}
