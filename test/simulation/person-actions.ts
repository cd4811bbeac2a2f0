import { z } from 'zod';
import { FLOOR_ACTIONS } from './floor-actions.js';
import { drawAssignments } from './library.js';
import { anything, ids, NO_ANSWER, type Person } from './person.js';
import { outcome, QUEUE_ACTIONS } from './queue-actions.js';
import { REGISTRATION_ACTIONS } from './registration.js';
import { hasEnded, isUnknown } from './rules.js';
import { drawRequired } from './tags.js';
import type { Action, Machine, World } from './world.js';

const built = z.object({ partBuilds: z.array(z.object({ id: z.string() })) });

export const queue: Action = {
  name: 'queue',
  weight: 12,
  when: 'running',
  async run(world, draw, person) {
    if (world.jobsLeft <= 0) return 'nothing left to queue';
    let left = world.jobsLeft;
    const lines = Array.from({ length: draw.whole(1, 3) }, () => {
      const part = draw.one(world.parts);
      const quantity = Math.min(draw.whole(1, 4), Math.ceil(Math.max(0, left) / part.plates));
      left -= quantity * part.plates;
      return { part, quantity };
    }).filter(({ quantity }) => quantity > 0);
    const counts = lines.map(({ part, quantity }) => quantity * part.plates);
    const parts = lines.map(({ part, quantity }) => ({
      partId: part.id,
      quantity,
      tags: drawRequired(draw),
      priority: draw.chance(20) ? 1000 : 100,
      position: draw.chance(25) ? 'front' : 'back',
      ...(draw.chance(30) ? { materials: drawAssignments(draw, world.library, part.types) } : {}),
    }));
    const answer = await person.ask(built, 'POST', '/v2/builds', { parts });
    const wanted = counts.reduce((sum, count) => sum + count, 0);
    world.jobsLeft -= wanted;
    if (answer === null) throw new Error('a build of known parts was refused');
    if (answer === NO_ANSWER) world.referee.leaveUnanswered(counts);
    else
      for (const [at, { id }] of answer.partBuilds.entries()) world.referee.acceptBuild(id, counts[at] ?? 0);
    return `${wanted} jobs: ${outcome(answer)}`;
  },
};

/** A person who walks along the printers, clears beds and says so. */
export async function confirmBeds(
  world: World,
  person: Person,
  machines: readonly Machine[],
): Promise<string> {
  const idle = machines.filter(({ printer }) => !world.truth.isBusy(printer.serial));
  if (idle.length === 0) return 'no bed to clear';
  for (const { printer } of idle) world.referee.clear(printer.serial);
  const body = { ready: true, ids: idle.map(({ id }) => id) };
  const answer = await person.ask(anything, 'PATCH', '/v1/printers/confirm-ready', body);
  return `${idle.map(({ printer }) => printer.serial).join(' ')}: ${outcome(answer)}`;
}

const clearBeds: Action = {
  name: 'clear beds',
  weight: 18,
  when: 'running',
  run: (world, draw, person) => confirmBeds(world, person, draw.some(world.machines, world.machines.length)),
};

const forbid: Action = {
  name: 'bed not clear',
  weight: 1,
  when: 'running',
  async run(world, draw, person) {
    const { id, printer } = draw.one(world.machines);
    const body = { ready: false, ids: [id] };
    return `${printer.serial}: ${outcome(await person.ask(anything, 'PATCH', '/v1/printers/confirm-ready', body))}`;
  },
};

const cancel: Action = {
  name: 'cancel',
  weight: 5,
  when: 'running',
  async run(world, draw, person) {
    const open = [...world.view.jobs.values()].filter((job) => !hasEnded(job));
    const busy = open.filter(({ status }) => status !== 'pending');
    const from = busy.length > 0 && draw.chance(75) ? busy : open;
    if (from.length === 0) return 'nothing to cancel';
    const printJobIds = draw.some(from, 2).map(({ id }) => id);
    world.referee.cancel(printJobIds);
    const answer = await person.ask(ids, 'PATCH', '/v1/print-jobs/cancel', { printJobIds });
    return `${printJobIds.join(' ')}: ${outcome(answer)}`;
  },
};

const retry: Action = {
  name: 'retry',
  weight: 5,
  when: 'running',
  async run(world, draw, person) {
    const ended = [...world.view.jobs.values()].filter(hasEnded);
    const again = draw.chance(6) ? ended : ended.filter(({ status }) => status !== 'completed');
    if (again.length === 0) return 'nothing to retry';
    const printJobIds = draw.some(again, 4).map(({ id }) => id);
    const isCopied = (id: string) => world.view.jobs.get(id)?.status === 'completed';
    world.referee.retry(printJobIds.filter((id) => !isCopied(id)));
    const answer = await person.ask(ids, 'PATCH', '/v1/print-jobs/retry', { printJobIds });
    if (Array.isArray(answer)) world.referee.accept(answer);
    return `${printJobIds.join(' ')}: ${outcome(answer)}`;
  },
};

const settle: Action = {
  name: 'settle an unknown outcome',
  weight: 2,
  when: 'running',
  async run(world, draw, person) {
    const unknown = [...world.view.jobs.values()].filter(isUnknown);
    if (unknown.length === 0) return 'nothing is unknown';
    const { id } = draw.one(unknown);
    const decided = draw.one(['completed', 'cancelled']);
    world.referee.resolve(id);
    const answer = await person.ask(anything, 'POST', `/local/print-jobs/${id}/resolve`, {
      outcome: decided,
    });
    return `${id} ${decided}: ${outcome(answer)}`;
  },
};

function command(name: 'pause' | 'resume', status: string): Action {
  return {
    name,
    weight: 2,
    when: 'running',
    async run({ view }, draw, person) {
      const fitting = [...view.jobs.values()].filter((job) => job.status === status);
      if (fitting.length === 0) return `nothing to ${name}`;
      const printJobIds = draw.some(fitting, 3).map(({ id }) => id);
      const answer = await person.ask(ids, 'PATCH', `/v1/print-jobs/${name}`, { printJobIds });
      return `${printJobIds.join(' ')}: ${outcome(answer)}`;
    },
  };
}

const enable: Action = {
  name: 'enable or disable',
  weight: 2,
  when: 'running',
  async run({ machines, view, referee }, draw, person) {
    const disabled = view.printers.filter(({ enabled }) => !enabled).map(({ id }) => id);
    const enabled = disabled.length > 0 && draw.chance(70);
    const body = enabled ? { enabled, ids: disabled } : { enabled, ids: [draw.one(machines).id] };
    for (const id of body.ids) referee.change(`disabled ${id}`);
    const answer = await person.ask(anything, 'PATCH', '/v1/printers/enabled', body);
    return `${body.ids.join(' ')} ${enabled ? 'enabled' : 'disabled'}: ${outcome(answer)}`;
  },
};

/** Tells the daemon of every printer that moved or got another access code. */
export async function correctDetails(world: World, person: Person): Promise<string> {
  const corrected: string[] = [];
  for (const machine of world.machines) {
    const { host, mqttPort, ftpPort, accessCode, serial } = machine.printer;
    const is = { host, mqttPort, ftpPort, accessCode };
    if (JSON.stringify(is) === JSON.stringify(machine.told)) continue;
    const answer = await person.ask(anything, 'PATCH', `/v1/printers/${machine.id}`, is);
    if (answer === NO_ANSWER) break;
    if (answer === null) throw new Error(`the new address or code of ${serial} was refused`);
    machine.told = is;
    corrected.push(serial);
  }
  return corrected.length === 0 ? 'nothing to correct' : corrected.join(' ');
}

const correct: Action = {
  name: 'correct addresses and codes',
  weight: 3,
  when: 'running',
  run: (world, _draw, person) => correctDetails(world, person),
};

export const PERSON_ACTIONS: readonly Action[] = [
  queue,
  clearBeds,
  forbid,
  cancel,
  retry,
  settle,
  command('pause', 'printing'),
  command('resume', 'paused'),
  enable,
  correct,
  ...QUEUE_ACTIONS,
  ...FLOOR_ACTIONS,
  ...REGISTRATION_ACTIONS,
];
