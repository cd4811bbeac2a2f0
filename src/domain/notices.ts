import type { Change } from '../database/change.js';
import { dispatch, printerNews } from '../resources/index.js';
import type { NoticeEvent } from '../resources/notification-setting.js';
import type { HealthNote } from '../resources/printer-news.js';

/** What is told of an event beyond its printer and its job; where it has to be read, by ids. */
export type Subject =
  | { readonly kind: 'health'; readonly note: HealthNote }
  | { readonly kind: 'continuousPrint'; readonly ended: object }
  | { readonly kind: 'mode'; readonly printerId: string }
  | { readonly kind: 'upkeep'; readonly printerId: string; readonly enrollmentId: string }
  | {
      readonly kind: 'usage';
      readonly printerId: string;
      readonly printJobId: string;
      readonly taken: readonly Taken[];
    }
  | { readonly kind: 'order'; readonly orderId: string }
  | { readonly kind: 'autoPrint'; readonly orderId: string; readonly jobCount: number };

/** What a print took of one spool, grams, and what is left. */
export interface Taken {
  readonly instanceId: string;
  readonly grams: number;
  readonly remainingMaterial: number;
}

/** One thing that happened and that somebody may have asked to hear of. */
export interface NoticeFact {
  readonly event: NoticeEvent;
  readonly printerId: string | null;
  readonly printJobId: string | null;
  readonly subject: Subject | null;
}

type Values = Readonly<Record<string, unknown>>;

/** One entity over a whole transaction: as it was before, null when it was not, and as it is at the end. */
interface Course {
  readonly id: string;
  readonly before: Values | null;
  readonly after: Values;
}

/**
 * What happened in a transaction that can be asked for, each thing once, however many writes made it. Pure: what a
 * notice tells is read later, and only when somebody wants it.
 */
export function noticesOf(changes: readonly Change[]): readonly NoticeFact[] {
  const facts: NoticeFact[] = [];
  // That what something named is gone is none of it.
  const coursesOf = courses(changes.filter(({ resource, released }) => TELLING.has(resource) && !released));
  for (const course of coursesOf('printJob')) facts.push(...ofJob(course));
  for (const course of coursesOf('printer')) facts.push(...ofPrinter(course));
  for (const course of coursesOf('printerNews')) facts.push(...ofNews(course));
  for (const course of coursesOf('printerMaintenanceEnrollment')) facts.push(...ofUpkeep(course));
  const spools = coursesOf('materialInstance').flatMap(takenFrom);
  if (spools.length > 0) for (const course of coursesOf('dispatch')) facts.push(...ofUse(course, spools));
  for (const course of coursesOf('order')) facts.push(...ofOrder(course), ...ofAutoPrint(course, changes));
  return facts;
}

const TELLING: ReadonlySet<string> = new Set([
  'printJob',
  'printer',
  'printerNews',
  'printerMaintenanceEnrollment',
  'materialInstance',
  'dispatch',
  'order',
]);

type Ends = Pick<Change, 'before' | 'after'>;

/** Entities that are there at the end, in the order in which they were first changed. */
function courses(changes: readonly Change[]): (resource: string) => readonly Course[] {
  const byResource = new Map<string, Map<string, Ends>>();
  for (const { resource, id, before, after } of changes) {
    const known = byResource.get(resource) ?? new Map<string, Ends>();
    const first = known.get(id);
    byResource.set(resource, known.set(id, { before: first ? first.before : before, after }));
  }
  return (resource) =>
    [...(byResource.get(resource) ?? [])].flatMap(([id, { before, after }]) =>
      after === null ? [] : [{ id, before, after }],
    );
}

const ENDS: ReadonlyMap<unknown, NoticeEvent> = new Map([
  ['completed', 'onJobSucceeded'],
  ['failed', 'onJobFailed'],
  ['cancelled', 'onJobCancelled'],
]);
/** The print has begun, and has not ended. */
const UNDER_WAY: ReadonlySet<unknown> = new Set(['printing', 'paused']);

function ofJob({ id, before, after }: Course): NoticeFact[] {
  const { status, assignedPrinterId } = after;
  if (before === null || before.status === status) return [];
  const begun = UNDER_WAY.has(status) && !UNDER_WAY.has(before.status);
  const event = begun ? 'onJobStarted' : ENDS.get(status);
  if (event === undefined) return [];
  return [{ event, printerId: textOf(assignedPrinterId), printJobId: id, subject: null }];
}

function ofPrinter({ id, before, after }: Course): NoticeFact[] {
  if (before === null) return [];
  const facts: NoticeFact[] = [];
  const ended = after.continuousEnded;
  // With a reason it went off by itself; a person who ends it leaves none.
  if (before.continuousPrint === true && after.continuousPrint === false && isObject(ended)) {
    const subject = { kind: 'continuousPrint', ended } as const;
    facts.push({ event: 'onPrinterContinuousPrintDisabled', printerId: id, printJobId: null, subject });
  }
  if (before.isInMaintenance !== after.isInMaintenance) {
    const event = after.isInMaintenance === true ? 'onMaintenanceModeOn' : 'onMaintenanceModeOff';
    facts.push({ event, ...ABOUT_NEITHER, subject: { kind: 'mode', printerId: id } });
  }
  return facts;
}

function ofNews({ before, after }: Course): NoticeFact[] {
  const printerId = textOf(after.printerId);
  if (printerId === null) return [];
  const wasAway = before !== null && before.awaySince !== null;
  const isAway = after.awaySince !== null;
  const facts: NoticeFact[] = [];
  if (wasAway !== isAway) {
    const event = isAway ? 'onPrinterOffline' : 'onPrinterOnline';
    facts.push({ event, printerId, printJobId: null, subject: null });
  }
  const known = new Set(notesIn(before).map(({ level, code }) => `${level} ${code}`));
  for (const note of notesIn(after)) {
    if (known.has(`${note.level} ${note.code}`)) continue;
    const event = note.level === 'error' ? 'onPrinterHmsError' : 'onPrinterHmsWarning';
    facts.push({ event, printerId, printJobId: null, subject: { kind: 'health', note } });
  }
  return facts;
}

const DUE: ReadonlyMap<unknown, NoticeEvent> = new Map([
  ['DUE_SOON', 'onMaintenanceDueSoon'],
  ['OVERDUE', 'onMaintenanceOverdue'],
]);

function ofUpkeep({ id, before, after }: Course): NoticeFact[] {
  const event = DUE.get(after.lastNotifiedStatus);
  const printerId = textOf(after.printerId);
  if (event === undefined || printerId === null) return [];
  if (before?.lastNotifiedStatus === after.lastNotifiedStatus) return [];
  return [{ event, ...ABOUT_NEITHER, subject: { kind: 'upkeep', printerId, enrollmentId: id } }];
}

function takenFrom({ id, before, after }: Course): Taken[] {
  const [had, has] = [before?.remainingMaterial, after.remainingMaterial];
  if (typeof had !== 'number' || typeof has !== 'number' || has >= had) return [];
  return [{ instanceId: id, grams: Math.round((had - has) * 100) / 100, remainingMaterial: has }];
}

/** Spools lose what a print took with the end of its dispatch; what people and AMS say of them is no use. */
function ofUse({ before, after }: Course, spools: readonly Taken[]): NoticeFact[] {
  const [printerId, printJobId] = [textOf(after.printerId), textOf(after.printJobId)];
  if (before?.endedAt !== null || after.endedAt === null || !printerId || !printJobId) return [];
  const own = new Set(instancesIn(after.spools));
  const taken = spools.filter(({ instanceId }) => own.has(instanceId));
  if (taken.length === 0) return [];
  const subject = { kind: 'usage', printerId, printJobId, taken } as const;
  return [{ event: 'onMaterialUsageRecorded', ...ABOUT_NEITHER, subject }];
}

function ofOrder({ id, before, after }: Course): NoticeFact[] {
  const told = (event: NoticeEvent): NoticeFact => ({
    event,
    ...ABOUT_NEITHER,
    subject: { kind: 'order', orderId: id },
  });
  const facts: NoticeFact[] = [];
  const byHand = after.source === null || after.source === 'manual';
  if (before === null) facts.push(told(byHand ? 'onOrderCreatedManual' : 'onOrderCreatedRetail'));
  const wasCancelled = before !== null && before.cancelledAt !== null;
  // A cancelled order is closed too, and that is one thing.
  if (after.cancelledAt !== null) return wasCancelled ? facts : [...facts, told('onOrderCancelled')];
  if (after.status === 'closed' && before?.status !== 'closed') facts.push(told('onOrderClosed'));
  return facts;
}

/** Nobody but the daemon makes an order and its jobs at once. */
function ofAutoPrint({ id, before }: Course, changes: readonly Change[]): NoticeFact[] {
  if (before !== null) return [];
  const isItsJob = ({ resource, action, after }: Change) =>
    resource === 'printJob' && action === 'INSERT' && after?.orderId === id;
  const jobCount = changes.filter(isItsJob).length;
  if (jobCount === 0) return [];
  const subject = { kind: 'autoPrint', orderId: id, jobCount } as const;
  return [{ event: 'onOrdersAutoPrinted', ...ABOUT_NEITHER, subject }];
}

/** Neither a printer nor a job is told with it, but what it is about. */
const ABOUT_NEITHER = { printerId: null, printJobId: null } as const;

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function notesIn(values: Values | null): readonly HealthNote[] {
  return printerNews.columns.health.schema.safeParse(values?.health).data ?? [];
}

function instancesIn(spools: unknown): readonly string[] {
  const known = dispatch.columns.spools.schema.safeParse(spools).data ?? [];
  return known.map(({ instanceId }) => instanceId);
}
