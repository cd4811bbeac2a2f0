import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EmulatedPrinter } from '../../drivers/emulator/index.js';
import { notification } from '../../drivers/emulator/ssdp.js';
import { type TestFarm, testFarm, valueAt } from '../fixtures/farm.js';

let farm: TestFarm;
let udp: Socket;
let port: number;
const [MOVED, STAYS, IMPOSTOR] = ['127.67.1.1', '127.67.1.2', '127.67.1.3'];

/** A UDP port that was free a moment ago. */
async function freePort(): Promise<number> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port: found } = socket.address();
  socket.close();
  await once(socket, 'close');
  return found;
}

beforeAll(async () => {
  port = await freePort();
  farm = await testFarm({
    printers: [
      { model: 'X1C', host: MOVED },
      { model: 'X1C', host: STAYS },
      { model: 'X1C', host: IMPOSTOR },
    ],
    config: { discovery: { enabled: true, address: '127.0.0.1', ports: [port] } },
  });
  udp = createSocket('udp4').bind(0, '127.0.0.1');
  await once(udp, 'listening');
});
afterAll(async () => {
  udp.close();
  await farm.stop();
});

function printer(index: number): EmulatedPrinter {
  const found = farm.emulator.printers[index];
  if (!found) throw new Error(`There is no printer ${index}`);
  return found;
}

/** Says on the network that this serial is at this address. */
function announce({ serial, name, modelCode, mqttPort }: EmulatedPrinter, host: string, at = mqttPort): void {
  const said = {
    serial,
    name,
    modelCode,
    host,
    mqttPort: at,
    firmware: '01.09.00.00',
    wifiDbm: -40,
    powered: true,
  };
  udp.send(notification(said), port, '127.0.0.1');
}

const path = ({ serial }: EmulatedPrinter) => `/v1/printers/${farm.printerId(serial)}`;
const until = (which: EmulatedPrinter, online: boolean) =>
  farm.until(path(which), (body) => valueAt(body, 'isOnline') === online);
const count = ({ serial }: EmulatedPrinter, kind: string, event?: string) =>
  farm.emulator.log.entries.filter(
    (e) => e.serial === serial && e.kind === kind && (event === undefined || e.event === event),
  ).length;
const connects = (which: EmulatedPrinter) => count(which, 'mqtt', 'connect');

/** Waits for one more entry of this kind about the printer than there was. */
const more = (which: EmulatedPrinter, kind: string, before: number, event?: string) =>
  farm.emulator.log.waitFor(() => count(which, kind, event) > before, 10_000, `another ${kind} entry`);

describe('pain-31, fault-38: a printer with a new address', () => {
  it('is found by its serial, and found there again after a restart of the daemon', async () => {
    const moved = printer(0);
    await until(moved, true);
    moved.addFault('net.ipChange', { host: '127.67.2.1' });
    await until(moved, false);
    announce(moved, '127.67.2.1');
    await until(moved, true);
    // No further announcement: the address was kept.
    const before = connects(moved);
    await farm.restart();
    await more(moved, 'mqtt', before, 'connect');
    await until(moved, true);
  });

  it('is not looked for while its session stands', async () => {
    const stays = printer(1);
    await until(stays, true);
    const before = connects(stays);
    announce(stays, '127.67.2.99');
    const asked = await farm.until('/v1/printers/discovered', (body) =>
      JSON.stringify(body).includes('127.67.2.99'),
    );
    expect(JSON.stringify(asked)).toContain(stays.serial);
    expect(connects(stays)).toBe(before);
    expect(valueAt(await farm.ok('GET', path(stays)), 'isOnline')).toBe(true);
  });

  it('is not believed to be a printer with another certificate, which never hears the access code', async () => {
    const stays = printer(1);
    const impostor = printer(2);
    await stays.power(false);
    await until(stays, false);
    const before = connects(impostor);
    const handshakes = count(impostor, 'tls');
    announce(stays, impostor.host, impostor.mqttPort);
    await more(impostor, 'tls', handshakes);
    expect(connects(impostor)).toBe(before);
    await stays.power(true);
    await until(stays, true);
    expect(connects(impostor)).toBe(before);
  });
});
