import { readFile } from 'node:fs/promises';
import { connectAsync } from 'mqtt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { cube } from '../fixtures/cube.js';
import { listAt, type TestFarm, testFarm, textAt, valueAt } from '../fixtures/farm.js';
import { type Family, readPrometheusText } from './prometheus-text.js';

const NAME = 'Left "A1"\\n, café';

let farm: TestFarm;
beforeAll(async () => {
  farm = await testFarm({ printers: [{ model: 'A1M' }, { model: 'A1M', name: NAME }] });
});
afterAll(() => farm.stop());

async function scrape(): Promise<ReadonlyMap<string, Family>> {
  const answer = await farm.api('GET', '/metrics');
  expect(answer.status, answer.text).toBe(200);
  expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  return readPrometheusText(answer.text);
}

/** The value of the one series with these labels; undefined when there is none. */
function seriesAt(
  families: ReadonlyMap<string, Family>,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  const family = families.get(name.replace(/_(bucket|sum|count)$/, '')) ?? families.get(name);
  const found = family?.samples.filter(
    (sample) =>
      sample.name === name &&
      Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
  );
  return found?.length === 1 ? found[0]?.value : undefined;
}

async function print(): Promise<string> {
  const path = await farm.upload('cube.gcode.3mf', await cube());
  const part = await farm.ok('POST', '/v1/parts', { name: 'Cube', type: 'gcode3mf', fileUris: [path] });
  const built = await farm.ok('POST', '/v2/builds', { parts: [{ partId: textAt(part, 'id') }] });
  const build = await farm.ok('GET', `/v1/part-builds/${textAt(built, 'partBuilds', 0, 'id')}`);
  const job = textAt(build, 'printJobs', 0, 'id');
  await farm.until(`/v1/print-jobs/${job}`, (body) => valueAt(body, 'status') === 'completed');
  return job;
}

/** A subscriber that has seen a state of each printer. */
async function followed(): Promise<() => Promise<void>> {
  const client = await connectAsync(farm.mqttUrl, {
    username: farm.storeId,
    password: farm.key,
    ca: await readFile(farm.caFile),
  });
  const topics = new Set<string>();
  const both = new Promise<void>((resolve) => {
    client.on('message', (topic) => {
      if (topics.add(topic).size === 2) resolve();
    });
  });
  await client.subscribeAsync(`stores/${farm.storeId}/printer-stats/+`);
  await both;
  return () => client.endAsync(true);
}

describe('figures for Prometheus', () => {
  it('say of a farm that has printed what REST says', async () => {
    const leave = await followed();
    const job = await print();
    await farm.api('GET', `/v1/print-jobs/${'a'.repeat(24)}`);
    const warned = () => farm.logLines.filter((line) => line.startsWith('{"level":"warn"')).length;
    const before = warned();
    const families = await scrape();
    const after = warned();
    await leave();

    const printers = listAt(await farm.ok('GET', '/v1/printers'));
    expect(seriesAt(families, 'printfarmd_build_info', { version: '0.0.0-test' })).toBe(1);
    for (const printer of printers) {
      const id = textAt(printer, 'id');
      expect(seriesAt(families, 'printfarmd_printer_online', { printer: id })).toBe(1);
      expect(seriesAt(families, 'printfarmd_printer_info', { name: textAt(printer, 'name') })).toBe(1);
      expect(seriesAt(families, 'printfarmd_printer_report_age_seconds', { printer: id })).toBeLessThan(20);
    }
    expect(printers.map((printer) => textAt(printer, 'name'))).toContain(NAME);
    const states = families.get('printfarmd_printers')?.samples ?? [];
    expect(states.reduce((sum, { value }) => sum + value, 0)).toBe(2);
    expect(seriesAt(families, 'printfarmd_reports_total')).toBeGreaterThan(2);

    expect(seriesAt(families, 'printfarmd_jobs', { status: 'pending' })).toBe(0);
    expect(seriesAt(families, 'printfarmd_job_changes_total', { status: 'pending' })).toBe(1);
    expect(seriesAt(families, 'printfarmd_job_changes_total', { status: 'completed' })).toBe(1);
    expect(seriesAt(families, 'printfarmd_dispatch_steps_total', { step: 'start-sent' })).toBe(1);
    expect(seriesAt(families, 'printfarmd_dispatch_outcomes_total', { outcome: 'completed' })).toBe(1);
    for (const phase of ['transferring', 'start-sent', 'printing']) {
      expect(seriesAt(families, 'printfarmd_dispatch_phase_seconds_count', { phase }), phase).toBe(1);
    }
    expect(seriesAt(families, 'printfarmd_transfer_bytes_total')).toBe((await cube()).byteLength);

    expect(seriesAt(families, 'printfarmd_dispatch_outcomes_total', { outcome: 'failed' })).toBe(0);
    expect(seriesAt(families, 'printfarmd_database_write_seconds_count')).toBeGreaterThan(5);
    expect(seriesAt(families, 'printfarmd_database_read_seconds_count')).toBeGreaterThan(5);
    // Without an external broker there is no such figure, and none that says it is lost.
    expect(families.get('printfarmd_mqtt_bridge_connected')?.samples).toEqual([]);
    const lines = seriesAt(families, 'printfarmd_log_lines_total', { level: 'warn' });
    expect(lines).toBeGreaterThanOrEqual(before);
    expect(lines).toBeLessThanOrEqual(after);
    expect(seriesAt(families, 'printfarmd_database_file_bytes', { file: 'database' })).toBeGreaterThan(
      10_000,
    );
    expect(seriesAt(families, 'printfarmd_data_free_bytes')).toBeGreaterThan(0);
    const route = { method: 'GET', route: '/v1/print-jobs/:id' };
    expect(seriesAt(families, 'printfarmd_http_requests_total', { ...route, status: '4xx' })).toBe(1);
    expect(seriesAt(families, 'printfarmd_http_requests_total', { ...route, status: '2xx' })).toBeGreaterThan(
      0,
    );
    expect(seriesAt(families, 'printfarmd_http_request_seconds_total', route)).toBeGreaterThan(0);
    expect(seriesAt(families, 'printfarmd_http_request_duration_seconds_count', { method: 'PUT' })).toBe(1);
    expect(seriesAt(families, 'printfarmd_http_errors_total', { code: 'not_found' })).toBe(1);
    expect(seriesAt(families, 'printfarmd_mqtt_clients')).toBe(1);
    expect(seriesAt(families, 'printfarmd_mqtt_messages_sent_total')).toBeGreaterThanOrEqual(2);
    expect(seriesAt(families, 'process_cpu_seconds_total')).toBeGreaterThan(0);

    const text = (await farm.api('GET', '/metrics')).text;
    expect(text).not.toContain(job);
    expect(text).not.toContain(farm.key.slice(24));
    for (const { accessCode } of farm.emulator.printers) expect(text).not.toContain(accessCode);
  });

  it('keep to the conventions for names', async () => {
    const all = [...(await scrape()).values()];
    for (const { name, type } of all) {
      expect(name.endsWith('_total'), name).toBe(type === 'counter');
      expect(name).not.toMatch(/_(milliseconds|ms|minutes|kilobytes|percent)\b/);
    }
    const own = all.filter(({ name }) => name.startsWith('printfarmd_'));
    expect(own.length).toBeGreaterThan(20);
    for (const { name, type, help } of own) {
      expect(help, name).toMatch(/^[A-Z].*\.$/);
      if (type === 'histogram') expect(name).toMatch(/_seconds$/);
    }
  });

  it('are what the dashboard and the manual name', async () => {
    const read = (file: string) => readFile(new URL(`../../${file}`, import.meta.url), 'utf8');
    const families = await scrape();
    const names = [...families.values()].flatMap(namesOf);
    const board = z
      .object({ panels: z.array(z.object({ targets: z.array(z.object({ expr: z.string() })).optional() })) })
      .parse(JSON.parse(await read('config/grafana-dashboard.json')));
    const queries = board.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
    expect(queries.length).toBeGreaterThan(20);
    for (const query of queries) {
      const used = query.match(/\b(printfarmd|nodejs|process)_\w+/g) ?? [];
      expect(used.length, query).toBeGreaterThan(0);
      for (const name of used) expect(names, query).toContain(name);
      expect(
        labelsIn(query).filter((label) => !labelsOf(used, families).has(label)),
        query,
      ).toEqual([]);
      for (const [label, word] of wordsIn(query)) {
        expect(valuesOf(used, label, families), query).toContain(word);
      }
      // A rate of what may fall is nonsense, and the bare height of a counter as good as none.
      const rated = [...query.matchAll(/(?:rate|increase)\((\w+)/g)].map(([, name = '']) => name);
      for (const name of used) expect(rated.includes(name), query).toBe(grows(name, families));
    }
    const told = new Set((await read('docs/operators.md')).match(/\bprintfarmd_[a-z_]+/g));
    const own = [...families.keys()].filter((name) => name.startsWith('printfarmd_'));
    expect([...told].sort()).toEqual(own.sort());
  });
});

describe('who may read figures', () => {
  const asked = (headers: Readonly<Record<string, string | undefined>>) =>
    farm.api('GET', '/metrics', undefined, { 'x-printago-storeid': undefined, ...headers });

  it('a key alone, under either word that Prometheus can send', async () => {
    for (const word of ['ApiKey', 'Bearer']) {
      expect((await asked({ authorization: `${word} ${farm.key}` })).status, word).toBe(200);
    }
  });

  it('nobody else, also from this machine', async () => {
    expect((await asked({ authorization: undefined })).status).toBe(401);
    expect((await asked({ authorization: 'Bearer nothing' })).status).toBe(401);
    expect((await asked({ authorization: `ApiKey ${farm.key}`, 'x-printago-storeid': 'other' })).status).toBe(
      401,
    );
  });

  it('no key that may not see printers and queue', async () => {
    const made = await farm.ok('POST', '/v1/api-keys', { name: 'Shop', permissions: ['order.view'] });
    const key = textAt(made, 'key');
    const refused = await asked({ authorization: `ApiKey ${key}` });
    expect(refused.status).toBe(403);
    expect(valueAt(refused.body, 'message')).toContain('printer.view and queue.view');
  });

  it('an address that the configuration names, without a key; and nobody where they are off', async () => {
    await farm.restart({ config: { metrics: { allow: ['127.0.0.0/8'] } } });
    expect((await asked({ authorization: undefined })).status).toBe(200);
    await farm.restart({ config: { metrics: { enabled: false } } });
    expect((await farm.api('GET', '/metrics')).status).toBe(404);
  });
});

/** What the server that scrapes adds to every series, and what belongs to buckets. */
const GIVEN = ['instance', 'job', 'le'];
const SELECTOR = /(\w+)(=~|!=|!~|=)"([^"]*)"/g;

/** Labels that a query selects, groups or joins by. */
function labelsIn(query: string): string[] {
  const selected = [...query.matchAll(SELECTOR)].map(([, label = '']) => label);
  const grouped = [...query.matchAll(/\b(?:by|on|group_left)\s*\(([^)]*)\)/g)];
  return [...selected, ...grouped.flatMap(([, list = '']) => list.split(',').map((label) => label.trim()))];
}

/** The words of the farm's own that a query selects by. */
function wordsIn(query: string): (readonly [label: string, word: string])[] {
  return [...query.matchAll(SELECTOR)]
    .filter(([, , , value = '']) => !value.startsWith('$'))
    .flatMap(([, label = '', , value = '']) => value.split('|').map((word) => [label, word] as const));
}

function familyOf(name: string, families: ReadonlyMap<string, Family>): Family | undefined {
  return families.get(name) ?? families.get(name.replace(/_(bucket|sum|count)$/, ''));
}

function labelsOf(names: readonly string[], families: ReadonlyMap<string, Family>): ReadonlySet<string> {
  const samples = names.flatMap((name) => familyOf(name, families)?.samples ?? []);
  return new Set([...GIVEN, ...samples.flatMap(({ labels }) => Object.keys(labels))]);
}

function valuesOf(names: readonly string[], label: string, families: ReadonlyMap<string, Family>) {
  const samples = names.flatMap((name) => familyOf(name, families)?.samples ?? []);
  return samples.map(({ labels }) => labels[label]);
}

function grows(name: string, families: ReadonlyMap<string, Family>): boolean {
  const type = familyOf(name, families)?.type;
  return type === 'counter' || type === 'histogram';
}

/** The names of a family's series. */
function namesOf({ name, type }: Family): string[] {
  return type === 'histogram' ? ['_bucket', '_sum', '_count'].map((suffix) => name + suffix) : [name];
}
