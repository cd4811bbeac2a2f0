/** A daemon under test: the built program on an installation that `init` has made, in a folder of its own. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { DemoApi } from '../src/cli/demo-api.js';
import { built, Child, CLI, output, WORK_DIR } from './child.js';

/** A printer as the configuration names it. */
export interface FarmPrinter {
  readonly serial: string;
  readonly host: string;
  readonly mqttPort: number;
  readonly ftpPort: number;
  readonly accessCode: string;
  readonly model: string;
}

export interface FarmSettings {
  readonly printers: readonly FarmPrinter[];
  readonly caFiles: readonly string[];
  readonly transfersMax?: number;
  /** MQTT clients at the same time. */
  readonly maxConnections?: number;
}

const READY_MS = 60_000;
const LOOK_MS = 100;

const made = z.object({
  configFile: z.string(),
  dataDir: z.string(),
  storeId: z.string(),
  apiKey: z.string(),
  url: z.string(),
  mqttUrl: z.string(),
  wssUrl: z.string(),
  caFile: z.string(),
});
export type Installation = z.infer<typeof made>;

/** A folder that is gone when the work is done. */
export async function inFolder<T>(name: string, work: (folder: string) => Promise<T>): Promise<T> {
  await mkdir(WORK_DIR, { recursive: true });
  const folder = await mkdtemp(join(WORK_DIR, `${name}-`));
  try {
    const result = await work(folder);
    await rm(folder, { recursive: true, force: true });
    return result;
  } catch (error) {
    // Its logs are what tells why.
    throw new Error(`${error instanceof Error ? error.message : String(error)} (kept: ${folder})`, {
      cause: error,
    });
  }
}

export async function install(folder: string, settings: FarmSettings): Promise<Installation> {
  const listen = ['--listen', '127.0.0.1:0', '--mqtt-listen', '127.0.0.1:0'];
  const installation = made.parse(
    JSON.parse(await output([CLI, 'init', '--json', '--dir', folder, ...listen])),
  );
  await configure(installation, settings);
  return installation;
}

export async function configure(installation: Installation, settings: FarmSettings): Promise<void> {
  const config = {
    dataDir: installation.dataDir,
    http: { host: '127.0.0.1', port: Number(new URL(installation.url).port) },
    mqtt: {
      host: '127.0.0.1',
      port: Number(new URL(installation.mqttUrl).port),
      websocket: { port: Number(new URL(installation.wssUrl).port) },
      ...(settings.maxConnections === undefined ? {} : { maxConnections: settings.maxConnections }),
    },
    rateLimit: { perMinute: 0, perHour: 0 },
    discovery: { enabled: false },
    bambu: { extraCaFiles: settings.caFiles },
    printers: settings.printers,
    ...(settings.transfersMax === undefined ? {} : { transfers: { max: settings.transfersMax } }),
  };
  // JSON is YAML.
  await writeFile(installation.configFile, JSON.stringify(config, null, 2), { mode: 0o600 });
}

export interface DaemonOptions {
  /** Further `--import`s, such as `bench/child/probe-reports.js`. */
  readonly probes?: readonly string[];
  readonly profileDir?: string | null;
}

const printerRows = z.array(z.object({ id: z.string(), deviceId: z.string(), isOnline: z.boolean() }));
const jobRows = z.array(z.object({ status: z.string(), errorMessage: z.string().nullable() }));
const memory = z.object({ liveBytes: z.number(), rssBytes: z.number() });

export class Daemon {
  private constructor(
    readonly child: Child,
    readonly installation: Installation,
    readonly api: DemoApi,
  ) {}

  /** Resolves when the daemon says that it is ready. */
  static async start(installation: Installation, options: DaemonOptions = {}): Promise<Daemon> {
    const probes = ['bench/child/probe.js', ...(options.probes ?? [])];
    const { profileDir } = options;
    const profile = profileDir ? ['--cpu-prof', `--cpu-prof-dir=${profileDir}`] : [];
    const child = new Child({
      name: 'the daemon',
      args: [
        '--expose-gc',
        ...profile,
        ...probes.map((probe) => `--import=${built(probe)}`),
        ...[CLI, 'run', '--config', installation.configFile],
      ],
      logFile: join(installation.dataDir, '..', 'daemon.log'),
    });
    const { url, apiKey, storeId } = installation;
    const api = new DemoApi(url, apiKey, storeId, new AbortController().signal);
    const daemon = new Daemon(child, installation, api);
    try {
      await daemon.until('ready', READY_MS, async () => {
        const answer = await fetch(`${url}/readyz`).catch(() => null);
        return answer?.ok === true;
      });
    } catch (error) {
      await child.stop();
      throw error;
    }
    return daemon;
  }

  get pid(): number {
    return this.child.pid;
  }

  /** Live memory after a collection. */
  memory(): Promise<z.infer<typeof memory>> {
    return this.child.ask(memory, 'memory');
  }

  printers(): Promise<z.infer<typeof printerRows>> {
    return this.api.call(printerRows, 'GET', '/v1/printers?limit=1000&fields=id,deviceId,isOnline');
  }

  /** Every printer of the configuration has a session that stands. */
  async allOnline(count: number): Promise<void> {
    await this.until(`${count} printers online`, READY_MS * 2, async () => {
      const online = (await this.printers()).filter((printer) => printer.isOnline);
      return online.length >= count;
    });
  }

  /** Tells that every bed is clear. */
  async confirmBeds(): Promise<void> {
    const ids = (await this.printers()).map((printer) => printer.id);
    await this.api.call(z.unknown(), 'PATCH', '/v1/printers/confirm-ready', { ready: true, ids });
  }

  async build(partId: string, quantity: number): Promise<void> {
    await this.api.call(z.unknown(), 'POST', '/v2/builds', { parts: [{ partId, quantity }] });
  }

  /** Waits until so many jobs stand in one of the states. @throws Error when a job fails */
  async jobsIn(states: readonly string[], count: number, ms: number): Promise<void> {
    const names = states.join(' or ');
    await this.until(`${count} jobs ${names}`, ms, async () => {
      const jobs = await this.#jobs();
      return jobs.filter((job) => states.includes(job.status)).length >= count;
    });
  }

  /** No job is waiting or under way. @throws Error when one has failed */
  async idle(): Promise<boolean> {
    const jobs = await this.#jobs();
    return jobs.every((job) => job.status === 'completed');
  }

  async until(what: string, ms: number, look: () => Promise<boolean>): Promise<void> {
    const leave = new AbortController();
    const looking = async () => {
      while (!leave.signal.aborted && !(await look())) await delay(LOOK_MS);
    };
    try {
      await this.child.within(looking(), ms, what);
    } finally {
      leave.abort();
    }
  }

  stop(): Promise<void> {
    return this.child.stop();
  }

  async #jobs(): Promise<z.infer<typeof jobRows>> {
    const path = '/v1/print-jobs?limit=10000&fields=status,errorMessage';
    const jobs = await this.api.call(jobRows, 'GET', path);
    const failed = jobs.find((job) => job.status === 'failed');
    if (failed) throw new Error(`a job failed: ${failed.errorMessage ?? 'no reason'}`);
    return jobs;
  }
}
