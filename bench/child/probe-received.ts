/** Loaded by `--import` into the daemon: when each report came, before a byte of it was looked at. */
import { ReportIntake } from '../../drivers/bambu/report-intake.js';
import { NOTHING, onAsk } from './asks.js';
import { monotonicMs, nameOfReport } from './report-name.js';

const received: (readonly [Buffer, number])[] = [];
const receive = ReportIntake.prototype.receive;
ReportIntake.prototype.receive = function (this: ReportIntake, payload: Buffer): void {
  received.push([payload, monotonicMs()]);
  receive.call(this, payload);
};

onAsk('received', NOTHING, () =>
  received.splice(0).map(([payload, at]) => [nameOfReport(payload.toString()), at]),
);
