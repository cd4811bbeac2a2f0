import { changedSettings, isLive, withLiveSettings } from '../config/changes.js';
import { type Config, secretsOf } from '../config/config.js';
import type { LoadedConfig } from '../config/load.js';
import { ConfigError } from '../config/problem.js';
import type { Logger } from '../telemetry/log.js';
import type { LogLevel } from '../telemetry/log-level.js';
import type { SecretGuard } from '../telemetry/secret-guard.js';
import type { RunningDaemon } from './ports.js';

export interface ReloadOptions {
  /** What runs at present. */
  readonly config: Config;
  read(): Promise<LoadedConfig>;
  readonly daemon: Pick<RunningDaemon, 'reconfigure'>;
  readonly level: LogLevel;
  readonly guard: SecretGuard;
  readonly log: Logger;
}

/** Reads the configuration anew while the daemon runs, puts in effect what can be, and names the rest. */
export class Reload {
  readonly #options: ReloadOptions;
  #running: Config;
  #work: Promise<void> | null = null;
  #again = false;
  #stopped = false;

  constructor(options: ReloadOptions) {
    this.#options = options;
    this.#running = options.config;
  }

  /** One at a time; whoever asks meanwhile gets another one after it. Never fails: the log has what went wrong. */
  request(): Promise<void> {
    this.#again = true;
    this.#work ??= this.#run().finally(() => {
      this.#work = null;
    });
    return this.#work;
  }

  /** Takes no further request, and resolves when the one under way is done. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#work;
  }

  async #run(): Promise<void> {
    while (this.#again && !this.#stopped) {
      this.#again = false;
      try {
        await this.#once();
      } catch (error) {
        this.#refused(error);
      }
    }
  }

  async #once(): Promise<void> {
    const { read, daemon, guard, level, log } = this.#options;
    const { config, file, warnings } = await read();
    for (const secret of secretsOf(config)) guard.hide(secret);
    const changed = changedSettings(this.#running, config);
    const next = withLiveSettings(this.#running, config);
    await daemon.reconfigure(next);
    if (changed.includes('log.level')) level.configure(config.log.level);
    this.#running = next;
    for (const { key, message } of warnings) log.warn({ setting: key }, message);
    for (const setting of changed) {
      if (isLive(setting)) log.info({ setting }, `${setting} changed and is in effect`);
      else log.warn({ setting }, `${setting} changed, but takes effect only when printfarmd is started anew`);
    }
    log.info({ configFile: file, changed: changed.length }, 'configuration read anew');
  }

  #refused(error: unknown): void {
    const { log } = this.#options;
    const refusal = 'the configuration was not taken; the daemon runs on with what it had';
    if (error instanceof ConfigError) {
      for (const { file, line, key, message, found, allowed } of error.problems)
        log.error({ file, line, setting: key, found, allowed }, message);
      log.error(refusal);
    } else {
      log.error({ err: error }, refusal);
    }
  }
}
