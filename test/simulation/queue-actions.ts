import { drawAssignments } from './library.js';
import { anything, ids, NO_ANSWER } from './person.js';
import { hasEnded } from './rules.js';
import type { JobRow } from './snapshot.js';
import { drawRequired } from './tags.js';
import type { Action, World } from './world.js';

export function outcome(answer: unknown): string {
  if (answer === NO_ANSWER) return 'no answer';
  return answer === null ? 'refused' : 'answered';
}

const pendingJobs = ({ view }: World): readonly JobRow[] =>
  [...view.jobs.values()].filter(({ status }) => status === 'pending');

const moveToFront: Action = {
  name: 'move to the front',
  weight: 3,
  when: 'running',
  async run(world, draw, person) {
    const pending = pendingJobs(world);
    if (pending.length === 0) return 'nothing waits';
    const printJobIds = draw.some(pending, 4).map(({ id }) => id);
    const answer = await person.ask(ids, 'PATCH', '/v1/print-jobs/move-to-queue-front', { printJobIds });
    return `${printJobIds.join(' ')}: ${outcome(answer)}`;
  },
};

/** To the place of another, now and then into the other tier. */
const reorder: Action = {
  name: 'reorder',
  weight: 4,
  when: 'running',
  async run(world, draw, person) {
    const pending = pendingJobs(world);
    if (pending.length === 0) return 'nothing waits';
    const { id } = draw.one(pending);
    const { queueOrder, priority } = draw.one(pending);
    const tier = draw.chance(25) ? { priority: draw.one([100, 1000]) } : { priority };
    const body = { newQueueOrder: draw.chance(80) ? queueOrder : draw.whole(0, 40), ...tier };
    world.referee.change('low priority');
    const answer = await person.ask(anything, 'PATCH', `/v1/print-jobs/${id}/reorder`, body);
    return `${id} ${JSON.stringify(body)}: ${outcome(answer)}`;
  },
};

const bulkReorder: Action = {
  name: 'reorder many',
  weight: 2,
  when: 'running',
  async run(world, draw, person) {
    const pending = pendingJobs(world);
    if (pending.length === 0) return 'nothing waits';
    const places = pending.map(({ queueOrder }) => queueOrder);
    const updates = draw.some(pending, 6).map(({ id }) => ({
      id,
      newQueueOrder: draw.chance(70) ? draw.one(places) : draw.whole(0, 3),
      ...(draw.chance(15) ? { priority: draw.one([100, 1000]) } : {}),
    }));
    world.referee.change('low priority');
    const answer = await person.ask(anything, 'PATCH', '/v1/print-jobs/bulk-reorder', { updates });
    return `${updates.map(({ id }) => id).join(' ')}: ${outcome(answer)}`;
  },
};

/** What a waiting job asks for is changed. */
const edit: Action = {
  name: 'edit a job',
  weight: 3,
  when: 'running',
  async run(world, draw, person) {
    const pending = pendingJobs(world);
    if (pending.length === 0) return 'nothing waits';
    const job = draw.one(pending);
    const part = world.parts.find(({ id }) => id === job.partId);
    const requiredPrinterTags = drawRequired(draw);
    const materialAssignments =
      part && draw.chance(60) ? drawAssignments(draw, world.library, part.types) : null;
    const body = { requiredPrinterTags, materialAssignments };
    world.referee.requiredTags.add(job.id, requiredPrinterTags);
    world.referee.materials.add(job.id, materialAssignments);
    const answer = await person.ask(anything, 'PATCH', `/v1/print-jobs/${job.id}`, body);
    return `${job.id} ${JSON.stringify(body)}: ${outcome(answer)}`;
  },
};

const lowPriority: Action = {
  name: 'low priority fills or waits',
  weight: 2,
  when: 'running',
  async run(world, draw, person) {
    const body = { processLowPriorityJobs: draw.chance(50) };
    world.referee.change('low priority');
    const answer = await person.ask(anything, 'PATCH', '/v1/settings/store', body);
    return `${body.processLowPriorityJobs ? 'fills' : 'waits'}: ${outcome(answer)}`;
  },
};

const clear: Action = {
  name: 'clear jobs from view',
  weight: 1,
  when: 'running',
  async run(world, draw, person) {
    const ended = [...world.view.jobs.values()].filter(hasEnded);
    if (ended.length === 0) return 'nothing has ended';
    const printJobIds = draw.some(ended, 4).map(({ id }) => id);
    const answer = await person.ask(ids, 'PATCH', '/v1/print-jobs/clear', { printJobIds });
    return `${printJobIds.join(' ')}: ${outcome(answer)}`;
  },
};

export const QUEUE_ACTIONS: readonly Action[] = [moveToFront, reorder, bulkReorder, edit, lowPriority, clear];
