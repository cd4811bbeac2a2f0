import { happenings } from './happenings.js';
import { PERSON_ACTIONS } from './person-actions.js';
import type { Action } from './world.js';

const kill: Action = {
  name: 'kill -9',
  weight: 3,
  when: 'running',
  async run({ daemon }) {
    await daemon.kill();
    return 'dead';
  },
};

/** The moment a request is being worked at. */
const killAsked: Action = {
  name: 'kill -9 while it is asked',
  weight: 3,
  when: 'running',
  async run(world, draw, person) {
    const asked = draw.weighted(PERSON_ACTIONS);
    const asking = Promise.resolve(asked.run(world, draw, person));
    const answered = await Promise.race([
      asking,
      happenings(world, draw.whole(1, 4), draw.whole(2, 40), () => true),
    ]);
    await world.daemon.kill();
    return `${asked.name}: ${typeof answered === 'string' ? answered : await asking}`;
  },
};

const terminate: Action = {
  name: 'SIGTERM',
  weight: 1.5,
  when: 'running',
  async run({ daemon }) {
    await daemon.terminate();
    return 'stopped';
  },
};

const boot: Action = {
  name: 'start',
  weight: 9,
  when: 'down',
  async run({ daemon }, draw) {
    const dieAt = draw.chance(50) ? draw.whole(1, 120) : null;
    const up = await daemon.boot(dieAt);
    const fate = dieAt === null ? '' : `, to die at its step ${dieAt}`;
    return up ? `ready${fate}` : 'dead before it was ready';
  },
};

const bootAndKill: Action = {
  name: 'kill -9 while it starts',
  weight: 1,
  when: 'down',
  async run(world, draw) {
    const booting = world.daemon.boot(null);
    await Promise.race([
      booting,
      happenings(world, draw.whole(1, 40), 1_500, ({ kind }) => kind !== 'state'),
    ]);
    await world.daemon.kill();
    await booting;
    return 'dead';
  },
};

export const DAEMON_ACTIONS: readonly Action[] = [kill, killAsked, terminate, boot, bootAndKill];
