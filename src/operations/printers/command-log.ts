import type { Actor } from '../../database/change.js';
import type { CommandOutcome } from '../../fleet/live-printer.js';
import type { SentCommand } from './command-bodies.js';

/** What became of a command that somebody sent to a printer. */
export interface CommandEntry {
  /** ISO time, UTC. */
  readonly at: string;
  readonly actorType: Actor['type'];
  /** Key id, user id; null for the daemon itself. */
  readonly actorId: string | null;
  readonly command: SentCommand;
  /** `waiting` until it is known; `failed` is a fault of the daemon's own. */
  outcome: CommandOutcome['kind'] | 'waiting' | 'failed';
  /** Why it was not sent or not obeyed, or what of it was changed; null when there is nothing to say. */
  reason: string | null;
  /** Whether reports bore it out; null until that is known, and where no report can tell. */
  effect: 'verified' | 'unverified' | null;
}

const KEPT_PER_PRINTER = 50;

/** The last commands of every printer, in memory only. */
export class CommandLog {
  readonly #byPrinter = new Map<string, CommandEntry[]>();

  /** @param isKnown false for printers that are gone; what they were told is forgotten */
  constructor(private readonly isKnown: (printerId: string) => boolean) {}

  /** Keeps an entry, whose outcome its owner fills in later. */
  add(printerId: string, entry: CommandEntry): void {
    const entries = this.#byPrinter.get(printerId) ?? this.#begin(printerId);
    entries.push(entry);
    if (entries.length > KEPT_PER_PRINTER) entries.shift();
  }

  /** Newest first. */
  of(printerId: string): readonly CommandEntry[] {
    return (this.#byPrinter.get(printerId) ?? []).toReversed();
  }

  #begin(printerId: string): CommandEntry[] {
    for (const other of [...this.#byPrinter.keys()]) if (!this.isKnown(other)) this.#byPrinter.delete(other);
    const entries: CommandEntry[] = [];
    this.#byPrinter.set(printerId, entries);
    return entries;
  }
}
