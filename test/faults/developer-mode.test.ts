import { readFileSync } from 'node:fs';
import mqtt, { type MqttClient } from 'mqtt';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { EmulatedPrinter } from '../../drivers/emulator/index.js';
import { cube } from '../fixtures/cube.js';
import { listAt, type TestFarm, testFarm, textAt, valueAt } from '../fixtures/farm.js';
import { QUICK } from './crashing-farm.js';

/** What an operator sees of printers that refuse commands, or have no room for one more client. */

const TELLS = '0940AA000000001';
const BARE = '0390AA000000001';
const WORDY = '01S0AA000000001';
const SILENT = '01P0AA000000001';
const FULL = '01P0AA000000002';

let farm: TestFarm;
let stats: MqttClient;
const newest = new Map<string, unknown>();

beforeAll(async () => {
  farm = await testFarm({
    printers: [
      { model: 'H2D', serial: TELLS },
      { model: 'A1', serial: BARE },
      { model: 'P1P', serial: WORDY },
      { model: 'P1S', serial: SILENT },
      { model: 'P1S', serial: FULL },
    ],
    timing: { ...QUICK, transferBackoffMs: [50, 50] },
    // In proportion: what a P1 leaves out of its reports has to be asked for within the shortened waits.
    sessionTiming: {
      refreshFloorMs: 300,
      backOffFirstMs: 100,
      backOffLastMs: 300,
      crowdedBackOffMs: 500,
    },
  });
  stats = await mqtt.connectAsync(farm.mqttUrl, {
    ca: readFileSync(farm.caFile),
    protocolVersion: 4,
    username: farm.storeId,
    password: farm.key,
    clientId: `apiclient_${farm.key.slice(0, 24)}_mode`,
  });
  stats.on('message', (name, payload) => newest.set(name, JSON.parse(payload.toString())));
  await stats.subscribeAsync(`stores/${farm.storeId}/printer-stats/+`);
});
afterAll(async () => {
  await stats?.endAsync(true);
  await farm?.stop();
});

const printer = (serial: string): EmulatedPrinter => farm.emulator.printer(serial);
const local = (serial: string) => `/local/printers/${farm.printerId(serial)}`;
const row = (serial: string) => `/v1/printers/${farm.printerId(serial)}`;

async function queueFor(serial: string, model: string): Promise<string> {
  const path = await farm.upload('cube.gcode.3mf', await cube({ model, plates: [{ seconds: 1_200 }] }));
  const part = await farm.ok('POST', '/v1/parts', { name: 'Cube', type: 'gcode3mf', fileUris: [path] });
  const tags = { 'printer.id': farm.printerId(serial) };
  const built = await farm.ok('POST', '/v2/builds', { parts: [{ partId: textAt(part, 'id'), tags }] });
  const whole = await farm.ok('GET', `/v1/part-builds/${textAt(built, 'partBuilds', 0, 'id')}`);
  return textAt(listAt(whole, 'printJobs')[0], 'id');
}

/** Of the printer for the job: what keeps it from being taken. */
async function whyNot(jobId: string, serial: string): Promise<readonly string[]> {
  const body = await farm.ok('GET', `/v1/print-jobs/${jobId}/matching-troubleshoot`);
  const id = farm.printerId(serial);
  const one = listAt(body, 'printers').find((candidate) => valueAt(candidate, 'printerId') === id);
  return listAt(one, 'checks')
    .filter((check) => valueAt(check, 'passed') === false)
    .map((check) => textAt(check, 'explanation'));
}

/** Codes of what clients are shown as errors. */
const shownErrors = (serial: string): readonly unknown[] =>
  listAt(
    newest.get(`stores/${farm.storeId}/printer-stats/${farm.printerId(serial)}`),
    'data',
    'health',
    'errors',
  ).map((message) => valueAt(message, 'code'));

const hasMode = (mode: string) => (body: unknown) => valueAt(body, 'state', 'developerMode') === mode;
const starts = (serial: string) =>
  farm.emulator.log.entries.filter((entry) => entry.serial === serial && entry.kind === 'project_file')
    .length;

describe('pain-23 fault-41 fact-03: Developer Mode that is switched off', () => {
  it('shows at once where the firmware tells it, keeps jobs away, and is over when it is switched on', async () => {
    const { serial } = printer(TELLS);
    await farm.until(local(serial), hasMode('on'));
    printer(TELLS).addFault('dev.modeOff');
    const seen = await farm.until(local(serial), hasMode('off'));
    const attention = listAt(seen, 'attention')[0];
    expect(valueAt(attention, 'code')).toBe('developer-mode');
    expect(textAt(attention, 'message')).toMatch(
      /switch on LAN Only Mode and then Developer Mode.*restart it/,
    );
    await farm.until(row(serial), (body) => valueAt(body, 'isAvailable') === false);
    await vi.waitFor(() => expect(shownErrors(serial)).toContain('0500-0500-0001-0007'), 10_000);
    expect(farm.logLines.some((line) => line.includes('refuses commands') && line.includes(serial))).toBe(
      true,
    );

    const jobId = await queueFor(serial, 'O1D');
    expect((await whyNot(jobId, serial)).join(' ')).toMatch(/Developer Mode is off.*switch on LAN Only Mode/);
    const sent = await farm.ok('POST', '/v1/printer-commands/send', {
      command: { command: 'set-temperature', type: 'bed', temperature: 50 },
      ids: [farm.printerId(serial)],
    });
    expect(sent).toEqual([]);
    expect(starts(serial)).toBe(0);

    printer(TELLS).clearFaults();
    await farm.until(local(serial), hasMode('on'));
    await farm.until(`/v1/print-jobs/${jobId}`, (body) => valueAt(body, 'status') === 'completed');
    expect(starts(serial)).toBe(1);
    expect(listAt(await farm.ok('GET', local(serial)), 'attention')).toEqual([]);
    await vi.waitFor(() => expect(shownErrors(serial)).toEqual([]), 10_000);
  });

  it.each([
    [BARE, 'N2S', 'bare'],
    [WORDY, 'C11', 'verify-failed'],
  ])(
    '%s: shows in the first refusal where it does not (%s, %s); the job goes back and waits',
    async (serial, model, shape) => {
      printer(serial).addFault('dev.modeOff', { shape });
      const jobId = await queueFor(serial, model);
      await farm.until(local(serial), hasMode('off'), 25_000);
      await farm.until(`/v1/print-jobs/${jobId}`, (body) => valueAt(body, 'status') === 'pending', 25_000);
      expect((await whyNot(jobId, serial)).join(' ')).toMatch(/Developer Mode is off/);
      await farm.until(row(serial), (body) => valueAt(body, 'isAvailable') === false);
      const refused = starts(serial);
      expect(refused).toBeGreaterThanOrEqual(1);

      printer(serial).clearFaults();
      await printer(serial).power(false);
      await printer(serial).power(true);
      await farm.until(
        local(serial),
        (body) => valueAt(body, 'state', 'developerMode') === 'unknown',
        25_000,
      );
      await farm.until(row(serial), (body) => valueAt(body, 'isAvailable') === true);
      expect(listAt(await farm.ok('GET', local(serial)), 'attention')).toEqual([]);
    },
  );

  it('of which the firmware says nothing ends as not begun, with a word about it', async () => {
    printer(SILENT).addFault('job.neverStart');
    const jobId = await queueFor(SILENT, 'C12');
    const body = await farm.until(
      `/v1/print-jobs/${jobId}`,
      (job) => valueAt(job, 'status') === 'failed',
      25_000,
    );
    expect(textAt(body, 'errorMessage')).toMatch(/^start_not_confirmed:.*LAN Only Mode and Developer Mode/);
  });
});

describe('fault-15: a printer without room for one more client', () => {
  it('is offline with its own words, everywhere a person looks', async () => {
    printer(FULL).addFault('mqtt.full');
    printer(FULL).addFault('net.drop');
    const seen = await farm.until(
      local(FULL),
      (body) => valueAt(body, 'connection', 'reason') === 'crowded',
      25_000,
    );
    expect(valueAt(seen, 'connection', 'status')).toMatch(/offline|connecting/);
    expect(textAt(listAt(seen, 'attention')[0], 'message')).toMatch(
      /too many clients.*Close slicers and apps/,
    );
    await farm.until(row(FULL), (body) => valueAt(body, 'isOnline') === false);
    const jobId = await queueFor(FULL, 'C12');
    expect((await whyNot(jobId, FULL)).join(' ')).toMatch(/offline.*too many clients/);
    printer(FULL).clearFaults();
    await farm.until(row(FULL), (body) => valueAt(body, 'isOnline') === true, 25_000);
    await farm.until(`/v1/print-jobs/${jobId}`, (body) => valueAt(body, 'status') === 'completed', 25_000);
  });
});
