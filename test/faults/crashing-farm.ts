import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';
import { z } from 'zod';
import { Emulator, type TruthEntry } from '../../drivers/emulator/index.js';
import { createTlsMaterial, machineNames } from '../../src/cli/tls-material.js';
import { initialise } from '../../src/installation.js';
import { cube } from '../fixtures/cube.js';
import { emulatorCa } from '../fixtures/emulator-ca.js';
import { DaemonLife } from './daemon-life.js';

/** Short waits, so that what takes minutes in a farm takes a second here. */
export const QUICK = {
  firstSignMs: 400,
  confirmMs: 1_200,
  lastLookMs: 150,
  reasonMs: 200,
  refusalMs: 300,
  strangeMs: 800,
  stopAgainMs: 500,
};

const job = z.object({
  id: z.string(),
  status: z.string(),
  errorMessage: z.string().nullable(),
  taskId: z.int(),
});
export type Job = z.infer<typeof job>;
const jobs = z.array(job);
const entity = z.object({ id: z.string() });

/** One emulated printer that outlives its daemons, and a data folder that outlives them too. */
export class CrashingFarm {
  #life: DaemonLife | null = null;
  printerId = '';
  partId = '';

  private constructor(
    private readonly folder: string,
    readonly emulator: Emulator,
    private readonly key: string,
    private readonly storeId: string,
  ) {}

  /** `crashAt`: where the first daemon will die, once it has a job. */
  static async make(host: string, crashAt: string | null, speed = 600): Promise<CrashingFarm> {
    const folder = await mkdtemp(join(tmpdir(), 'printfarmd-crash-'));
    const emulator = new Emulator({
      ca: await emulatorCa(),
      printers: [{ model: 'X1C', host, mqttPort: 0, ftpPort: 0 }],
      speed,
      reportIntervalMs: 100,
    });
    await emulator.start();
    await writeFile(join(folder, 'ca.pem'), emulator.caPem);
    const dataDir = join(folder, 'data');
    const { storeId, apiKey } = await initialise(dataDir);
    await createTlsMaterial(dataDir, machineNames(), new Date());
    const farm = new CrashingFarm(folder, emulator, apiKey, storeId);
    await farm.boot(crashAt);
    await farm.adopt();
    return farm;
  }

  get printer() {
    const [printer] = this.emulator.printers;
    if (!printer) throw new Error('There is no printer');
    return printer;
  }

  /** Starts a daemon on the data folder; it dies at the point, if any. */
  async boot(crashAt: string | null): Promise<void> {
    this.#life = await DaemonLife.begin({
      dataDir: join(this.folder, 'data'),
      emulatorCa: join(this.folder, 'ca.pem'),
      crashAt,
      timing: QUICK,
    });
  }

  /** The daemon killed itself. */
  async crashed(): Promise<void> {
    await this.#life?.ended;
    this.#life = null;
  }

  async kill(): Promise<void> {
    await this.#life?.kill('SIGKILL');
    this.#life = null;
  }

  async terminate(): Promise<number | null> {
    await this.#life?.kill('SIGTERM');
    const code = this.#life?.exitCode ?? null;
    this.#life = null;
    return code;
  }

  async stop(): Promise<void> {
    await this.kill();
    await this.emulator.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  async call<T>(schema: z.ZodType<T>, method: string, path: string, body?: unknown): Promise<T> {
    const response = await fetch((this.#life?.url ?? '') + path, {
      method,
      headers: {
        authorization: `ApiKey ${this.key}`,
        'x-printago-storeid': this.storeId,
        'content-type': 'application/json',
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return schema.parse(JSON.parse(text));
  }

  async confirmReady(): Promise<void> {
    await this.call(z.unknown(), 'PATCH', '/v1/printers/confirm-ready', {
      ready: true,
      ids: [this.printerId],
    });
  }

  /** Asks for one print. The daemon may die of it before it has answered. */
  async queue(): Promise<void> {
    const asked = this.call(z.unknown(), 'POST', '/v2/builds', { parts: [{ partId: this.partId }] });
    await Promise.race([asked.catch(() => undefined), this.#life?.ended]);
  }

  /** The job that was asked for last. */
  async newestJob(): Promise<string> {
    const [found] = await this.call(jobs, 'GET', '/v1/print-jobs?sort=createdAt:desc&limit=1');
    if (!found) throw new Error('The job is lost');
    return found.id;
  }

  retry(id: string): Promise<unknown> {
    return this.call(z.unknown(), 'PATCH', '/v1/print-jobs/retry', { printJobIds: [id] });
  }

  job(id: string): Promise<Job> {
    return this.call(job, 'GET', `/v1/print-jobs/${id}`);
  }

  until(id: string, ...statuses: readonly string[]): Promise<Job> {
    return vi.waitFor(
      async () => {
        const found = await this.job(id);
        if (!statuses.includes(found.status))
          throw new Error(`job is ${found.status} (${found.errorMessage})`);
        return found;
      },
      { timeout: 15_000, interval: 25 },
    );
  }

  printerRow() {
    const row = z.object({
      confirmedReady: z.boolean(),
      isAvailable: z.boolean(),
      printingJobId: z.string().nullable(),
      lifetimeJobCount: z.int(),
      lifetimePrintHours: z.number(),
    });
    return this.call(row, 'GET', `/v1/printers/${this.printerId}`);
  }

  /** Starts daemons that die at these points, one after another, each as soon as it has come so far. */
  async crashAtEach(points: readonly string[]): Promise<void> {
    for (const point of points) {
      await this.boot(point);
      await this.crashed();
    }
  }

  /** Prints that really began, as the printer itself saw it. */
  begun(): readonly TruthEntry[] {
    return this.emulator.log.entries.filter(({ kind, event }) => kind === 'print' && event === 'begun');
  }

  /** Transfers of a file that really began at the printer. */
  transfers(): readonly TruthEntry[] {
    return this.emulator.log.entries.filter(({ kind, event }) => kind === 'ftp' && event === 'stor');
  }

  /** Start commands that really reached the printer. */
  starts(): readonly TruthEntry[] {
    return this.emulator.log.entries.filter(
      ({ kind, event }) => kind === 'project_file' && event === 'received',
    );
  }

  private async adopt(): Promise<void> {
    const { serial, host, accessCode, mqttPort, ftpPort } = this.printer;
    const printer = { provider: 'Bambu', serial, host, accessCode, mqttPort, ftpPort };
    this.printerId = (await this.call(entity, 'POST', '/v1/printers', printer)).id;
    const signed = z.object({ signedUrls: z.array(z.object({ path: z.string(), uploadUrl: z.string() })) });
    const { signedUrls } = await this.call(signed, 'POST', '/v1/storage/signed-upload-urls', {
      filenames: ['a.gcode.3mf'],
    });
    const [upload] = signedUrls;
    if (!upload) throw new Error('No upload address was answered');
    const file = await cube({ model: 'BL-P001' });
    await fetch(upload.uploadUrl, { method: 'PUT', body: new Uint8Array(file) });
    const part = {
      name: 'Cube',
      type: 'gcode3mf',
      description: '',
      fileUris: [upload.path],
      parameters: [],
      printTags: {},
      overriddenProcessProfileId: null,
    };
    this.partId = (await this.call(entity, 'POST', '/v1/parts', part)).id;
    await this.confirmReady();
  }
}
