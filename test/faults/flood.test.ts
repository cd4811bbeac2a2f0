import { once } from 'node:events';
import { createServer, type TLSSocket } from 'node:tls';
import { generate, type Packet, parser } from 'mqtt-packet';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEmulatorCa, LeafIssuer } from '../../drivers/emulator/certificates.js';
import { reportOf, serialOf } from '../drivers/bambu/reports.js';
import { textAt, valueAt } from '../fixtures/farm.js';
import { ShopFloor } from './shop-floor.js';

const HOST = '127.61.1.1';
const CODE = '12345678';
const MESSAGE_BYTES = 64_000;
const MESSAGES_EACH_10_MS = 20;

let floor: ShopFloor;
const closing: (() => Promise<void>)[] = [];
beforeAll(async () => {
  floor = await ShopFloor.open(['X1C', 'X1C']);
});
afterAll(async () => {
  for (const close of closing) await close();
  await floor.close();
});

/** A printer that behaves until it is told to go mad: then it sends 2,000 reports of 64 kB a second. */
async function madPrinter(serial: string) {
  const leaf = await new LeafIssuer(await createEmulatorCa()).issue({ commonName: serial });
  const callers = new Set<TLSSocket>();
  const publish = (payload: string): Buffer =>
    generate({
      cmd: 'publish',
      topic: `device/${serial}/report`,
      payload,
      qos: 0,
      dup: false,
      retain: false,
    });
  const report = reportOf('x1c');
  const sane = publish(JSON.stringify(report));
  const mad = publish(JSON.stringify({ ...report, padding: 'x'.repeat(MESSAGE_BYTES) }));
  let connects = 0;
  const server = createServer(
    { cert: leaf.certificatePem, key: leaf.privateKeyPem, maxVersion: 'TLSv1.2' },
    (socket) => {
      callers.add(socket);
      const reading = parser({ protocolVersion: 4 });
      reading.on('packet', (packet: Packet) => {
        if (packet.cmd === 'connect') {
          connects += 1;
          socket.write(generate({ cmd: 'connack', returnCode: 0, sessionPresent: false }));
        } else if (packet.cmd === 'subscribe') {
          socket.write(generate({ cmd: 'suback', messageId: packet.messageId ?? 0, granted: [0] }));
          socket.write(sane);
        }
      });
      socket.on('data', (chunk: Buffer) => reading.parse(chunk));
      socket.on('error', () => undefined).on('close', () => callers.delete(socket));
    },
  );
  server.listen(0, HOST);
  await once(server, 'listening');
  const address = server.address();
  let flooding: NodeJS.Timeout | undefined;
  closing.push(async () => {
    clearInterval(flooding);
    for (const caller of callers) caller.destroy();
    server.close();
    await once(server, 'close');
  });
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    connects: () => connects,
    goMad: () => {
      flooding = setInterval(() => {
        for (const caller of callers) {
          for (let sent = 0; sent < MESSAGES_EACH_10_MS && !caller.destroyed; sent++) caller.write(mad);
        }
      }, 10);
    },
  };
}

describe('a printer that floods the daemon with 2,000 reports of 64 kB a second', () => {
  it('is cut off and kept off, a person is told, and the others go on as before', async () => {
    const serial = serialOf('x1c');
    const printer = await madPrinter(serial);
    const made = await floor.farm.ok('POST', '/v1/printers', {
      provider: 'Bambu',
      serial,
      host: HOST,
      mqttPort: printer.port,
      accessCode: CODE,
      trust: 'tofu',
    });
    const id = textAt(made, 'id');
    const before = process.memoryUsage().rss;
    printer.goMad();
    await floor.farm.until(`/v1/printers/${id}`, (body) => valueAt(body, 'isOnline') === false);
    const live = JSON.stringify(await floor.farm.ok('GET', `/local/printers/${id}`));
    expect(live).toContain('floods this program');
    const other = floor.next();
    await floor.job(await floor.queue(other), 'completed');
    expect(floor.begun(other)).toHaveLength(1);
    expect(printer.connects()).toBeLessThanOrEqual(2);
    // This process holds the flooding printer as well: its own buffers are the larger part.
    expect(process.memoryUsage().rss - before).toBeLessThan(400 * 1024 * 1024);
  });
});
