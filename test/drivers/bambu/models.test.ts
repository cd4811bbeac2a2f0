import { describe, expect, it } from 'vitest';
import { createBambuDriver } from '../../../drivers/bambu/index.js';
import { capabilitiesOfModel, findModel, MODELS, modelByCode } from '../../../drivers/bambu/models.js';
import { quietLog } from './session-rig.js';

describe('the model table', () => {
  it('has no code, alias or serial prefix twice', () => {
    const codes = MODELS.flatMap((model) => [model.code, ...model.aliases]);
    expect(new Set(codes).size).toBe(codes.length);
    const prefixes = MODELS.map((model) => model.serialPrefix);
    expect(new Set(prefixes).size).toBe(prefixes.length);
  });

  it('finds models by code, alias and with a generation mark', () => {
    expect(modelByCode('C12')?.name).toBe('Bambu Lab P1S');
    expect(modelByCode('3DPrinter-X1-Carbon')?.code).toBe('BL-P001');
    expect(modelByCode('N7-V2')?.code).toBe('N7');
    expect(modelByCode('O2D')?.code).toBe('O1E');
    expect(modelByCode('O1C')?.code).toBe('O1C2');
    expect(modelByCode('N8')).toBeNull();
    expect(modelByCode('constructor')).toBeNull();
  });

  it('takes the serial only when there is no code', () => {
    expect(findModel(null, '09409X000000004')?.code).toBe('O1D');
    expect(findModel(null, '09309X000000004')?.code).toBe('O1S');
    expect(findModel('O1E', '09409X000000004')?.code).toBe('O1E');
    expect(findModel('unheard-of', '09409X000000004')).toBeNull();
    expect(findModel(null, 'ZZZ09X000000004')).toBeNull();
  });

  it('knows whose files a machine runs, its own first', () => {
    const runs = (code: string) => {
      const model = modelByCode(code);
      return model === null ? null : capabilitiesOfModel(model).runsFilesFor;
    };
    expect(runs('C12')).toEqual(['C12', 'BL-P001', 'BL-P002', 'C11', 'C13']);
    expect(runs('N1')).toEqual(['N1']);
    expect(runs('O1D')?.[0]).toBe('O1D');
    for (const model of MODELS) expect(capabilitiesOfModel(model).runsFilesFor[0]).toBe(model.code);
  });

  it('runs files both ways', () => {
    for (const model of MODELS) {
      for (const other of model.alsoRuns.map(modelByCode)) {
        if (other !== null && other !== model) expect(other.alsoRuns).toContain(model.code);
      }
    }
  });

  it('has as many external holders as nozzles', () => {
    for (const model of MODELS) expect(model.externalUnits).toHaveLength(model.nozzles);
  });

  it('is what the driver shows', () => {
    const driver = createBambuDriver({ log: quietLog, maxConnecting: 1, maxTransfers: 1 });
    expect(driver.provider).toBe('Bambu');
    expect(driver.models).toHaveLength(MODELS.length);
    expect(driver.capabilitiesOf('BL-P001', '')).toMatchObject({
      modelName: 'Bambu Lab X1 Carbon',
      nozzles: 1,
      hasChamberTemp: true,
      hasChamberHeater: false,
      hasDoorSensor: true,
      bedSizeMm: [256, 256, 250],
    });
    expect(driver.capabilitiesOf('O1D', '')).toMatchObject({
      nozzles: 2,
      chamberTempMaxC: 65,
      hasChamberHeater: true,
    });
    expect(driver.capabilitiesOf(null, '03909X000000003')?.modelCode).toBe('N2S');
    expect(driver.capabilitiesOf('nothing', '03909X000000003')).toBeNull();
  });
});
