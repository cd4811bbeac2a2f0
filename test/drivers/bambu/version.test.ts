import { describe, expect, it } from 'vitest';
import { readVersion } from '../../../drivers/bambu/version.js';
import { versionOf } from './reports.js';

function likely(hardware: string, project: string | undefined): string | undefined {
  return readVersion({ module: [{ name: 'ota' }, { name: 'x', hw_ver: hardware, project_name: project }] })
    .likelyModel?.code;
}

describe('the list of firmware modules', () => {
  it('names product, firmware and AMS units', () => {
    const version = versionOf('x1c');
    expect(version.firmware).toBe('01.09.01.00');
    expect(version.model?.code).toBe('BL-P001');
    expect([...version.amsKinds]).toEqual([
      [0, 'ams'],
      [1, 'ams-2-pro'],
      [128, 'ams-ht'],
    ]);
  });

  it.each([
    ['Bambu Lab P1S', 'C12'],
    ['Bambu Lab A1 mini', 'N1'],
    ['Bambu Lab A1', 'N2S'],
    ['Bambu Lab H2D Pro', 'O1E'],
    ['Bambu Lab H2D', 'O1D'],
    ['bambu lab x1 carbon', 'BL-P001'],
    ['Bambu Lab X1-Carbon', 'BL-P001'],
  ])('knows %s', (product, code) => {
    expect(readVersion({ module: [{ name: 'ota', product_name: product }] }).model?.code).toBe(code);
  });

  it.each([
    ['AP02', '', 'C13'],
    ['AP04', 'C11', 'C11'],
    ['AP04', 'C12', 'C12'],
    ['AP05', 'N2S', 'N2S'],
    ['AP05', 'N1', 'N1'],
    ['AP05', undefined, 'BL-P001'],
    ['AP04', 'C99', undefined],
  ])('mainboard %s with project %j makes %s likely', (hardware, project, code) => {
    expect(likely(hardware, project)).toBe(code);
  });

  it('of older firmware names an AMS Lite', () => {
    const version = versionOf('a1');
    expect(version.model).toBeNull();
    expect(version.likelyModel?.code).toBe('N2S');
    expect([...version.amsKinds]).toEqual([[0, 'ams-lite']]);
  });

  it('may be anything', () => {
    expect(readVersion({})).toMatchObject({ firmware: null, model: null, likelyModel: null });
    expect(
      readVersion({ module: [null, 3, { name: 'ams/x' }, { name: 'constructor/1' }] }).amsKinds.size,
    ).toBe(0);
  });
});
