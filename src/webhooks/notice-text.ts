import { z } from 'zod';
import type { TEST_EVENT } from '../domain/notice-outcomes.js';
import type { NoticeEvent } from '../resources/notification-setting.js';

const name = z.string().optional().catch(undefined);

/** What of a notice is told in words. All of it may be missing, and then is not told. */
const told = z.object({
  printer: z.object({ name }).nullish().catch(null),
  printJob: z.object({ label: name, partName: name, errorMessage: name }).nullish().catch(null),
  order: z.object({ orderNumber: name }).nullish().catch(null),
  maintenance: z.object({ printerName: name, itemName: name }).nullish().catch(null),
  usage: z
    .object({ spools: z.array(z.object({ grams: z.number(), materialType: name })) })
    .nullish()
    .catch(null),
  health: z.object({ code: name, message: name }).nullish().catch(null),
  continuousPrint: z.object({ reason: name }).nullish().catch(null),
});
type Told = z.infer<typeof told>;

/** A notice for people: one line, and what else there is to say. */
export interface NoticeText {
  readonly title: string;
  /** Empty when the title says it all. */
  readonly detail: string;
}

type Words = (of: Told) => readonly [title: string, detail?: string | undefined];

const job = ({ printJob }: Told) => printJob?.label || printJob?.partName || 'A print';
const machine = ({ printer, maintenance }: Told) => printer?.name || maintenance?.printerName || 'A printer';
const order = (of: Told) => `Order ${of.order?.orderNumber ?? ''}`.trim();
const upkeep = ({ maintenance }: Told) => maintenance?.itemName || 'Maintenance';
const on = (of: Told) => (of.printer?.name ? ` on ${of.printer.name}` : '');
const health = (of: Told) => [of.health?.code, of.health?.message].filter(Boolean).join(' ');

const WORDS: Readonly<Record<NoticeEvent | typeof TEST_EVENT, Words>> = {
  onJobStarted: (of) => [`${job(of)} is printing${on(of)}`],
  onJobSucceeded: (of) => [`${job(of)} is done${on(of)}`],
  onJobFailed: (of) => [`${job(of)} failed${on(of)}`, of.printJob?.errorMessage],
  onJobCancelled: (of) => [`${job(of)} was cancelled${on(of)}`],
  onPrinterHmsError: (of) => [`${machine(of)} reports an error`, health(of)],
  onPrinterHmsWarning: (of) => [`${machine(of)} reports a warning`, health(of)],
  onPrinterOffline: (of) => [`${machine(of)} is offline`],
  onPrinterOnline: (of) => [`${machine(of)} is online again`],
  onPrinterContinuousPrintDisabled: (of) => [
    `Continuous printing went off on ${machine(of)}`,
    of.continuousPrint?.reason,
  ],
  onOrderCreatedManual: (of) => [`${order(of)} was entered`],
  onOrderCreatedRetail: (of) => [`${order(of)} came in from the shop`],
  onOrderCancelled: (of) => [`${order(of)} was cancelled`],
  onOrderClosed: (of) => [`${order(of)} is closed`],
  onOrdersAutoPrinted: (of) => [`${order(of)} went to the queue by itself`],
  onMaintenanceModeOn: (of) => [`${machine(of)} is in maintenance`],
  onMaintenanceModeOff: (of) => [`${machine(of)} is back from maintenance`],
  onMaintenanceDueSoon: (of) => [`${upkeep(of)} is due soon on ${machine(of)}`],
  onMaintenanceOverdue: (of) => [`${upkeep(of)} is overdue on ${machine(of)}`],
  onMaterialUsageRecorded: (of) => [
    'A print used material',
    of.usage?.spools.map(({ grams, materialType }) => `${grams} g ${materialType ?? ''}`.trim()).join(', '),
  ],
  test: () => ['This is a test', 'Notices of the print farm arrive here.'],
};

function isKnown(event: string): event is keyof typeof WORDS {
  return Object.hasOwn(WORDS, event);
}

/** What a notice says, in short plain words on one line each. */
export function noticeText(event: string, data: unknown): NoticeText {
  if (!isKnown(event)) return { title: oneLine(event), detail: '' };
  const [title, detail = ''] = WORDS[event](told.parse(data));
  return { title: oneLine(title), detail: oneLine(detail) };
}

/** Names come from people: none of them breaks a message into others. */
function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').trim();
}
