import { join } from 'node:path';
import { DaemonProcess, type Exit } from './daemon.js';
import { Person } from './person.js';

export interface DaemonControlOptions {
  readonly folder: string;
  readonly dataDir: string;
  readonly emulatorCa: string;
  readonly apiKey: string;
  readonly storeId: string;
}

/** The daemon of a farm through all its lives. The next process is always loaded and waiting. */
export class DaemonControl {
  readonly logFile: string;
  kills = 0;
  stops = 0;
  #standby: DaemonProcess;
  #running: DaemonProcess | null = null;
  #person: Person | null = null;
  #mayDie = false;

  constructor(private readonly options: DaemonControlOptions) {
    this.logFile = join(options.folder, 'daemon.log');
    this.#standby = new DaemonProcess(this.logFile);
  }

  /** Whoever may ask the daemon; null while it is down. */
  get person(): Person | null {
    return this.isRunning ? this.#person : null;
  }

  get isRunning(): boolean {
    return this.#running !== null && this.#running.exit === null;
  }

  /**
   * @param dieAt the durable step at which it will kill itself; null never
   * @returns whether it came up before it died
   * @throws Error when it ends in a way that nobody asked for
   */
  async boot(dieAt: number | null): Promise<boolean> {
    const next = this.#standby;
    this.#standby = new DaemonProcess(this.logFile);
    this.#running = next;
    this.#mayDie = dieAt !== null;
    const { dataDir, emulatorCa, apiKey, storeId } = this.options;
    const url = await next.boot({ dataDir, emulatorCa, dieAt });
    if (url === null) {
      this.#end();
      return false;
    }
    this.#person = new Person(url, apiKey, storeId);
    return true;
  }

  async kill(): Promise<void> {
    this.#mayDie = true;
    await this.#running?.kill();
    this.#end();
  }

  /** @throws Error when it does not stop in time, or not cleanly */
  async terminate(): Promise<void> {
    const exit = await this.#running?.terminate();
    if (exit?.code !== 0) return this.#end();
    this.stops += 1;
    this.#running = null;
  }

  /**
   * Takes note of a process that has ended.
   * @throws Error when nobody killed it
   */
  notice(): void {
    if (this.#running?.exit) this.#end();
  }

  #end(): void {
    const exit = this.#running?.exit ?? null;
    this.#running = null;
    if (exit === null) return;
    if (exit.signal !== 'SIGKILL' || !this.#mayDie) {
      throw new Error(`the daemon ended by itself: ${text(exit)}`);
    }
    this.kills += 1;
  }

  /** Resolves when the running process has ended. */
  async gone(): Promise<void> {
    await this.#running?.exited;
  }

  async stop(): Promise<void> {
    const all = [this.#running, this.#standby];
    this.#running = null;
    await Promise.all(all.map((one) => one?.kill()));
  }
}

function text({ code, signal }: Exit): string {
  return signal === null ? `exit code ${code}` : signal;
}
