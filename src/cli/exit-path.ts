import type { Logger } from '../telemetry/log.js';
import { EXIT, type ExitCode } from './exit-codes.js';

/** The part of `process` that ending needs. */
export interface EndingProcess {
  on(event: string, listener: (...args: unknown[]) => void): unknown;
  exit(code: number): void;
}

/** Longest time an orderly stop may take, milliseconds. */
const KILL_AFTER_MS = 5000;

/**
 * The one way out of a daemon. The first cause, a signal or an error that nobody caught, asks for the stop and starts
 * a timer that ends the process should the stop not come to its end; further causes are only logged.
 */
export class ExitPath {
  /** Resolves with the exit code to leave with, at the first cause. */
  readonly requested: Promise<ExitCode>;

  readonly #process: EndingProcess;
  readonly #log: Pick<Logger, 'info' | 'warn' | 'fatal'>;
  readonly #killAfterMs: number;
  #resolve: (code: ExitCode) => void = () => {};
  #cause: string | null = null;
  #timer: NodeJS.Timeout | null = null;

  constructor(
    process: EndingProcess,
    log: Pick<Logger, 'info' | 'warn' | 'fatal'>,
    killAfterMs = KILL_AFTER_MS,
  ) {
    this.#process = process;
    this.#log = log;
    this.#killAfterMs = killAfterMs;
    this.requested = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  /** Listens for signals and for errors that nobody caught. */
  arm(): void {
    this.#process.on('SIGTERM', this.#onTerminate);
    this.#process.on('SIGINT', this.#onInterrupt);
    this.#process.on('uncaughtException', this.#onUncaught);
    this.#process.on('unhandledRejection', this.#onUncaught);
  }

  /** The stop came to its end: from here the process ends by itself, or by the timer if something holds it. */
  finished(): void {
    this.#timer?.unref();
  }

  /** Asks for the stop. Only the first cause counts. */
  request(cause: string, code: ExitCode): void {
    if (this.#cause !== null) {
      this.#log.info({ cause, since: this.#cause }, 'stopping already');
      return;
    }
    this.#cause = cause;
    this.#log.info({ cause }, 'stopping');
    this.#timer = setTimeout(() => {
      this.#log.fatal({ cause }, `the stop took longer than ${this.#killAfterMs} ms; leaving without it`);
      this.#process.exit(code === EXIT.ok ? EXIT.failed : code);
    }, this.#killAfterMs);
    this.#resolve(code);
  }

  readonly #onTerminate = () => this.request('SIGTERM', EXIT.ok);
  readonly #onInterrupt = () => this.request('SIGINT', EXIT.ok);
  readonly #onUncaught = (error: unknown) => {
    this.#log.fatal({ err: error }, 'an error that nobody caught');
    this.request('uncaught error', EXIT.failed);
  };
}
