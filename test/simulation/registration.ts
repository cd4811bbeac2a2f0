import { z } from 'zod';
import { anything, NO_ANSWER, type Person } from './person.js';
import { outcome } from './queue-actions.js';
import type { Action, Machine, Stranger, Told, World } from './world.js';

const entity = z.object({ id: z.string() });

/** @returns null when the daemon refused it, since the printer did not answer, or is gone itself */
export async function registerPrinter(person: Person, { printer, code }: Stranger): Promise<Machine | null> {
  const { serial, host, mqttPort, ftpPort, accessCode } = printer;
  const told = { host, mqttPort, ftpPort, accessCode };
  const body = { provider: 'Bambu', serial, ...told };
  const answer = await person.ask(entity, 'POST', '/v1/printers', body);
  return answer === null || answer === NO_ANSWER ? null : { printer, id: answer.id, code, told };
}

const remove: Action = {
  name: 'remove a printer',
  weight: 3,
  when: 'running',
  async run(world, draw, person) {
    const machine = draw.one(world.machines);
    const { id, printer } = machine;
    if (world.machines.length <= 2) return 'the last two stay';
    world.machines = world.machines.filter((other) => other !== machine);
    world.strangers = [...world.strangers, machine];
    return `${printer.serial}: ${outcome(await person.ask(anything, 'DELETE', `/v1/printers/${id}`))}`;
  },
};

const NOTHING_TOLD: Told = { host: '', mqttPort: 0, ftpPort: 0, accessCode: '' };

/** Every printer that people do not count on is registered again; what does not answer is tried another time. */
export async function registerStrangers(world: World, person: Person): Promise<string> {
  const done: string[] = [];
  for (const stranger of world.strangers) {
    const { printer, code } = stranger;
    // The daemon may have died before it had removed it, or after it had registered it.
    const known = world.view.printers.find(({ serial }) => serial === printer.serial);
    const machine = known
      ? { printer, code, id: known.id, told: NOTHING_TOLD }
      : await registerPrinter(person, stranger);
    done.push(`${printer.serial} ${machine ? 'registered' : 'refused'}`);
    if (!machine) continue;
    world.strangers = world.strangers.filter((other) => other !== stranger);
    world.machines = [...world.machines, machine];
  }
  return done.length === 0 ? 'all are known' : done.join('; ');
}

const register: Action = {
  name: 'register printers again',
  weight: 3,
  when: 'running',
  run: (world, _draw, person) => registerStrangers(world, person),
};

export const REGISTRATION_ACTIONS: readonly Action[] = [remove, register];
