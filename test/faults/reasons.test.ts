import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EmulatedPrinter } from '../../drivers/emulator/index.js';
import { definition, problems } from '../contract/contract.js';
import { listAt, textAt, valueAt } from '../fixtures/farm.js';
import { checkOf, Reasons } from './reasons-of.js';
import { ShopFloor } from './shop-floor.js';

/**
 * Every reason for which a job may wait, provoked at emulated printers and read over REST, in both of the answers that
 * tell it. Profiles are never missing: only files that are sliced already can be queued.
 */

let floor: ShopFloor;
let reasons: Reasons;
/** A free printer that only the job or the farm is a reason against. */
let free: EmulatedPrinter;
let material: string;
const variants: Record<'white' | 'black' | 'red', string> = { white: '', black: '', red: '' };

beforeAll(async () => {
  const empty = { model: 'A1', ams: [{ id: 0, slots: [null, null, null, null] }] };
  floor = await ShopFloor.open([
    ...['A1M', 'A1M', 'A1M', 'A1M', 'A1M', 'X1C', 'X1C', 'X1C', 'P1S', 'H2D', 'H2D'],
    empty,
  ]);
  reasons = new Reasons(floor);
  free = floor.next('N1');
  await floor.farm.until('/v1/printers', (body) =>
    listAt(body).every((row) => valueAt(row, 'isAvailable') === true),
  );
  await floor.farm.ok('PATCH', `/v1/printers/${floor.id(free)}`, { tags: ['north', 'fast'] });
  await floor.farm.until(
    `/v1/printer-slots?printerId=${floor.id(free)}`,
    (body) => listAt(body).length === 5,
  );
  const named = { name: 'Silk', brand: 'Acme', type: 'PLA', identifier: 'GFA99' };
  material = textAt(await floor.farm.ok('POST', '/v1/materials', named), 'id');
  for (const [name, color] of [
    ['white', '#FFFFFFFF'],
    ['black', '#000000FF'],
    ['red', '#FF0000FF'],
  ] as const) {
    const made = await floor.farm.ok('POST', '/v1/materials/variants', {
      name,
      color,
      materialId: material,
    });
    variants[name] = textAt(made, 'id');
  }
  await floor.farm.ok('PATCH', '/v1/materials/printer-slots/assign', {
    printerIds: [floor.id(free)],
    visualSlots: [{ amsIndex: 0, slotIndex: 0 }],
    variantId: variants.white,
    setOnPrinter: false,
  });
});
afterAll(() => floor?.close());

describe('pain-17: a job waits because of its printer', () => {
  it('enabled, in-maintenance, ready: a person has said so', async () => {
    const printer = floor.next('N1');
    const id = floor.id(printer);
    await floor.farm.ok('PATCH', '/v1/printers/confirm-ready', { ready: false, ids: [id] });
    const job = await reasons.one(printer);
    await reasons.waitsFor(job, printer, 'ready', /not confirmed clear: clear it and confirm/);
    await floor.farm.ok('PATCH', '/v1/maintenance/mode', { printerIds: [id], enabled: true });
    await reasons.waitsFor(job, printer, 'in-maintenance', /in maintenance since 2\d{3}-\d\d-\d\dT/);
    await floor.farm.ok('PATCH', '/v1/printers/enabled', { enabled: false, ids: [id] });
    await reasons.waitsFor(job, printer, 'enabled', /disabled/);
    await reasons.forget(job);
    const after = await floor.farm.ok('GET', `/v1/print-jobs/${job}/matching-troubleshoot`);
    expect(after).toBeNull();
  });

  it('online: it is switched off', async () => {
    const printer = floor.next('N1');
    await printer.power(false);
    await floor.online(printer, false);
    const job = await reasons.one(printer);
    await reasons.waitsFor(job, printer, 'online', /offline, last report 2\d{3}-\d\d-\d\dT/);
    await reasons.forget(job);
  });

  it('available: it prints a job of ours, or something from elsewhere', async () => {
    const ours = floor.next('N1');
    const [first = '', second = ''] = await reasons.queue(ours, { quantity: 2 });
    await floor.job(first, 'printing');
    await reasons.waitsFor(second, ours, 'available', /not free: busy with a job of the queue/);
    const others = floor.next();
    others.startExternalJob('Vase', 36_000);
    const job = await reasons.one(others);
    await reasons.waitsFor(job, others, 'available', /printing "Vase", which the daemon did not start/);
    await reasons.forget(second, first, job);
  });

  it('available: it updates its firmware', async () => {
    const printer = floor.next();
    printer.addFault('firmware.update');
    await floor.row(printer, (row) => valueAt(row, 'isAvailable') === false);
    const job = await reasons.one(printer);
    await reasons.waitsFor(job, printer, 'available', /updating its firmware/);
    await reasons.forget(job);
  });

  it('available: its Developer Mode is off', async () => {
    const printer = floor.next('O1D');
    printer.addFault('dev.modeOff');
    await floor.row(printer, (row) => valueAt(row, 'isAvailable') === false);
    const job = await reasons.one(printer);
    await reasons.waitsFor(
      job,
      printer,
      'available',
      /Developer Mode is off, so the printer refuses jobs: switch on/,
    );
    await reasons.forget(job);
  });
});

describe('pain-17: a job does not fit a printer', () => {
  it.each([
    ['user.tags', 'north|upstairs', /requires user\.tags "north\|upstairs"; this printer has north, fast/],
    ['user.tags', 'North', /requires user\.tags "North"/],
    ['user.tags', '|=upstairs,south', /requires user\.tags/],
    ['user.tags', '!=fast', /requires user\.tags "!=fast"; this printer has north, fast/],
    ['printer.provider', 'Prusa', /requires printer\.provider "Prusa"; this printer has Bambu/],
    ['printer.id', 'a'.repeat(24), /requires printer\.id "a{24}"; this printer has [a-z0-9]{24}/],
    ['printer.nozzleDiameter', '0.6', /requires printer\.nozzleDiameter "0\.6"; this printer has 0\.4/],
    ['printer.modelName', 'P1S|X1 Carbon', /requires printer\.modelName .*this printer has .*A1 mini/],
    ['filament.type', 'ABS', /requires filament\.type "ABS"; this printer has PLA, PETG/],
  ])('tags-match: %s %s', async (key, text, words) => {
    const job = await reasons.one(free, { tags: { [key]: text } });
    const { detail } = await reasons.doesNotFit(job, free, 'tags-match', words);
    expect(valueAt(detail, 'data', 'required')).toMatchObject({ [key]: text });
    await reasons.forget(job);
  });

  it('tags-match: the model and the nozzle that the file was sliced for', async () => {
    const model = await reasons.one(free, { model: 'C12' });
    await reasons.doesNotFit(
      model,
      free,
      'tags-match',
      /sliced for Bambu Lab P1S; this printer is a .*A1 mini/,
    );
    const unnamed = await reasons.one(free, { model: null });
    await reasons.doesNotFit(unnamed, free, 'tags-match', /sliced for Bambu Lab X1 Carbon/);
    const nozzle = await reasons.one(free, { nozzle: '0.6' });
    await reasons.doesNotFit(
      nozzle,
      free,
      'tags-match',
      /sliced for a 0\.6 mm nozzle; this printer has 0\.4 mm/,
    );
    await reasons.forget(model, unnamed, nozzle);
  });

  it('tags-match: it could not be sent to this printer before', async () => {
    const printer = floor.next('C12');
    printer.addFault('ftp.552');
    const job = await reasons.one(printer);
    await reasons.doesNotFit(
      job,
      printer,
      'tags-match',
      /failed on this printer before.*retry it to allow that/,
    );
    await reasons.forget(job);
  });

  it('slots-loaded: every spool is out, or hangs where the printer may not take it from', async () => {
    const printer = floor.next('N2S');
    const job = await reasons.one(printer);
    await reasons.doesNotFit(job, printer, 'slots-loaded', /Use AMS is on, but no AMS slot holds filament/);
    printer.setSpool(255, 0, { type: 'PLA', color: 'FFFFFFFF' });
    const { detail } = await reasons.doesNotFit(
      job,
      printer,
      'slots-loaded',
      /Filament is loaded in external spool: to use it, switch Use AMS off/,
    );
    expect(valueAt(detail, 'data', 'config')).toEqual({ use_ams: true });
    await reasons.forget(job);
  });

  it('material-match: no slot has the type, or too few have it', async () => {
    const type = await reasons.one(free, { filaments: [['ASA', '#FFFFFF']] });
    const { detail } = await reasons.doesNotFit(
      type,
      free,
      'material-match',
      /Filament 1 \(ASA #FFFFFF\) has no slot: none holds ASA\. Loaded: AMS 1 slot 1 \(PLA #FFFFFF\)/,
    );
    expect(valueAt(detail, 'data', 'computedAssignments', '0', 0, 'materialType')).toBe('ASA');
    const two = await reasons.one(free, {
      filaments: [
        ['PETG', '#FF0000'],
        ['PETG', '#0000FF'],
      ],
    });
    await reasons.doesNotFit(
      two,
      free,
      'material-match',
      /need 2, but only AMS 1 slot 3 \(PETG #FF0000\) will do/,
    );
    await reasons.forget(type, two);
  });

  it('material-match: it was sliced for the other extruder', async () => {
    const printer = floor.next('O1D');
    const job = await reasons.one(printer, { nozzle: '0.4,0.4', group: 0 });
    const words = /sliced for extruder 1, and no slot there holds PLA\. Loaded: AMS 1 slot 1/;
    await reasons.doesNotFit(job, printer, 'material-match', words);
    await reasons.forget(job);
  });

  it('material-match: no slot holds what is assigned to the channel', async () => {
    const words = /none holds one of the materials assigned to it/;
    const variant = await reasons.one(free, { materials: { 0: [{ variantId: variants.red }] } });
    const { check, detail } = await reasons.doesNotFit(variant, free, 'material-match', words);
    expect(valueAt(check, 'context')).toMatchObject({ variantId: variants.red });
    expect(valueAt(detail, 'data', 'jobMaterialAssignments')).toEqual({ 0: [{ variantId: variants.red }] });
    expect(valueAt(detail, 'data', 'computedAssignments', '0', 0)).toMatchObject({
      variantId: variants.red,
      priority: 0,
    });
    const other = { name: 'Matte', brand: 'Acme', type: 'PLA', identifier: 'GFA98' };
    const materialId = textAt(await floor.farm.ok('POST', '/v1/materials', other), 'id');
    const matte = await reasons.one(free, { materials: { 0: [{ materialId }] } });
    const found = await reasons.doesNotFit(matte, free, 'material-match', words);
    expect(valueAt(found.check, 'context')).toMatchObject({ materialId });
    const group = { name: 'Dark', priority: 0, parentId: null };
    const groupId = textAt(await floor.farm.ok('POST', '/v1/materials/groups', group), 'id');
    const member = {
      priority: 0,
      materialId: null,
      variantId: variants.black,
      materialGroupId: groupId,
    };
    await floor.farm.ok('POST', '/v1/materials/group-members', member);
    const dark = await reasons.one(free, { materials: { 0: [{ groupId }] } });
    const grouped = await reasons.doesNotFit(dark, free, 'material-match', words);
    expect(valueAt(grouped.detail, 'data', 'computedAssignments', '0', 0)).toMatchObject({ groupId });
    await reasons.forget(variant, matte, dark);
  });

  it('tells a copy of the same plate that an equal one did not fit', async () => {
    const [first = '', second = ''] = await reasons.queue(free, {
      filaments: [['TPU', '#FFFFFF']],
      quantity: 2,
    });
    const { detail } = await reasons.doesNotFit(first, free, 'material-match', /none holds TPU/);
    const repeated = await reasons.detailed(second, free);
    expect(valueAt(repeated, 'reasonCode')).toBe('previous-mismatch');
    expect(textAt(repeated, 'reason')).toContain(textAt(detail, 'reason'));
    expect(problems(definition('DetailPreviousMismatch'), valueAt(repeated, 'data'))).toEqual([]);
    await reasons.forget(first, second);
  });
});

describe('pain-17: a job waits because of the farm', () => {
  it('material-match: what is left on the spools is less than it needs, and that is refused', async () => {
    const printer = floor.next();
    await floor.farm.restart({ config: { matching: { checkRemaining: 'refuse' } } });
    await floor.online(printer);
    const ready = (is: boolean) =>
      floor.farm.ok('PATCH', '/v1/printers/confirm-ready', { ready: is, ids: [floor.id(printer)] });
    await ready(false);
    for (const slot of [0, 1, 3]) printer.setSpool(0, slot, { type: 'PLA', color: 'FFFFFFFF', remain: 0 });
    const job = await reasons.one(printer);
    await reasons.fails(job, printer, 'material-match');
    await ready(true);
    await reasons.doesNotFit(job, printer, 'material-match', /hold less than the 5 g it needs/);
    await reasons.forget(job);
  });

  it('subscription-slots: as many jobs are under way as there may be', async () => {
    const working = await reasons.one(free);
    await floor.job(working, 'printing');
    await floor.farm.restart({ config: { queue: { maxConcurrentJobs: 1 } } });
    await floor.job(working, 'printing');
    const waiting = floor.next('N1');
    await floor.online(waiting);
    await floor.confirm(waiting);
    const job = await reasons.one(waiting);
    await reasons.waitsFor(job, waiting, 'subscription-slots', /1 of at most 1 jobs are under way/);
    const found = await reasons.troubleshoot(job, waiting);
    for (const code of ['profiles-configured', 'filament-profiles'])
      expect(checkOf(found, code)).toMatchObject({
        passed: true,
        explanation: expect.stringContaining('sliced already'),
      });
  });
});
