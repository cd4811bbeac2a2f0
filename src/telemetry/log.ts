import {
  type DestinationStream,
  destination,
  type LevelWithSilent,
  type Logger,
  pino,
  stdTimeFunctions,
} from 'pino';
import { prettyFactory } from 'pino-pretty';
import type { LogLevel } from './log-level.js';
import { SecretGuard } from './secret-guard.js';
import type { LogLines } from './tally.js';

export type { Logger } from 'pino';

export interface LogOptions {
  /** Least important entries that are written. */
  readonly level: LevelWithSilent;
  /** Readable lines in place of JSON; `auto` means when standard output is a terminal. */
  readonly pretty: 'auto' | boolean;
  /** Secrets to strike out by value; without one only names and shapes are known. */
  readonly guard?: SecretGuard;
  /** Where lines go, standard output by default. */
  readonly stream?: DestinationStream;
  /** Follows changes of this level while running, with every log made from it. */
  readonly follows?: LogLevel;
  /** Told of every line that is written. */
  readonly lines?: LogLines;
}

function output(options: LogOptions): DestinationStream {
  // Synchronous, so that the last words before a crash are written.
  const stream = options.stream ?? destination({ fd: 1, sync: true });
  const readable = options.pretty === 'auto' ? process.stdout.isTTY === true : options.pretty;
  if (!readable) return stream;
  const colorize = process.stdout.isTTY === true && !process.env.NO_COLOR;
  const prettify = prettyFactory({ colorize, translateTime: 'SYS:HH:MM:ss.l' });
  return { write: (line) => stream.write(prettify(line)) };
}

/** The daemon's log: one JSON object per line with `level` in words and `time` in ISO 8601, or readable lines. */
export function createLogger(options: LogOptions): Logger {
  const guard = options.guard ?? new SecretGuard();
  const { follows, lines } = options;
  const log = pino(
    {
      level: options.level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      hooks: {
        streamWrite(line) {
          lines?.note(line);
          return guard.strike(line);
        },
      },
      ...(follows ? { onChild: (child) => follows.add(child) } : {}),
    },
    output(options),
  );
  follows?.add(log);
  return log;
}

/** The log of one printer: its serial number stands in every line. */
export function printerLog(log: Logger, serial: string): Logger {
  return log.child({ printer: serial });
}
