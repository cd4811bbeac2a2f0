import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Transaction } from '../../src/database/transaction.js';
import { recordCosts } from '../../src/domain/cost-totals.js';
import { costBreakdowns } from '../../src/domain/costs.js';
import { createEntity, removeEntity, updateEntity } from '../../src/domain/entities.js';
import { setPartMaterials } from '../../src/domain/part-materials.js';
import { createSku } from '../../src/domain/skus.js';
import {
  costComponent,
  linkedPart,
  material,
  materialGroup,
  materialGroupMember,
  materialVariant,
  part,
  sku,
  skuCost,
} from '../../src/resources/index.js';
import type { Resource } from '../../src/resources/resource.js';
import { type TestDatabase, testDatabase } from '../fixtures/database.js';

let farm: TestDatabase;
beforeEach(async () => {
  farm = await testDatabase({ recorders: [recordCosts] });
});
afterEach(() => farm.close());

const write = <T>(fn: (tx: Transaction) => Promise<T>) => farm.db.write(farm.context, fn);
const made = (resource: Resource, values: object) =>
  write(async (tx) => (await createEntity(tx, resource, { ...values })).id);
const changed = (resource: Resource, id: string, values: object) =>
  write((tx) => updateEntity(tx, resource, id, { ...values }));

/** Two plates: 10.5 g in channel 0; 4 g in channel 0 and 2.25 g in channel 1. */
const PART = {
  name: 'Lamp',
  type: 'gcode3mf',
  fileUris: ['x'],
  fileHashes: ['x'],
  metadata: {
    plates: [
      { id: 1, name: 'Foot', gcodeFile: 'Metadata/plate_1.gcode' },
      { id: 2, name: 'Shade', gcodeFile: 'Metadata/plate_2.gcode' },
    ],
  },
  slicingEstimate: {
    materials: [
      { index: 0, usedGrams: 14.5 },
      { index: 1, usedGrams: 2.25 },
    ],
    plates: [
      { plateId: 1, materials: [{ index: 0, usedGrams: 10.5 }] },
      {
        plateId: 2,
        materials: [
          { index: 0, usedGrams: 4 },
          { index: 1, usedGrams: 2.25 },
        ],
      },
    ],
  },
};

let codes = 0;
function aSku(linkedParts: readonly object[] = []): Promise<string> {
  codes += 1;
  const values = { sku: `S-${codes}`, title: 'S', description: '' };
  const links = linkedParts.map((link) => ({ parameters: [], exposedParameters: [], label: 'L', ...link }));
  return write(async (tx) => (await createSku(tx, { values, linkedParts: links })).id);
}
const aComponent = (type: string, rate: number) =>
  made(costComponent, { name: type, type, unit: 'piece', rate });
const aMaterial = (pricePer1000g: number | null, name = `M ${pricePer1000g}`) =>
  made(material, { name, brand: 'Acme', type: 'PLA', pricePer1000g });

async function costs(skuId: string) {
  const found = (await costBreakdowns(farm.db.read, farm.storeId, [skuId])).get(skuId);
  const row = await farm.db.read
    .selectFrom('sku')
    .select('totalCogs')
    .where('id', '=', skuId)
    .executeTakeFirstOrThrow();
  // At any time, whatever was done.
  expect(row.totalCogs).toBe(found?.total);
  return found;
}

describe('the cost of a SKU', () => {
  it('is rate × quantity of its components by type, added up without a rounding between', async () => {
    const skuId = await aSku();
    expect(await costs(skuId)).toEqual({ materials: 0, labor: 0, overhead: 0, total: 0 });
    const [box, hour, rent] = [
      await aComponent('material', 0.1),
      await aComponent('labor', 18.333),
      await aComponent('overhead', 0.00004),
    ];
    for (const costComponentId of [box, box, box])
      await made(skuCost, { skuId, costComponentId, quantity: 1 });
    await made(skuCost, { skuId, costComponentId: hour, quantity: 0.25 });
    for (let line = 0; line < 3; line += 1)
      await made(skuCost, { skuId, costComponentId: rent, quantity: 1 });
    // 18.333 × 0.25 = 4.58325; 3 × 0.00004 = 0.00012.
    expect(await costs(skuId)).toEqual({ materials: 0.3, labor: 4.5833, overhead: 0.0001, total: 4.8834 });
  });

  it('follows its components: rate, type, quantity, and that they go', async () => {
    const [first, second] = [await aSku(), await aSku()];
    const id = await aComponent('labor', 10);
    const cost = await made(skuCost, { skuId: first, costComponentId: id, quantity: 2 });
    await made(skuCost, { skuId: second, costComponentId: id });
    expect((await costs(second))?.total).toBe(10);
    await changed(costComponent, id, { rate: 12.5, type: 'overhead' });
    expect(await costs(first)).toEqual({ materials: 0, labor: 0, overhead: 25, total: 25 });
    expect((await costs(second))?.total).toBe(12.5);
    await changed(skuCost, cost, { skuId: second });
    expect((await costs(first))?.total).toBe(0);
    expect((await costs(second))?.total).toBe(37.5);
    await write((tx) => removeEntity(tx, skuCost, cost));
    expect((await costs(second))?.total).toBe(12.5);
  });

  it('holds the filament of its parts, by plates and channels, at the price of the variant or its material', async () => {
    const partId = await made(part, PART);
    const materialId = await aMaterial(20);
    const variantId = await made(materialVariant, { name: 'Red', materialId, pricePer1000g: 30 });
    await write((tx) => setPartMaterials(tx, partId, { 0: [{ materialId }], 1: [{ variantId }] }));
    const skuId = await aSku([{ partId, quantity: 2 }]);
    // 2 × (14.5 g × 0.02 + 2.25 g × 0.03)
    expect(await costs(skuId)).toMatchObject({ materials: 0.715, total: 0.715 });

    const [link = ''] = (
      await farm.db.read.selectFrom('linkedPart').select('id').where('skuId', '=', skuId).execute()
    ).map(({ id }) => id);
    await changed(linkedPart, link, { extensions: { '3mf': { plateQuantities: { Shade: 3, Gone: 5 } } } });
    // 2 × 3 × (4 g × 0.02 + 2.25 g × 0.03)
    expect((await costs(skuId))?.materials).toBe(0.885);

    await changed(materialVariant, variantId, { pricePer1000g: null });
    // 6 × 6.25 g × 0.02
    expect((await costs(skuId))?.materials).toBe(0.75);
    await changed(material, materialId, { pricePer1000g: 40 });
    expect((await costs(skuId))?.materials).toBe(1.5);
    await changed(part, partId, { slicingEstimate: null });
    expect((await costs(skuId))?.materials).toBe(0);
  });

  it('takes what the linked part says of a channel before the part, and the first that has a price', async () => {
    const partId = await made(part, PART);
    const [cheap, dear, unpriced] = [await aMaterial(10), await aMaterial(100), await aMaterial(null)];
    const group = await made(materialGroup, { name: 'Any', priority: 0, parentId: null });
    const member = await made(materialGroupMember, {
      priority: 0,
      materialId: dear,
      variantId: null,
      materialGroupId: group,
    });
    await write((tx) => setPartMaterials(tx, partId, { 0: [{ materialId: cheap }] }));
    const own = { 1: [{ materialType: 'PLA' }, { materialId: unpriced }, { groupId: group }] };
    const skuId = await aSku([{ partId, quantity: 1, materialAssignments: own }]);
    // 14.5 g × 0.01 + 2.25 g × 0.1
    expect((await costs(skuId))?.materials).toBe(0.37);
    await changed(material, dear, { pricePer1000g: 200 });
    expect((await costs(skuId))?.materials).toBe(0.595);
    await write((tx) => removeEntity(tx, materialGroupMember, member));
    expect((await costs(skuId))?.materials).toBe(0.145);
    await write((tx) => removeEntity(tx, material, cheap));
    expect((await costs(skuId))?.materials).toBe(0);
  });

  it('follows its parts as they come, change and go', async () => {
    const partId = await made(part, PART);
    const materialId = await aMaterial(100);
    const skuId = await aSku();
    const link = await made(linkedPart, {
      skuId,
      partId,
      parameters: [],
      quantity: 1,
      label: 'L',
      exposedParameters: [],
    });
    expect((await costs(skuId))?.total).toBe(0);
    await write((tx) => setPartMaterials(tx, partId, { 0: [{ materialId }] }));
    expect((await costs(skuId))?.total).toBe(1.45);
    await changed(linkedPart, link, { quantity: 0 });
    expect((await costs(skuId))?.total).toBe(0);
    await changed(linkedPart, link, { quantity: 500 });
    expect((await costs(skuId))?.total).toBe(725);
    await write((tx) => removeEntity(tx, part, partId));
    expect((await costs(skuId))?.total).toBe(0);
  });
});

describe('materials that go', () => {
  it('go out of what linked parts say, and leave the rest of it', async () => {
    const partId = await made(part, PART);
    const [kept, gone] = [await aMaterial(1), await aMaterial(2)];
    const variantId = await made(materialVariant, { name: 'Red', materialId: gone });
    const given = {
      0: [{ variantId }, { materialId: kept }, { propertyId: 'p' }],
      1: [{ materialId: gone }],
      2: [],
    };
    const skuId = await aSku([{ partId, quantity: 1, materialAssignments: given }]);
    await write((tx) => removeEntity(tx, material, gone));
    const row = await farm.db.read
      .selectFrom('linkedPart')
      .select('materialAssignments')
      .where('skuId', '=', skuId)
      .executeTakeFirstOrThrow();
    expect(JSON.parse(row.materialAssignments ?? '')).toEqual({
      0: [{ materialId: kept }, { propertyId: 'p' }],
      2: [],
    });
  });

  it('are found again by those that name them, or refused', async () => {
    const partId = await made(part, PART);
    const none = { 0: [{ materialId: 'a'.repeat(24) }] };
    await expect(aSku([{ partId, quantity: 1, materialAssignments: none }])).rejects.toThrow('no material');
    expect(await farm.db.read.selectFrom('sku').select('id').execute()).toEqual([]);
  });
});

it('a cost component that SKUs are made of stays, and the refusal names them', async () => {
  const id = await aComponent('labor', 10);
  const skuIds = [await aSku(), await aSku()];
  for (const skuId of skuIds) await made(skuCost, { skuId, costComponentId: id });
  const removal = () => write((tx) => removeEntity(tx, costComponent, id));
  await expect(removal()).rejects.toThrow(
    /"labor" is a cost of the SKUs "S-\d+", "S-\d+"; take it off first/,
  );
  for (const skuId of skuIds) await write((tx) => removeEntity(tx, sku, skuId));
  expect(await removal()).toEqual([id]);
});
