import { describe, expect, it } from 'vitest';
import { fileMisfit } from '../../src/matching/file-fit.js';
import type { MatchJob, MatchPrinter, SlicedPlateFile } from '../../src/matching/input.js';
import { prepareJob, preparePrinter } from '../../src/matching/prepare.js';
import { channel, job, printer, slicedFile } from './samples.js';

function misfit(
  file: Partial<SlicedPlateFile>,
  machine: Partial<MatchPrinter> = {},
  rest: Partial<MatchJob> = {},
): string | null {
  const prepared = prepareJob(job({ ...rest, file: slicedFile(file) }));
  return fileMisfit(prepared, preparePrinter(printer(machine)))?.() ?? null;
}

const DUAL = [
  { index: 0, diameter: '0.4' },
  { index: 1, diameter: '0.6' },
];

describe('fileMisfit', () => {
  it('accepts a model code the printer runs files for', () => {
    expect(misfit({ modelCode: 'C11', modelName: null })).toBeNull();
  });

  it('accepts the model by name, however it is spelt', () => {
    const machine = {
      modelCode: 'BL-P001',
      modelName: 'Bambu Lab X1 Carbon',
      modelAliases: ['X1C'],
      runsFilesFor: [],
    };
    expect(misfit({ modelCode: null, modelName: 'Bambu Lab X1-Carbon' }, machine)).toBeNull();
    expect(misfit({ modelCode: null, modelName: 'x1c' }, machine)).toBeNull();
    expect(misfit({ modelCode: null, modelName: 'Bambu Lab X1' }, machine)).toMatch(
      /sliced for Bambu Lab X1;/,
    );
  });

  it('accepts a printer whose profile the file names, at that nozzle', () => {
    const file = { modelCode: 'BL-P001', modelName: 'Bambu Lab X1 Carbon' };
    expect(misfit({ ...file, compatibleNames: ['Bambu Lab P1S 0.4 nozzle'] })).toBeNull();
    expect(misfit({ ...file, compatibleNames: ['Bambu Lab P1S 0.6 nozzle'] })).not.toBeNull();
  });

  it('says which models do not go together', () => {
    expect(misfit({ modelCode: 'N1', modelName: 'Bambu Lab A1 mini' })).toBe(
      'The file was sliced for Bambu Lab A1 mini; this printer is a Bambu Lab P1S.',
    );
  });

  it('refuses a file that does not tell its model unless tags name models or printers', () => {
    const silent = { modelCode: null, modelName: null, compatibleNames: [] };
    expect(misfit(silent)).toMatch(/does not say which printer model/);
    expect(misfit(silent, {}, { tags: { 'printer.modelName': 'P1S' } })).toBeNull();
    expect(misfit(silent, {}, { tags: { 'printer.id': 'printer-1' } })).toBeNull();
    expect(misfit(silent, {}, { tags: { 'printer.modelName': '!=X1C' } })).not.toBeNull();
    expect(misfit(silent, {}, { tags: { 'user.tags': 'big' } })).not.toBeNull();
  });

  it('refuses a file that does not tell its nozzle unless tags name one', () => {
    expect(misfit({ nozzleDiameters: [] })).toMatch(/does not say which nozzle/);
    expect(misfit({ nozzleDiameters: [] }, {}, { tags: { 'printer.nozzleDiameter': '0.4' } })).toBeNull();
  });

  it('compares nozzles as numbers and needs the printer to know its own', () => {
    expect(misfit({ nozzleDiameters: ['0.40'] })).toBeNull();
    expect(misfit({ nozzleDiameters: ['0.6'] })).toMatch(/0\.6 mm nozzle; this printer has 0\.4 mm/);
    expect(misfit({}, { nozzles: [{ index: 0, diameter: null }] })).toMatch(/has not reported its nozzle/);
    expect(misfit({}, { nozzles: [] })).toMatch(/has not reported its nozzle/);
  });

  it('compares both nozzles of a dual printer, in whatever order the file lists them', () => {
    expect(misfit({ nozzleDiameters: ['0.6', '0.4'] }, { nozzles: DUAL })).toBeNull();
    expect(misfit({ nozzleDiameters: ['0.4', '0.4'] }, { nozzles: DUAL })).not.toBeNull();
  });

  it('holds a single diameter against the extruders in use, or against all when none is bound', () => {
    const on = (extruder: number | null) => ({ channels: [channel(0, { extruder })] });
    expect(misfit({ nozzleDiameters: ['0.6'] }, { nozzles: DUAL }, on(1))).toBeNull();
    expect(misfit({ nozzleDiameters: ['0.6'] }, { nozzles: DUAL }, on(0))).not.toBeNull();
    expect(misfit({ nozzleDiameters: ['0.6'] }, { nozzles: DUAL }, on(null))).not.toBeNull();
  });

  it('refuses a plate that reaches beyond the bed', () => {
    expect(misfit({ outside: true })).toMatch(/beyond the bed/);
  });
});
