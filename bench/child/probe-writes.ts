/** Loaded by `--import` into the daemon: how many commits there were, and what they wrote, as often as they did. */
import { ChangeFeed, type CommittedWrite } from '../../src/database/change.js';
import { NOTHING, onAsk } from './asks.js';

let commits = 0;
let rows = 0;
let payloadBytes = 0;

const emit = ChangeFeed.prototype.emit;
ChangeFeed.prototype.emit = function (this: ChangeFeed, write: CommittedWrite): void {
  commits++;
  for (const { after } of write.changes) {
    if (after === null) continue;
    rows++;
    for (const value of Object.values(after)) payloadBytes += bytesOf(value);
  }
  emit.call(this, write);
};

function bytesOf(value: unknown): number {
  if (value === null || value === undefined) return 0;
  return Buffer.byteLength(typeof value === 'string' ? value : JSON.stringify(value));
}

onAsk('commits', NOTHING, () => ({ commits, rows, payloadBytes }));
