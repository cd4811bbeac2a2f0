import { randomInt } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { connectAsync, type MqttClient } from 'mqtt';
import { z } from 'zod';
import {
  DemoApi,
  type DemoJob,
  discovered,
  entity,
  jobs,
  PASSING,
  printers,
  troubleshoot,
} from './demo-api.js';
import { Board, type BoardState, type Stat, stat } from './demo-board.js';
import { demoFiles, shareCopies } from './demo-files.js';
import { type AnnouncedPrinter, Companion, startPrinters } from './demo-processes.js';
import { tellSummary } from './demo-summary.js';
import { findListener } from './listeners.js';
import { loopbackAddresses } from './loopback-addresses.js';
import type { Terminal } from './terminal.js';
import { createTlsMaterial, machineNames } from './tls-material.js';

export interface DemoOptions {
  readonly printers: number;
  readonly file: string | undefined;
  readonly copies: number;
  readonly speed: number;
  readonly once: boolean;
  readonly keep: boolean;
}

const MODELS = ['X1C', 'P1S', 'A1', 'A1M', 'H2D'];
const FIRST_ADDRESS = '127.0.20.1';
const DISCOVERY_MS = 30_000;
const READY_MS = 30_000;
/** Nothing finished for this long: something is wrong, and waiting longer would only hide it. */
const STALLED_MS = 120_000;
const LOOK_MS = 300;
const SETTLE_MS = 1_200;

/** The whole show. Rejects with the reason when not every copy was printed. */
export async function runDemo(options: DemoOptions, terminal: Terminal, ended: AbortSignal): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'printfarmd-demo-'));
  const running: (() => Promise<unknown>)[] = [];
  try {
    await play(options, terminal, ended, folder, running);
  } finally {
    for (const stop of running.reverse()) await stop();
    if (options.keep) terminal.out(`The data is in ${folder}`);
    else await rm(folder, { recursive: true, force: true });
  }
}

async function play(
  options: DemoOptions,
  terminal: Terminal,
  ended: AbortSignal,
  folder: string,
  running: (() => Promise<unknown>)[],
): Promise<void> {
  terminal.out(`Starting ${options.printers} emulated printers and a farm in ${folder}`);
  const ssdpPort = randomInt(20_000, 60_000);
  const emulated = await startPrinters(
    [
      ...['--printers', String(options.printers), '--models', MODELS.join(','), '--address', FIRST_ADDRESS],
      ...['--speed', String(options.speed), '--ssdp-address', '127.0.0.1', '--ssdp-port', String(ssdpPort)],
    ],
    options.printers,
    join(folder, 'emulator.log'),
  );
  running.push(() => emulated.companion.stop());
  const farm = await startFarm(folder, ssdpPort, emulated.printers[0]?.caFile ?? '', running, ended);
  const api = new DemoApi(farm.url, farm.apiKey, farm.storeId, ended);

  await register(api, emulated.printers, terminal, ended);
  const board = new Board(terminal, process.stdout);
  const { stats, client } = await follow(farm, api);
  running.push(() => client.endAsync(true));

  const files = await demoFiles(
    options.file,
    emulated.printers.map((printer) => printer.model),
  );
  const counts = shareCopies(files, options.copies);
  const parts = await Promise.all(files.map((file) => api.addPart(file.name, file.fileName, file.bytes)));
  await api.call(z.unknown(), 'POST', '/v2/builds', {
    parts: parts.flatMap((partId, index) => {
      const quantity = counts[index] ?? 0;
      return quantity > 0 ? [{ partId, quantity }] : [];
    }),
  });
  terminal.out(`Queued ${options.copies} copies of ${files.map((file) => file.name).join(', ')}`);
  await tellPassedOver(api, terminal, files.length === 1);

  const began = performance.now();
  const last = await watchFarm(api, board, stats, began, ended, emulated.companion, farm.companion);
  tellSummary(terminal, last, folder, options.keep);
  const failed = last.jobs.find((job) => job.status !== 'completed');
  if (failed) throw new Error(`not every copy was printed: ${failed.errorMessage ?? failed.status}`);
  if (options.once || ended.aborted) return;
  tellHowToTry(terminal, farm, parts[0] ?? '');
  if (!ended.aborted)
    await new Promise((resolve) => ended.addEventListener('abort', resolve, { once: true }));
}

interface Farm {
  readonly url: string;
  readonly mqttPort: number;
  readonly storeId: string;
  readonly apiKey: string;
  readonly caFile: string;
  readonly companion: Companion;
}

/** Makes an installation like `init` does and starts `run` on it. */
async function startFarm(
  folder: string,
  ssdpPort: number,
  emulatorCa: string,
  running: (() => Promise<unknown>)[],
  ended: AbortSignal,
): Promise<Farm> {
  const { initialise } = await import('../installation.js');
  const dataDir = join(folder, 'data');
  await mkdir(dataDir, { mode: 0o700 });
  const tls = await createTlsMaterial(dataDir, machineNames(['127.0.0.1']), new Date());
  const { storeId, apiKey } = await initialise(dataDir);
  const http = await findListener('REST', 'listen', undefined, { host: '127.0.0.1', port: 3001 });
  const mqtt = await findListener('MQTT', 'mqtt-listen', undefined, { host: '127.0.0.1', port: 8883 });
  const wss = await findListener('WebSocket', 'wss-listen', undefined, { host: '127.0.0.1', port: 9001 });
  const configFile = join(folder, 'printfarmd.yaml');
  const config = {
    dataDir: 'data',
    http: http.endpoint,
    mqtt: { ...mqtt.endpoint, websocket: wss.endpoint },
    rateLimit: { perMinute: 0, perHour: 0 },
    discovery: { address: '127.0.0.1', ports: [ssdpPort] },
    bambu: { extraCaFiles: [emulatorCa] },
  };
  // JSON is YAML.
  await writeFile(configFile, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600 });
  const companion = new Companion('run', ['run', '--config', configFile], join(folder, 'daemon.log'));
  running.push(() => companion.stop());
  const url = `http://127.0.0.1:${http.endpoint.port}`;
  await until(READY_MS, ended, `the daemon was not ready; see ${join(folder, 'daemon.log')}`, async () => {
    const answer = await fetch(`${url}/readyz`).catch(() => null);
    return answer?.ok === true;
  });
  return { url, mqttPort: mqtt.endpoint.port, storeId, apiKey, caFile: tls.caFile, companion };
}

/** Waits until every printer was heard on the network, then registers it with the code on its screen. */
async function register(
  api: DemoApi,
  emulated: readonly AnnouncedPrinter[],
  terminal: Terminal,
  ended: AbortSignal,
): Promise<void> {
  let heard = await api.call(discovered, 'GET', '/v1/printers/discovered');
  await until(DISCOVERY_MS, ended, 'not every printer announced itself', async () => {
    heard = await api.call(discovered, 'GET', '/v1/printers/discovered');
    terminal.status(`${heard.length} of ${emulated.length} printers heard`);
    return emulated.every(({ serial }) => heard.some((seen) => seen.serial === serial));
  });
  terminal.out(`${heard.length} printers announced themselves on the network`);
  const made = await Promise.all(
    emulated.map(({ serial, accessCode, ftpPort, cameraPort, model }, index) =>
      api.call(entity, 'POST', '/v1/printers', {
        provider: 'Bambu',
        serial,
        accessCode,
        ftpPort,
        cameraPort,
        name: `${String(index + 1).padStart(2, '0')} ${model} ${loopbackAddresses(FIRST_ADDRESS, emulated.length)[index]}`,
      }),
    ),
  );
  await api.call(z.unknown(), 'PATCH', '/v1/printers/confirm-ready', {
    ready: true,
    ids: made.map(({ id }) => id),
  });
  terminal.out(`${made.length} printers registered, their beds confirmed clear`);
}

/** Subscribes to the printers' live states with a public MQTT client. */
async function follow(farm: Farm, api: DemoApi): Promise<{ stats: Map<string, Stat>; client: MqttClient }> {
  const stats = new Map<string, Stat>();
  const client = await connectAsync(`mqtts://127.0.0.1:${farm.mqttPort}`, {
    username: farm.storeId,
    password: api.key,
    clientId: `apiclient_${api.key.slice(0, 24)}_demo`,
    ca: await readFile(farm.caFile),
    connectTimeout: 10_000,
  });
  client.on('message', (_topic, payload) => {
    const parsed = payload.length === 0 ? null : stat.safeParse(JSON.parse(payload.toString()));
    if (parsed?.success) stats.set(parsed.data.printerId, parsed.data);
  });
  await client.subscribeAsync(`stores/${farm.storeId}/printer-stats/+`);
  return { stats, client };
}

/** Says why some printers take no part, in the daemon's own words. */
async function tellPassedOver(api: DemoApi, terminal: Terminal, single: boolean): Promise<void> {
  if (!single) return;
  const [job] = await api.call(jobs, 'GET', '/v1/print-jobs?status=pending&sort=queueOrder:desc&limit=1');
  if (!job) return;
  const found = await api.call(troubleshoot, 'GET', `/v1/print-jobs/${job.id}/matching-troubleshoot`);
  const unsuited = found?.printers.filter((printer) => !printer.compatible) ?? [];
  for (const printer of unsuited) {
    const why = printer.checks.find((check) => !check.passed && !PASSING.has(check.code));
    terminal.out(`  passed over: ${printer.printerName}: ${why?.explanation ?? 'it does not suit the file'}`);
  }
  if (found && unsuited.length === found.printers.length) throw new Error('no printer suits the file');
}

/** Watches until nothing is left to do, clearing beds like a person who walks by. */
async function watchFarm(
  api: DemoApi,
  board: Board,
  stats: ReadonlyMap<string, Stat>,
  began: number,
  ended: AbortSignal,
  ...companions: readonly Companion[]
): Promise<BoardState> {
  let progressAt = performance.now();
  let before = '';
  for (;;) {
    const [farmPrinters, farmJobs] = await Promise.all([
      api.call(printers, 'GET', '/v1/printers?limit=1000&sort=name'),
      api.call(jobs, 'GET', '/v1/print-jobs?limit=1000&fields=status,assignedPrinterId,errorMessage'),
    ]);
    const state = { printers: farmPrinters, jobs: farmJobs, stats, elapsedMs: performance.now() - began };
    if (farmJobs.every(isOver)) {
      // States come at most once a second: let the last ones arrive before the last picture.
      await delay(SETTLE_MS, undefined, { signal: ended });
      board.finish(state);
      return state;
    }
    board.show(state);
    const now = farmJobs.map((job) => job.status).join();
    if (now !== before) progressAt = performance.now();
    before = now;
    if (performance.now() - progressAt > STALLED_MS)
      throw new Error(`nothing has moved for ${STALLED_MS / 1000} s`);
    const cleared = farmPrinters.filter((printer) => printer.isAvailable && !printer.confirmedReady);
    if (cleared.length > 0) {
      const ids = cleared.map((printer) => printer.id);
      await api.call(z.unknown(), 'PATCH', '/v1/printers/confirm-ready', { ready: true, ids });
    }
    await Promise.race([
      delay(LOOK_MS, undefined, { signal: ended }),
      ...companions.map((companion) =>
        companion.ended.then((code) => {
          throw new Error(`"${companion.name}" ended unexpectedly (${code ?? 'not started'})`);
        }),
      ),
    ]);
  }
}

function isOver(job: DemoJob): boolean {
  return job.status === 'completed' || job.status === 'failed' || job.status === 'cancelled';
}

async function until(
  ms: number,
  ended: AbortSignal,
  otherwise: string,
  look: () => Promise<boolean>,
): Promise<void> {
  const deadline = performance.now() + ms;
  while (!(await look())) {
    if (performance.now() > deadline) throw new Error(otherwise);
    await delay(100, undefined, { signal: ended });
  }
}

function tellHowToTry(terminal: Terminal, farm: Farm, partId: string): void {
  const headers = `-H 'authorization: ApiKey ${farm.apiKey}' -H 'x-printago-storeid: ${farm.storeId}'`;
  terminal.out('');
  terminal.out(`The farm stays up at ${farm.url} until Ctrl-C. Its key: ${farm.apiKey}`);
  terminal.out('Try:');
  terminal.out(`  curl ${headers} '${farm.url}/v1/printers?fields=name,isOnline,confirmedReady'`);
  terminal.out(`  curl ${headers} '${farm.url}/v1/print-jobs?status=completed&meta=true&limit=5'`);
  terminal.out(
    `  curl ${headers} -H 'content-type: application/json' -d '{"parts":[{"partId":"${partId}","quantity":2}]}' ${farm.url}/v2/builds`,
  );
}
