import type { Priority } from '../contract/enums.js';
import { ApiError } from '../contract/errors.js';
import type { Transaction } from '../database/transaction.js';
import { printJob } from '../resources/index.js';
import type { PrintJob } from './jobs.js';
import { placesFor, STEP } from './queue-order.js';

/** Where a job is to stand. Left out: its tier stays, and in another tier it goes to the back. */
export interface WantedPlace {
  /** A place in its tier: the one that a neighbour shows, or any other. */
  readonly newQueueOrder?: number | undefined;
  readonly priority?: Priority | undefined;
}

interface Place {
  readonly id: string;
  readonly queueOrder: number;
}

/**
 * Puts waiting jobs before the first of their own tier, in the order given; no tier changes. What stands there already
 * stays, so that the same request twice is one.
 *
 * @returns ids of the jobs among those given that wait in the queue: they are its first now
 */
export async function moveToFront(tx: Transaction, jobs: readonly PrintJob[]): Promise<readonly string[]> {
  const waiting = jobs.filter((job) => job.status === 'pending');
  for (const priority of new Set(waiting.map((job) => job.priority))) {
    const tier = waiting.filter((job) => job.priority === priority);
    const first = await page(tx, priority, {
      at: 0,
      direction: 'up',
      except: '',
      skip: 0,
      count: tier.length,
    });
    if (tier.every((job, index) => job.id === first[index]?.id)) continue;
    const places = await placesFor(tx, priority, 'front', tier.length);
    for (const [index, job] of tier.entries())
      await tx.update(printJob, job.id, { queueOrder: places[index] ?? 0 });
  }
  return waiting.map((job) => job.id);
}

/**
 * Puts a waiting job at a place of its tier, or of the tier named; whoever has the place moves on towards where the job
 * came from, and pushes others only as far as the next gap.
 *
 * @throws ApiError invalid_state when the job waits no longer
 */
export async function reorder(tx: Transaction, job: PrintJob, wanted: WantedPlace): Promise<void> {
  requireWaiting(job);
  const priority = wanted.priority ?? job.priority;
  const sameTier = priority === job.priority;
  const at = wanted.newQueueOrder;
  if (at === undefined) {
    if (sameTier) return;
    const [queueOrder = 0] = await placesFor(tx, priority, 'back', 1);
    await tx.update(printJob, job.id, { priority, queueOrder });
    return;
  }
  if (sameTier && at === job.queueOrder) return;
  const down = sameTier && job.queueOrder < at;
  const free = await makeRoom(tx, priority, at, down ? 'down' : 'up', job.id);
  await tx.update(printJob, job.id, { priority, queueOrder: free });
}

/**
 * Gives many waiting jobs their places at once: the values are final, equal ones stand in the order of the list, and a
 * job that was not named moves on to the next free place where a named one has its own.
 *
 * @throws ApiError not_found, invalid_state; then nothing may be kept
 */
export async function reorderMany(
  tx: Transaction,
  wanted: readonly (WantedPlace & { readonly id: string })[],
): Promise<void> {
  const tiers = new Map<number, { readonly id: string; readonly at: number | undefined }[]>();
  for (const { id, newQueueOrder, priority } of wanted) {
    const job = await tx.get(printJob, id);
    requireWaiting(job);
    const tier = priority ?? job.priority;
    const stays = tier === job.priority ? job.queueOrder : undefined;
    tiers.set(tier, [...(tiers.get(tier) ?? []), { id, at: newQueueOrder ?? stays }]);
  }
  for (const [priority, named] of tiers)
    await placeAll(tx, priority, named, new Set(wanted.map(({ id }) => id)));
}

async function placeAll(
  tx: Transaction,
  priority: number,
  named: readonly { readonly id: string; readonly at: number | undefined }[],
  leaving: ReadonlySet<string>,
): Promise<void> {
  const others = (await tierOf(tx, priority)).filter(({ id }) => !leaving.has(id));
  const highest = named.reduce((most, { at = 0 }) => Math.max(most, at), others.at(-1)?.queueOrder ?? 0);
  const back = highest + STEP;
  // What has no place of its own in this tier goes behind all that have one.
  const placed = named.map(({ id, at }, index) => ({ id, queueOrder: at ?? back + index * STEP }));
  // Sorting is stable: equal ones stay in the order of the list.
  const taken = new Set<number>();
  let last = -1;
  for (const { id, queueOrder } of placed.toSorted((a, b) => a.queueOrder - b.queueOrder)) {
    last = Math.max(queueOrder, last + 1);
    taken.add(last);
    await tx.update(printJob, id, { priority, queueOrder: last });
  }
  last = -1;
  for (const { id, queueOrder } of others) {
    last = Math.max(queueOrder, last + 1);
    while (taken.has(last)) last += 1;
    await tx.update(printJob, id, { queueOrder: last });
  }
}

/**
 * The place of a job that comes back to the queue from a printer: its own. Whoever has taken it meanwhile moves on.
 */
export async function placeAgain(tx: Transaction, { id, priority, queueOrder }: PrintJob): Promise<number> {
  const [first] = await page(tx, priority, {
    at: queueOrder,
    direction: 'up',
    except: id,
    skip: 0,
    count: 1,
  });
  return first?.queueOrder === queueOrder ? makeRoom(tx, priority, queueOrder, 'up', id) : queueOrder;
}

/** Frees a place of a tier. @returns it, or where it lies now when the whole tier had to be numbered anew */
async function makeRoom(
  tx: Transaction,
  priority: number,
  at: number,
  direction: Direction,
  except: string,
): Promise<number> {
  const step = direction === 'up' ? 1 : -1;
  // Those that stand so close that each has to move on for the one before it.
  const run: Place[] = [];
  let beyond = direction === 'up' ? null : -1;
  for await (const place of walk(tx, priority, at, direction, except)) {
    if ((place.queueOrder - at) * step > run.length) {
      beyond = place.queueOrder;
      break;
    }
    run.push(place);
  }
  const room = beyond === null ? STEP * (run.length + 1) : Math.abs(beyond - at);
  if (room <= run.length) return renumberAround(tx, priority, at, except);
  for (const [index, { id }] of run.entries()) {
    // Spread over the gap, so that the next one finds room too.
    const distance = Math.floor(((index + 1) * room) / (run.length + 1));
    await tx.update(printJob, id, { queueOrder: at + step * distance });
  }
  return at;
}

/** Nobody is left below: the tier is numbered anew, with a gap behind all those up to the wanted place. */
async function renumberAround(
  tx: Transaction,
  priority: number,
  at: number,
  except: string,
): Promise<number> {
  const rows = (await tierOf(tx, priority)).filter(({ id }) => id !== except);
  const before = rows.filter(({ queueOrder }) => queueOrder <= at).length;
  for (const [index, { id }] of rows.entries())
    await tx.update(printJob, id, { queueOrder: (index + (index < before ? 1 : 2)) * STEP });
  return (before + 1) * STEP;
}

type Direction = 'up' | 'down';
const PAGE = 64;

/** The waiting jobs of a tier from a place on. Nothing may be written while it goes. */
async function* walk(
  tx: Transaction,
  priority: number,
  at: number,
  direction: Direction,
  except: string,
): AsyncGenerator<Place> {
  for (let skip = 0; ; skip += PAGE) {
    const rows = await page(tx, priority, { at, direction, except, skip, count: PAGE });
    yield* rows;
    if (rows.length < PAGE) return;
  }
}

function page(
  tx: Transaction,
  priority: number,
  from: {
    readonly at: number;
    readonly direction: Direction;
    readonly except: string;
    readonly skip: number;
    readonly count: number;
  },
): Promise<readonly Place[]> {
  const order = from.direction === 'up' ? 'asc' : 'desc';
  return tx.db
    .selectFrom('printJob')
    .select(['id', 'queueOrder'])
    .where('storeId', '=', tx.context.storeId)
    .where('status', '=', 'pending')
    .where('priority', '=', priority)
    .where('queueOrder', from.direction === 'up' ? '>=' : '<=', from.at)
    .where('id', '!=', from.except)
    .orderBy('queueOrder', order)
    .orderBy('createdAt', order)
    .orderBy('id', order)
    .offset(from.skip)
    .limit(from.count)
    .execute();
}

function tierOf(tx: Transaction, priority: number): Promise<readonly Place[]> {
  return page(tx, priority, { at: 0, direction: 'up', except: '', skip: 0, count: Number.MAX_SAFE_INTEGER });
}

function requireWaiting(job: PrintJob): void {
  if (job.status === 'pending') return;
  throw new ApiError(
    'invalid_state',
    `The print job ${job.id} is ${job.status}; only pending jobs have a place in the queue`,
  );
}
