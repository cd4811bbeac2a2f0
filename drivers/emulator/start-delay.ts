/** The time between an accepted start command and PREPARE, in which the old state stands (docs/protocol.md §7.3). */
import { FAULTS, type FaultSet } from './faults.js';
import type { PrintOrder } from './print-order.js';
import type { Profile } from './profiles.js';
import type { Random } from './random.js';
import type { ClockTimer, VirtualClock } from './virtual-clock.js';

export class StartDelay {
  #order: PrintOrder | null = null;
  #timer: ClockTimer | null = null;

  constructor(
    private readonly profile: Profile,
    private readonly clock: VirtualClock,
    private readonly random: Random,
    private readonly faults: FaultSet,
  ) {}

  /** Accepted and waiting, null when nothing is. */
  get order(): PrintOrder | null {
    return this.#order;
  }

  /** Lets the order wait for the model's delay; a fault may keep it from ever starting. */
  begin(order: PrintOrder, start: (order: PrintOrder) => void): void {
    if (this.faults.take(FAULTS.jobNeverStart) !== null) return;
    const [low, high] = this.profile.startDelaySeconds;
    const seconds = this.faults.take(FAULTS.jobSlowStart)?.seconds ?? this.random.between(low, high);
    this.#order = order;
    this.#timer = this.clock.after(seconds * 1000, () => {
      this.#order = null;
      start(order);
    });
  }

  /** Forgets the waiting order and returns it. */
  cancel(): PrintOrder | null {
    const order = this.#order;
    this.#timer?.cancel();
    this.#order = null;
    return order;
  }
}
