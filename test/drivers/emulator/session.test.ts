import { afterEach, describe, expect, test } from 'vitest';
import type { Emulator } from '../../../drivers/emulator/index.js';
import { isRecord, listen, listenFully, only, startEmulator } from './clients.js';

let emulator: Emulator;
afterEach(() => emulator.stop());

describe('the MQTT session', () => {
  test('refuses a wrong access code with CONNACK 5', async () => {
    emulator = await startEmulator({ printers: [{ accessCode: '12345678' }] });
    const printer = only(emulator);

    await expect(listen(emulator, printer, { password: '87654321' })).rejects.toMatchObject({ code: 5 });

    const refused = emulator.log.entries.find((e) => e.kind === 'mqtt' && e.event === 'refused');
    expect(refused).toMatchObject({ serial: printer.serial, reason: 'credentials' });
    expect(JSON.stringify(emulator.log.entries)).not.toContain('87654321');
  });

  test('grants any report topic and stays silent on a wrong serial', async () => {
    emulator = await startEmulator({ printers: [{}] });
    const printer = only(emulator);
    const stray = await listen(emulator, printer, { topic: 'device/00M00A000000000/report' });
    const right = await listenFully(emulator, printer);

    await right.report((p) => p.msg === 0, 'a report');
    expect(stray.messages).toEqual([]);
    await Promise.all([stray.close(), right.close()]);
  });

  test('refuses subscriptions to the request topic and to wildcards', async () => {
    emulator = await startEmulator({ printers: [{}] });
    const printer = only(emulator);

    await expect(listen(emulator, printer, { topic: `device/${printer.serial}/request` })).rejects.toThrow();
    await expect(listen(emulator, printer, { topic: '#' })).rejects.toThrow();
  });

  test('has few places on small machines and drops the client that is too many', async () => {
    emulator = await startEmulator({ printers: [{ model: 'A1M' }] });
    const printer = only(emulator);
    const clients = await Promise.all([1, 2, 3, 4].map(() => listen(emulator, printer)));

    await expect(listen(emulator, printer)).rejects.toThrow();

    await clients[0]?.close();
    await emulator.log.waitFor((e) => e.event === 'disconnect', 5_000, 'a free place');
    clients.push(await listen(emulator, printer));
    await Promise.all(clients.map((client) => client.close()));
  });

  test('throws out the older of two clients with the same id', async () => {
    emulator = await startEmulator({ printers: [{}] });
    const printer = only(emulator);
    const first = await listen(emulator, printer, { clientId: 'twin' });
    const gone = new Promise<void>((resolve) => first.client.once('close', () => resolve()));

    const second = await listen(emulator, printer, { clientId: 'twin' });

    await gone;
    await second.close();
  });

  test('lists its modules, the firmware first', async () => {
    emulator = await startEmulator({ printers: [{}, { model: 'P1S' }] });
    const [x1, p1] = emulator.printers;
    if (x1 === undefined || p1 === undefined) throw new Error('two printers were asked for');
    for (const printer of [x1, p1]) {
      const client = await listen(emulator, printer);
      await client.send({ info: { sequence_id: '20007', command: 'get_version' } });
      const reply = await client.ack('get_version');
      expect(reply).toMatchObject({ sequence_id: '20007', result: 'success' });
      const list = Array.isArray(reply.module) ? reply.module.filter(isRecord) : [];
      expect(list[0]).toMatchObject({ name: 'ota', sn: printer.serial });
      if (printer === x1) {
        expect(list[0]).toMatchObject({ product_name: 'Bambu Lab X1-Carbon', sw_ver: '01.09.00.01' });
      } else {
        expect(list).toContainEqual(
          expect.objectContaining({ name: 'esp32', hw_ver: 'AP04', project_name: 'C12' }),
        );
      }
      expect(list.map((m) => m.name)).toContain('ams/0');
      await client.close();
    }
  });

  test('falls silent for a while when a small machine is asked for everything too often', async () => {
    emulator = await startEmulator({ printers: [{ model: 'P1S' }], speed: 20 });
    const printer = only(emulator);
    const client = await listenFully(emulator, printer);
    for (let i = 0; i < 3; i++) {
      await client.send({ pushing: { sequence_id: '20000', command: 'pushall' } });
    }

    await emulator.log.waitFor((e) => e.event === 'overloaded', 5_000, 'the overload');
    await client.close();
  });
});
