import { createSocket, type Socket } from 'node:dgram';
import { afterEach, describe, expect, test } from 'vitest';
import type { Emulator } from '../../../drivers/emulator/index.js';
import { only, startEmulator } from './clients.js';

let emulator: Emulator;
let socket: Socket;
afterEach(async () => {
  await emulator.stop();
  await new Promise<void>((resolve) => socket.close(() => resolve()));
});

async function bound(): Promise<number> {
  socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  return socket.address().port;
}

function heard(fits: (text: string) => boolean): Promise<string> {
  return new Promise((resolve) => {
    const onMessage = (message: Buffer): void => {
      const text = message.toString('utf8');
      if (!fits(text)) return;
      socket.off('message', onMessage);
      resolve(text);
    };
    socket.on('message', onMessage);
  });
}

describe('announcements', () => {
  test('carry the headers of a real printer and, off the standard port, a URL', async () => {
    const port = await bound();
    const first = heard(() => true);
    emulator = await startEmulator({
      printers: [{ model: 'P1S', name: 'Büro 1', firmware: '01.09.00.00' }],
      ssdp: { address: '127.0.0.1', port },
    });
    const printer = only(emulator);

    const lines = (await first).split('\r\n');

    expect(lines[0]).toBe('NOTIFY * HTTP/1.1');
    expect(lines.slice(-2)).toEqual(['', '']);
    const headers = Object.fromEntries(lines.slice(1, -2).map((line) => line.split(/: (.*)/s).slice(0, 2)));
    expect(headers).toMatchObject({
      Host: '239.255.255.250:1990',
      Location: `http://${printer.host}:${printer.mqttPort}/`,
      NT: 'urn:bambulab-com:device:3dprinter:1',
      NTS: 'ssdp:alive',
      USN: printer.serial,
      'Cache-Control': 'max-age=1800',
      'DevModel.bambu.com': 'C12',
      'DevName.bambu.com': 'Büro 1',
      'DevConnect.bambu.com': 'lan',
      'DevBind.bambu.com': 'free',
      'Devseclink.bambu.com': 'secure',
      'DevVersion.bambu.com': '01.09.00.00',
    });
    expect(headers['DevSignal.bambu.com']).toMatch(/^-\d+$/);
  });

  test('name a bare address on the standard port', async () => {
    const port = await bound();
    const first = heard(() => true);
    emulator = await startEmulator({
      printers: [{ mqttPort: 8883 }],
      ssdp: { address: '127.0.0.1', port },
    });

    expect(await first).toContain(`\r\nLocation: ${only(emulator).host}\r\n`);
  });

  test('come again and again, and stop with the power', async () => {
    const port = await bound();
    emulator = await startEmulator({
      printers: [{}, {}],
      ssdp: { address: '127.0.0.1', port, intervalMs: 20 },
    });
    const [first, second] = emulator.printers;
    if (first === undefined || second === undefined) throw new Error('two printers were asked for');
    await heard((text) => text.includes(first.serial));
    await first.power(false);
    await heard((text) => text.includes(second.serial));

    const next = [await heard(() => true), await heard(() => true), await heard(() => true)];

    expect(next.slice(1).every((text) => text.includes(second.serial))).toBe(true);
  });

  test('answer a search when asked to', async () => {
    await bound();
    const searchPort = 20_000 + (process.pid % 10_000);
    emulator = await startEmulator({
      printers: [{}],
      ssdp: { address: '127.0.0.1', port: 9, searchPort },
    });
    const printer = only(emulator);
    const answer = heard(() => true);
    const search = [
      'M-SEARCH * HTTP/1.1',
      'HOST: 239.255.255.250:1990',
      'MAN: "ssdp:discover"',
      'MX: 1',
      'ST: urn:bambulab-com:device:3dprinter:1',
      '',
      '',
    ];

    socket.send(search.join('\r\n'), searchPort, printer.host);

    const text = await answer;
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(text).toContain(`USN: ${printer.serial}`);
  });
});
