import { open, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestFarm, testFarm, valueAt } from '../fixtures/farm.js';

let farm: TestFarm;
beforeAll(async () => {
  farm = await testFarm({ printers: [{ model: 'A1M' }], adopt: false });
});
afterAll(() => farm.stop());

const NAMES = ['maintenance', 'retention', 'checkpoint', 'integrity'] as const;
const chore = (name: (typeof NAMES)[number]) => NAMES.indexOf(name);
const shown = () => farm.ok('GET', '/local/upkeep');
const ready = async () => {
  const answer = await fetch(`${farm.url}/readyz`);
  const body: unknown = await answer.json();
  return { status: answer.status, body };
};
const file = (suffix = '') => join(farm.dataDir, `printfarmd.db${suffix}`);

/** Has it done once more. @returns how its run went */
async function done(name: (typeof NAMES)[number]): Promise<unknown> {
  const before = valueAt(await shown(), chore(name), 'lastRun', 'startedAt');
  await farm.ok('POST', `/local/upkeep/${name}/run`);
  const all = await farm.until(
    '/local/upkeep',
    (body) =>
      valueAt(body, chore(name), 'state') === 'idle' &&
      valueAt(body, chore(name), 'lastRun') !== null &&
      valueAt(body, chore(name), 'lastRun', 'startedAt') !== before,
  );
  return valueAt(all, chore(name), 'lastRun');
}

describe('daily work over REST', () => {
  it('is shown with its schedules before it was ever done', async () => {
    expect(await shown()).toMatchObject(
      ['7 * * * *', '17 * * * *', '41 3 * * *', '51 3 * * *'].map((schedule, at) => ({
        name: NAMES[at],
        schedule,
        state: 'idle',
        nextAt: expect.stringMatching(/^\d{4}-.*:\d\d:00.000Z$/),
        lastRun: null,
      })),
    );
  });

  it('is done when it is asked for, and named when there is none of that name', async () => {
    expect(await done('retention')).toMatchObject({
      outcome: 'done',
      result: expect.stringContaining('removed: 0 files'),
    });
    expect(await done('maintenance')).toMatchObject({ outcome: 'done', error: null });
    expect((await farm.api('POST', '/local/upkeep/cleaning/run')).body).toMatchObject({
      statusCode: 404,
      message: expect.stringContaining('there is maintenance, retention, checkpoint, integrity'),
    });
  });

  it('empties the log of the database, and knows it after a restart', async () => {
    expect((await stat(file('-wal'))).size).toBeGreaterThan(0);
    const run = await done('checkpoint');
    expect(run).toMatchObject({ outcome: 'done', result: expect.stringMatching(/^\d+ pages/) });
    // The run itself is written down, and little else.
    expect((await stat(file('-wal'))).size).toBeLessThan(100_000);
    await farm.restart();
    expect(valueAt(await shown(), chore('checkpoint'), 'lastRun')).toEqual(run);
    expect(valueAt(await shown(), chore('retention'), 'lastRun')).toBeNull();
  });

  it('pain-38: says loudly that the file is damaged, touches nothing, and goes on', async () => {
    expect(await done('integrity')).toMatchObject({ outcome: 'done', result: 'the database file is sound' });
    expect((await ready()).status).toBe(200);
    await done('checkpoint');
    const whole = await readFile(file());
    const hole = Math.floor(whole.length / 2 / 2_048) * 2_048;
    const handle = await open(file(), 'r+');
    try {
      await handle.write(Buffer.alloc(2_048, 0xa5), 0, 2_048, hole);
    } finally {
      await handle.close();
    }
    const broken = await readFile(file());
    expect(await done('integrity')).toMatchObject({
      outcome: 'failed',
      error: expect.stringContaining('the database file is damaged'),
    });
    expect(await ready()).toMatchObject({
      status: 503,
      body: {
        status: 'not ready',
        parts: { databaseFile: false, http: true, websocket: true, dispatch: true },
        reasons: { databaseFile: 'the file was found damaged; the log has the details' },
      },
    });
    const fatal = farm.logLines.filter((line) => line.includes('"level":60') || line.includes('"fatal"'));
    expect(fatal).toHaveLength(1);
    expect(fatal[0]).toContain('Nothing was deleted');
    expect((await farm.api('GET', '/v1/printers')).status).toBe(200);
    expect((await readFile(file())).equals(broken)).toBe(true);
    const mended = await open(file(), 'r+');
    try {
      await mended.write(whole, hole, 2_048, hole);
    } finally {
      await mended.close();
    }
    expect(await done('integrity')).toMatchObject({ outcome: 'done' });
    expect((await ready()).status).toBe(200);
  });
});
