import { afterEach, describe, expect, it } from 'vitest';
import { SessionRig } from './session-rig.js';

let rig: SessionRig | null = null;
afterEach(async () => {
  await rig?.stop();
  rig = null;
});

async function start(options: Parameters<typeof SessionRig.start>[0]): Promise<SessionRig> {
  rig = await SessionRig.start(options);
  return rig;
}

describe('a place with a printer', () => {
  it.each([
    ['drop', 'closed the connection instead of answering'],
    ['refuse', 'refused the MQTT connection'],
    ['hang', 'neither accepts nor refuses'],
    ['mute', 'never reported'],
  ])(
    'fault-15: to a printer without room (%s) is called that, and made once there is room',
    async (how, words) => {
      const farm = await start({
        printers: [{ model: 'X1C' }],
        timing: { connectMs: 1_500, firstReportMs: 100, staleMs: 300 },
      });
      farm.printer().addFault('mqtt.full', { how });
      const printer = farm.watch();
      printer.session.start();
      const first = await printer.status('offline');
      expect(first.error?.message).toContain(words);
      expect(first.error?.message).toContain('too many clients');
      const crowded = await printer.until(
        () => printer.connections.find((connection) => connection.error?.kind === 'crowded'),
        'its own kind of error',
      );
      expect(crowded.status).toBe('offline');
      expect(crowded.error?.message).toContain('Close slicers and apps');
      farm.printer().clearFaults();
      await printer.until(() => printer.connections.at(-1)?.status === 'online', 'online');
      expect(printer.session.connection.error).toBeNull();
    },
  );

  it('fact-04: is one per printer, and finds no room where four others hold every place', async () => {
    const farm = await start({ printers: [{ model: 'P1S' }], timing: { connectMs: 2_000 } });
    const others = [0, 1, 2, 3].map(() => farm.watch());
    await Promise.all(others.map((other) => other.online()));
    const fifth = farm.watch();
    fifth.session.start();
    await fifth.until(
      () => fifth.connections.find((connection) => connection.error?.kind === 'crowded'),
      'no room',
    );
    await others[0]?.session.stop();
    await fifth.until(() => fifth.connections.at(-1)?.status === 'online', 'the place that became free');
  });

  it('fault-15: again and again right after it was made points to too many clients', async () => {
    const farm = await start({ printers: [{ model: 'A1' }] });
    farm.printer().addFault('mqtt.dropAfter', { n: 1 });
    const printer = farm.watch();
    printer.session.start();
    const crowded = await printer.until(
      () => printer.connections.find((connection) => connection.error?.message.includes('too many clients')),
      'a word about too many clients',
    );
    expect(crowded.status).toBe('offline');
    farm.printer().clearFaults();
    await printer.until(() => printer.connections.at(-1)?.status === 'online', 'online');
  });
});
