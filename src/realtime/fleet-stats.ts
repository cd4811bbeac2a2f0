import type { Fleet } from '../fleet/fleet.js';
import { isOnline, takesJobs } from '../fleet/live-printer.js';
import type { StatsSource } from './stats-publisher.js';

interface Options {
  readonly fleet: Fleet;
  readonly storeId: string;
  /** A job of the queue holds the printer. */
  readonly isBusy: (printerId: string) => boolean;
}

/** The fleet's live state as the stats publisher wants it. */
export function fleetStats({ fleet, storeId, isBusy }: Options): StatsSource {
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
    onChange: (listener) =>
      fleet.on({
        report: (printer) => listener(printer.printerId),
        connection: (printer) => listener(printer.printerId),
      }),
    onRemoved: (listener) => fleet.on({ removed: listener }),
  };
}
