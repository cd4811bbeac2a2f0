/** Loaded by `--import` into the daemon: counts the reports that it has read. */
import { ReportIntake } from '../../drivers/bambu/report-intake.js';
import { NOTHING, onAsk } from './asks.js';

let reports = 0;
const receive = ReportIntake.prototype.receive;
ReportIntake.prototype.receive = function (this: ReportIntake, payload: Buffer): void {
  const before = this.lastReport;
  receive.call(this, payload);
  const after = this.lastReport;
  // A list of firmware parts tells the last report again, with the time it arrived at: that is none.
  if (after !== null && after !== before && after.receivedAt !== before?.receivedAt) reports++;
};

onAsk('reports', NOTHING, () => reports);
