/** Loaded by `--import` into the daemon: when a dispatch was reserved, sent its file and told the printer to start. */
import { PrinterConnection } from '../../drivers/bambu/connection.js';
import { BambuFileTransfer } from '../../drivers/bambu/transfer.js';
import { Database } from '../../src/database/database.js';
import { DispatchRunner } from '../../src/dispatch/runner.js';
import { NOTHING, onAsk } from './asks.js';

/** One printer, so one dispatch at a time. */
let reservedAt: number | null = null;
let transferMs = 0;
let lastWriteBeganAt = 0;
const dispatches: { totalMs: number; transferMs: number }[] = [];

const write = Database.prototype.write;
Database.prototype.write = async function <T>(
  this: Database,
  ...args: Parameters<typeof write<T>>
): Promise<T> {
  const beganAt = performance.now();
  const result = await write.apply<Database, Parameters<typeof write<T>>, Promise<T>>(this, args);
  lastWriteBeganAt = beganAt;
  return result;
};

const take = DispatchRunner.prototype.take;
DispatchRunner.prototype.take = function (this: DispatchRunner, ...args: Parameters<typeof take>) {
  // Called as soon as the reservation is written.
  reservedAt = lastWriteBeganAt;
  transferMs = 0;
  return take.apply(this, args);
};

const upload = BambuFileTransfer.prototype.upload;
BambuFileTransfer.prototype.upload = async function (
  this: BambuFileTransfer,
  ...args: Parameters<typeof upload>
) {
  const beganAt = performance.now();
  try {
    return await upload.apply(this, args);
  } finally {
    transferMs += performance.now() - beganAt;
  }
};

const publish = PrinterConnection.prototype.publish;
PrinterConnection.prototype.publish = function (this: PrinterConnection, payload: string): boolean {
  const sent = publish.call(this, payload);
  if (payload.includes('"project_file"') && reservedAt !== null) {
    dispatches.push({ totalMs: performance.now() - reservedAt, transferMs });
    reservedAt = null;
  }
  return sent;
};

onAsk('dispatches', NOTHING, () => dispatches);
