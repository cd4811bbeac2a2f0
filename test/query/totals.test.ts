import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseListParameters } from '../../src/query/parse-get.js';
import { runList } from '../../src/query/run-list.js';
import { folder, part } from '../../src/resources/index.js';
import { type TestDatabase, testDatabase } from '../fixtures/database.js';

let farm: TestDatabase;
beforeAll(async () => {
  farm = await testDatabase();
});
afterAll(() => farm.close());

const PRESENTER = { fileUrl: (uri: string) => uri };

/** What a page of one row says of all. */
async function total(parameters: string): Promise<number> {
  const query = parseListParameters(part, [...new URLSearchParams(`limit=1&${parameters}`)], {
    defaultLimit: 1,
  });
  return (await runList(farm.db.read, part, farm.storeId, query, PRESENTER)).total;
}

it('a total that is asked for again is as true as it was the first time', async () => {
  const { storeId } = farm.context;
  const insert = (name: string, folderId: string | null = null) =>
    farm.db.write(farm.context, (tx) =>
      tx.insert(part, { storeId, name, type: 'gcode3mf', fileUris: ['x'], fileHashes: ['x'], folderId }),
    );
  const made = [await insert('a'), await insert('b'), await insert('c')];
  for (let again = 0; again < 2; again += 1) {
    expect(await total('')).toBe(3);
    expect(await total('name.ne=b')).toBe(2);
  }
  const [first] = made;
  if (!first) throw new Error('no part was made');
  await farm.db.write(farm.context, (tx) => tx.update(part, first.id, { name: 'b' }));
  expect(await total('name.ne=b')).toBe(1);
  const undone = farm.db.write(farm.context, async (tx) => {
    await tx.remove(part, first.id);
    throw new Error('undone');
  });
  await expect(undone).rejects.toThrow('undone');
  expect(await total('')).toBe(3);
  await farm.db.write(farm.context, (tx) => tx.remove(part, first.id));
  expect(await total('')).toBe(2);
  const { id } = await farm.db.write(farm.context, (tx) =>
    tx.insert(folder, { storeId, type: 'part', name: 'Box', parentId: null }),
  );
  await insert('d', id);
  await insert('e', id);
  expect(await total(`folderId=${id}`)).toBe(2);
});
