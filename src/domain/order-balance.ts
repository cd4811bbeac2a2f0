/** One job that an order item wants: which plate of which linked part, for which copy of the SKU. */
export interface WantedJob {
  readonly linkedPartId: string;
  readonly partId: string;
  readonly plateId: number;
  /** Number of the copy of the SKU, from 1. */
  readonly instance: number;
}

/** One job of an order item that counts: it waits, prints or is done. */
export interface CountedJob {
  readonly id: string;
  /** Null, or of no linked part that there is, when the SKU's parts were replaced since. */
  readonly linkedPartId: string | null;
  readonly partId: string | null;
  readonly plateId: number | null;
  readonly instance: number | null;
  /** Pending: no printer has begun it, and it can still be taken back. */
  readonly waits: boolean;
  /** It is of another SKU, or waits to be printed in other materials than it would be now: it does for nothing. */
  readonly outdated: boolean;
}

/**
 * What is to be made and what to be taken back so that an item has the jobs that it wants. Jobs of one plate of one linked
 * part do for each other, whichever copy they were made for. What has begun always counts and is never taken back; of
 * what waits, the last copies go first, and everything that is outdated. Jobs whose linked part is gone count for a
 * linked part of the same part.
 */
export function balance<W extends WantedJob, C extends CountedJob>(
  wanted: readonly W[],
  counted: readonly C[],
): { readonly missing: readonly W[]; readonly surplus: readonly C[] } {
  const places = byKey(wanted, plateOfLink);
  const jobs = jobsByPlace(places, counted);
  const kept = new Set<C>();
  const missing = new Set<W>();
  for (const [key, slots] of places) {
    const own = jobs.get(key) ?? [];
    const begun = own.filter(({ waits }) => !waits);
    const waiting = own.filter(({ waits }) => waits).slice(0, Math.max(0, slots.length - begun.length));
    const keeps = [...begun, ...waiting];
    for (const job of keeps) kept.add(job);
    const lacking = Math.max(0, slots.length - keeps.length);
    for (const slot of freeOf(slots, keeps).slice(0, lacking)) missing.add(slot);
  }
  return {
    missing: wanted.filter((slot) => missing.has(slot)),
    surplus: counted.filter((job) => job.waits && !kept.has(job)),
  };
}

/** The jobs that count for each plate of each linked part; those that have begun first, then by their copy. */
function jobsByPlace<C extends CountedJob>(
  places: ReadonlyMap<string, readonly WantedJob[]>,
  counted: readonly C[],
): ReadonlyMap<string, readonly C[]> {
  const jobs = new Map<string, C[]>();
  const strays: C[] = [];
  for (const job of counted.filter(({ outdated }) => !outdated).toSorted(begunFirst)) {
    const key = plateOfLink(job);
    if (!places.has(key)) strays.push(job);
    else if (!jobs.get(key)?.push(job)) jobs.set(key, [job]);
  }
  for (const stray of strays) {
    const room = [...places].find(
      ([key, slots]) =>
        slots[0]?.partId === stray.partId &&
        slots[0]?.plateId === stray.plateId &&
        (jobs.get(key)?.length ?? 0) < slots.length,
    );
    if (room) jobs.set(room[0], [...(jobs.get(room[0]) ?? []), stray].toSorted(begunFirst));
  }
  return jobs;
}

/** Places whose copy no kept job was made for. */
function freeOf<W extends WantedJob>(slots: readonly W[], kept: readonly CountedJob[]): readonly W[] {
  const taken = new Map<number | null, number>();
  for (const { instance } of kept) taken.set(instance, (taken.get(instance) ?? 0) + 1);
  return slots.filter(({ instance }) => {
    const here = taken.get(instance) ?? 0;
    taken.set(instance, here - 1);
    return here <= 0;
  });
}

function plateOfLink({
  linkedPartId,
  plateId,
}: {
  linkedPartId: string | null;
  plateId: number | null;
}): string {
  return `${linkedPartId} ${plateId}`;
}

function byKey<T>(all: readonly T[], keyOf: (one: T) => string): Map<string, T[]> {
  const found = new Map<string, T[]>();
  for (const one of all) {
    const key = keyOf(one);
    const group = found.get(key);
    if (group) group.push(one);
    else found.set(key, [one]);
  }
  return found;
}

/** What has begun, then what waits by the number of its copy. */
function begunFirst(one: CountedJob, other: CountedJob): number {
  if (one.waits !== other.waits) return one.waits ? 1 : -1;
  return (one.instance ?? 0) - (other.instance ?? 0);
}
