import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TruthEntry } from '../../drivers/emulator/index.js';
import { type TestFarm, testFarm, textAt, valueAt } from '../fixtures/farm.js';

let farm: TestFarm;
let id: string;

beforeAll(async () => {
  farm = await testFarm({ adopt: false, printers: [{ model: 'A1M' }, { model: 'P1S' }] });
  const [printer] = farm.emulator.printers;
  if (!printer) throw new Error('The farm has no printer');
  const { serial, host, mqttPort, ftpPort, cameraPort, accessCode } = printer;
  const settings = { name: null, model: null, trust: 'ca' as const, caFile: null };
  await farm.restart({
    config: { printers: [{ ...settings, serial, host, mqttPort, ftpPort, cameraPort, accessCode }] },
  });
  const found = await farm.until('/v1/printers', (body) => valueAt(body, 0, 'isOnline') === true);
  id = textAt(found, 0, 'id');
});
afterAll(() => farm.stop());

describe('a printer that the configuration file lists', () => {
  it.each<[string, object]>([
    ['the access code', { metadata: { dev_access_code: '12345678' } }],
    ['the access code by its short name', { accessCode: '12345678' }],
    ['the address', { host: '127.9.9.9' }],
    ['a port', { mqttPort: 8884 }],
    ['the trust', { trust: 'insecure' }],
    ['the serial number', { deviceId: '00M00A000000000' }],
  ])('keeps %s, and the refusal names the file', async (_what, change) => {
    for (const answer of [
      await farm.api('PATCH', `/v1/printers/${id}`, change),
      await farm.api('PATCH', '/v1/printers', { ids: [id], update: change }),
      await farm.api('PATCH', '/v1/printers/multi', [{ id, ...change }]),
    ]) {
      expect(answer.body).toMatchObject({
        statusCode: 409,
        code: 'managed_by_config',
        configFile: farm.configFile,
        message: expect.stringContaining(farm.configFile),
      });
    }
    expect(await farm.ok('GET', `/v1/printers/${id}`)).toMatchObject({ isOnline: true });
  });

  it('gets its name, tags and switches by REST, and takes back what it is already', async () => {
    const { serial, host } = farm.emulator.printers[0] ?? { serial: '', host: '' };
    const change = { name: 'Left', tags: ['a'], enabled: false, deviceId: serial, host, trust: 'ca' };
    const changed = await farm.ok('PATCH', `/v1/printers/${id}`, change);
    expect(changed).toMatchObject({ name: 'Left', tags: ['a'], enabled: false });
  });

  it('is not deleted, and neither is anything that was to go with it', async () => {
    const other = await farm.adopt(farm.emulator.printers[1]?.serial ?? '');
    for (const answer of [
      await farm.api('DELETE', `/v1/printers/${id}`),
      await farm.api('DELETE', '/v1/printers', { ids: [other, id] }),
    ]) {
      expect(answer.body).toMatchObject({ statusCode: 409, code: 'managed_by_config' });
    }
    expect(await farm.ok('GET', '/v1/printers')).toHaveLength(2);
  });
});

describe('a printer that REST registered', () => {
  it('is reached at once with what it is told, in every form of the call', async () => {
    const printer = farm.emulator.printers[1];
    if (!printer) throw new Error('The farm has no second printer');
    const own = farm.printerId(printer.serial);
    const { log } = farm.emulator;
    /** Changes the printer and waits for what it sees of it. */
    const andThen = async (event: string, path: string, body: object) => {
      const before = log.entries.length;
      expect((await farm.api('PATCH', path, body)).status).toBe(200);
      const isIt = (entry: TruthEntry) =>
        entry.serial === printer.serial && entry.kind === 'mqtt' && entry.event === event;
      await log.waitFor((entry) => isIt(entry) && log.entries.indexOf(entry) >= before, 10_000, event);
    };
    await andThen('refused', '/v1/printers', { ids: [own], update: { accessCode: '00000000' } });
    const code = { metadata: { dev_access_code: printer.accessCode } };
    await andThen('connect', '/v1/printers/multi', [{ id: own, ...code }]);
    await andThen('disconnect', `/v1/printers/${own}`, { mqttPort: 1 });
    await andThen('connect', `/v1/printers/${own}`, { mqttPort: printer.mqttPort });
  });
});
