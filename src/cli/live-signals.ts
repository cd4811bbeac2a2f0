/** The part of `process` that live signals need. */
export interface SignalledProcess {
  on(signal: 'SIGHUP' | 'SIGUSR2', listener: () => void): unknown;
}

/**
 * Signals that change a running daemon: SIGHUP reads the configuration anew, SIGUSR2 changes the log level. They never
 * end the process: a reload asked for while it still starts is done when it has started.
 */
export class LiveSignals {
  #reload: (() => void) | null = null;
  #pending = false;

  constructor(
    private readonly process: SignalledProcess,
    private readonly onLevel: () => void,
  ) {}

  arm(): void {
    this.process.on('SIGHUP', this.#onReload);
    this.process.on('SIGUSR2', this.onLevel);
  }

  /** From here on reloads can be done. */
  started(reload: () => void): void {
    this.#reload = reload;
    if (this.#pending) reload();
  }

  readonly #onReload = () => {
    if (this.#reload) this.#reload();
    else this.#pending = true;
  };
}
