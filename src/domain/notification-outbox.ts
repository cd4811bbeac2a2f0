import { newId } from '../contract/ids.js';
import type { Transaction } from '../database/transaction.js';
import { notice, printer, printJob } from '../resources/index.js';
import type { NoticeEvent } from '../resources/notification-setting.js';

/** What happened, as those who ask for it are to hear of it. */
export interface Notice {
  readonly event: NoticeEvent;
  readonly printerId: string | null;
  /** Its printer is told with it where no other is named. */
  readonly printJobId: string | null;
  /** Told beside printer and job: what it is about, or what a printer said. */
  readonly extra?: {
    readonly order?: object;
    readonly autoPrint?: object;
    readonly maintenance?: object;
    readonly usage?: object;
    readonly health?: object;
    readonly continuousPrint?: object;
  };
}

/** What is told, before addresses of files are put in. */
export interface NoticeBody {
  readonly event: string;
  readonly timestamp: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/**
 * Writes a notice down for every channel that is on and wants the event, in the transaction that causes it and with
 * everything as it is in it. Writes nothing when nobody wants it.
 */
export async function queueNotice(tx: Transaction, told: Notice): Promise<void> {
  const { storeId } = tx.context;
  const settings = await tx.db
    .selectFrom('notificationSetting')
    .select('id')
    .where('storeId', '=', storeId)
    .where('enabled', '=', 1)
    .where(told.event, '=', 1)
    .execute();
  if (settings.length === 0) return;
  const eventId = newId();
  const body: NoticeBody = {
    event: told.event,
    timestamp: tx.now,
    data: { ...(await subjects(tx, told, eventId)), ...told.extra },
  };
  const text = JSON.stringify(body);
  for (const { id: settingId } of settings)
    await tx.insert(notice, {
      storeId,
      settingId,
      eventId,
      event: told.event,
      body: text,
      status: 'waiting',
    });
}

async function subjects(
  tx: Transaction,
  { printerId, printJobId }: Notice,
  eventId: string,
): Promise<{ readonly printer: object | null; readonly printJob: object | null }> {
  const presenter = { fileUrl: (uri: string) => fileMark(eventId) + uri };
  const job = printJobId === null ? null : await tx.find(printJob, printJobId);
  const machineId = printerId ?? job?.assignedPrinterId ?? null;
  const machine = machineId === null ? null : await tx.find(printer, machineId);
  return {
    printer: machine && printer.present(machine, presenter),
    printJob: job && printJob.present(job, presenter),
  };
}

/**
 * Stands before the path of a file until the notice is sent: only then is known where the daemon is reached. No text
 * that came from outside can hold it, for the id is made after all of them.
 */
function fileMark(eventId: string): string {
  return `file of ${eventId}:`;
}

/** The body with addresses in the place of paths of files. */
export function withFileUrls(body: string, eventId: string, fileUrl: (uri: string) => string): string {
  if (!body.includes(fileMark(eventId))) return body;
  const marked = new RegExp(`"${fileMark(eventId)}((?:[^"\\\\]|\\\\.)*)"`, 'g');
  return body.replace(marked, (_whole, uri: string) => JSON.stringify(fileUrl(JSON.parse(`"${uri}"`))));
}
