import type { Draw } from './draw.js';
import { happenings } from './happenings.js';
import { TROUBLES } from './troubles.js';
import { FOREIGN } from './truth.js';
import {
  type Action,
  afflicted,
  changeSpool,
  type Machine,
  OTHER_SPOOLS,
  SPOOLS,
  type Stranger,
  type World,
} from './world.js';

/** Everything that was wrong with a printer is right again: faults and messages gone, power on, spools full. */
export async function heal(world: World, machine: Stranger): Promise<void> {
  const { printer } = machine;
  // What a refused command has raised stands until somebody acknowledges it.
  printer.addFault('hms.clear');
  printer.clearFaults();
  for (const [slot, spool] of SPOOLS.entries()) changeSpool(world, machine, slot, spool);
  await printer.power(true);
}

/** Whether a fault would be one that printers have: an end that stands is one only before the next print is sent. */
function mayHave({ truth, view }: World, { printer, id }: Machine, name: string): boolean {
  const idle = !truth.isBusy(printer.serial) && printer.powered;
  if (name === 'job.externalJob') return idle;
  if (name !== 'report.staleFinish') return true;
  return idle && view.printers.some((row) => row.id === id && row.printingJobId === null);
}

function inject(world: World, machine: Machine, draw: Draw): string {
  const { name, args } = draw.weighted(TROUBLES);
  const { serial } = machine.printer;
  const given = args(draw);
  if (!mayHave(world, machine, name)) return `${serial} is busy: no ${name}`;
  machine.printer.addFault(name, given);
  world.injected.set(name, (world.injected.get(name) ?? 0) + 1);
  return `${serial} ${name} ${JSON.stringify(given)}`;
}

const fault: Action = {
  name: 'fault',
  weight: 30,
  when: 'always',
  run: (world, draw) =>
    afflicted(world, draw, 4)
      .map((machine) => inject(world, machine, draw))
      .join('; '),
};

const healing: Action = {
  name: 'heal',
  weight: 12,
  when: 'always',
  async run(world, draw) {
    const chosen = draw.some(world.machines, 6);
    await Promise.all(chosen.map((machine) => heal(world, machine)));
    return chosen.map(({ printer }) => printer.serial).join(' ');
  },
};

const power: Action = {
  name: 'power cycle',
  weight: 4,
  when: 'always',
  async run(world, draw) {
    const chosen = afflicted(world, draw, 3);
    await Promise.all(chosen.map(({ printer }) => printer.power(false)));
    if (draw.chance(70)) await Promise.all(chosen.map(({ printer }) => printer.power(true)));
    return chosen.map(({ printer }) => printer.serial).join(' ');
  },
};

const screen: Action = {
  name: 'screen',
  weight: 6,
  when: 'always',
  run(world, draw) {
    const [machine] = afflicted(world, draw, 1);
    if (!machine) return 'nobody';
    const { printer } = machine;
    const isEndSeen = world.truth.isEndSeen(printer.serial, Date.now());
    const button = draw.one(['cancel', 'pause', 'resume', 'resume', 'dismiss', 'dismiss']);
    if (button === 'cancel') printer.pressCancel();
    if (button === 'pause') printer.pressPause();
    if (button === 'resume') printer.pressResume();
    if (button === 'dismiss' && !isEndSeen)
      return `${printer.serial} has only just ended: nobody is there yet`;
    if (button === 'dismiss') printer.dismiss();
    return `${printer.serial} ${button}`;
  },
};

const resumeAll: Action = {
  name: 'resume on every screen',
  weight: 3,
  when: 'always',
  run({ machines }) {
    const paused = machines.filter(({ printer }) => printer.activity === 'PAUSE');
    for (const { printer } of paused) printer.pressResume();
    return paused.map(({ printer }) => printer.serial).join(' ');
  },
};

const spool: Action = {
  name: 'change a spool',
  weight: 4,
  when: 'always',
  run(world, draw) {
    const machine = draw.one(world.machines);
    const slot = draw.whole(0, 3);
    const found = draw.chance(30) ? null : draw.one(OTHER_SPOOLS);
    changeSpool(world, machine, slot, found);
    return `${machine.printer.serial} slot ${slot}: ${found?.type ?? 'empty'}`;
  },
};

/** The moment that a mapping does not survive: the file is on its way, and somebody opens the AMS. */
const spoolMeanwhile: Action = {
  name: 'change a spool before the start',
  weight: 6,
  when: 'always',
  run(world, draw) {
    const waiting = world.view.dispatches.filter((row) => row.endedAt === null && row.startSentAt === null);
    const printers = new Set(waiting.map(({ printerId }) => printerId));
    const machines = world.machines.filter(({ id }) => printers.has(id));
    if (machines.length === 0) return 'no file is on its way';
    const machine = draw.one(machines);
    const spools = draw.chance(30) ? [null, null, null, null] : draw.some(OTHER_SPOOLS, 4);
    for (const [slot, found] of spools.entries()) changeSpool(world, machine, slot, found);
    return `${machine.printer.serial}: ${spools.map((found) => found?.type ?? 'empty').join()}`;
  },
};

const foreign: Action = {
  name: 'print from the screen',
  weight: 2,
  when: 'always',
  run({ machines, truth }, draw) {
    const { printer } = draw.one(machines);
    if (truth.isBusy(printer.serial) || !printer.powered) return `${printer.serial} is busy`;
    printer.startExternalJob(`${FOREIGN}${draw.whole(1, 1_000_000)}`, draw.whole(60, 400));
    return printer.serial;
  },
};

const pass: Action = {
  name: 'let things happen',
  weight: 24,
  when: 'always',
  async run(world, draw) {
    return `${await happenings(world, draw.whole(1, 12))} things`;
  },
};

export const PRINTER_ACTIONS: readonly Action[] = [
  fault,
  healing,
  power,
  screen,
  resumeAll,
  spool,
  spoolMeanwhile,
  foreign,
  pass,
];
