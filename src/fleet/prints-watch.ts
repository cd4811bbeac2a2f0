import { isPrinting, type PrinterReport, type PrintIdentity } from '../../drivers/driver.js';

/** A print that was noticed on a printer: the ids it showed, none on firmware that shows none. */
export interface NoticedPrint {
  readonly ids: readonly string[];
}

/**
 * Notices every print on one printer: seen active, or betrayed by its marks where others were before. What was
 * noticed stays news until it has been written down, however short the print was.
 */
export class PrintsWatch {
  #shown: PrintIdentity | null = null;
  #active: string | null = null;
  #last: { readonly identity: PrintIdentity; readonly printing: boolean } | null = null;
  #news: NoticedPrint | null = null;

  get news(): NoticedPrint | null {
    return this.#news;
  }

  note(report: PrinterReport): void {
    if (!report.complete) return;
    const { activity, print } = report.state;
    const { identity } = print;
    const printing = isPrinting(activity);
    // A driver gives the same marks again as the same object.
    if (this.#last?.identity === identity && this.#last.printing === printing) return;
    this.#last = { identity, printing };
    const key = printing ? JSON.stringify([idsOf(identity), identity.name]) : null;
    const appeared = key !== null && key !== this.#active;
    const replaced = this.#shown !== null && isOther(this.#shown, identity);
    this.#active = key;
    if (idsOf(identity).length > 0 || identity.name !== '') this.#shown = identity;
    if (appeared || replaced) this.#news = { ids: idsOf(identity) };
  }

  /** The news was written down. */
  written(news: NoticedPrint | null): void {
    if (this.#news === news) this.#news = null;
  }
}

/** Marks may fade, which says nothing; marks of another print say that there was one. */
function isOther(before: PrintIdentity, now: PrintIdentity): boolean {
  const [old] = idsOf(before);
  const [id] = idsOf(now);
  if (old !== undefined && id !== undefined) return old !== id;
  return before.name !== '' && now.name !== '' && before.name !== now.name;
}

function idsOf({ subtaskId, taskId, jobId }: PrintIdentity): string[] {
  return [subtaskId, taskId, jobId].filter((id) => id !== '' && id !== '0');
}
