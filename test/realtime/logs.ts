import type { RealtimeLog } from '../../src/realtime/log.js';

export const SILENT_LOG: RealtimeLog = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** Remembers everything that was logged, as one line of text each. */
export class LogBook implements RealtimeLog {
  readonly lines: string[] = [];

  debug(fields: object, message: string): void {
    this.note('debug', fields, message);
  }

  info(fields: object, message: string): void {
    this.note('info', fields, message);
  }

  warn(fields: object, message: string): void {
    this.note('warn', fields, message);
  }

  error(fields: object, message: string): void {
    this.note('error', fields, message);
  }

  private note(level: string, fields: object, message: string): void {
    const text = JSON.stringify(fields, (_, value: unknown) =>
      value instanceof Error ? value.message : value,
    );
    this.lines.push(`${level} ${message} ${text}`);
  }
}
