import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cube } from '../fixtures/cube.js';
import { listAt, type TestFarm, testFarm, textAt, valueAt } from '../fixtures/farm.js';

let farm: TestFarm;
let foot: string;
let shade: string;

beforeAll(async () => {
  farm = await testFarm({ adopt: false });
  foot = await aPart('Foot', [{ name: 'Left' }, { name: 'Right' }], { printTags: { 'user.tags': 'part' } });
  shade = await aPart('Shade', [{}]);
});
afterAll(() => farm.stop());

async function aPart(name: string, plates: readonly object[], more: object = {}): Promise<string> {
  const fileUris = [await farm.upload(`${name}.gcode.3mf`, await cube({ plates }))];
  return textAt(await farm.ok('POST', '/v1/parts', { name, type: 'gcode3mf', fileUris, ...more }), 'id');
}

let made = 0;
async function aSku(linkedParts: readonly object[], more: object = {}) {
  made += 1;
  const links = linkedParts.map((link) => ({
    parameters: [],
    exposedParameters: [],
    quantity: 1,
    label: 'Part',
    ...link,
  }));
  const body = { sku: `LAMP-${made}`, title: 'Lamp', description: '', externalId: null };
  const row = await farm.ok('POST', '/v1/skus', {
    ...body,
    externalProvider: null,
    linkedParts: links,
    ...more,
  });
  const linkIds = listAt(row, 'linkedParts').map((one) => textAt(one, 'id'));
  return { skuId: textAt(row, 'id'), code: textAt(row, 'sku'), linkIds };
}

const build = (...skus: readonly object[]) => farm.ok('POST', '/v2/builds', { skus });
const refused = async (line: object) => {
  const before = listAt(await farm.ok('GET', '/v1/print-jobs?limit=10000')).length;
  const answer = await farm.api('POST', '/v2/builds', { skus: [line] });
  expect(listAt(await farm.ok('GET', '/v1/print-jobs?limit=10000'))).toHaveLength(before);
  return answer.body;
};
async function jobsOf(partBuild: unknown): Promise<readonly unknown[]> {
  return listAt(await farm.ok('GET', `/v1/part-builds/${textAt(partBuild, 'id')}`), 'printJobs');
}

describe('a build of a SKU', () => {
  it('makes a part build for each linked part, with copies that know their SKU', async () => {
    const { skuId, code, linkIds } = await aSku([
      { partId: foot, quantity: 2, label: 'Feet' },
      { partId: shade, label: 'Shade' },
      { partId: shade, quantity: 0, label: 'Spare' },
    ]);
    const built = await build({ skuId, quantity: 3, skuInstanceStart: 5, priority: 1000 });
    const [skuBuild] = listAt(built, 'skuBuilds');
    expect(skuBuild).toMatchObject({
      skuId,
      skuCopy: { id: skuId, sku: code, title: 'Lamp' },
      status: 'running',
      skuInstanceStart: 5,
      priority: 1000,
      orderId: null,
      selectedOptions: null,
    });
    const [feet, shades, ...more] = listAt(built, 'partBuilds');
    expect(more).toEqual([]);
    expect(feet).toMatchObject({
      skuBuildId: valueAt(skuBuild, 'id'),
      skuId,
      skuName: code,
      label: 'Feet',
      quantity: 6,
      numPartsPerSku: 2,
      skuInstanceStart: 5,
      linkedPartId: linkIds[0],
    });
    expect(shades).toMatchObject({ quantity: 3, numPartsPerSku: 1, linkedPartId: linkIds[1] });
    const jobs = await jobsOf(feet);
    // Two plates for each of six feet, two feet for each lamp.
    expect(jobs.map((job) => valueAt(job, 'skuInstance'))).toEqual([5, 5, 5, 5, 6, 6, 6, 6, 7, 7, 7, 7]);
    expect(jobs[0]).toMatchObject({ skuId, skuName: code, linkedPartId: linkIds[0], label: 'Feet' });
    const included = await farm.ok(
      'GET',
      `/v1/print-jobs?id=${textAt(jobs[0], 'id')}&include=sku,linkedPart`,
    );
    expect(valueAt(included, 0, 'linkedPart', 'label')).toBe('Feet');
  });

  it('takes a code, and changes linked parts for this once, by their own id before that of their part', async () => {
    const { code, linkIds, skuId } = await aSku([
      { partId: foot, label: 'A', extensions: { '3mf': { plateQuantities: { Left: 1 } } } },
      { partId: foot, label: 'B', materialAssignments: { 0: [{ materialType: 'PLA' }] } },
    ]);
    const linkedPartConfigs = {
      [foot]: { quantity: 2, label: 'Foot', tags: { 'user.tags': 'all' } },
      [linkIds[1] ?? '']: {
        label: 'Own',
        plateQuantities: { Right: 3 },
        materials: { 1: [{ materialType: 'PETG' }] },
      },
    };
    const line = { sku: code, tags: { 'user.tags': 'sku', 'printer.modelName': 'A1' }, linkedPartConfigs };
    const [first, second] = listAt(await build(line), 'partBuilds');
    expect(first).toMatchObject({
      label: 'Foot',
      quantity: 2,
      extensions: { '3mf': { plateQuantities: { Left: 1 } } },
      materialAssignments: null,
      requiredPrinterTags: { 'user.tags': 'all', 'printer.modelName': 'A1' },
    });
    expect(second).toMatchObject({
      label: 'Own',
      quantity: 2,
      materialAssignments: { 0: [{ materialType: 'PLA' }], 1: [{ materialType: 'PETG' }] },
    });
    expect((await jobsOf(second)).map((job) => valueAt(job, 'extensions', '3mf', 'plateId'))).toEqual([
      2, 2, 2, 2, 2, 2,
    ]);
    expect(await farm.ok('GET', `/v1/skus/${skuId}`)).toMatchObject({ linkedParts: [{ label: 'A' }, {}] });
  });

  it('stands in front of the queue as it was given, with all that was given along', async () => {
    const { skuId } = await aSku([
      { partId: foot, label: 'First' },
      { partId: shade, label: 'Second' },
    ]);
    const sku = { skuId, position: 'front' };
    const part = { partId: shade, position: 'front', label: 'Zeroth' };
    const behind = { partId: shade, label: 'Last' };
    const built = await farm.ok('POST', '/v2/builds', { parts: [part, behind], skus: [sku, { ...sku }] });
    const labels = (list: unknown) => listAt(list).map((one) => valueAt(one, 'label'));
    expect(labels(valueAt(built, 'partBuilds'))).toEqual([
      'Zeroth',
      'Last',
      ...['First', 'Second', 'First', 'Second'],
    ]);
    const waiting = await farm.ok('GET', '/v1/print-jobs?status=pending&priority=100&limit=7');
    expect(labels(waiting)).toEqual(['Zeroth', ...['First', 'First', 'Second', 'First', 'First', 'Second']]);
  });

  it('is shown before it is made', async () => {
    const { skuId, code } = await aSku([{ partId: foot, label: 'Feet' }]);
    const before = valueAt(await farm.ok('GET', '/v1/sku-builds?meta=true'), 'meta', 'total');
    const request = { skus: [{ skuId, quantity: 2 }], parts: [{ partId: shade }] };
    expect(await farm.ok('POST', '/v2/builds/preview', request)).toMatchObject({
      partBuilds: [
        { source: 'part', sku: null },
        { source: 'sku', sku: { skuId, sku: code }, label: 'Feet', quantity: 2 },
      ],
      summary: { partBuildCount: 2, skuBuildCount: 1, jobCount: 5 },
    });
    expect(valueAt(await farm.ok('GET', '/v1/sku-builds?meta=true'), 'meta', 'total')).toBe(before);
  });

  it('shows what became of its part builds', async () => {
    const { skuId } = await aSku([
      { partId: shade, label: 'A' },
      { partId: shade, label: 'B' },
    ]);
    const built = await build({ skuId });
    const status = async () => {
      const id = textAt(built, 'skuBuilds', 0, 'id');
      return valueAt(await farm.ok('GET', `/v1/sku-builds/${id}`), 'status');
    };
    const jobs = (await Promise.all(listAt(built, 'partBuilds').map(jobsOf))).flat();
    const [first, second] = jobs.map((job) => textAt(job, 'id'));
    await farm.ok('PATCH', '/v1/print-jobs/cancel', { printJobIds: [first] });
    expect(await status()).toBe('running');
    await farm.ok('PATCH', '/v1/print-jobs/cancel', { printJobIds: [second] });
    expect(await status()).toBe('cancelled');
    await farm.ok('PATCH', '/v1/print-jobs/retry', { printJobIds: [second] });
    expect(await status()).toBe('running');
  });

  it('stays when its SKU and its part go, without their ids', async () => {
    const partId = await aPart('Going', [{}]);
    const { skuId } = await aSku([{ partId }]);
    const built = await build({ skuId });
    await farm.ok('DELETE', `/v1/skus/${skuId}`);
    const read = await farm.ok('GET', `/v1/sku-builds/${textAt(built, 'skuBuilds', 0, 'id')}`);
    expect(read).toMatchObject({
      skuId: null,
      skuCopy: { id: skuId },
      partBuilds: [{ skuId: null, linkedPartId: null, printJobs: [{ skuId: null, linkedPartId: null }] }],
    });
    await farm.ok('DELETE', `/v1/parts/${partId}`);
    expect(await farm.ok('GET', `/v1/part-builds/${textAt(read, 'partBuilds', 0, 'id')}`)).toMatchObject({
      partId: null,
    });
  });

  it.each<[string, string, (skuId: string) => object]>([
    ['a code that there is not', 'sku_not_found', () => ({ sku: 'nothing' })],
    ['an id that there is not', 'not_found', () => ({ skuId: 'u'.repeat(24) })],
    ['none of it', 'validation_failed', (skuId) => ({ skuId, quantity: 0 })],
    ['more than 500 of a part', 'unprocessable', (skuId) => ({ skuId, quantity: 251 })],
    [
      'what is no part of it',
      'unprocessable',
      (skuId) => ({ skuId, linkedPartConfigs: { ['u'.repeat(24)]: { quantity: 1 } } }),
    ],
    [
      'an option that it has not',
      'unprocessable',
      (skuId) => ({ skuId, options: [{ name: 'X', value: 'Y' }] }),
    ],
    [
      'a parameter of a sliced file',
      'unprocessable',
      (skuId) => ({ skuId, linkedPartConfigs: { [foot]: { parameters: { width: 1 } } } }),
    ],
  ])('is refused whole: %s', async (_what, code, line) => {
    const { skuId } = await aSku([{ partId: foot, quantity: 2 }]);
    expect(await refused(line(skuId))).toMatchObject({ code });
  });
});

describe('the options of a SKU', () => {
  async function anOption(name: string, values: Readonly<Record<string, string>>) {
    const optionId = textAt(
      await farm.ok('POST', '/v1/sku-variants', { name, isPersonalization: false }),
      'id',
    );
    const ids: Record<string, string> = {};
    for (const [value, suffix] of Object.entries(values)) {
      const body = { optionId, name: value, skuSuffixes: [suffix] };
      ids[value] = textAt(await farm.ok('POST', '/v1/sku-variants/values', body), 'id');
    }
    return { optionId, ids };
  }
  async function aProperty(optionId: string, type: string, values: readonly object[], more: object = {}) {
    const body = { optionId, type, name: type, ...more };
    const propertyId = textAt(await farm.ok('POST', '/v1/sku-variants/props', body), 'id');
    const set = values.map((value) => ({ propertyId, ...value }));
    await farm.ok('POST', '/v1/sku-variants/prop-values', { values: set });
    return propertyId;
  }

  it('settle materials and plates: the value chosen, the more options decide the better', async () => {
    const colour = await anOption('Colour', { Red: '-RD', Blue: '-BL' });
    const size = await anOption('Size', { Small: '-S', Large: '-L' });
    const material = await aProperty(colour.optionId, 'material', [
      { optionValueId: colour.ids.Red, materialValue: [{ materialType: 'PLA' }] },
      { optionValueId: colour.ids.Blue, materialValue: [{ materialType: 'PETG' }] },
    ]);
    const plates = await aProperty(size.optionId, 'plate_quantities', [
      { optionValueId: size.ids.Small, plateQuantitiesValue: { Left: 1 } },
      { optionValueId: size.ids.Large, plateQuantitiesValue: { Left: 1, Right: 2 } },
    ]);
    const { skuId, code } = await aSku(
      [
        {
          partId: foot,
          materialAssignments: { 0: [{ propertyId: material }] },
          plateQuantitiesBinding: plates,
        },
      ],
      { optionBindings: [colour.optionId, size.optionId] },
    );
    const options = [
      { id: colour.optionId, value: 'Blue' },
      { name: 'Size', value: 'Large' },
    ];
    const built = await build({ skuId, options });
    expect(valueAt(built, 'skuBuilds', 0, 'selectedOptions')).toEqual({
      [colour.optionId]: 'Blue',
      [size.optionId]: 'Large',
    });
    const [blue] = listAt(built, 'partBuilds');
    expect(blue).toMatchObject({
      materialAssignments: { 0: [{ materialType: 'PETG' }] },
      extensions: { '3mf': { plateQuantities: { Left: 1, Right: 2 } } },
    });

    const [bySuffix] = listAt(await build({ sku: `${code}-RD-S` }), 'partBuilds');
    expect(bySuffix).toMatchObject({
      materialAssignments: { 0: [{ materialType: 'PLA' }] },
      extensions: { '3mf': { plateQuantities: { Left: 1 } } },
    });
    const selectedOptions = { [colour.optionId]: 'Red', Size: 'Small' };
    expect(listAt(await build({ skuId, selectedOptions }), 'partBuilds')[0]).toMatchObject({
      materialAssignments: { 0: [{ materialType: 'PLA' }] },
    });

    const missing = await refused({ skuId, options: [{ name: 'Colour', value: 'Red' }] });
    expect(missing).toMatchObject({ statusCode: 422, code: 'option_required', option: 'Size' });
    const green = await refused({ skuId, options: [{ name: 'Colour', value: 'green' }] });
    expect(green).toMatchObject({ code: 'unprocessable', allowed: ['Red', 'Blue'] });

    const bindings = listAt(
      await farm.ok('GET', `/v1/skus?id=${skuId}&include=optionBindings`),
      0,
      'optionBindings',
    );
    const [bindingId, bindingId2] = bindings.map((one) => textAt(one, 'id'));
    const key = { optionValueId: colour.ids.Blue, optionValueId2: size.ids.Large };
    await aProperty(colour.optionId, 'material', [{ ...key, materialValue: [{ materialType: 'ASA' }] }], {
      bindingId,
      bindingId2,
    });
    expect(listAt(await build({ skuId, options }), 'partBuilds')[0]).toMatchObject({
      materialAssignments: { 0: [{ materialType: 'ASA' }] },
    });
    const small = [
      { name: 'Colour', value: 'Blue' },
      { name: 'Size', value: 'Small' },
    ];
    expect(listAt(await build({ skuId, options: small }), 'partBuilds')[0]).toMatchObject({
      materialAssignments: { 0: [{ materialType: 'PETG' }] },
    });

    const body = { skuId, optionId: colour.optionId, valueIds: [colour.ids.Blue], filterMode: 'exclusion' };
    await farm.ok('PUT', '/v1/sku-variants/filters', body);
    expect(await refused({ skuId, options })).toMatchObject({ code: 'unprocessable', allowed: ['Red'] });
  });
});
