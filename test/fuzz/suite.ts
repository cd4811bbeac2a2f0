import { afterAll, beforeAll, expect, it } from 'vitest';
import { cube } from '../fixtures/cube.js';
import { type TestFarm, testFarm, textAt } from '../fixtures/farm.js';
import { Fuzz } from './run.js';

/** Requests per operation, and the seed by which a run can be had again. */
const VALID = Number(process.env.FUZZ_VALID ?? 5);
const INVALID = Number(process.env.FUZZ_INVALID ?? 20);
const SEED = Number(process.env.FUZZ_SEED ?? Date.now() % 1_000_000_000);
const PATIENCE_MS = VALID + INVALID > 25 ? 3_600_000 : 28_000;

/** Declares the test of the operations with these methods and such paths, on a farm of their own. */
export function fuzzOperations(methods: readonly string[], paths = /^/): void {
  let farm: TestFarm;
  let fuzz: Fuzz;
  beforeAll(async () => {
    farm = await testFarm({ adopt: false, printers: [] });
    fuzz = new Fuzz(farm, await farm.ok('GET', '/swagger.json'), SEED);
    await furnish(farm);
  });
  afterAll(async () => {
    fuzz.close();
    await farm.stop();
  });

  it(
    `stand whatever is sent (FUZZ_SEED=${SEED})`,
    async () => {
      console.info(`fuzz of ${methods.join(', ')}: FUZZ_SEED=${SEED}`);
      const wrong: string[] = [];
      // What others make gives the rest something to work on.
      if (!methods.includes('POST'))
        for (const one of fuzz.operations.filter(({ method }) => method === 'POST'))
          wrong.push(...(await fuzz.run(one, 2, 0)));
      for (const one of fuzz.operations.filter(
        ({ method, path }) => methods.includes(method) && paths.test(path),
      ))
        wrong.push(...(await fuzz.run(one, VALID, INVALID)));
      console.info(`${fuzz.sent} requests; ${fuzz.taken.size} operations took some of theirs`);
      expect(wrong.slice(0, 20), `${wrong.length} of ${fuzz.sent} with FUZZ_SEED=${SEED}`).toEqual([]);
      expect(farm.logLines.filter((line) => line.includes('"level":"error"'))).toEqual([]);
    },
    PATIENCE_MS,
  );
}

/** A part with a sliced file, a queue and a channel, which is off: what no request made of thin air can have. */
async function furnish(farm: TestFarm): Promise<void> {
  const path = await farm.upload('cube.gcode.3mf', await cube({ plates: [{ seconds: 60 }] }));
  const part = await farm.ok('POST', '/v1/parts', { name: 'Cube', type: 'gcode3mf', fileUris: [path] });
  await farm.ok('POST', '/v2/builds', { parts: [{ partId: textAt(part, 'id'), quantity: 4 }] });
  const data = { webhookUrl: 'https://shop.example/hook' };
  const channel = await farm.ok('POST', '/v1/settings/notifications', { channel: 'webhook', data });
  await farm.ok('PATCH', `/v1/settings/notifications/${textAt(channel, 'id')}/disable`);
}
