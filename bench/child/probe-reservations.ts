/** Loaded by `--import` into the daemon: when each dispatch had been reserved. */
import { DispatchRunner } from '../../src/dispatch/runner.js';
import { NOTHING, onAsk } from './asks.js';

const reserved: { printerId: string; jobId: string; at: number }[] = [];

const take = DispatchRunner.prototype.take;
DispatchRunner.prototype.take = function (this: DispatchRunner, ...args: Parameters<typeof take>) {
  // Called as soon as the reservation is on the disk.
  const [{ printerId, printJobId }] = args;
  reserved.push({ printerId, jobId: printJobId, at: Date.now() });
  return take.apply(this, args);
};

onAsk('reservations', NOTHING, () => reserved);
