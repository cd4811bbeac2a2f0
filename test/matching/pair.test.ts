import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MatchFile, MatchJob, MatchPrinter, MatchSettings } from '../../src/matching/input.js';
import { checkPair } from '../../src/matching/pair.js';
import { CHECK_CODES, type CheckCode } from '../../src/matching/result.js';
import {
  assigned,
  channel,
  easyJobArb,
  job,
  printer,
  printersArb,
  SETTINGS,
  settingsArb,
  slicedFile,
  slot,
} from './samples.js';

function failure(changes: {
  job?: Partial<MatchJob>;
  printer?: Partial<MatchPrinter>;
  settings?: Partial<MatchSettings>;
}) {
  const result = checkPair(job(changes.job), printer(changes.printer), { ...SETTINGS, ...changes.settings });
  const check = result.checks.find((one) => one.code === result.firstFailedCheck);
  return { ...result, explanation: check?.explanation, context: check?.context };
}

describe('checkPair', () => {
  it('makes all checks in their order', () => {
    const result = checkPair(job(), printer(), SETTINGS);
    expect(result.checks.map((check) => check.code)).toEqual(CHECK_CODES);
    expect(result).toMatchObject({ matched: true, compatible: true, firstFailedCheck: null });
    expect(result.reason).toMatchObject({
      reasonCode: 'matched',
      data: { slots: [{ amsIndex: 0, slotIndex: 0 }] },
    });
    expect(result.mapping).toEqual([
      {
        index: 0,
        amsIndex: 0,
        slotIndex: 0,
        tray: 0,
        unitId: 0,
        external: false,
        extruder: null,
        type: 'PLA',
        color: 'FFFFFFFF',
        name: 'PLA',
        materialId: null,
        variantId: null,
        profile: null,
      },
    ]);
  });

  it.each<[CheckCode, Partial<MatchPrinter>, RegExp]>([
    ['enabled', { enabled: false }, /printer\.control/],
    ['in-maintenance', { isInMaintenance: true, inMaintenanceSince: 0 }, /since 1970-01-01T00:00:00\.000Z/],
    ['online', { online: false, lastSeenAt: 60_000 }, /last report 1970-01-01T00:01:00\.000Z/],
    ['online', { online: false, lastSeenAt: null }, /has not reported yet/],
    ['online', { online: false, awayBecause: 'It closed the line.' }, /\. It closed the line\.$/],
    ['available', { available: false, doing: 'printing "Bracket"' }, /not free: printing "Bracket"/],
    ['available', { developerMode: 'off' }, /Developer Mode is off/],
    ['available', { setAside: { reason: 'its storage is full.' } }, /set aside: its storage is full/],
    ['ready', { ready: false }, /confirm that the printer is ready/],
  ])('tells why it fails %s, which passes by itself', (code, changes, text) => {
    const result = failure({ printer: changes });
    expect(result.firstFailedCheck).toBe(code);
    expect(result.explanation).toMatch(text);
    expect(result).toMatchObject({ matched: false, compatible: true, reason: null, mapping: null });
  });

  it('tells the limit of jobs under way, and that the pair fits otherwise', () => {
    const result = failure({ settings: { maxConcurrentJobs: 2, activeJobs: 2 } });
    expect(result.firstFailedCheck).toBe('subscription-slots');
    expect(result.explanation).toBe('2 of at most 2 jobs are under way.');
    expect(result).toMatchObject({ matched: false, compatible: true, reason: null });
  });

  it('takes an unknown Developer Mode for good', () => {
    expect(failure({ printer: { developerMode: 'unknown' } }).matched).toBe(true);
  });

  it('tells an empty printer from a printer with filament in the wrong place', () => {
    const empty = failure({ printer: { slots: [slot(0, 0, { loaded: false })] } });
    expect(empty.firstFailedCheck).toBe('slots-loaded');
    expect(empty.explanation).toBe('Use AMS is on, but no AMS slot holds filament.');
    expect(empty.reason).toMatchObject({
      reasonCode: 'no-slots',
      data: { config: { use_ams: true }, slots: [{ amsIndex: 0, slotIndex: 0 }] },
    });
    expect(failure({ printer: { slots: [slot(-1, 0)] } }).explanation).toMatch(
      /loaded in external spool: to use it, switch Use AMS off/,
    );
  });

  it('tells the tag that fails, with what the printer has', () => {
    const result = failure({ job: { tags: { 'user.tags': 'big|fast' } }, printer: { tags: ['big'] } });
    expect(result.firstFailedCheck).toBe('tags-match');
    expect(result.explanation).toBe('The job requires user.tags "big|fast"; this printer has big.');
    expect(result.compatible).toBe(false);
    expect(result.reason).toMatchObject({
      reasonCode: 'tag-mismatch',
      data: { required: { 'user.tags': 'big|fast' }, printer: { 'user.tags': ['big'] } },
    });
  });

  it.each<[Record<string, string>, boolean]>([
    [{ 'printer.modelName': 'p1s' }, true],
    [{ 'printer.modelName': 'Bambu Lab P1S|X1C' }, true],
    [{ 'printer.modelName': 'X1C' }, false],
    [{ 'printer.nozzleDiameter': '0.40' }, true],
    [{ 'printer.nozzleDiameter': '!=0.4' }, false],
    [{ 'printer.provider': 'Bambu' }, true],
    [{ 'printer.provider': 'Klipper' }, false],
    [{ 'printer.id': 'printer-2,printer-1' }, true],
    [{ 'filament.type': 'pla' }, true],
    [{ 'filament.type': 'PETG' }, false],
    [{ 'user.tags': 'Big' }, false],
    [{ 'user.tags': '|=Big,big' }, true],
    [{ 'printer.colour': 'red' }, false],
  ])('holds tags %j to be %s', (tags, holds) => {
    expect(failure({ job: { tags }, printer: { tags: ['big'] } }).matched).toBe(holds);
  });

  it('tells a wrong model through the tags check', () => {
    const result = failure({
      job: { file: slicedFile({ modelCode: 'N1', modelName: 'Bambu Lab A1 mini' }) },
    });
    expect(result.firstFailedCheck).toBe('tags-match');
    expect(result.explanation).toMatch(/A1 mini/);
  });

  it('keeps a job away from the printer it failed on', () => {
    const result = failure({ job: { excludedPrinterIds: ['printer-1'] } });
    expect(result).toMatchObject({ firstFailedCheck: 'tags-match', compatible: false });
    expect(result.explanation).toMatch(/failed on this printer before/);
  });

  it('pain-17, pain-19: tells which filament found no slot, with the material it asked for', () => {
    const alternatives = [{ variantId: 'variant-9' }];
    const result = failure({
      job: { channels: [channel(0), channel(1, { type: 'PETG', color: '#ff0000', alternatives })] },
    });
    expect(result.firstFailedCheck).toBe('material-match');
    expect(result.explanation).toBe(
      'Filament 2 (PETG #FF0000) has no slot: none holds PETG. Loaded: AMS 1 slot 1 (PLA #FFFFFF).',
    );
    expect(result.context).toEqual({ variantId: 'variant-9' });
    expect(result.reason).toMatchObject({
      reasonCode: 'material-mismatch',
      data: {
        computedAssignments: {
          0: [{ materialType: 'PLA', priority: 0, index: 0 }],
          1: [{ variantId: 'variant-9', materialType: null, priority: 0, index: 1 }],
        },
      },
    });
  });

  it('tells when filaments are more than the slots for them', () => {
    expect(failure({ job: { channels: [channel(0), channel(1)] } }).explanation).toBe(
      'Each filament needs a slot of its own: filament 1 (PLA #FFFFFF), filament 2 (PLA #FFFFFF) need 2, but ' +
        'only AMS 1 slot 1 (PLA #FFFFFF) will do.',
    );
  });

  it('keeps a plate off a bed that is too small for it, where both are known', () => {
    const file = slicedFile({ reach: { x: 300, y: 200.2, z: null } });
    const small = failure({ job: { file } });
    expect(small.firstFailedCheck).toBe('tags-match');
    expect(small.explanation).toBe(
      "The plate reaches 300 × 201 mm from the bed's corner; this printer prints 256 × 256 × 256 mm.",
    );
    expect(failure({ job: { file }, printer: { bedSize: [350, 320, 325] } }).matched).toBe(true);
    expect(failure({ job: { file }, printer: { bedSize: null } }).matched).toBe(true);
    const tall = slicedFile({ reach: { x: 100, y: 100, z: 300 } });
    expect(failure({ job: { file: tall } }).firstFailedCheck).toBe('tags-match');
  });

  it('asks for profiles where the file is sliced here', () => {
    const model: MatchFile = { kind: 'model', ownProcess: false, reach: null };
    const none = failure({ job: { file: model } });
    expect(none).toMatchObject({
      firstFailedCheck: 'profiles-configured',
      explanation: 'The printer has no machine and no process profile: choose it in its settings.',
      reason: { reasonCode: 'missing-profile', data: { slots: [{ amsIndex: 0, slotIndex: 0 }] } },
    });
    const machine = { profiles: { machine: true, process: false } };
    expect(failure({ job: { file: model }, printer: machine }).firstFailedCheck).toBe('profiles-configured');
    const own = { file: { ...model, ownProcess: true } };
    const held = slot(0, 0, { assigned: assigned('PLA', 'm1', 'v1', { name: 'Acme PLA Red' }) });
    const bare = failure({ job: own, printer: { ...machine, slots: [held] } });
    expect(bare).toMatchObject({
      firstFailedCheck: 'filament-profiles',
      explanation:
        'There is no filament profile for AMS 1 slot 1 (PLA #FFFFFF) holding Acme PLA Red on Bambu Lab P1S with a 0.4 mm nozzle.',
      context: { variantId: 'v1' },
      reason: { reasonCode: 'missing-profile' },
    });
    const ready = { ...machine, slots: [{ ...held, profile: { systemId: 7 } }] };
    expect(failure({ job: own, printer: ready }).mapping).toMatchObject([
      { tray: 0, profile: { systemId: 7 } },
    ]);
  });

  it('warns of a spool that will not last, or refuses it, as set', () => {
    const low = { slots: [slot(0, 0, { remainingGrams: 5 })] };
    const warned = checkPair(job(), printer(low), SETTINGS);
    expect(warned.matched).toBe(true);
    expect(warned.checks.find(({ code }) => code === 'material-match')?.explanation).toBe(
      'filament 1 (PLA #FFFFFF) from AMS 1 slot 1 (PLA #FFFFFF) (may run out: about 5 g left of the 12 g it needs).',
    );
    const refused = failure({ printer: low, settings: { checkRemaining: 'refuse' } });
    expect(refused.firstFailedCheck).toBe('material-match');
    expect(refused.explanation).toMatch(/those that would do hold less than the 12 g it needs/);
    const unseen = checkPair(job(), printer(low), { ...SETTINGS, checkRemaining: 'off' });
    expect(unseen.checks.some(({ explanation }) => explanation.includes('run out'))).toBe(false);
  });

  it('is consistent in itself, whatever it is given', () => {
    fc.assert(
      fc.property(easyJobArb, printersArb, settingsArb, (one, machines, settings) => {
        for (const machine of machines) {
          const result = checkPair(one, machine, settings);
          const firstFailed = result.checks.find((check) => !check.passed)?.code ?? null;
          expect(result.firstFailedCheck).toBe(firstFailed);
          expect(result.matched).toBe(firstFailed === null);
          expect(result.mapping !== null).toBe(result.reason?.matched === true);
          expect(result.checks.every((check) => check.label !== '' && check.explanation !== '')).toBe(true);
          if (result.matched) expect(result.compatible).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });
});
