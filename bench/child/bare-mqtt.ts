/** The baseline of `ingest`: mqtt.js over TLS, one client for each printer, that parses what comes and nothing else. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { NOTHING, onAsk } from './asks.js';
import { connectToPrinter, type ReachablePrinter, reachablePrinter } from './printer-client.js';

const [file = ''] = process.argv.slice(2);
const { printers, caPem } = z
  .object({ caPem: z.string(), printers: z.array(reachablePrinter) })
  .parse(JSON.parse(readFileSync(file, 'utf8')));

let reports = 0;

async function listen(printer: ReachablePrinter): Promise<void> {
  const client = await connectToPrinter(printer, caPem);
  client.on('message', (_topic, payload) => {
    JSON.parse(payload.toString());
    reports++;
  });
  await client.subscribeAsync(`device/${printer.serial}/report`);
}

onAsk('connect', NOTHING, async () => {
  for (const printer of printers) await listen(printer);
  return printers.length;
});
onAsk('reports', NOTHING, () => reports);
// The channel keeps the process until then.
process.channel?.ref();
