import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { duration } from '../../src/cli/inspect.js';
import { buildSlicedFile } from '../fixtures/sliced-file.js';
import { cli, Program, temporaryFolder } from './harness.js';

async function file(content: string | Buffer): Promise<string> {
  const path = join(await temporaryFolder(), 'plate.gcode.3mf');
  await writeFile(path, content);
  return path;
}

const white = { id: 1, type: 'PLA', color: '#FFFFFF', infoIdx: 'GFA00', usedGrams: 12.5, usedMeters: 4.1 };
const red = { id: 3, type: 'PETG', color: '#FF0000', infoIdx: 'GFG00', usedGrams: 1.25, usedMeters: 0.4 };
const sliced = await buildSlicedFile({
  model: 'N1',
  plates: [
    { index: 1, name: 'lids', predictionSeconds: 3725, weightGrams: 12.5, filaments: [white] },
    { index: 2, predictionSeconds: 65, weightGrams: 13.75, filaments: [white, red] },
  ],
});

describe('inspect', () => {
  it('tells plates, times, weights, filaments, printer, nozzle and thumbnails', async () => {
    const { exitCode, out } = await cli(['inspect', await file(sliced)]);
    expect(exitCode).toBe(0);
    expect(out).toMatch(/^printer +Bambu Lab A1 mini \(N1\)$/m);
    expect(out).toMatch(/^nozzle +0\.4 mm$/m);
    expect(out).toMatch(/^ +1 +lids +1h 02m +12\.50 g +20 .* Metadata\/plate_1\.png$/m);
    expect(out).toMatch(/^ +2 +- +1m 05s +13\.75 g/m);
    expect(out).toMatch(/^ +2 +3 +PETG +#FF0000 +GFG00 +1\.25 g +0\.40 m$/m);
  });

  it('tells all that is read to machines, as a program', async () => {
    const path = await file(sliced);
    const program = new Program('../../src/cli/main.ts', ['inspect', path, '--json']);
    expect(await program.exit()).toBe(0);
    expect(JSON.parse(program.lines.join('\n'))).toMatchObject({
      file: path,
      bytes: sliced.length,
      kind: 'sliced',
      printerModelId: 'N1',
      nozzleDiameters: ['0.4'],
      plates: [{ index: 1, predictionSeconds: 3725, thumbnailFile: 'Metadata/plate_1.png' }, { index: 2 }],
    });
  });

  it('says when there is nothing to print', async () => {
    const plates = [{ index: 1, predictionSeconds: 1, weightGrams: 1, filaments: [white] }];
    const { exitCode, out } = await cli([
      'inspect',
      await file(await buildSlicedFile({ sliced: false, plates })),
    ]);
    expect(exitCode).toBe(0);
    expect(out).toContain('not sliced: nothing to print');
  });

  it('fails on a file that is no 3mf', async () => {
    const { exitCode, err } = await cli(['inspect', await file('solid cube')]);
    expect(exitCode).toBe(1);
    expect(err).toContain('The file is not a 3mf: it is no zip archive.');
  });

  it('does not find a file that is not there', async () => {
    const { exitCode, out } = await cli(['inspect', '/nowhere/plate.3mf', '--json']);
    expect(exitCode).toBe(4);
    expect(JSON.parse(out)).toEqual({
      error: { exitCode: 4, message: 'there is no file /nowhere/plate.3mf' },
    });
  });
});

describe('a duration', () => {
  it.each([
    [null, null],
    [0, '0m 00s'],
    [59.7, '1m 00s'],
    [3599.6, '1h 00m'],
    [3725, '1h 02m'],
  ])('of %s seconds is %s', (seconds, text) => {
    expect(duration(seconds)).toBe(text);
  });
});
