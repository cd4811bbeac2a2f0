import type { LevelWithSilent } from 'pino';

interface Leveled {
  level: string;
}

/**
 * The level of a log and of every log made from it. Loggers copy their level when they are made, so that a change must
 * be brought to each; they are held weakly, for there is one for each request and dispatch.
 */
export class LogLevel {
  readonly #loggers = new Set<WeakRef<Leveled>>();
  readonly #gone = new FinalizationRegistry<WeakRef<Leveled>>((ref) => this.#loggers.delete(ref));
  #configured: LevelWithSilent;
  #current: LevelWithSilent;

  constructor(configured: LevelWithSilent) {
    this.#configured = configured;
    this.#current = configured;
  }

  get current(): LevelWithSilent {
    return this.#current;
  }

  /** From now on the logger follows. */
  add(logger: Leveled): void {
    const ref = new WeakRef(logger);
    this.#loggers.add(ref);
    this.#gone.register(logger, ref);
  }

  /** The level of the configuration, in effect at once. */
  configure(level: LevelWithSilent): void {
    this.#configured = level;
    this.#set(level);
  }

  /**
   * To `debug`, and back to the configured level; to `info` when that is as talkative itself. `tell` is called with the
   * new level while the log still, or already, writes it down.
   */
  toggle(tell: (level: LevelWithSilent) => void): void {
    const talkative = (level: LevelWithSilent) => level === 'debug' || level === 'trace';
    const back = talkative(this.#configured) ? 'info' : this.#configured;
    const next = talkative(this.#current) ? back : 'debug';
    if (next === 'debug') this.#set(next);
    tell(next);
    this.#set(next);
  }

  #set(level: LevelWithSilent): void {
    this.#current = level;
    for (const ref of this.#loggers) {
      const logger = ref.deref();
      if (logger) logger.level = level;
    }
  }
}
