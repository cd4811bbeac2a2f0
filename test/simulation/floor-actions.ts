import { z } from 'zod';
import type { Draw } from './draw.js';
import { anything, BadAnswer, NO_ANSWER, type Person } from './person.js';
import { outcome } from './queue-actions.js';
import { MENDED_TAGS, TAGS } from './tags.js';
import type { Action, World } from './world.js';

const tag: Action = {
  name: 'tag a printer',
  weight: 3,
  when: 'running',
  async run({ machines, referee }, draw, person) {
    const { id, printer } = draw.one(machines);
    const tags = TAGS.filter((name) => draw.chance(name === 'closed' ? 20 : 60));
    referee.printerTags.add(id, tags);
    const answer = await person.ask(anything, 'PATCH', `/v1/printers/${id}`, { tags });
    return `${printer.serial} ${tags.join()}: ${outcome(answer)}`;
  },
};

const maintain: Action = {
  name: 'maintenance',
  weight: 2,
  when: 'running',
  async run({ machines, referee, view }, draw, person) {
    const kept = view.printers.filter(({ isInMaintenance }) => isInMaintenance).map(({ id }) => id);
    const enabled = kept.length === 0 || draw.chance(30);
    const printerIds = enabled ? [draw.one(machines).id] : kept;
    for (const id of printerIds) referee.change(`in maintenance ${id}`);
    const answer = await person.ask(anything, 'PATCH', '/v1/maintenance/mode', { printerIds, enabled });
    return `${printerIds.join(' ')} ${enabled ? 'begins' : 'ends'}: ${outcome(answer)}`;
  },
};

/** The files for a printer that prints on and on throw off what was printed. */
const continuous: Action = {
  name: 'continuous printing',
  weight: 4,
  when: 'running',
  async run({ machines, referee, truth }, draw, person) {
    const chosen = draw.some(machines, 4);
    const enabled = draw.chance(75);
    const jobLimit = draw.chance(50) ? draw.whole(1, 3) : null;
    for (const { id, printer } of chosen) {
      referee.change(`continuous ${id}`);
      if (enabled) truth.ejects(printer.serial);
    }
    const body = { enabled, jobLimit, ids: chosen.map(({ id }) => id) };
    const answer = await person.ask(anything, 'PATCH', '/v1/printers/continous-print', body);
    const what = enabled ? `on for ${jobLimit ?? 'ever'}` : 'off';
    return `${chosen.map(({ printer }) => printer.serial).join(' ')} ${what}: ${outcome(answer)}`;
  },
};

/** Says what a slot holds, right or wrong. The printer is told of it, or not. */
const assign: Action = {
  name: 'assign a slot',
  weight: 4,
  when: 'running',
  async run(world, draw, person) {
    const { machines, library, truth } = world;
    const { id, printer } = draw.one(machines);
    const slotIndex = draw.whole(0, 3);
    const variantId = draw.chance(60) ? (library.bySlot[slotIndex] ?? '') : draw.one(library.bySlot);
    const contents = draw.one([
      { variantId },
      { variantId },
      { materialId: draw.one(Object.values(library.materials)) },
      { materialType: draw.one(['PLA', 'PETG']) },
    ]);
    const setOnPrinter = draw.chance(40);
    const visualSlots = [{ amsIndex: 0, slotIndex }];
    const body = { printerIds: [id], visualSlots, setOnPrinter, ...contents };
    const answer = await person.ask(anything, 'PATCH', '/v1/materials/printer-slots/assign', body);
    if (setOnPrinter) truth.spoolChanged(printer.serial);
    return `${printer.serial} slot ${slotIndex} ${JSON.stringify(contents)}: ${outcome(answer)}`;
  },
};

const unassign: Action = {
  name: 'clear slots',
  weight: 1,
  when: 'running',
  async run({ machines }, draw, person) {
    const { id, printer } = draw.one(machines);
    const path = '/v1/materials/printer-slots/clear-all';
    return `${printer.serial}: ${outcome(await person.ask(anything, 'DELETE', path, { ids: [id] }))}`;
  },
};

/** Somebody looks at a printer that was set aside, and lets it have jobs again. */
const acknowledge: Action = {
  name: 'look at a printer set aside',
  weight: 2,
  when: 'running',
  async run({ view, referee }, draw, person) {
    const aside = view.printers.filter(({ isSetAside }) => isSetAside);
    if (aside.length === 0) return 'none is set aside';
    const { id, serial } = draw.one(aside);
    referee.change(`set aside ${id}`);
    return `${serial}: ${outcome(await person.ask(anything, 'POST', `/local/printers/${id}/acknowledge`))}`;
  },
};

const explained = z
  .object({
    printers: z.array(
      z.object({
        printerId: z.string(),
        matched: z.boolean(),
        checks: z.array(z.object({ code: z.string(), passed: z.boolean(), explanation: z.string().min(1) })),
        firstFailedCheck: z.string().optional(),
      }),
    ),
  })
  .nullable();

/** Asks why a job waits: whatever happens to the farm, there is an answer in itself right. */
const explain: Action = {
  name: 'ask why a job waits',
  weight: 2,
  when: 'running',
  async run({ view }, draw, person) {
    const jobs = [...view.jobs.values()].filter(({ status }) => status === 'pending');
    if (jobs.length === 0) return 'nothing waits';
    const { id } = draw.one(jobs);
    await person.ask(anything, 'GET', `/v1/print-jobs/${id}/matching-details`);
    const answer = await person.ask(explained, 'GET', `/v1/print-jobs/${id}/matching-troubleshoot`);
    if (answer === NO_ANSWER || answer === null) return `${id}: ${outcome(answer)}`;
    if (answer.printers.length !== view.printers.length)
      throw new BadAnswer(`${id}: not every printer is explained`);
    for (const { matched, checks, firstFailedCheck, printerId } of answer.printers) {
      const failed = checks.find(({ passed }) => !passed)?.code;
      if (failed !== firstFailedCheck || matched !== (failed === undefined))
        throw new BadAnswer(`${id}: the checks of ${printerId} and their sum differ`);
    }
    return `${id}: ${answer.printers.filter(({ matched }) => matched).length} printers fit`;
  },
};

export const FLOOR_ACTIONS: readonly Action[] = [
  tag,
  maintain,
  continuous,
  assign,
  unassign,
  acknowledge,
  explain,
];

/** Everything that keeps a job waiting for good is set right: tags, maintenance, and what the slots are said to hold. */
export async function mendFloor(world: World, person: Person): Promise<void> {
  const { view, referee, library } = world;
  const kept = view.printers.filter(({ isInMaintenance }) => isInMaintenance).map(({ id }) => id);
  for (const id of kept) referee.change(`in maintenance ${id}`);
  if (kept.length > 0)
    await person.ask(anything, 'PATCH', '/v1/maintenance/mode', { printerIds: kept, enabled: false });
  for (const { id, isSetAside } of view.printers) {
    if (!isSetAside) continue;
    referee.change(`set aside ${id}`);
    await person.ask(anything, 'POST', `/local/printers/${id}/acknowledge`);
  }
  for (const { id, tags } of view.printers) {
    if (tags.join() === MENDED_TAGS.join()) continue;
    referee.printerTags.add(id, MENDED_TAGS);
    await person.ask(anything, 'PATCH', `/v1/printers/${id}`, { tags: MENDED_TAGS });
  }
  for (const [slotIndex, variantId] of library.bySlot.entries()) {
    const wrong = view.slots.filter(
      (slot) =>
        slot.amsIndex === 0 && slot.slotIndex === slotIndex && slot.loaded && slot.variantId !== variantId,
    );
    if (wrong.length === 0) continue;
    const printerIds = wrong.map(({ printerId }) => printerId);
    const body = { printerIds, visualSlots: [{ amsIndex: 0, slotIndex }], variantId, setOnPrinter: false };
    await person.ask(anything, 'PATCH', '/v1/materials/printer-slots/assign', body);
  }
}

/** So that a start is not all the same: a few slots are named, a few printers tagged. */
export async function furnish(world: World, draw: Draw, person: Person): Promise<string> {
  const done = [];
  for (const action of [tag, continuous, assign, assign, assign])
    done.push(await action.run(world, draw, person));
  return done.join('; ');
}
