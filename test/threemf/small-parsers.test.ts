import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  nozzleText,
  splitList,
  toAmount,
  toColor,
  toCount,
  toFlag,
  toNumber,
  toTexts,
} from '../../src/threemf/coerce.js';
import { parseDuration, parseGcodeHeader } from '../../src/threemf/gcode-header.js';
import { parseJsonObject } from '../../src/threemf/json-object.js';
import { parseModelSettings } from '../../src/threemf/model-settings.js';
import { parseProjectSettings } from '../../src/threemf/project-settings.js';
import { parseSliceInfo } from '../../src/threemf/slice-info.js';
import { applicationOf, parseSlicerVersion, slicerOf } from '../../src/threemf/slicer-version.js';
import { attribute, children, decodeReferences, parseXml } from '../../src/threemf/xml.js';

const malformed = expect.objectContaining({ name: 'SlicedFileError', code: 'malformed' });

describe('values as slicers write them', () => {
  it('takes numbers as numbers or text and nothing else', () => {
    expect([1.5, '1.5', ' 1.5 ', '.5', '1e3', '-2'].map(toNumber)).toEqual([1.5, 1.5, 1.5, 0.5, 1000, -2]);
    expect(
      ['', '1,5', '1.5mm', 'NaN', 'Infinity', '0x10', null, undefined, [1], {}, true].map(toNumber),
    ).toEqual(Array.from({ length: 11 }, () => null));
    expect([toAmount('-1'), toCount('1.5'), toCount('-1'), toCount('7')]).toEqual([null, null, null, 7]);
    fc.assert(
      fc.property(
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        (n) => toNumber(String(n)) === n || n === 0,
      ),
    );
  });

  it('takes flags, lists, colours and nozzles', () => {
    expect(['true', '1', true, 1, 'false', '', null].map(toFlag)).toEqual([
      true,
      true,
      true,
      true,
      false,
      false,
      false,
    ]);
    expect([toTexts(['a', 1, null]), toTexts('a'), toTexts(''), toTexts({})]).toEqual([
      ['a', '1', ''],
      ['a'],
      [],
      [],
    ]);
    expect([splitList('0.4,0.6'), splitList('1 2'), splitList(''), splitList(null)]).toEqual([
      ['0.4', '0.6'],
      ['1', '2'],
      [],
      [],
    ]);
    expect(['#00ae42', '00AE42FF', 'red', '#12', null].map(toColor)).toEqual([
      '00AE42',
      '00AE42FF',
      '',
      '',
      '',
    ]);
    expect(['0.40', '0.4', '1', 'HF0.4'].map(nozzleText)).toEqual(['0.4', '0.4', '1', 'HF0.4']);
  });
});

describe('XML', () => {
  const parse = (text: string) => parseXml(Buffer.from(text), 'x.config');

  it('gives elements and attributes in any layout', () => {
    const root =
      children(
        parse('\uFEFF<?xml version="1.0"?>\n<a><b  y = "2"   x=\'1\' /><b/><!-- <b z="3"/> --></a>'),
        'a',
      )[0] ?? {};
    const list = children(root, 'b');
    expect(list).toHaveLength(1);
    expect(attribute(list[0] ?? {}, 'x')).toBe('1');
    expect(attribute(list[0] ?? {}, 'y')).toBe('2');
    expect(attribute(list[0] ?? {}, 'z')).toBeNull();
    expect(children(root, 'toString')).toEqual([]);
    expect(attribute(root, 'constructor')).toBeNull();
  });

  it('refuses documents that declare types or entities', () => {
    for (const text of [
      '<!DOCTYPE a [<!ENTITY x "boom">]><a b="&x;"/>',
      '<!doctype a SYSTEM "file:///etc/passwd"><a/>',
      '<a/><!ENTITY x "y">',
    ]) {
      expect(() => parse(text)).toThrow(malformed);
    }
  });

  it('refuses what is not XML, nests without end, or names prototypes', () => {
    expect(() => parse('<a'.repeat(50))).toThrow(malformed);
    expect(() => parse('<a>'.repeat(5000))).toThrow(malformed);
    expect(() => parse('<a><__proto__ x="1"/></a>')).toThrow(malformed);
  });

  it('decodes the fixed references and leaves others as written', () => {
    expect(decodeReferences('a &amp; b &lt;&gt;&quot;&apos; &#228; &#x1F600; &amp;amp;')).toBe(
      'a & b <>"\' ä 😀 &amp;',
    );
    expect(decodeReferences('&x; &#0; &#xD800; &#9999999; & ;')).toBe('&x; &#0; &#xD800; &#9999999; & ;');
    fc.assert(
      fc.property(fc.string(), (text) => {
        const written = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
        expect(decodeReferences(written)).toBe(text);
      }),
    );
  });
});

describe('JSON', () => {
  it('keeps keys apart from the language', () => {
    const object = parseJsonObject(Buffer.from('{"__proto__": {"polluted": 1}, "constructor": 2}'), 'x');
    expect(object.get('constructor')).toBe(2);
    expect(object.get('toString')).toBeUndefined();
    expect({}).not.toHaveProperty('polluted');
  });

  it('refuses what is no object', () => {
    for (const text of ['', '[]', 'null', '"a"', '{', '{"a": nan}']) {
      expect(() => parseJsonObject(Buffer.from(text), 'x')).toThrow(malformed);
    }
  });
});

describe('slice_info.config', () => {
  const plate = (inside: string) =>
    parseSliceInfo(
      Buffer.from(`<config><plate><metadata key="index" value="3"/>${inside}</plate></config>`),
    ).plates.get(3);

  it('keeps every fact optional', () => {
    expect(plate('')).toEqual({
      index: 3,
      printerModelId: null,
      nozzleDiameters: [],
      predictionSeconds: null,
      weightGrams: null,
      firstLayerSeconds: null,
      extruderType: null,
      nozzleVolumeType: null,
      timelapseType: null,
      outside: false,
      supportUsed: false,
      labelObjectEnabled: false,
      filamentMaps: null,
      filaments: [],
      objects: [],
      warnings: [],
      layerFilaments: [],
    });
  });

  it('reads filaments by their number, not their position', () => {
    const read = plate(
      '<filament id="4" type="PETG" color="#ff0000" used_m="1.5" used_g="4.2" group_id="1"/>' +
        '<filament id="2" type="PLA"/><filament id="0" type="PLA"/><filament type="PLA"/><filament id="999999"/>',
    );
    expect(read?.filaments).toEqual([
      {
        index: 3,
        type: 'PETG',
        color: 'FF0000',
        infoIdx: '',
        usedMeters: 1.5,
        usedGrams: 4.2,
        groupId: 1,
        nozzleDiameter: null,
      },
      {
        index: 1,
        type: 'PLA',
        color: '',
        infoIdx: '',
        usedMeters: null,
        usedGrams: null,
        groupId: null,
        nozzleDiameter: null,
      },
    ]);
  });

  it('reads objects, warnings and layers', () => {
    const read = plate(
      '<object identify_id="69" name="A &amp; B" skipped="true"/><object name="nameless"/>' +
        '<warning msg="hot" level="3" error_code ="1000C001"  />' +
        '<layer_filament_lists><layer_filament_list filament_list="0 1" layer_ranges="0 89"/></layer_filament_lists>',
    );
    expect(read?.objects).toEqual([{ identifyId: '69', name: 'A & B', skipped: true }]);
    expect(read?.warnings).toEqual([{ message: 'hot', level: 3, errorCode: '1000C001' }]);
    expect(read?.layerFilaments).toEqual([{ filaments: [0, 1], layers: '0 89' }]);
  });

  it('refuses plates without a number or with the same one', () => {
    const read = (text: string) => parseSliceInfo(Buffer.from(`<config>${text}</config>`));
    expect(() => read('<plate><metadata key="index" value="x"/></plate>')).toThrow(malformed);
    expect(() => read('<plate><metadata key="index" value="0"/></plate>')).toThrow(malformed);
    const one = '<plate><metadata key="index" value="1"/></plate>';
    expect(() => read(one + one)).toThrow(/plate 1 twice/);
    expect(read('').plates.size).toBe(0);
  });
});

describe('model_settings.config and project_settings.config', () => {
  it('reads plates that were never sliced', () => {
    const plates = parseModelSettings(
      Buffer.from(
        '<config><object id="1"/><plate><metadata key="plater_id" value="2"/><metadata key="plater_name" value="Lid &lt;2&gt;"/>' +
          '<metadata key="locked" value="true"/><metadata key="filament_maps" value="1 2"/></plate></config>',
      ),
    );
    expect(plates.get(2)).toMatchObject({
      name: 'Lid <2>',
      locked: true,
      filamentMaps: [1, 2],
      thumbnailFile: null,
    });
  });

  it('reads filament lists of unequal length', () => {
    const settings = parseProjectSettings(
      Buffer.from(
        JSON.stringify({
          printer_model: 'Bambu Lab P1S',
          filament_type: ['PLA', 'PETG'],
          filament_colour: ['#ffffff', 'none', '#00000080'],
          filament_density: ['1.24', 'x'],
          nozzle_diameter: ['0.40', '0.6'],
          print_compatible_printers: 'Bambu Lab P1S 0.4 nozzle',
        }),
      ),
    );
    expect(settings.filaments.map((f) => [f.type, f.color, f.density])).toEqual([
      ['PLA', 'FFFFFF', 1.24],
      ['PETG', '', null],
      ['', '00000080', null],
    ]);
    expect(settings.nozzleDiameters).toEqual(['0.4', '0.6']);
    expect(settings.compatiblePrinters).toEqual(['Bambu Lab P1S 0.4 nozzle']);
  });
});

describe('the head of the G-code', () => {
  it('reads what either slicer writes', () => {
    const bambu = parseGcodeHeader(
      Buffer.from(
        '; HEADER_BLOCK_START\r\n; BambuStudio 02.04.00.70\r\n; model printing time: 11m 15s; total estimated time: 18m 15s\r\n; total layer number: 90\r\n; total filament weight [g] : 2.83,1.17\r\n; max_z_height: 18.20\r\n',
      ),
    );
    expect(bambu).toEqual({
      generator: 'BambuStudio 02.04.00.70',
      layerCount: 90,
      printSeconds: 1095,
      weightGrams: 4,
      height: 18.2,
    });
    const orca = parseGcodeHeader(
      Buffer.from(
        '; HEADER_BLOCK_START\n; generated by OrcaSlicer 2.3.0 on 2025-01-01 at 10:00:00\n; total layers number = 7\n',
      ),
    );
    expect(orca).toMatchObject({ generator: 'OrcaSlicer 2.3.0', layerCount: 7, printSeconds: null });
    expect(parseGcodeHeader(Buffer.from('G28\n'))).toEqual({
      generator: null,
      layerCount: null,
      printSeconds: null,
      weightGrams: null,
      height: null,
    });
  });

  it('reads durations', () => {
    expect(['1d 2h 3m 4s', '45s', '2h', '', 'soon', null].map(parseDuration)).toEqual([
      93784,
      45,
      7200,
      null,
      null,
      null,
    ]);
  });
});

describe('who sliced', () => {
  it('believes the G-code before the model, and the model before slice_info', () => {
    expect(slicerOf('OrcaSlicer 2.3.0', 'BambuStudio-2.3.0', '02.03.00.00')).toEqual({
      engine: 'orcaslicer',
      version: '2.3.0',
    });
    expect(slicerOf(null, 'BambuStudio-02.04.00.70', null)).toEqual({
      engine: 'bambu-studio',
      version: '02.04.00.70',
    });
    expect(slicerOf(null, null, '02.04.00.70')).toEqual({ engine: 'bambu-studio', version: '02.04.00.70' });
    expect(slicerOf(null, 'Blender 4.2', null)).toBeNull();
    expect(parseSlicerVersion('constructor 1.0')).toBeNull();
  });

  it('finds the application in a model', () => {
    expect(
      applicationOf(Buffer.from('<model>\n <metadata name="Application">PrusaSlicer-2.9.4</metadata>')),
    ).toBe('PrusaSlicer-2.9.4');
    expect(applicationOf(Buffer.from('<model/>'))).toBeNull();
  });
});
