import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEmulatorCa, LeafIssuer } from '../../drivers/emulator/certificates.js';
import type { EmulatedPrinter } from '../../drivers/emulator/index.js';
import { notification } from '../../drivers/emulator/ssdp.js';
import { listAt, valueAt } from '../fixtures/farm.js';
import { ShopFloor } from './shop-floor.js';

const SPOOFED = 3_000;

let floor: ShopFloor;
let port: number;
beforeAll(async () => {
  const probe = createSocket('udp4').bind(0, '127.0.0.1');
  await once(probe, 'listening');
  port = probe.address().port;
  probe.close();
  await once(probe, 'close');
  floor = await ShopFloor.open(['X1C', 'X1C'], {
    config: { discovery: { enabled: true, address: '127.0.0.1', ports: [port] } },
  });
});
afterAll(() => floor.close());

/** Somebody who took the printer's address and name, but cannot have its key. */
async function impostorOf({ serial, host }: EmulatedPrinter, at: number) {
  const leaf = await new LeafIssuer(await createEmulatorCa()).issue({ commonName: serial });
  const heard: Buffer[] = [];
  const callers: TLSSocket[] = [];
  let met: () => void = () => {};
  const meeting = new Promise<void>((resolve) => {
    met = resolve;
  });
  const server: Server = createServer(
    { cert: leaf.certificatePem, key: leaf.privateKeyPem, maxVersion: 'TLSv1.2' },
    (socket) => {
      callers.push(socket);
      socket.on('data', (chunk: Buffer) => heard.push(chunk)).on('error', () => undefined);
    },
  );
  server
    .on('tlsClientError', () => met())
    .on('secureConnection', (socket) => socket.once('close', () => met()));
  server.listen(at, host);
  await once(server, 'listening');
  return {
    heard,
    meeting,
    close: async () => {
      for (const caller of callers) caller.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

describe('an impostor at the address of a printer, under its serial', () => {
  it('is refused, never hears the access code, and a person is told; the others go on', async () => {
    const printer = floor.next();
    const other = floor.next();
    await floor.online(printer);
    const { mqttPort } = printer;
    await printer.power(false);
    const impostor = await impostorOf(printer, mqttPort);
    try {
      await impostor.meeting;
      await floor.live(printer, (live) => JSON.stringify(live).includes('certificate'));
      expect(await floor.notices(printer)).toContain('refused');
      expect(Buffer.concat(impostor.heard)).toHaveLength(0);
      expect(await floor.online(other)).toMatchObject({ isOnline: true });
      await floor.job(await floor.queue(other), 'completed');
    } finally {
      await impostor.close();
    }
  });

  it('storms the network with false announcements, and neither moves a session nor fills the memory', async () => {
    const [, other] = floor.farm.emulator.printers;
    if (!other) throw new Error('There is no second printer');
    await floor.online(other);
    const connects = floor.truth(other, 'mqtt', 'connect').length;
    const udp = createSocket('udp4').bind(0, '127.0.0.1');
    await once(udp, 'listening');
    const said = {
      name: 'x',
      modelCode: 'BL-P001',
      mqttPort: 8883,
      firmware: '',
      wifiDbm: -40,
      powered: true,
    };
    for (let sent = 0; sent < SPOOFED; sent++) {
      const serial = sent % 2 === 0 ? other.serial : `00M00A${String(sent).padStart(9, '0')}`;
      const host = `127.62.${sent % 250}.${1 + (sent % 200)}`;
      udp.send(notification({ ...said, serial, host }), port, '127.0.0.1');
      // The kernel holds only so many for a process that is busy.
      if (sent % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    const found = await floor.farm.until('/v1/printers/discovered', (body) => listAt(body).length > 100);
    expect(listAt(found).length).toBeLessThanOrEqual(2_000);
    udp.close();
    await floor.farm.ok('GET', '/v1/printers');
    expect(valueAt(await floor.row(other), 'isOnline')).toBe(true);
    expect(floor.truth(other, 'mqtt', 'connect')).toHaveLength(connects);
  });
});
