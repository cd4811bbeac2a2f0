import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MODELS } from '../../drivers/bambu/models.js';
import { modelByCode, PRINTER_MODELS } from '../../src/domain/printer-models.js';
import { SLICER_VERSIONS } from '../../src/domain/slicer-versions.js';
import { cube } from '../fixtures/cube.js';
import { listAt, type TestFarm, testFarm, textAt, valueAt } from '../fixtures/farm.js';

let farm: TestFarm;
beforeAll(async () => {
  farm = await testFarm();
});
afterAll(() => farm.stop());

let made = 0;
async function aProfile(given: object = {}): Promise<string> {
  made += 1;
  const body = { name: `Profile ${made}`, type: 'process', data: {}, ...given };
  return textAt(await farm.ok('POST', '/v1/profiles', body), 'id');
}
const patch = (id: string, body: object) => farm.api('PATCH', `/v1/profiles/${id}`, body);
const read = (id: string) => farm.ok('GET', `/v1/profiles/${id}`);

describe('a profile', () => {
  it('has a name of its own among those of its type', async () => {
    const id = await aProfile({ name: 'Fine' });
    const twin = { name: 'Fine', type: 'process', data: {} };
    expect((await farm.api('POST', '/v1/profiles', twin)).body).toMatchObject({
      code: 'conflict',
      message: expect.stringContaining(id),
    });
    expect((await farm.api('POST', '/v1/profiles', { ...twin, type: 'machine' })).status).toBe(201);
    expect((await patch(id, { name: 'Fine' })).status).toBe(200);
  });

  it('begins with another, and goes on doing so when that one gets a new name', async () => {
    await aProfile({ name: 'Base' });
    const base = textAt(await farm.ok('GET', '/v1/profiles?name=Base'), 0, 'id');
    const child = await aProfile({ name: 'Child', inherits: 'Base' });
    const other = await aProfile({ name: 'Other kind', type: 'filament', inherits: 'Base' });
    expect((await patch(base, { name: 'Ground' })).status).toBe(200);
    expect(await read(child)).toMatchObject({ inherits: 'Ground' });
    expect(await read(other)).toMatchObject({ inherits: 'Base' });
  });

  it('never begins with itself, by whatever way', async () => {
    const a = await aProfile({ name: 'A' });
    await aProfile({ name: 'B', inherits: 'A' });
    await aProfile({ name: 'C', inherits: 'B' });
    for (const inherits of ['A', 'B', 'C']) {
      expect((await patch(a, { inherits })).body).toMatchObject({
        code: 'validation_failed',
        errors: [{ path: '$input.inherits', value: inherits }],
      });
    }
    // By its old name, while it takes a new one.
    expect((await patch(a, { name: 'A2', inherits: 'C' })).status).toBe(400);
    await aProfile({ name: 'Waiting', inherits: 'Not there yet' });
    const late = { name: 'Not there yet', type: 'process', data: {}, inherits: 'Waiting' };
    expect((await farm.api('POST', '/v1/profiles', late)).status).toBe(400);
  });

  it('needs what it begins with to be known to a slicer', async () => {
    const whole = await aProfile({ name: 'Whole' });
    const child = await aProfile({ inherits: 'Whole' });
    const system = await aProfile({ inherits: '0.20mm Standard @BBL P1P' });
    const versions = async (id: string) => listAt(await farm.ok('GET', `/v1/profiles/${id}/versions`));
    expect(await versions(child)).toHaveLength(SLICER_VERSIONS.length);
    expect(await versions(whole)).toEqual(await versions(child));
    expect(await versions(system)).toEqual([]);
  });

  it('keeps no login of a print host', async () => {
    const data = { printhost_apikey: 'secret', printhost_password: 'secret', layer_height: '0.2' };
    const id = await aProfile({ type: 'machine', data });
    expect(valueAt(await read(id), 'data')).toEqual({ layer_height: '0.2' });
    await patch(id, { data: { printhost_user: 'me' } });
    expect(valueAt(await read(id), 'data')).toEqual({});
  });

  it('is what it is said to be wherever it is named', async () => {
    const [machine, filament] = [await aProfile({ type: 'machine' }), await aProfile({ type: 'filament' })];
    const material = { name: 'PLA', brand: 'Acme', type: 'PLA', filamentUserProfileId: machine };
    expect((await farm.api('POST', '/v1/materials', material)).body).toMatchObject({
      errors: [{ path: '$input.filamentUserProfileId', expected: 'a filament profile' }],
    });
    const config = { printerIds: [farm.printerId()], machineUserProfileId: filament };
    expect((await farm.api('PATCH', '/v1/printers/set-config', config)).status).toBe(400);
    const unknown = { ...config, machineUserProfileId: 'a'.repeat(24) };
    expect((await farm.api('PATCH', '/v1/printers/set-config', unknown)).status).toBe(404);
  });

  it('is forgotten by all that name it when it goes', async () => {
    const [process, machine, filament] = [
      await aProfile(),
      await aProfile({ type: 'machine' }),
      await aProfile({ type: 'filament' }),
    ];
    const printerIds = [farm.printerId()];
    const config = { printerIds, machineUserProfileId: machine, processSystemProfileId: 7 };
    await farm.ok('PATCH', '/v1/printers/set-config', config);
    const own = await farm.ok('PATCH', '/v1/printers/set-config', {
      printerIds,
      processUserProfileId: process,
    });
    expect(valueAt(own, 0)).toMatchObject({
      machineUserProfileId: machine,
      processUserProfileId: process,
      processSystemProfileId: null,
    });
    const fileUris = [await farm.upload('part.gcode.3mf', await cube())];
    const part = { name: 'P', type: 'gcode3mf', fileUris, overriddenProcessProfileId: process };
    expect(
      (await farm.api('POST', '/v1/parts', { ...part, overriddenProcessProfileId: machine })).status,
    ).toBe(400);
    const partId = textAt(await farm.ok('POST', '/v1/parts', part), 'id');
    const material = { name: 'PLA 2', brand: 'Acme', type: 'PLA', filamentUserProfileId: filament };
    const materialId = textAt(await farm.ok('POST', '/v1/materials', material), 'id');
    const [model] = PRINTER_MODELS;
    const [assigned] = listAt(
      await farm.ok('POST', `/v1/materials/${materialId}/profiles`, {
        modelId: model?.modelId,
        nozzleDiameter: '0.4',
        userProfileId: filament,
      }),
    );
    const included = await farm.ok('GET', `/v1/printers?include=machineUserProfile,processUserProfile`);
    expect(valueAt(included, 0, 'machineUserProfile', 'id')).toBe(machine);

    const removed = await farm.ok('DELETE', '/v1/profiles', [
      process,
      machine,
      filament,
      'nope'.padEnd(24, 'x'),
    ]);
    expect(removed).toEqual([process, machine, textAt(assigned, 'id'), filament]);
    expect(await farm.ok('GET', `/v1/printers/${farm.printerId()}`)).toMatchObject({
      machineUserProfileId: null,
      processUserProfileId: null,
    });
    expect(await farm.ok('GET', `/v1/parts/${partId}`)).toMatchObject({ overriddenProcessProfileId: null });
    expect(await farm.ok('GET', `/v1/materials/${materialId}`)).toMatchObject({
      filamentUserProfileId: null,
    });
  });
});

describe('the profile of a material', () => {
  it('is named for a model and nozzle, once for each', async () => {
    const material = { name: 'PETG', brand: 'Acme', type: 'PETG' };
    const materialId = textAt(await farm.ok('POST', '/v1/materials', material), 'id');
    const variant = { name: 'Red', materialId, color: null };
    const variantId = textAt(await farm.ok('POST', '/v1/materials/variants', variant), 'id');
    const userProfileId = await aProfile({ type: 'filament' });
    const modelId = modelByCode('C12')?.modelId;
    const at = { modelId, nozzleDiameter: '0.4' };
    const path = `/v1/materials/${materialId}/profiles`;
    await farm.ok('POST', path, { ...at, userProfileId });
    expect(await farm.ok('POST', path, { ...at, systemProfileId: 12 })).toMatchObject([
      { ...at, materialId, variantId: null, userProfileId: null, systemProfileId: 12 },
    ]);
    await farm.ok('POST', path, { ...at, nozzleDiameter: '0.6', userProfileId });
    const ofVariant = `/v1/materials/variants/${variantId}/profiles`;
    expect(await farm.ok('POST', ofVariant, { ...at, userProfileId })).toMatchObject([
      { variantId, materialId: null, userProfileId },
    ]);
    expect(
      listAt(await farm.ok('GET', `/v1/material-profile-assignments?materialId=${materialId}`)),
    ).toHaveLength(2);
    const included = await farm.ok(
      'GET',
      `/v1/material-profile-assignments?variantId=${variantId}&include=userProfile`,
    );
    expect(valueAt(included, 0, 'userProfile', 'id')).toBe(userProfileId);
    expect(await farm.ok('DELETE', ofVariant, at)).toHaveLength(1);
    expect(await farm.ok('DELETE', ofVariant, at)).toEqual([]);
  });

  it('is for a printer model that there is, and for one of its nozzles', async () => {
    const materialId = textAt(
      await farm.ok('POST', '/v1/materials', { name: 'ABS', brand: 'Acme', type: 'ABS' }),
      'id',
    );
    const at = { modelId: modelByCode('N1')?.modelId, nozzleDiameter: '0.4', systemProfileId: 1 };
    const post = (body: object) => farm.api('POST', `/v1/materials/${materialId}/profiles`, body);
    for (const [body, path] of [
      [{ ...at, modelId: 'a'.repeat(24) }, '$input.modelId'],
      [{ ...at, nozzleDiameter: '0.5' }, '$input.nozzleDiameter'],
      [{ ...at, systemProfileId: null }, '$input'],
    ] as const) {
      expect((await post(body)).body).toMatchObject({ code: 'validation_failed', errors: [{ path }] });
    }
    expect((await farm.api('POST', `/v1/materials/${'a'.repeat(24)}/profiles`, at)).status).toBe(404);
  });
});

describe('what is known of printers and slicers', () => {
  it('covers every printer that the daemon can talk to, by the same code and name', () => {
    expect(PRINTER_MODELS.map(({ code, name }) => [code, name]).toSorted()).toEqual(
      MODELS.map(({ code, name }) => [code, name]).toSorted(),
    );
  });

  it('keeps its numbers, for they are stored', () => {
    expect(modelByCode('BL-P001')).toMatchObject({ id: 1, modelId: '0771fef1af1cec327b409ed1' });
    expect(new Set(PRINTER_MODELS.map(({ modelId }) => modelId)).size).toBe(PRINTER_MODELS.length);
  });
});

describe('a file of profiles', () => {
  it('is taken as a form where one is read, and nowhere else', async () => {
    const send = async (path: string) => {
      const body = new FormData();
      body.append('file', new Blob(['x'.repeat(100_000)]), 'profiles.zip');
      const headers = { authorization: `ApiKey ${farm.key}`, 'x-printago-storeid': farm.storeId };
      const answer = await fetch(`${farm.url}${path}`, { method: 'POST', headers, body });
      return valueAt(await answer.json(), 'code');
    };
    expect(await send('/v1/profiles/import')).toBe('not_implemented');
    expect(await send('/v1/profiles')).toBe('wrong_content_type');
  });
});
