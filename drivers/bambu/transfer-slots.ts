import { DriverError } from '../driver.js';

type Release = () => void;

/** A number of places that are taken in the order of asking and refilled one by one. */
export class FifoSlots {
  private free: number;
  private readonly waiting: (() => void)[] = [];

  constructor(places: number) {
    this.free = places;
  }

  /**
   * Waits for a place; the function it gives hands the place on and may be called again without effect.
   * @throws DriverError `aborted`
   */
  async take(signal: AbortSignal): Promise<Release> {
    if (signal.aborted) throw abortedWaiting();
    if (this.free > 0) this.free--;
    else await this.turn(signal);
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      const next = this.waiting.shift();
      if (next === undefined) this.free++;
      else next();
    };
  }

  private turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const enter = () => {
        signal.removeEventListener('abort', leave);
        resolve();
      };
      const leave = () => {
        this.waiting.splice(this.waiting.indexOf(enter), 1);
        reject(abortedWaiting());
      };
      this.waiting.push(enter);
      signal.addEventListener('abort', leave, { once: true });
    });
  }
}

/** One at a time per printer: a second transfer is refused by it or spoils the first (docs/protocol.md §8.1). */
export class Lanes {
  private readonly lanes = new Map<string, { slots: FifoSlots; users: number }>();

  /** Runs the work when all earlier work for this printer has ended. @throws DriverError `aborted` */
  async run<T>(serial: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const lane = this.lanes.get(serial) ?? { slots: new FifoSlots(1), users: 0 };
    this.lanes.set(serial, lane);
    lane.users++;
    try {
      const release = await lane.slots.take(signal);
      try {
        return await work();
      } finally {
        release();
      }
    } finally {
      lane.users--;
      if (lane.users === 0) this.lanes.delete(serial);
    }
  }
}

function abortedWaiting(): DriverError {
  return new DriverError('aborted', 'It was called off while it waited for its turn.');
}
