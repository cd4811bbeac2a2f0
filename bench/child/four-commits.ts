/** The baseline of `dispatch`: four durable commits of one row and one publish to the printer, straight on. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import BetterSqlite from 'better-sqlite3';
import { NOTHING, onAsk } from './asks.js';
import { connectToPrinter, reachablePrinter } from './printer-client.js';

const [folder = '', printerJson = '', caFile = ''] = process.argv.slice(2);
const printer = reachablePrinter.parse(JSON.parse(printerJson));

/** About as long as a start command. */
const PADDING = 'x'.repeat(900);

const database = new BetterSqlite(join(folder, 'four-commits.db'));
database.pragma('journal_mode = WAL');
database.pragma('synchronous = FULL');
database.exec('create table journal (id integer primary key, phase text not null, at text not null)');
const insert = database.prepare('insert into journal (phase, at) values (?, ?)');
const update = database.prepare('update journal set phase = ?, at = ? where id = ?');

const client = await connectToPrinter(printer, readFileSync(caFile, 'utf8'));

onAsk('run', NOTHING, () => {
  const beganAt = performance.now();
  const { lastInsertRowid } = insert.run('reserved', new Date().toISOString());
  for (const phase of ['transferring', 'transferred', 'start-sent']) {
    update.run(phase, new Date().toISOString(), lastInsertRowid);
  }
  // A question that changes nothing on the printer.
  const command = { info: { command: 'get_version', sequence_id: '1', note: PADDING } };
  client.publish(`device/${printer.serial}/request`, JSON.stringify(command), { qos: 1 });
  return performance.now() - beganAt;
});
