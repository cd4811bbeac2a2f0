import type { Config } from '../config/config.js';
import type { Logger } from '../telemetry/log.js';
import type { RunningDaemon } from './ports.js';
import { machineNames, renewServerCertificate } from './tls-material.js';

export interface CertificateWatchOptions {
  readonly config: Config;
  readonly daemon: Pick<RunningDaemon, 'refreshCertificates'>;
  readonly log: Logger;
  readonly now: () => Date;
}

const DAY_MS = 86_400_000;

/** Keeps certificates fresh while the daemon runs, which may be for years: once a day, and whenever asked. */
export class CertificateWatch {
  #timer: NodeJS.Timeout | null = null;
  #work: Promise<void> = Promise.resolve();

  constructor(private readonly options: CertificateWatchOptions) {}

  start(): void {
    this.#timer = setInterval(() => void this.look(), DAY_MS);
    this.#timer.unref();
  }

  /** Resolves when the look under way is done. */
  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    await this.#work;
  }

  /** Renews our own certificate if it is time, and shows what has changed. One look after the other; never fails. */
  look(): Promise<void> {
    this.#work = this.#work.then(() => this.#once());
    return this.#work;
  }

  async #once(): Promise<void> {
    const { config, daemon, log, now } = this.options;
    try {
      await renew(config, now(), log);
      await daemon.refreshCertificates();
    } catch (error) {
      log.error({ err: error }, 'could not look after the certificates');
    }
  }
}

/** Renews the server certificate of the installation's own authority, if it is time. */
export async function renew({ dataDir, http, mqtt }: Config, now: Date, log: Logger): Promise<void> {
  const hosts = [http.host, mqtt.host, ...(mqtt.websocket.host === null ? [] : [mqtt.websocket.host])];
  if (await renewServerCertificate(dataDir, machineNames(hosts), now)) {
    log.info({ dataDir }, 'renewed the server certificate');
  }
}
