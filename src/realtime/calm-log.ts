import { callerOf } from '../operations/access/address.js';
import type { RealtimeLog } from './log.js';

const TELL_EVERY_MS = 60_000;
/** More than a farm has clients that go wrong; little enough to hold. */
const MAX_REMEMBERED = 1_000;

interface Fields {
  readonly address: string;
  readonly [name: string]: unknown;
}

/** Tells what clients do wrong, the same of one address once a minute: most try again, and again, every second. */
export class CalmLog {
  /** Oldest first; how often it happened and was not told. */
  private readonly told = new Map<string, { readonly at: number; untold: number }>();

  /** @param now milliseconds */
  constructor(
    private readonly log: RealtimeLog,
    private readonly now: () => number,
  ) {}

  info(fields: Fields, message: string): void {
    this.tell('info', fields, message);
  }

  warn(fields: Fields, message: string): void {
    this.tell('warn', fields, message);
  }

  private tell(level: 'info' | 'warn', fields: Fields, message: string): void {
    const key = `${callerOf(fields.address)} ${message}`;
    const now = this.now();
    const last = this.told.get(key);
    if (last !== undefined && now - last.at < TELL_EVERY_MS) {
      last.untold++;
      return;
    }
    this.told.delete(key);
    if (this.told.size >= MAX_REMEMBERED) {
      for (const oldest of this.told.keys()) {
        this.told.delete(oldest);
        break;
      }
    }
    this.told.set(key, { at: now, untold: 0 });
    this.log[level](last?.untold ? { ...fields, untold: last.untold } : fields, message);
  }
}
