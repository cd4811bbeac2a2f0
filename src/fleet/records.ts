import type { Logger } from 'pino';
import type { Transaction } from '../database/transaction.js';
import { recordFacts } from '../domain/printers.js';
import { syncSlots } from '../domain/slots.js';
import { factsOf, slotsOf } from './facts.js';
import type { LivePrinter, PrinterState } from './live-printer.js';
import type { NoticeCode } from './notices.js';
import type { PrintClock, Printed } from './print-clock.js';
import type { PrintsWatch, ShownPrint } from './prints-watch.js';

export interface RecordsOptions {
  readonly log: Logger;
  readonly trustAms: boolean;
  write(fn: (tx: Transaction) => Promise<void>): Promise<void>;
  notice(code: NoticeCode, message: string): void;
}

interface Facts {
  readonly printer: ReturnType<typeof factsOf>;
  readonly shown: ShownPrint | null;
  /** It is known how long the print under way takes. */
  readonly timed: boolean;
}

/** Asked with every report. */
function saysTheSame({ printer, shown, timed }: Facts, written: Facts | null): boolean {
  if (written === null || shown !== written.shown || timed !== written.timed) return false;
  const before = written.printer;
  for (const name in printer) {
    if (!Object.is(Reflect.get(printer, name), Reflect.get(before, name))) return false;
  }
  return true;
}

/** What of a printer's live side the database hears of: transitions alone, never a report. */
export class Records {
  /** What was last written, so that equal facts cost nothing; null writes in any case. */
  #writtenFacts: Facts | null = null;
  #writtenSlots: string | null = null;
  /** The reported places that were last looked at, and what of them would be written. */
  #seenSlots: { readonly reported: PrinterState['slots']; readonly text: string } | null = null;
  #writing: Promise<void> | null = null;
  #again = false;
  #stopped = false;

  constructor(
    private readonly printer: LivePrinter,
    private readonly prints: PrintsWatch,
    private readonly printClock: PrintClock,
    private readonly options: RecordsOptions,
  ) {}

  /** Nothing that is seen from now on is a fact: a session that is ended looks like a printer that went away. */
  stop(): void {
    this.#stopped = true;
  }

  /** Resolves when what was begun is written. */
  async settled(): Promise<void> {
    await this.#writing;
  }

  /** One write at a time per printer; what changes meanwhile is written by the next. */
  record(): void {
    if (this.#stopped) return;
    const facts: Facts = {
      printer: factsOf(this.printer),
      shown: this.prints.shown,
      timed: this.printClock.isTimed,
    };
    const slotText = this.#slotText();
    const slotsChanged = slotText !== this.#writtenSlots;
    if (saysTheSame(facts, this.#writtenFacts) && !slotsChanged && this.prints.news === null) return;
    if (this.#writing) {
      this.#again = true;
      return;
    }
    this.#writtenFacts = facts;
    this.#writtenSlots = slotText;
    const slots = slotsOf(this.printer, this.options.trustAms);
    const printerId = this.printer.printerId;
    const print = this.prints.news;
    const { shown } = facts;
    let printed: Printed | null = null;
    let ghost = false;
    this.run(
      async (tx) => {
        // Taken in the turn of the transaction: time that is on its way into the database must not go there twice.
        printed = this.printClock.take();
        ghost = await recordFacts(tx, printerId, { ...factsOf(this.printer), print, shown, printed });
        if (slots && slotsChanged) await syncSlots(tx, printerId, slots);
      },
      () => {
        this.prints.written(print);
        if (ghost)
          this.options.notice(
            'ghost-print',
            `it prints our file "${print?.name ?? ''}" again by itself; stop it`,
          );
      },
      () => {
        if (printed) this.printClock.giveBack(printed);
      },
    );
  }

  /** Most reports bring the very list of the one before. */
  #slotText(): string | null {
    if (!this.printer.report?.complete) return this.#writtenSlots;
    const reported = this.printer.report.state.slots;
    if (this.#seenSlots?.reported !== reported) {
      this.#seenSlots = { reported, text: JSON.stringify(slotsOf(this.printer, this.options.trustAms)) };
    }
    return this.#seenSlots.text;
  }

  /** One more write of this printer, after those before it. */
  run(fn: (tx: Transaction) => Promise<void>, onWritten?: () => void, onFailed?: () => void): void {
    const run = async (before: Promise<void> | null) => {
      if (before !== null) await before;
      try {
        await this.options.write(fn);
      } catch (error) {
        onFailed?.();
        // Forget what was "written", so that the next report tries again.
        this.#writtenFacts = null;
        this.#writtenSlots = null;
        this.options.log.error({ err: error }, 'the state of the printer could not be written');
        return;
      }
      onWritten?.();
    };
    const writing = run(this.#writing).then(() => {
      if (this.#writing !== writing) return;
      this.#writing = null;
      if (!this.#again) return;
      this.#again = false;
      this.record();
    });
    this.#writing = writing;
  }
}
