/**
 * The baseline of `latency`, and of what idle subscribers cost: mqtt.js takes the printers' reports and parses them, aedes tells
 * subscribers over TLS. What it tells of a report is the daemon's own message, with the layer of the report put in.
 */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:tls';
import { Aedes } from 'aedes';
import { z } from 'zod';
import { NOTHING, onAsk } from './asks.js';
import { connectToPrinter, type ReachablePrinter, reachablePrinter } from './printer-client.js';
import { monotonicMs } from './report-name.js';

const [file = ''] = process.argv.slice(2);
const { printers, caPem, certFile, keyFile, port, messages } = z
  .object({
    caPem: z.string(),
    printers: z.array(reachablePrinter),
    certFile: z.string(),
    keyFile: z.string(),
    port: z.int(),
    /** Topic and message of the printers, of which one is taken for each by turns. */
    messages: z.array(z.tuple([z.string(), z.string()])),
  })
  .parse(JSON.parse(readFileSync(file, 'utf8')));
const report = z.object({ print: z.object({ subtask_name: z.string(), layer_num: z.int() }).partial() });

const received: [string, number][] = [];
const aedes = await Aedes.createBroker();
const server = createServer({ cert: readFileSync(certFile), key: readFileSync(keyFile) }, (socket) => {
  socket.on('error', () => socket.destroy());
  aedes.handle(socket);
});

async function listen(printer: ReachablePrinter, at: number): Promise<void> {
  const [topic = '', message = ''] = messages[at % messages.length] ?? [];
  const client = await connectToPrinter(printer, caPem);
  client.on('message', (_topic, payload) => {
    const at = monotonicMs();
    const { print } = report.parse(JSON.parse(payload.toString()));
    received.push([`${print.subtask_name} ${print.layer_num}`, at]);
    const told = message
      .replace(/"taskName":"[^"]*"/, `"taskName":"${print.subtask_name}"`)
      .replace(/"currentLayer":\d+/, `"currentLayer":${print.layer_num}`);
    aedes.publish(
      { cmd: 'publish', topic, payload: told, qos: 0, retain: true, dup: false },
      () => undefined,
    );
  });
  await client.subscribeAsync(`device/${printer.serial}/report`);
}

onAsk('start', NOTHING, async () => {
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  for (const [at, printer] of printers.entries()) await listen(printer, at);
  return printers.length;
});
onAsk('received', NOTHING, () => received.splice(0));
onAsk('clients', NOTHING, () => aedes.connectedClients);
process.channel?.ref();
