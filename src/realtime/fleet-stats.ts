import type { ChangeFeed } from '../database/change.js';
import type { Fleet } from '../fleet/fleet.js';
import { isOnline, takesJobs } from '../fleet/live-printer.js';
import type { StatsSource } from './stats-publisher.js';

interface Options {
  readonly fleet: Pick<Fleet, 'all' | 'live' | 'on'>;
  readonly storeId: string;
  /** A job of the queue holds the printer. */
  readonly isBusy: (printerId: string) => boolean;
  /** Tells when a job takes hold of a printer and lets go of it. */
  readonly feed: Pick<ChangeFeed, 'on'>;
}

/** The fleet's live state as the stats publisher wants it. */
export function fleetStats({ fleet, storeId, isBusy, feed }: Options): StatsSource {
  return {
    printerIds: () => fleet.all().map((printer) => printer.printerId),
    stat(printerId) {
      const printer = fleet.live(printerId);
      if (!printer) return null;
      const online = isOnline(printer);
      return {
        printerId,
        storeId,
        isOnline: online,
        isAvailable: takesJobs(printer) && !isBusy(printerId),
        receivedAt: new Date(printer.report?.receivedAt ?? printer.connection.since),
        state: printer.report?.state ?? null,
        offlineAt: online ? null : new Date(printer.connection.since),
      };
    },
    onChange(listener) {
      let left = false;
      const tell = (printerId: string) => {
        if (!left) listener(printerId);
      };
      const leaveFleet = fleet.on({
        report: (printer) => listener(printer.printerId),
        connection: (printer) => listener(printer.printerId),
      });
      const leaveFeed = feed.on(({ changes }) => {
        for (const { resource, action, fields, after } of changes) {
          const held = resource === 'dispatch' && (action === 'INSERT' || fields.includes('endedAt'));
          const printerId = after?.printerId;
          // A printer that says nothing meanwhile is not available any more, or is again. Whoever is busy with it knows
          // of what was committed by the next turn.
          if (held && typeof printerId === 'string') setImmediate(tell, printerId);
        }
      });
      return () => {
        left = true;
        leaveFleet();
        leaveFeed();
      };
    },
    onRemoved: (listener) => fleet.on({ removed: listener }),
  };
}
