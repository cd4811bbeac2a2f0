import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readEntry } from '../../src/threemf/read-entry.js';
import { readSlicedFile } from '../../src/threemf/read-sliced-file.js';
import { verifyPlate } from '../../src/threemf/verify-plate.js';
import { buildSlicedFile, gcodeMd5, type SlicedPlate } from '../fixtures/sliced-file.js';
import { rawZip, scratchFolder } from './raw-zip.js';

let scratch: Awaited<ReturnType<typeof scratchFolder>>;
beforeAll(async () => {
  scratch = await scratchFolder();
});
afterAll(() => scratch.remove());

const code = (expected: string) => expect.objectContaining({ name: 'SlicedFileError', code: expected });

const pla = { id: 1, type: 'PLA', color: '#00AE42', infoIdx: 'GFA00', usedGrams: 2.83, usedMeters: 0.93 };
const petg = { id: 3, type: 'PETG', color: '#FF0000', infoIdx: 'GFG00', usedGrams: 10.1, usedMeters: 3.4 };

function plate(index: number, more: Partial<SlicedPlate> = {}): SlicedPlate {
  return { index, predictionSeconds: 1095, weightGrams: 2.83, filaments: [pla], ...more };
}

async function sliced(...args: Parameters<typeof buildSlicedFile>): Promise<string> {
  return scratch.save(await buildSlicedFile(...args));
}

describe('a sliced file', () => {
  it('tells printer, plates, filaments and slicer', async () => {
    const gcode =
      '; HEADER_BLOCK_START\n; BambuStudio 02.04.00.70\n; total layer number: 90\n; HEADER_BLOCK_END\nG28\n';
    const file = await readSlicedFile(
      await sliced({
        model: 'N1',
        plates: [plate(1, { gcode, name: 'Cubes', objects: [{ id: 70, name: 'A & B' }] })],
      }),
    );
    expect(file).toMatchObject({
      kind: 'sliced',
      printerModel: 'Bambu Lab A1 mini',
      printerModelId: 'N1',
      nozzleDiameters: ['0.4'],
      slicerVersion: { engine: 'bambu-studio', version: '02.04.00.70' },
      profileCompat: { sliced: 'Bambu Lab A1 mini 0.4 nozzle' },
    });
    expect(file.plates).toHaveLength(1);
    expect(file.plates[0]).toMatchObject({
      index: 1,
      name: 'Cubes',
      locked: false,
      gcodeFile: 'Metadata/plate_1.gcode',
      gcodeBytes: gcode.length,
      gcodeMd5: gcodeMd5(gcode),
      predictionSeconds: 1095,
      weightGrams: 2.83,
      printerModelId: 'N1',
      outside: false,
      labelObjectEnabled: true,
      bedType: 'textured_plate',
      objects: [{ identifyId: '70', name: 'A & B', skipped: false }],
      layerCount: 90,
      thumbnailFile: 'Metadata/plate_1.png',
      filaments: [
        {
          index: 0,
          type: 'PLA',
          color: '00AE42',
          infoIdx: 'GFA00',
          usedMeters: 0.93,
          usedGrams: 2.83,
          groupId: 0,
        },
      ],
    });
  });

  it('pain-41: keys plates by their number when there are gaps', async () => {
    const file = await readSlicedFile(
      await sliced({ plates: [plate(7, { name: 'seven' }), plate(3, { name: 'three' })] }),
    );
    expect(file.plates.map((p) => [p.index, p.name, p.gcodeFile])).toEqual([
      [3, 'three', 'Metadata/plate_3.gcode'],
      [7, 'seven', 'Metadata/plate_7.gcode'],
    ]);
    expect(file.metadata3mf.plates.map((p) => p.id)).toEqual([3, 7]);
  });

  it('counts filaments of the whole project and marks those no plate uses', async () => {
    const file = await readSlicedFile(
      await sliced({ plates: [plate(1), plate(2, { filaments: [pla, petg], weightGrams: 12.93 })] }),
    );
    expect(file.filaments.map((f) => [f.index, f.type, f.color])).toEqual([
      [0, 'PLA', '00AE42'],
      [1, 'PLA', 'FFFFFF'],
      [2, 'PETG', 'FF0000'],
    ]);
    expect(file.materials).toEqual([
      { index: 0, type: 'PLA', color: '#00AE42', name: 'Generic PLA', identifier: 'GFA00', skip: false },
      { index: 1, type: 'PLA', color: '#FFFFFF', name: 'Generic PLA', identifier: 'GFL99', skip: true },
      { index: 2, type: 'PETG', color: '#FF0000', name: 'Generic PETG', identifier: 'GFG00', skip: false },
    ]);
    expect(file.slicingEstimate).toMatchObject({
      estimatedPrintTimeSeconds: 2190,
      totalWeightGrams: 15.76,
      materials: [
        { index: 0, usedGrams: 5.66, usedMeters: 1.86, materialType: 'PLA', color: '#00AE42' },
        { index: 2, usedGrams: 10.1, usedMeters: 3.4, materialType: 'PETG', color: '#FF0000' },
      ],
      plates: [
        { plateId: 1, totalWeightGrams: 2.83 },
        { plateId: 2, totalWeightGrams: 12.93 },
      ],
    });
  });

  it('keeps two nozzles apart', async () => {
    const file = await readSlicedFile(await sliced({ model: 'O1D', nozzle: '0.4,0.6', plates: [plate(1)] }));
    expect(file.plates[0]?.nozzleDiameters).toEqual(['0.4', '0.6']);
    expect(file.metadata3mf.nozzleDiameter).toBe('0.4,0.6');
    const alike = await readSlicedFile(await sliced({ model: 'O1D', nozzle: '0.4,0.4', plates: [plate(1)] }));
    expect(alike.metadata3mf.nozzleDiameter).toBe('0.4');
  });

  it('lives without the model code that old slicers left out', async () => {
    const file = await readSlicedFile(await sliced({ model: null, plates: [plate(1)] }));
    expect(file.printerModelId).toBeNull();
    expect(file.plates[0]?.printerModelId).toBeNull();
  });

  it('gives metadata that survives being stored as JSON', async () => {
    const file = await readSlicedFile(await sliced({ plates: [plate(1), plate(2, { filaments: [petg] })] }));
    expect(JSON.parse(JSON.stringify(file.metadata3mf))).toEqual(file.metadata3mf);
    expect(JSON.parse(JSON.stringify(file.slicingEstimate))).toEqual(file.slicingEstimate);
    expect(file.metadata3mf).toMatchObject({
      printerModel: 'Bambu Lab X1 Carbon',
      filamentType: ['PLA', 'PLA', 'PETG'],
      filamentColors: ['#00AE42', '#FFFFFF', '#FF0000'],
      filamentDensities: [1.24, 1.24, 1.24],
      filamentIds: ['GFA00', 'GFL99', 'GFG00'],
      nozzleDiameter: '0.4',
    });
    // The fixture has no diameters: a list of another length than the filaments would be worse than none.
    expect(file.metadata3mf).not.toHaveProperty('filamentDiameters');
    expect(file.metadata3mf.plates[1]).toMatchObject({
      id: 2,
      gcodeFile: 'Metadata/plate_2.gcode',
      filamentIds: ['GFG00'],
      sliced: {
        index: 2,
        prediction: 1095,
        filaments: [{ id: '3', trayInfoIdx: 'GFG00', usedM: 3.4, usedG: 10.1 }],
      },
    });
  });

  it('gives thumbnails', async () => {
    const path = await sliced({ plates: [plate(1)] });
    const name = (await readSlicedFile(path)).plates[0]?.thumbnailFile ?? '';
    expect((await readEntry(path, name)).subarray(1, 4).toString()).toBe('PNG');
  });
});

describe('files that are not sliced', () => {
  it('calls a project a project', async () => {
    const file = await readSlicedFile(
      await sliced({ sliced: false, plates: [plate(1, { name: 'one' }), plate(2)] }),
    );
    expect(file).toMatchObject({ kind: 'project', plates: [], slicingEstimate: null, printerModelId: null });
    expect(file.metadata3mf.plates).toMatchObject([
      { id: 1, name: 'one', thumbnailFile: 'Metadata/plate_1.png' },
      { id: 2, name: '' },
    ]);
    expect(file.metadata3mf.plates[0]).not.toHaveProperty('sliced');
    expect(file.materials.every((material) => !material.skip)).toBe(true);
  });

  it('calls bare geometry a model', async () => {
    const model = '<model><metadata name="Application">PrusaSlicer-2.9.4</metadata></model>';
    const file = await readSlicedFile(
      await scratch.save(rawZip([{ name: '3D/3dmodel.model', content: model }])),
    );
    expect(file).toMatchObject({
      kind: 'model-only',
      printerModel: '',
      slicerVersion: { engine: 'prusaslicer', version: '2.9.4' },
      slicingEstimate: null,
      materials: [{ index: 0, color: null, type: null }],
    });
  });

  it('refuses a zip of something else', async () => {
    await expect(
      readSlicedFile(await scratch.save(rawZip([{ name: 'a.txt', content: 'a' }]))),
    ).rejects.toEqual(code('not-sliced'));
    await expect(readSlicedFile(await scratch.save(rawZip([])))).rejects.toEqual(code('not-sliced'));
  });
});

describe('files that contradict themselves', () => {
  const gcode = { name: 'Metadata/plate_1.gcode', content: '; total layer number: 3\nG28\n' };
  const info = (inside: string) => ({
    name: 'Metadata/slice_info.config',
    content: `<config>${inside}</config>`,
  });
  const plateOne =
    '<plate><metadata key="index" value="1"/><filament id="2" type="PLA" color="#112233" used_g="1"/></plate>';

  it('pain-40: refuses G-code that slice_info does not describe', async () => {
    await expect(readSlicedFile(await scratch.save(rawZip([gcode])))).rejects.toEqual(code('malformed'));
    const other = '<plate><metadata key="index" value="2"/></plate>';
    await expect(readSlicedFile(await scratch.save(rawZip([gcode, info(other)])))).rejects.toEqual(
      code('malformed'),
    );
  });

  it('leaves out plates whose G-code is missing', async () => {
    const both = `${plateOne}<plate><metadata key="index" value="2"/></plate>`;
    const file = await readSlicedFile(await scratch.save(rawZip([gcode, info(both)])));
    expect(file.plates.map((p) => p.index)).toEqual([1]);
  });

  it('reads a file of slice_info and G-code alone', async () => {
    const file = await readSlicedFile(await scratch.save(rawZip([gcode, info(plateOne)])));
    expect(file).toMatchObject({ kind: 'sliced', printerModel: '', nozzleDiameters: [] });
    expect(file.filaments.map((f) => f.type)).toEqual(['', 'PLA']);
    expect(file.plates[0]).toMatchObject({
      layerCount: 3,
      bedType: null,
      gcodeMd5: null,
      thumbnailFile: null,
      name: '',
    });
    expect(file.slicingEstimate).toMatchObject({
      estimatedPrintTimeSeconds: 0,
      totalWeightGrams: 1,
      slicerVersion: '',
    });
  });

  it('does not refuse a file for a broken plate_1.json', async () => {
    const broken = { name: 'Metadata/plate_1.json', content: '{"bed_type": nan}' };
    const file = await readSlicedFile(await scratch.save(rawZip([gcode, info(plateOne), broken])));
    expect(file.plates[0]?.bedType).toBeNull();
  });

  it('tells where the plate lies on the bed', async () => {
    const read = async (content: string) => {
      const layout = { name: 'Metadata/plate_1.json', content };
      return readSlicedFile(await scratch.save(rawZip([gcode, info(plateOne), layout])));
    };
    const file = await read('{"bbox_all": [81, 81.5, 99.00000000000001, 101]}');
    expect(file.plates[0]?.boundingBox).toEqual([81, 81.5, 99, 101]);
    expect(file.metadata3mf.plates[0]?.sliced?.boundingBox).toEqual([81, 81.5, 99, 101]);
    expect((await read('{"bbox_all": [9, 9, 1, 1]}')).plates[0]?.boundingBox).toBeNull();
    expect((await read('{"bbox_all": "wide"}')).plates[0]?.boundingBox).toBeNull();
  });

  it.each([
    ['Metadata/project_settings.config', '{"a":'],
    ['Metadata/model_settings.config', '<config>'],
    ['Metadata/slice_info.config', '<!DOCTYPE x><config/>'],
  ])('refuses a broken %s by name', async (name, content) => {
    const others = [gcode, info(plateOne)].filter((entry) => entry.name !== name);
    const path = await scratch.save(rawZip([...others, { name, content }]));
    await expect(readSlicedFile(path)).rejects.toThrow(name);
    await expect(readSlicedFile(path)).rejects.toEqual(code('malformed'));
  });
});

describe('checking a plate', () => {
  it('passes G-code that matches its checksum and MD5', async () => {
    const path = await sliced({ plates: [plate(2)] });
    await expect(verifyPlate(path, 2)).resolves.toBeUndefined();
  });

  it('passes G-code without an MD5', async () => {
    const path = await scratch.save(rawZip([{ name: 'Metadata/plate_1.gcode', content: 'G28\n' }]));
    await expect(verifyPlate(path, 1)).resolves.toBeUndefined();
  });

  it('pain-04, pain-40: refuses a wrong MD5, a wrong checksum and a missing end', async () => {
    const gcode = { name: 'Metadata/plate_1.gcode', content: 'G28\n'.repeat(100) };
    const md5 = { name: 'Metadata/plate_1.gcode.md5', content: gcodeMd5('something else') };
    for (const entries of [[gcode, md5], [{ ...gcode, claimedCrc: 5 }], [{ ...gcode, claimedBytes: 401 }]]) {
      await expect(verifyPlate(await scratch.save(rawZip(entries)), 1)).rejects.toEqual(code('bad-plate'));
    }
  });

  it('says what is missing', async () => {
    await expect(verifyPlate(await sliced({ plates: [plate(1)] }), 2)).rejects.toEqual(code('bad-plate'));
    await expect(verifyPlate(await sliced({ sliced: false, plates: [plate(1)] }), 1)).rejects.toEqual(
      code('not-sliced'),
    );
  });

  it('stops when told to', async () => {
    const path = await sliced({ plates: [plate(1)] });
    await expect(verifyPlate(path, 1, { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow(
      'enough',
    );
  });
});
