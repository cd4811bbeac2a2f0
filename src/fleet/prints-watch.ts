import { isPrinting, type PrinterReport, type PrintIdentity } from '../../drivers/driver.js';

/** A print that was noticed on a printer: the ids it showed, none on firmware that shows none. */
export interface NoticedPrint extends ShownPrint {
  readonly file: string;
  /** It was seen active, and not only betrayed by its marks. */
  readonly active: boolean;
}

/** The print that a printer shows, running or over: the ids and the name it goes by; without both it shows none. */
export interface ShownPrint {
  readonly ids: readonly string[];
  readonly name: string;
}

/**
 * Notices every print on one printer: seen active, or betrayed by its marks where others were before. What was
 * noticed stays news until it has been written down, however short the print was.
 */
export class PrintsWatch {
  #shown: ShownPrint | null;
  #active: string | null = null;
  #last: { readonly identity: PrintIdentity; readonly printing: boolean } | null = null;
  #news: NoticedPrint | null = null;

  /** @param shown what the printer showed last, in the life of an earlier process too; null when that is not known */
  constructor(shown: ShownPrint | null = null) {
    this.#shown = shown;
  }

  /** To be kept beyond this process: a print from elsewhere may come and go while nobody looks. */
  get shown(): ShownPrint | null {
    return this.#shown;
  }

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
    const now = { ids: idsOf(identity), name: identity.name };
    const key = printing ? JSON.stringify([now.ids, now.name]) : null;
    const appeared = key !== null && key !== this.#active;
    const replaced = this.#shown !== null && isOther(this.#shown, now);
    this.#active = key;
    if (this.#shown === null || !isBlank(now)) this.#shown = now;
    if (appeared || replaced) this.#news = { ...now, file: identity.file, active: appeared };
  }

  /** The news was written down. */
  written(news: NoticedPrint | null): void {
    if (this.#news === news) this.#news = null;
  }
}

function isBlank({ ids, name }: ShownPrint): boolean {
  return ids.length === 0 && name === '';
}

/** Marks may fade, which says nothing; marks of another print, or where there were none, say that there was one. */
function isOther(before: ShownPrint, now: ShownPrint): boolean {
  if (isBlank(before)) return !isBlank(now);
  const [old] = before.ids;
  const [id] = now.ids;
  if (old !== undefined && id !== undefined) return old !== id;
  return before.name !== '' && now.name !== '' && before.name !== now.name;
}

function idsOf({ subtaskId, taskId, jobId }: PrintIdentity): string[] {
  return [subtaskId, taskId, jobId].filter((id) => id !== '' && id !== '0');
}
