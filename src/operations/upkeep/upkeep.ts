import { z } from 'zod';
import { ApiError } from '../../contract/errors.js';
import { timestamp } from '../../contract/time.js';
import type { ChoreReport } from '../../upkeep/chore.js';
import type { Deps } from '../deps.js';
import { type Operation, operation } from '../operation.js';
import { noParams } from '../schemas.js';

const time = z.iso.datetime();

const chore = z.object({
  name: z.string(),
  schedule: z.string().nullable(),
  nextAt: time.nullable(),
  state: z.enum(['idle', 'waiting', 'running']),
  runningSince: time.nullable(),
  lastRun: z
    .object({
      startedAt: time,
      durationMs: z.int().min(0),
      outcome: z.enum(['done', 'failed']),
      result: z.string().nullable(),
      error: z.string().nullable(),
    })
    .nullable(),
});

/** What the daemon does by the clock, and what came of it last. */
export function upkeepOperations({ upkeep }: Deps): Operation[] {
  const report = operation({
    id: 'local.upkeep',
    method: 'GET',
    path: '/local/upkeep',
    status: 200,
    summary: 'Read what the daemon does by the clock: schedules, next and last runs, and what came of them',
    permissions: ['settings.view'],
    params: noParams,
    body: null,
    answer: () => z.array(chore),
    run: async () => (await upkeep.report()).map(told),
  });

  const run = operation({
    id: 'local.upkeep.run',
    method: 'POST',
    path: '/local/upkeep/{name}/run',
    status: 201,
    summary:
      'Have a piece of daily work done now, or after what is being done; how it went is told at /local/upkeep',
    permissions: ['settings.edit'],
    params: z.object({ name: z.string().max(64) }),
    body: null,
    answer: () => chore,
    async run({ params }) {
      const known = upkeep.ask(params.name);
      const all = await upkeep.report();
      const one = all.find(({ name }) => name === params.name);
      if (known && one) return told(one);
      throw new ApiError(
        'not_found',
        `There is no daily work of the name ${JSON.stringify(params.name)}; there is ${all.map(({ name }) => name).join(', ')}`,
      );
    },
  });

  return [report, run];
}

function told({ name, schedule, nextAt, runningSince, waiting, last }: ChoreReport): z.infer<typeof chore> {
  return {
    name,
    schedule,
    nextAt: nextAt === null ? null : timestamp(nextAt),
    state: runningSince !== null ? 'running' : waiting ? 'waiting' : 'idle',
    runningSince: runningSince === null ? null : timestamp(runningSince),
    lastRun: last && {
      startedAt: timestamp(last.startedAt),
      durationMs: last.durationMs,
      outcome: last.error === null ? 'done' : 'failed',
      result: last.result,
      error: last.error,
    },
  };
}
