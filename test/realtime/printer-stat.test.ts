import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { filamentTypeName } from '../../src/realtime/filament-type.js';
import { type PrinterStatInput, printerStatText, toPrinterStat } from '../../src/realtime/printer-stat.js';
import { FILAMENT_TYPES } from '../../src/realtime/stat-types.js';
import { PRINTER_ID, printerState, STORE_ID, slotState, stateArb, unitState } from './states.js';

const RECEIVED_AT = new Date('2026-03-01T12:00:00.000Z');

function input(changes: Partial<PrinterStatInput> = {}): PrinterStatInput {
  return {
    printerId: PRINTER_ID,
    storeId: STORE_ID,
    isOnline: true,
    isAvailable: false,
    receivedAt: RECEIVED_AT,
    state: printerState(),
    ...changes,
  };
}

function statOf(changes: Parameters<typeof printerState>[0] = {}) {
  return toPrinterStat(input({ state: printerState(changes) }));
}

/**
 * The published schemas, made stricter: no key beyond theirs passes. A slot is one of two forms there, of which
 * the first admits every object of the second, so "one of" is read as "any of".
 */
function validator() {
  const text = readFileSync(new URL('../fixtures/realtime-schema.json', import.meta.url), 'utf8');
  const { schemas } = JSON.parse(
    text.replaceAll('#/components/schemas/', '#/$defs/').replaceAll('"oneOf"', '"anyOf"'),
  );
  for (const name of ['PrinterStat', 'PrinterStatData', 'LoadedFilament', 'FilamentInfo', 'HealthMessage']) {
    schemas[name].additionalProperties = false;
  }
  const ajv = new Ajv({ strict: false, allErrors: true });
  ajv.addFormat('date-time', (value) => new Date(value).toISOString() === value);
  return ajv.compile({ $defs: schemas, $ref: '#/$defs/PrinterStat' });
}

describe('toPrinterStat', () => {
  it('gives the whole picture of a printing machine', () => {
    expect(toPrinterStat(input())).toEqual({
      printerId: PRINTER_ID,
      storeId: STORE_ID,
      state: 'RUNNING',
      isOnline: true,
      isAvailable: false,
      receivedAt: '2026-03-01T12:00:00.000Z',
      expiresAt: '2026-03-01T12:01:30.000Z',
      data: {
        temps: { bedTemp: 60.5, bedTempTarget: 60, nozzleTemp: 219, nozzleTempTarget: 220 },
        lights: { chamber: 'on' },
        fans: { part: 100, aux: 0 },
        printer: { nozzleDiameter: '0.4', homeAxes: { x: true, y: true, z: false } },
        print: {
          percent: 42,
          timeRemaining: 17,
          stage: 'printing',
          activity: 'printing',
          errorCode: '',
          printError: 0,
          currentLayer: 10,
          totalLayers: 100,
          taskId: '4711',
          taskName: 'bracket-7f3a',
        },
        filament: {
          ams: {
            status: { slotsLoaded: '1011', slotsReading: '0010' },
            ams: [
              {
                slots: [
                  {
                    id: '0',
                    color: '#FF0000FF',
                    info: 'GFA00',
                    tagId: '0123456789ABCDEF',
                    type: 'PLA',
                    remaining: 80,
                    v: 'F'.repeat(32),
                  },
                  { id: '1' },
                  { id: '2', color: '#00000080', info: 'GFA00', type: 'PA-CF', remaining: -1 },
                  { id: '3', color: '#FF0000FF', info: 'GFA00', type: 'PLA', remaining: -1 },
                ],
              },
            ],
          },
          spool: { id: '0', color: '#00000000', info: '', type: '', remaining: -1 },
        },
        health: { errors: [], warnings: [], infos: [] },
      },
    });
  });

  it('fits the published schemas whatever is known or not', () => {
    const validate = validator();
    const inputs = fc.record({
      printerId: fc.constant(PRINTER_ID),
      storeId: fc.constant(STORE_ID),
      isOnline: fc.boolean(),
      isAvailable: fc.boolean(),
      receivedAt: fc.date({ min: new Date('2020-01-01'), max: new Date('2050-01-01'), noInvalidDate: true }),
      state: fc.option(stateArb, { nil: null }),
      offlineAt: fc.constantFrom(null, RECEIVED_AT),
    });
    fc.assert(
      fc.property(inputs, (one) => {
        const stat: unknown = JSON.parse(JSON.stringify(toPrinterStat(one)));
        expect(validate(stat), JSON.stringify(validate.errors)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it('leaves out the chamber of a model without sensor and shows it of one with', () => {
    expect(statOf({ chamberTarget: 45 }).data.temps).not.toHaveProperty('chamberTemp');
    expect(statOf({ chamberTarget: 45 }).data.temps).not.toHaveProperty('chamberTempTarget');
    expect(statOf({ chamberTemp: 41, chamberTarget: 45 }).data.temps).toMatchObject({
      chamberTemp: 41,
      chamberTempTarget: 45,
    });
  });

  it('shows temperature and diameter of the nozzle in use', () => {
    const nozzles = [
      { index: 0, diameter: '0.4', type: null, temp: 30, target: 0, hasFilament: null },
      { index: 1, diameter: '0.6', type: null, temp: 250, target: 255, hasFilament: true },
    ];
    const { temps, printer } = statOf({ nozzles, activeNozzle: 1 }).data;
    expect(temps).toMatchObject({ nozzleTemp: 250, nozzleTempTarget: 255 });
    expect(printer?.nozzleDiameter).toBe('0.6');
  });

  it('tells an offline printer without state and progress, from when it was known', () => {
    const offlineAt = new Date(RECEIVED_AT.getTime() + 60_000);
    const stat = toPrinterStat(input({ isOnline: false, isAvailable: true, offlineAt }));
    expect(stat).toMatchObject({
      state: null,
      isOnline: false,
      isAvailable: false,
      receivedAt: '2026-03-01T12:01:00.000Z',
      expiresAt: '2026-03-01T12:02:30.000Z',
    });
    expect(stat.data).not.toHaveProperty('print');
    expect(stat.data.filament?.ams.status.slotsLoaded).toBe('1011');
  });

  it('tells a printer never heard of', () => {
    expect(toPrinterStat(input({ isOnline: false, state: null }))).toMatchObject({
      state: null,
      data: { health: { errors: [], warnings: [], infos: [] } },
    });
  });

  it.each([
    ['IDLE', null, 'idle'],
    ['PREPARE', null, 'downloading'],
    ['PREPARE', 2, 'heating'],
    ['SLICING', null, 'downloading'],
    ['RUNNING', 7, 'heating'],
    ['RUNNING', 1, 'printing'],
    ['PAUSE', 16, 'paused'],
    ['FINISH', null, 'finished'],
    ['FAILED', null, 'error'],
  ] as const)('calls %s at stage %s %s', (activity, stage, verb) => {
    const { print } = printerState();
    const stat = statOf({ activity, print: { ...print, stage } });
    expect(stat.state).toBe(activity);
    expect(stat.data.print?.activity).toBe(verb);
  });

  it('tells the download only while there is one, and names a pause of the file M400', () => {
    const { print } = printerState();
    expect(
      statOf({ activity: 'PREPARE', print: { ...print, downloadPercent: 30 } }).data.print,
    ).toMatchObject({
      downloadPercent: 30,
    });
    expect(statOf().data.print).not.toHaveProperty('downloadPercent');
    expect(statOf({ activity: 'PAUSE', print: { ...print, stage: 5 } }).data.print?.stage).toMatch(/m400/i);
  });

  it('sorts health by how much it matters', () => {
    const message = (
      code: string,
      severity: 'fatal' | 'serious' | 'common' | 'info',
      source: 'hms' | 'print-error',
    ) => ({
      code,
      message: code,
      severity,
      source,
      wikiCode: null,
    });
    const { health } = statOf({
      health: [
        message('0500_0600_0002_0070', 'serious', 'hms'),
        message('0C00_0300_0003_0007', 'common', 'hms'),
        message('0500_0100_0004_0001', 'info', 'hms'),
        message('0300_400D', 'fatal', 'print-error'),
        message('0500_C036', 'common', 'print-error'),
        message('0300_8013', 'info', 'print-error'),
      ],
    }).data;
    expect(health.errors.map((one) => one.code)).toEqual(['0500-0600-0002-0070', '0300-400D', '0500-C036']);
    expect(health.warnings.map((one) => one.code)).toEqual(['0C00-0300-0003-0007']);
    expect(health.infos.map((one) => one.code)).toEqual(['0500-0100-0004-0001', '0300-8013']);
  });

  it('lists units and slots in their order, units without slots too', () => {
    const { filament } = statOf({
      amsUnits: [unitState(1), unitState(0), unitState(2)],
      slots: [slotState(1, 0, { loaded: false }), slotState(0, 1), slotState(0, 0, { loaded: false })],
    }).data;
    expect(filament?.ams.status).toEqual({ slotsLoaded: '010', slotsReading: '000' });
    expect(filament?.ams.ams.map((unit) => unit.slots.map((slot) => slot.id))).toEqual([
      ['0', '1'],
      ['0'],
      [],
    ]);
    expect(filament).not.toHaveProperty('spool');
  });

  it('shows the external holder that holds something', () => {
    const { filament } = statOf({
      slots: [slotState(-1, 0, { loaded: false }), slotState(-1, 1, { type: 'PETG' })],
    }).data;
    expect(filament?.spool).toMatchObject({ id: '1', type: 'PETG' });
  });
});

describe('filamentTypeName', () => {
  it('keeps every word of the contract, in any case', () => {
    for (const type of FILAMENT_TYPES) {
      expect(filamentTypeName(type)).toBe(type);
      expect(filamentTypeName(` ${type.toLowerCase()} `)).toBe(type);
    }
  });

  it.each([
    ['PLA-S', 'PLA'],
    ['PLA Silk+', 'PLA'],
    ['PETG HF', 'PETG'],
    ['PA6', 'PA'],
    ['PA12-CF', 'PA-CF'],
    ['PAHT-CF', 'PA-CF'],
    ['PA6-CF', 'PA6-CF'],
    ['PC-CF', 'PC'],
    ['ABS-S', 'ABS'],
    ['TPU 95A', 'TPU'],
    ['TPU95A', 'TPU'],
    ['TPE', 'FLEX'],
    ['PVB', ''],
    ['???', ''],
  ])('takes %s for %s', (type, expected) => {
    expect(filamentTypeName(type)).toBe(expected);
  });
});

describe('the text of a message', () => {
  it('says what the message says, however often its filaments are told again', () => {
    fc.assert(
      fc.property(stateArb, fc.boolean(), fc.integer({ min: 0, max: 100 }), (state, isOnline, percent) => {
        const next = { ...state, print: { ...state.print, percent } };
        for (const told of [state, next, null]) {
          const message = input({ state: told, isOnline });
          expect(JSON.parse(printerStatText(message))).toEqual(
            JSON.parse(JSON.stringify(toPrinterStat(message))),
          );
        }
      }),
    );
  });
});
