/**
 * A printer in a process of its own that behaves until it is told to go mad: then it sends 2,000 messages a second
 * with bodies of 64 kB to whoever is connected. Numbers and words of `mad-orders.ts` come and go over IPC.
 */
import { once } from 'node:events';
import { createServer, type TLSSocket } from 'node:tls';
import { generate, type Packet, parser } from 'mqtt-packet';
import { isObject, type JsonObject } from '../../drivers/bambu/coerce.js';
import { reportOf, serialOf } from '../drivers/bambu/reports.js';
import { type MadOrder, madOrder, type Tally } from './mad-orders.js';

const BODY_BYTES = 64_000;
const EACH_MS = 10;
const PER_SECOND = 2_000;
/** What waits unsent is bounded: a reader that is slower gets less, and the tally says so. */
const MOST_WAITING_BYTES = 64 * 1024 * 1024;

const serial = serialOf('x1c');
const publish = (payload: string): Buffer =>
  generate({ cmd: 'publish', topic: `device/${serial}/report`, payload, qos: 0, dup: false, retain: false });
const report: JsonObject = reportOf('x1c');
const padding = 'x'.repeat(BODY_BYTES);
const sane = publish(JSON.stringify(report));
const BODIES: Readonly<Record<NonNullable<MadOrder['flood']>, Buffer>> = {
  reports: publish(JSON.stringify({ ...report, padding })),
  changes: publish(
    JSON.stringify({ print: { command: 'push_status', msg: 1, nozzle_temper: 211.5 }, padding }),
  ),
  garbage: publish(padding),
};

const callers = new Set<TLSSocket>();
const tally: Tally = { connects: 0, messages: 0, bytes: 0, cut: 0 };
let flooding: Buffer | null = null;
let owed = 0;
let last = performance.now();

setInterval(() => {
  const now = performance.now();
  // A busy machine wakes a timer late; what it missed is owed, at most a tenth of a second of it.
  owed = Math.min(PER_SECOND / 10, owed + ((now - last) / 1000) * PER_SECOND);
  last = now;
  const body = flooding;
  if (body === null || callers.size === 0) {
    owed = 0;
    return;
  }
  for (; owed >= 1; owed--) {
    for (const caller of callers) {
      if (caller.destroyed || caller.writableLength > MOST_WAITING_BYTES) continue;
      caller.write(body, (error) => {
        if (error) return;
        tally.messages += 1;
        tally.bytes += body.length;
      });
    }
  }
}, EACH_MS);

function answer(socket: TLSSocket, packet: Packet): void {
  if (packet.cmd === 'connect') {
    tally.connects += 1;
    socket.write(generate({ cmd: 'connack', returnCode: 0, sessionPresent: false }));
  } else if (packet.cmd === 'subscribe') {
    socket.write(generate({ cmd: 'suback', messageId: packet.messageId ?? 0, granted: [0] }));
    socket.write(sane);
    callers.add(socket);
  } else if (packet.cmd === 'pingreq') socket.write(generate({ cmd: 'pingresp' }));
}

const [host = '', cert = '', key = ''] = process.argv.slice(2);
const server = createServer({ cert, key, maxVersion: 'TLSv1.2' }, (socket) => {
  const reading = parser({ protocolVersion: 4 });
  reading.on('packet', (packet: Packet) => answer(socket, packet));
  socket
    .on('data', (chunk: Buffer) => reading.parse(chunk))
    .on('error', () => undefined)
    .on('close', () => {
      if (callers.delete(socket) && flooding !== null) tally.cut += 1;
    });
});
server.listen(0, host);
await once(server, 'listening');
process.on('message', (message) => {
  const { flood } = madOrder.parse(message);
  if (flood !== undefined) flooding = flood === null ? null : BODIES[flood];
  process.send?.({ tally });
});
// Whoever started it is gone.
process.on('disconnect', () => process.exit(0));
const address: unknown = server.address();
process.send?.({ port: isObject(address) ? address.port : 0, serial, tally });
