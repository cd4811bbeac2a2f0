import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listAt, type TestFarm, testFarm, textAt, valueAt } from '../fixtures/farm.js';

const A1_MINI = '0309AA000000001';
const X1C = '00M09A000000001';

let farm: TestFarm;
let materialId: string;
let orange: string;

beforeAll(async () => {
  farm = await testFarm({
    printers: [
      { model: 'A1M', serial: A1_MINI },
      { model: 'X1C', serial: X1C },
    ],
  });
  await farm.until('/v1/printer-slots', (body) => listAt(body).length === 10);
  const material = { name: 'Silk', brand: 'Acme', type: 'PETG', identifier: 'GFG60' };
  materialId = textAt(await farm.ok('POST', '/v1/materials', material), 'id');
  const variant = { name: 'Orange', materialId, color: '#FF6A13FF;#FFFFFFFF' };
  orange = textAt(await farm.ok('POST', '/v1/materials/variants', variant), 'id');
});
afterAll(() => farm.stop());

const place = (slotIndex: number, amsIndex = 0) => [{ amsIndex, slotIndex }];
const act = (verb: string, body: object, method = 'PATCH') =>
  farm.api(method, `/v1/materials/printer-slots/${verb}`, body);
const on = (...serials: readonly string[]) => serials.map((serial) => farm.printerId(serial));

async function slot(serial: string, slotIndex: number, amsIndex = 0): Promise<unknown> {
  const query = `printerId=${farm.printerId(serial)}&amsIndex=${amsIndex}&slotIndex=${slotIndex}`;
  return listAt(await farm.ok('GET', `/v1/printer-slots?${query}&include=material,variant,instance`))[0];
}
const shows = (serial: string, slotIndex: number, expected: object, amsIndex = 0) =>
  expect
    .poll(() => slot(serial, slotIndex, amsIndex), { timeout: 10_000, interval: 20 })
    .toMatchObject(expected);
const spool = async () =>
  textAt(
    await farm.ok('POST', '/v1/materials/instances', {
      materialId,
      variantId: orange,
      materialType: 'PETG',
      remainingMaterial: 800,
    }),
    'id',
  );
/** Times that a printer was told what is in a slot. */
const told = (serial: string) =>
  farm.emulator.log.entries.filter(
    (entry) =>
      entry.serial === serial &&
      entry.kind === 'mqtt' &&
      valueAt(entry, 'command') === 'ams_filament_setting',
  ).length;

describe('what is assigned to a slot', () => {
  it('names the coarser levels too, and the printer is told', async () => {
    const instanceId = await spool();
    const answer = await act('assign', { printerIds: on(X1C), visualSlots: place(1), instanceId });
    expect(answer).toMatchObject({ status: 200, text: '' });
    const expected = { instanceId, variantId: orange, materialId, materialType: 'PETG' };
    expect(await slot(X1C, 1)).toMatchObject({
      ...expected,
      material: { name: 'Silk' },
      variant: { name: 'Orange' },
      instance: { remainingMaterial: 800 },
    });
    // The report that follows shows what we said: it is no other spool.
    await shows(X1C, 1, {
      ...expected,
      expectedData: { type: 'PETG', color: '#FF6A13FF', identifier: 'GFG60' },
    });
    const [command] = listAt(await farm.ok('GET', `/local/printers/${farm.printerId(X1C)}/commands`));
    expect(command).toMatchObject({
      outcome: 'accepted',
      command: { info: { trayType: 'PETG', nozzleTempMin: 220, nozzleTempMax: 260 } },
    });
  });

  it('stays when the daemon comes back, and goes when the printer shows another spool', async () => {
    await act('assign', { printerIds: on(X1C), visualSlots: place(2), variantId: orange });
    await shows(X1C, 2, { variantId: orange, expectedData: { color: '#FF6A13FF' } });
    await farm.restart();
    await farm.until('/v1/printers', (body) =>
      listAt(body).every((one) => valueAt(one, 'isOnline') === true),
    );
    expect(await slot(X1C, 2)).toMatchObject({ variantId: orange });
    const info = {
      amsId: 0,
      slotId: 2,
      trayType: 'ABS',
      color: '#123456FF',
      nozzleTempMin: 240,
      nozzleTempMax: 270,
    };
    await farm.ok('POST', '/v1/printer-commands/send', {
      ids: on(X1C),
      command: { command: 'set-slot-info', info },
    });
    await shows(X1C, 2, { variantId: null, materialId: null, materialType: 'ABS' });
  });

  it('is kept to ourselves when that is wished', async () => {
    const before = told(A1_MINI);
    const reported = valueAt(await slot(A1_MINI, 0), 'expectedData');
    const body = { printerIds: on(A1_MINI), visualSlots: place(0), materialId, setOnPrinter: false };
    expect((await act('assign', body)).status).toBe(200);
    expect(await slot(A1_MINI, 0)).toMatchObject({ materialId, variantId: null, expectedData: reported });
    expect(told(A1_MINI)).toBe(before);
  });

  it('is the same in many printers at once, where they have such a slot', async () => {
    const body = { printerIds: on(A1_MINI, X1C), visualSlots: [...place(3), ...place(3, 2)], materialId };
    expect((await act('assign', body)).status).toBe(200);
    await shows(A1_MINI, 3, { materialId, expectedData: { type: 'PETG' } });
    await shows(X1C, 3, { materialId, expectedData: { type: 'PETG' } });
    const nowhere = await act('assign', { ...body, visualSlots: place(0, 5) });
    expect(nowhere.body).toMatchObject({ code: 'unprocessable', message: expect.stringContaining('unit 5') });
  });

  it('is exactly one thing', async () => {
    const target = { printerIds: on(X1C), visualSlots: place(0) };
    for (const what of [{}, { materialId, materialType: 'PLA' }, { materialType: '' }]) {
      expect((await act('assign', { ...target, ...what })).body).toMatchObject({ code: 'validation_failed' });
    }
    expect((await act('assign', { ...target, materialId, variantId: null })).status).toBe(200);
    expect((await act('assign', { ...target, variantId: 'a'.repeat(24) })).status).toBe(404);
    const strangers = { ...target, printerIds: ['a'.repeat(24)], materialId };
    expect((await act('assign', strangers)).status).toBe(404);
  });

  it('is one spool in one place: naming it takes it from where it was', async () => {
    const instanceId = await spool();
    const both = { printerIds: on(A1_MINI, X1C), visualSlots: place(1), instanceId };
    expect((await act('assign', both)).body).toMatchObject({ code: 'validation_failed' });
    await act('assign', { printerIds: on(A1_MINI), visualSlots: place(1), instanceId, setOnPrinter: false });
    await act('assign', { printerIds: on(X1C), visualSlots: place(1), instanceId, setOnPrinter: false });
    expect(await slot(X1C, 1)).toMatchObject({ instanceId });
    const left = await slot(A1_MINI, 1);
    expect(left).toMatchObject({ instanceId: null, variantId: null, materialId: null });
    expect(valueAt(left, 'materialType')).toBe(valueAt(left, 'expectedData', 'type'));
    await farm.ok('DELETE', `/v1/materials/instances/${instanceId}`);
    expect(await slot(X1C, 1)).toMatchObject({ instanceId: null, variantId: orange });
  });

  it('has a profile of its own only as a bare type', async () => {
    const profile = { name: 'Own', type: 'filament', data: {} };
    const filamentUserProfileId = textAt(await farm.ok('POST', '/v1/profiles', profile), 'id');
    const target = { printerIds: on(X1C), visualSlots: place(0), setOnPrinter: false, filamentUserProfileId };
    await act('assign', { ...target, materialType: 'PLA' });
    expect(await slot(X1C, 0)).toMatchObject({ materialType: 'PLA', filamentUserProfileId });
    await act('assign', { ...target, materialId });
    expect(await slot(X1C, 0)).toMatchObject({ materialId, filamentUserProfileId: null });
    const later = { printerIds: on(X1C, A1_MINI), slot: place(2)[0], filamentSystemProfileId: 5 };
    const changed = await act('profile', later);
    expect(listAt(changed.body).map((one) => valueAt(one, 'printerId'))).toEqual(on(X1C, A1_MINI));
    expect((await act('profile', { ...later, slot: place(0)[0], printerIds: on(X1C) })).body).toEqual([]);
    await farm.ok('DELETE', `/v1/profiles/${filamentUserProfileId}`);
  });
});

describe('a slot that is cleared', () => {
  it('shows again what its printer reports', async () => {
    await act('assign', { printerIds: on(A1_MINI), visualSlots: place(0), materialId, setOnPrinter: false });
    const before = told(A1_MINI);
    const answer = await act('clear', { printerIds: on(A1_MINI), slots: place(0) });
    expect(answer).toMatchObject({ status: 200, text: '' });
    const cleared = await slot(A1_MINI, 0);
    expect(cleared).toMatchObject({ materialId: null, variantId: null, instanceId: null });
    expect(valueAt(cleared, 'materialType')).toBe(valueAt(cleared, 'expectedData', 'type'));
    expect(told(A1_MINI)).toBe(before);
    await act('assign', { printerIds: on(A1_MINI), visualSlots: place(0), materialId });
    await act('clear-all', { ids: on(A1_MINI, X1C) }, 'DELETE');
    const assigned = listAt(await farm.ok('GET', '/v1/printer-slots?materialId.isNull=false'));
    expect(assigned).toEqual([]);
  });

  it('is empty on the printer too when that is wished', async () => {
    await act('clear', { printerIds: on(X1C), slots: place(3), setOnPrinter: true });
    await shows(X1C, 3, { materialType: null, expectedData: null });
  });

  it('is one that there is', async () => {
    const nowhere = await act('clear', { printerIds: on(X1C), slots: place(0, 5) });
    expect(nowhere.body).toMatchObject({ code: 'unprocessable' });
  });
});

describe('a spool with a tag', () => {
  it('is called what we say, but the printer goes on believing the tag', async () => {
    const tagged = { type: 'PLA', color: '#00AE42FF', infoIdx: 'GFA00', tagUid: '00000000DEADBEEF' };
    farm.emulator.printer(X1C).setSpool(0, 1, tagged);
    await shows(X1C, 1, { expectedData: { color: '#00AE42FF', identifier: 'GFA00', type: 'PLA' } });
    const before = told(X1C);
    await act('assign', { printerIds: on(X1C), visualSlots: place(1), variantId: orange });
    expect(await slot(X1C, 1)).toMatchObject({
      variantId: orange,
      materialType: 'PETG',
      expectedData: { type: 'PLA' },
    });
    expect(told(X1C)).toBe(before);
  });
});

describe('an external holder', () => {
  it('is filled in before anything hangs on it', async () => {
    const body = { printerIds: on(A1_MINI), visualSlots: place(0, -1), variantId: orange };
    expect((await act('assign', body)).status).toBe(200);
    await shows(A1_MINI, 0, { variantId: orange }, -1);
  });
});
