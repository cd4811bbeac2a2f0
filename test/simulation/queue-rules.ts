import { gives } from './library.js';
import type { Look, Rule } from './rules.js';
import type { DispatchRow, JobRow, PrinterRow } from './snapshot.js';
import { hasTags } from './tags.js';

interface Fresh {
  readonly row: DispatchRow;
  readonly job: JobRow;
  readonly printer: PrinterRow;
  /** Both at the look before; the job is absent when it has come since. */
  readonly printerBefore: PrinterRow;
  readonly jobBefore: JobRow | undefined;
}

/** Dispatches that were made since the last look, with what they joined. */
function freshDispatches({ before, now }: Look): readonly Fresh[] {
  if (before === null) return [];
  const known = new Set(before.dispatches.map(({ id }) => id));
  return now.dispatches.flatMap((row) => {
    const job = now.jobs.get(row.printJobId);
    const printer = now.printers.find(({ id }) => id === row.printerId);
    const printerBefore = before.printers.find(({ id }) => id === row.printerId);
    return known.has(row.id) || !job || !printer || !printerBefore
      ? []
      : [{ row, job, printer, printerBefore, jobBefore: before.jobs.get(job.id) }];
  });
}

/** Tags are read when a job is matched: later changes are for later jobs. */
const tagsAreHeeded: Rule = (look) =>
  freshDispatches(look).flatMap(({ job, jobBefore, printer, printerBefore }) => {
    const { printerTags, requiredTags } = look.decisions;
    const asked = [jobBefore ?? job, job].map(({ requiredPrinterTags }) => requiredPrinterTags);
    const required = [...asked, ...requiredTags.of(job.id)];
    const tags = [printerBefore.tags, printer.tags, ...printerTags.of(printer.id)];
    return required.some((wanted) => tags.some((given) => hasTags(wanted, given)))
      ? []
      : [`job ${job.id} went to ${printer.serial}, which never had the tags for it`];
  });

/** What a job asks for by name comes from slots that are said to hold it; types are for the printer to judge. */
const materialsAreHeeded: Rule = (look) =>
  freshDispatches(look).flatMap(({ row, job, jobBefore, printer }) => {
    const mapping = job.materialMapping;
    if (mapping === null || row.endedAt !== null || job.assignedPrinterId !== row.printerId) return [];
    const { library, materials } = look.decisions;
    const asked = [jobBefore ?? job, job].map(({ materialAssignments }) => materialAssignments);
    const fits = [...asked, ...materials.of(job.id)].some((wanted) =>
      mapping.every((slot, at) => slot.skip === true || gives(slot, wanted?.[at] ?? [], library)),
    );
    return fits
      ? []
      : [`job ${job.id} went to ${printer.serial} with ${JSON.stringify(mapping)}, which it never asked for`];
  });

const closedPrintersGetNothing: Rule = (look) =>
  freshDispatches(look).flatMap(({ job, printer, printerBefore }) => {
    const { decisions } = look;
    const because = (what: string, was: boolean, is: boolean) =>
      was && is && !decisions.wasChanged(`${what} ${printer.id}`)
        ? [`job ${job.id} went to ${printer.serial}, which is ${what}`]
        : [];
    return [
      ...because('in maintenance', printerBefore.isInMaintenance, printer.isInMaintenance),
      ...because('disabled', !printerBefore.enabled, !printer.enabled),
      ...(decisions.wasCleared(printer.serial) || decisions.wasChanged(`disabled ${printer.id}`)
        ? []
        : because('set aside', printerBefore.isSetAside, printer.isSetAside)),
    ];
  });

/** While low ones only follow, none is taken before a normal one that has waited all the time. */
const normalJobsComeFirst: Rule = (look) => {
  const { before, now, decisions } = look;
  if (before === null || before.lowPriorityFills || now.lowPriorityFills) return [];
  if (decisions.wasChanged('low priority')) return [];
  const dispatched = new Set(freshDispatches(look).map(({ job }) => job.id));
  const waiting = [...now.jobs.values()].find((job) => {
    const was = before.jobs.get(job.id);
    const waited = was?.status === 'pending' && job.status === 'pending' && !dispatched.has(job.id);
    return waited && was.priority === 100 && job.priority === 100 && !decisions.wasTouched(job.id);
  });
  if (!waiting) return [];
  return freshDispatches(look)
    .filter(({ job }) => before.jobs.get(job.id)?.priority === 1000 && job.priority === 1000)
    .map(({ job }) => `job ${job.id} of low priority was taken while ${waiting.id} waited`);
};

const placesAreUnique: Rule = ({ now }) => {
  const seen = new Map<string, string>();
  return [...now.jobs.values()].flatMap(({ id, status, priority, queueOrder }) => {
    if (status !== 'pending') return [];
    const place = `${priority}/${queueOrder}`;
    const other = seen.get(place);
    seen.set(place, id);
    return other === undefined ? [] : [`jobs ${other} and ${id} both wait at ${place}`];
  });
};

/** pain-22: slots that changed between match and start stop the dispatch. */
const slotsHoldWhatIsPrinted: Rule = ({ truth }) => truth.wrongSlots;

export const QUEUE_RULES: readonly Rule[] = [
  tagsAreHeeded,
  materialsAreHeeded,
  closedPrintersGetNothing,
  normalJobsComeFirst,
  placesAreUnique,
  slotsHoldWhatIsPrinted,
];
