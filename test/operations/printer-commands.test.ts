import { readFileSync } from 'node:fs';
import mqtt, { type MqttClient } from 'mqtt';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type ApiAnswer, listAt, type TestFarm, testFarm, textAt, valueAt } from '../fixtures/farm.js';
import { buildSlicedFile } from '../fixtures/sliced-file.js';

const A1_MINI = '0309AA000000001';
const X1C = '00M09A000000001';
const H2D = '0940AA000000001';
const P1S = '01P09A000000001';

let farm: TestFarm;
let stats: MqttClient;
const newest = new Map<string, unknown>();

beforeAll(async () => {
  farm = await testFarm({
    printers: [
      { model: 'A1M', serial: A1_MINI },
      { model: 'X1C', serial: X1C },
      { model: 'H2D', serial: H2D },
      { model: 'P1S', serial: P1S },
    ],
  });
  const topic = `stores/${farm.storeId}/printer-stats`;
  stats = await mqtt.connectAsync(farm.mqttUrl, {
    ca: readFileSync(farm.caFile),
    protocolVersion: 4,
    username: farm.storeId,
    password: farm.key,
    clientId: `apiclient_${farm.key.slice(0, 24)}_commands`,
  });
  stats.on('message', (name, payload) => newest.set(name, JSON.parse(payload.toString())));
  await stats.subscribeAsync(`${topic}/+`);
});
afterAll(async () => {
  await stats?.endAsync(true);
  await farm?.stop();
});

const send = (command: object, ...serials: readonly string[]): Promise<ApiAnswer> =>
  farm.api('POST', '/v1/printer-commands/send', {
    command,
    ids: serials.map((serial) => farm.printerId(serial)),
  });

/** Serials that got it. */
async function got(command: object, ...serials: readonly string[]): Promise<readonly string[]> {
  const answer = await send(command, ...serials);
  expect(answer.status, answer.text).toBe(201);
  const printerIds = new Map(serials.map((serial) => [farm.printerId(serial), serial]));
  return listAt(answer.body).map((id) => printerIds.get(String(id)) ?? String(id));
}

/** The last command that a printer was sent, as its log tells. */
async function last(serial: string): Promise<unknown> {
  return valueAt(await farm.ok('GET', `/local/printers/${farm.printerId(serial)}/commands`), 0);
}

/** Waits until the printer's live state, as clients see it, fulfils the condition. */
async function shows(serial: string, path: readonly string[], expected: unknown): Promise<void> {
  const topic = `stores/${farm.storeId}/printer-stats/${farm.printerId(serial)}`;
  await vi.waitFor(() => expect(valueAt(newest.get(topic), 'data', ...path)).toEqual(expected), {
    timeout: 10_000,
    interval: 20,
  });
}

/** Commands of this name that reached the printer. */
function reached(serial: string, command: string): number {
  return farm.emulator.log.entries.filter(
    (entry) => entry.serial === serial && entry.kind === 'mqtt' && valueAt(entry, 'command') === command,
  ).length;
}

const bed = (temperature: number) => ({ command: 'set-temperature', type: 'bed', temperature });
const home = { command: 'home-axis', axes: { x: true, y: true, z: true } };

describe('a command', () => {
  it('switches lights where there are such', async () => {
    const off = { command: 'led-control', light: 'chamber_light', state: 'off' };
    expect(await got(off, A1_MINI, X1C, H2D)).toEqual([A1_MINI, X1C, H2D]);
    await shows(A1_MINI, ['lights', 'chamber'], 'off');
    await shows(H2D, ['lights', 'chamber'], 'off');
    const work = { command: 'led-control', light: 'working_light', state: 'on' };
    expect(await got(work, A1_MINI, X1C)).toEqual([X1C]);
    await shows(X1C, ['lights', 'work'], 'on');
    expect(await last(A1_MINI)).toMatchObject({
      command: work,
      outcome: 'unsent',
      reason: 'This printer has no light "work_light"; it has chamber_light.',
    });
  });

  it('heats as far as each model goes, and says where that was less', async () => {
    expect(await got(bed(110), A1_MINI, X1C)).toEqual([A1_MINI, X1C]);
    await shows(A1_MINI, ['temps', 'bedTempTarget'], 80);
    await shows(X1C, ['temps', 'bedTempTarget'], 110);
    expect(await last(A1_MINI)).toMatchObject({
      actorType: 'api_key',
      actorId: farm.key.slice(0, 24),
      command: bed(110),
      outcome: 'accepted',
      reason: 'Bed limited from 110 to 80 °C',
    });
    expect(valueAt(await last(X1C), 'reason')).toBeNull();
    expect(textAt(await last(X1C), 'at')).toMatch(/^\d{4}-\d\d-\d\dT[\d:]+\.\d{3}Z$/);
    const chamber = { command: 'set-temperature', type: 'chamber', temperature: 50 };
    expect(await got(chamber, X1C, H2D)).toEqual([H2D]);
    await shows(H2D, ['temps', 'chamberTempTarget'], 50);
    expect(valueAt(await last(X1C), 'reason')).toBe('The Bambu Lab X1 Carbon has no chamber heater.');
  });

  it('extrudes from a warm nozzle alone', async () => {
    const extrude = { command: 'extrude-filament', amount: 5 };
    expect(await got(extrude, X1C)).toEqual([]);
    expect(valueAt(await last(X1C), 'reason')).toMatch(
      /^The nozzle must have 170 °C or more; it has \d+ °C\.$/,
    );
    expect(await got({ command: 'move-axis', axes: { e: 5 } }, X1C)).toEqual([]);
    expect(await got({ command: 'move-axis', axes: { x: 5 } }, X1C)).toEqual([X1C]);
    expect(await got({ command: 'set-temperature', type: 'nozzle', temperature: 220 }, X1C)).toEqual([X1C]);
    await vi.waitFor(async () => expect(await got(extrude, X1C)).toEqual([X1C]), {
      timeout: 10_000,
      interval: 200,
    });
  });

  it('names a spool, in the AMS or outside', async () => {
    const info = { slotId: 1, trayType: 'ABS', color: '#123456', nozzleTempMin: 240, nozzleTempMax: 280 };
    const slots = `/v1/printer-slots?printerId=${farm.printerId(X1C)}`;
    const holds = (amsIndex: number, slotIndex: number, type: string) => (body: unknown) =>
      listAt(body).some(
        (slot) =>
          valueAt(slot, 'amsIndex') === amsIndex &&
          valueAt(slot, 'slotIndex') === slotIndex &&
          valueAt(slot, 'expectedData', 'type') === type,
      );
    expect(await got({ command: 'set-slot-info', info: { ...info, amsId: 0 } }, X1C)).toEqual([X1C]);
    await farm.until(slots, holds(0, 1, 'ABS'));
    expect(
      await got({ command: 'set-slot-info', info: { ...info, slotId: 0, trayType: 'PETG' } }, X1C),
    ).toEqual([X1C]);
    await farm.until(slots, holds(-1, 0, 'PETG'));
    expect(await got({ command: 'set-slot-info', info: { ...info, amsId: 3 } }, X1C)).toEqual([]);
    expect(valueAt(await last(X1C), 'reason')).toBe(
      'This printer has no slot 1 in unit 3; its units are 0, 255.',
    );
  });

  it('loads and unloads filament, and reads tags between the two', async () => {
    const load = {
      command: 'load-filament',
      targetTemp: 220,
      currentTemp: 220,
      targetSlot: { amsIndex: 0, slotIndex: 2 },
    };
    const read = { command: 'refresh-slot', amsId: 0, slotId: 2 };
    expect(await got(read, H2D)).toEqual([H2D]);
    expect(await got(load, H2D)).toEqual([H2D]);
    // Until a report shows the filament, it is the printer that refuses.
    await vi.waitFor(
      async () => {
        expect(await got(read, H2D)).toEqual([]);
        expect(await last(H2D)).toMatchObject({ outcome: 'unsent' });
      },
      { timeout: 5_000, interval: 100 },
    );
    expect(valueAt(await last(H2D), 'reason')).toContain('Filament is loaded');
    expect(await got({ command: 'unload-filament' }, H2D)).toEqual([H2D]);
    await vi.waitFor(async () => expect(await got(read, H2D)).toEqual([H2D]), {
      timeout: 5_000,
      interval: 100,
    });
  });

  it('selects, blows, calibrates, homes and asks for everything', async () => {
    expect(await got({ command: 'select-tool', toolIndex: 1 }, X1C, H2D)).toEqual([H2D]);
    expect(await got({ command: 'set-fan', type: 'aux', speed: 50 }, A1_MINI, X1C)).toEqual([X1C]);
    expect(await got({ command: 'calibration', option_value: 1 }, A1_MINI, X1C)).toEqual([X1C]);
    expect(await got(home, A1_MINI, X1C)).toEqual([A1_MINI, X1C]);
    await vi.waitFor(async () => expect(await got({ command: 'resync-data' }, H2D)).toEqual([H2D]), {
      timeout: 10_000,
      interval: 200,
    });
  });

  it('is verified by what the printer reports, or said not to be', async () => {
    const effectOf = (serial: string, effect: string) =>
      farm.until(
        `/local/printers/${farm.printerId(serial)}/commands`,
        (body) => valueAt(body, 0, 'effect') === effect,
      );
    // A command, and the printer whose report has to show it.
    const shown: readonly (readonly [object, string])[] = [
      [bed(41), A1_MINI],
      [{ command: 'set-fan', type: 'part', speed: 60 }, X1C],
      [{ command: 'led-control', light: 'chamber_light', state: 'on' }, H2D],
      [{ command: 'select-tool', toolIndex: 0 }, H2D],
      [{ command: 'calibration', option_value: 2 }, A1_MINI],
      [{ command: 'refresh-slot', amsId: 0, slotId: 1 }, A1_MINI],
    ];
    for (const [command, serial] of shown) {
      expect(await got(command, serial)).toEqual([serial]);
      await effectOf(serial, 'verified');
    }
    expect(await got({ command: 'move-axis', axes: { x: 1 } }, P1S)).toEqual([P1S]);
    expect(await last(P1S)).toMatchObject({ outcome: 'accepted', effect: null });
    farm.emulator.printer(P1S).addFault('mqtt.ackOnly', { command: 'gcode_line', times: 1 });
    expect(await got(bed(55), P1S)).toEqual([P1S]);
    // Its report says otherwise until the connection ends, and no other can tell.
    farm.emulator.printer(P1S).addFault('net.drop', { times: 1 });
    await effectOf(P1S, 'unverified');
    expect(await last(P1S)).toMatchObject({ command: bed(55), outcome: 'accepted' });
    await farm.until(`/v1/printers/${farm.printerId(P1S)}`, (body) => valueAt(body, 'isOnline') === true);
  });

  it('stands in the audit log with the outcome and the reason of each printer', async () => {
    const answer = await farm.api(
      'POST',
      '/v1/printer-commands/send',
      {
        command: { command: 'set-temperature', type: 'chamber', temperature: 40 },
        ids: [farm.printerId(X1C), farm.printerId(H2D)],
      },
      { 'x-audit-reason': 'warm up' },
    );
    expect(answer.body).toEqual([farm.printerId(H2D)]);
    const id = answer.headers.get('x-request-id') ?? '';
    const entries = listAt(await farm.ok('GET', `/v1/audit-logs?correlationId=${id}`));
    expect(entries).toMatchObject([
      {
        entityType: 'Printers',
        entityIds: [farm.printerId(X1C), farm.printerId(H2D)],
        action: null,
        detailedAction: 'printerCommand.set-temperature',
        apiKeyId: farm.key.slice(0, 24),
        reason: 'warm up',
        changes: null,
        metadata: {
          command: { command: 'set-temperature', type: 'chamber', temperature: 40 },
          outcomes: {
            [farm.printerId(X1C)]: {
              outcome: 'unsent',
              reason: 'The Bambu Lab X1 Carbon has no chamber heater.',
            },
            [farm.printerId(H2D)]: { outcome: 'accepted', reason: null },
          },
        },
      },
    ]);
    const one = `/v1/audit-logs?detailedAction=printerCommand.stop&entityId=${farm.printerId(P1S)}`;
    await got({ command: 'stop' }, P1S);
    expect(listAt(await farm.ok('GET', one))).toHaveLength(1);
  });

  it('goes to nobody when one of the printers is not there', async () => {
    const before = reached(X1C, 'print.pause');
    const answer = await farm.api('POST', '/v1/printer-commands/send', {
      command: { command: 'pause' },
      ids: [farm.printerId(X1C), 'a'.repeat(24)],
    });
    expect([answer.status, valueAt(answer.body, 'code')]).toEqual([404, 'not_found']);
    expect(reached(X1C, 'print.pause')).toBe(before);
    const unknown = await farm.api('GET', `/local/printers/${'a'.repeat(24)}/commands`);
    expect(unknown.status).toBe(404);
  });

  it('that nobody knows, or that is not complete, is refused', async () => {
    for (const command of [
      { command: 'explode' },
      { command: 'set-temperature', type: 'bed', temperature: 301 },
      { command: 'move-axis', axes: { x: 101 } },
      { command: 'led-control', light: 'chamber_light' },
    ]) {
      const answer = await send(command, X1C);
      expect([answer.status, valueAt(answer.body, 'code')]).toEqual([400, 'validation_failed']);
    }
    expect((await send({ command: 'pause' })).body).toEqual([]);
  });

  it('needs printer.control to be sent and printer.view to be looked up', async () => {
    const key = textAt(
      await farm.ok('POST', '/v1/api-keys', { name: 'viewer', permissions: ['printer.view'] }),
      'key',
    );
    const as = { authorization: `ApiKey ${key}` };
    const body = { command: { command: 'pause' }, ids: [] };
    expect((await farm.api('POST', '/v1/printer-commands/send', body, as)).status).toBe(403);
    const path = `/local/printers/${farm.printerId(X1C)}/commands`;
    expect((await farm.api('GET', path, undefined, as)).status).toBe(200);
  });

  it('is remembered with the forty-nine others before it', async () => {
    for (let at = 0; at < 52; at++) await got(bed(at), A1_MINI);
    const kept = listAt(await farm.ok('GET', `/local/printers/${farm.printerId(A1_MINI)}/commands`));
    expect(kept.map((entry) => valueAt(entry, 'command', 'temperature'))).toEqual(
      Array.from({ length: 50 }, (_, at) => 51 - at),
    );
  });
});

describe('a printer that prints', () => {
  const objects = [
    { id: 11, name: 'Left' },
    { id: 12, name: 'Middle' },
    { id: 13, name: 'Right' },
  ];
  let jobId: string;

  const jobIs = (status: string) =>
    farm.until(`/v1/print-jobs/${jobId}`, (body) => valueAt(body, 'status') === status);

  /** A long print of ours on the A1 mini: the file is for that model alone. */
  async function print(): Promise<void> {
    const filament = { id: 1, type: 'PLA', color: '#FFFFFF', infoIdx: 'GFA00', usedGrams: 5, usedMeters: 2 };
    const plate = { index: 1, predictionSeconds: 86_400, weightGrams: 5, filaments: [filament], objects };
    const path = await farm.upload(
      'three.gcode.3mf',
      await buildSlicedFile({ model: 'N1', plates: [plate] }),
    );
    const part = await farm.ok('POST', '/v1/parts', {
      name: 'Three',
      description: '',
      type: 'gcode3mf',
      fileUris: [path],
      parameters: [],
      printTags: {},
      overriddenProcessProfileId: null,
    });
    await farm.ok('PATCH', '/v1/printers/confirm-ready', { ready: true, ids: [farm.printerId(A1_MINI)] });
    const made = await farm.ok('POST', '/v2/builds', { parts: [{ partId: textAt(part, 'id') }] });
    const build = await farm.ok('GET', `/v1/part-builds/${textAt(made, 'partBuilds', 0, 'id')}`);
    jobId = textAt(build, 'printJobs', 0, 'id');
    await jobIs('printing');
    const its = `/v1/printers/${farm.printerId(A1_MINI)}`;
    await farm.until(its, (body) => valueAt(body, 'metadata', 'print_status') === 'RUNNING');
  }

  it('is paused and goes on, and its job with it', async () => {
    await print();
    expect(await got({ command: 'pause' }, A1_MINI)).toEqual([A1_MINI]);
    await jobIs('paused');
    expect(await got({ command: 'resume' }, A1_MINI)).toEqual([A1_MINI]);
    await jobIs('printing');
  });

  it('is neither moved, fed nor calibrated; an idle one beside it is', async () => {
    const between = 'between prints';
    const orPaused = 'between prints and in a pause';
    for (const [command, when] of [
      [home, between],
      [{ command: 'move-axis', axes: { z: 5 } }, between],
      [{ command: 'calibration', option_value: 2 }, between],
      [{ command: 'extrude-filament', amount: 5 }, orPaused],
      [{ command: 'unload-filament' }, orPaused],
      [
        {
          command: 'load-filament',
          targetTemp: 220,
          currentTemp: 220,
          targetSlot: { amsIndex: 0, slotIndex: 1 },
        },
        orPaused,
      ],
    ] as const) {
      expect(await got(command, A1_MINI)).toEqual([]);
      expect(valueAt(await last(A1_MINI), 'reason')).toBe(
        `The printer reports RUNNING: this is possible ${when} only.`,
      );
    }
    expect(await got(home, A1_MINI, X1C)).toEqual([X1C]);
    expect(await got({ command: 'set-fan', type: 'part', speed: 30 }, A1_MINI)).toEqual([A1_MINI]);
  });

  it('leaves out objects of its plate', async () => {
    const skip = (...objectIds: number[]) => ({ command: 'skip-objects', objectIds });
    expect(await got(skip(99), A1_MINI)).toEqual([]);
    expect(valueAt(await last(A1_MINI), 'reason')).toBe('The plate has no object 99; it has 11, 12, 13.');
    expect(await got(skip(12), A1_MINI, X1C)).toEqual([A1_MINI]);
    expect(valueAt(await last(X1C), 'reason')).toMatch(/during a print only/);
    expect(valueAt(await farm.ok('GET', `/v1/print-jobs/${jobId}`), 'skipObjectsData', 'objects')).toEqual([
      { identifyId: '11', name: 'Left', skipped: false },
      { identifyId: '12', name: 'Middle', skipped: true },
      { identifyId: '13', name: 'Right', skipped: false },
    ]);
  });

  it('is stopped when no object would be left, and its job is cancelled', async () => {
    const before = reached(A1_MINI, 'print.skip_objects');
    expect(await got({ command: 'skip-objects', objectIds: [11, 13] }, A1_MINI)).toEqual([A1_MINI]);
    await jobIs('cancelled');
    expect(reached(A1_MINI, 'print.skip_objects')).toBe(before);
    expect(reached(A1_MINI, 'print.stop')).toBe(1);
  });

  it('of ours is stopped by cancelling its job', async () => {
    const printer = farm.emulator.printer(A1_MINI);
    printer.dismiss();
    await print();
    expect(await got({ command: 'stop' }, A1_MINI)).toEqual([A1_MINI]);
    await jobIs('cancelled');
    expect(await last(A1_MINI)).toMatchObject({
      outcome: 'accepted',
      reason: `Its print job ${jobId} is being cancelled`,
    });
  });

  it("of somebody else's is stopped by the command alone", async () => {
    const printer = farm.emulator.printer(H2D);
    printer.startExternalJob('vase', 86_400);
    await vi.waitFor(() => expect(printer.activity).toBe('RUNNING'), { timeout: 10_000, interval: 20 });
    expect(await got({ command: 'stop' }, H2D)).toEqual([H2D]);
    await vi.waitFor(() => expect(printer.activity).toBe('FAILED'), { timeout: 10_000, interval: 20 });
    expect(valueAt(await last(H2D), 'outcome')).toBe('accepted');
  });
});

describe('a printer that cannot be told', () => {
  it('has nothing to hold, and is left out with its reason', async () => {
    for (const command of ['pause', 'resume']) {
      expect(await got({ command }, X1C)).toEqual([]);
      expect(await last(X1C)).toMatchObject({
        outcome: 'unsent',
        reason: expect.stringMatching(/^The printer reports IDLE: .*during a print only/),
      });
    }
  });

  it('refuses, and is left out with its reason', async () => {
    farm.emulator.printer(X1C).addFault('dev.modeOff', { shape: 'verify-failed' });
    expect(await got({ command: 'stop' }, X1C, H2D)).toEqual([H2D]);
    expect(await last(X1C)).toMatchObject({
      outcome: 'refused',
      reason: expect.stringContaining('Developer Mode'),
    });
    farm.emulator.printer(X1C).clearFaults();
  });

  it('is offline, and is left out with its reason', async () => {
    await farm.emulator.printer(P1S).power(false);
    await farm.until(`/v1/printers/${farm.printerId(P1S)}`, (body) => valueAt(body, 'isOnline') === false);
    expect(await got({ command: 'stop' }, P1S, H2D)).toEqual([H2D]);
    expect(await last(P1S)).toMatchObject({
      outcome: 'unsent',
      reason: expect.stringMatching(/^The printer is offline/),
    });
  });

  it('says nothing within three seconds: it counts as told, and the outcome comes later', async () => {
    farm.emulator.printer(H2D).addFault('mqtt.halfOpen', { command: 'stop' });
    expect(await got({ command: 'stop' }, H2D)).toEqual([H2D]);
    expect(valueAt(await last(H2D), 'outcome')).toBe('waiting');
    await vi.waitFor(async () => expect(valueAt(await last(H2D), 'outcome')).toBe('unanswered'), {
      timeout: 5_000,
      interval: 100,
    });
  });
});
