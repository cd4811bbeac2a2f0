import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import Sqlite from 'better-sqlite3';
import { z } from 'zod';
import type { EmulatorCa } from '../../drivers/emulator/certificates.js';
import { type EmulatedPrinter, Emulator, type TruthEntry } from '../../drivers/emulator/index.js';
import { createTlsMaterial, machineNames } from '../../src/cli/tls-material.js';
import { initialise } from '../../src/installation.js';
import { DaemonLife } from '../faults/daemon-life.js';
import { cube } from '../fixtures/cube.js';
import { emulatorCa } from '../fixtures/emulator-ca.js';

/** Short waits, with time for a start to show on a busy machine; `FAULT_PATIENCE` makes them longer on a busier one. */
const PATIENCE = Number(process.env.FAULT_PATIENCE ?? 1);
const TIMING = {
  firstSignMs: 700 * PATIENCE,
  confirmMs: 4_000 * PATIENCE,
  lastLookMs: 300,
  reasonMs: 300,
  refusalMs: 600,
  strangeMs: 1_500 * PATIENCE,
  stopAgainMs: 1_000,
};
/** After a gap, so long a printer is watched before its silence proves anything. */
export const WINDOW_MS = TIMING.confirmMs + TIMING.lastLookMs;
const SESSION_TIMING = {
  backOffFirstMs: 50,
  backOffLastMs: 200,
  crowdedBackOffMs: 300,
  acknowledgementMs: 1_000 * PATIENCE,
  startAcknowledgementMs: 1_000 * PATIENCE,
  refreshFloorMs: 200,
};

const job = z.object({ id: z.string(), status: z.string(), errorMessage: z.string().nullable() });
export type Job = z.infer<typeof job>;
const jobs = z.array(job);
const printerRow = z.object({ isAvailable: z.boolean(), isOnline: z.boolean(), confirmedReady: z.boolean() });
const entity = z.object({ id: z.string() });
const built = z.object({ partBuilds: z.array(entity) });
const signed = z.object({ signedUrls: z.array(z.object({ path: z.string(), uploadUrl: z.string() })) });

/** The daemon was not there to answer, or is not any more. */
export class DaemonGone extends Error {}

export interface FloorOptions {
  /** What issues the printers' certificates; by default one of their own. */
  readonly ca?: EmulatorCa;
  /** Laid over the waits of the sessions. */
  readonly sessionTiming?: Readonly<Record<string, number>>;
  readonly discoveryPort?: number;
  /** False leaves the printers strangers, for `adopt`. */
  readonly adopt?: boolean;
}

/** Printers and a data folder that outlive their daemons, and the person who works with them over REST. */
export class CrashFloor {
  #life: DaemonLife | null = null;
  readonly #ids = new Map<string, string>();
  readonly #parts = new Map<string, string>();

  private constructor(
    private readonly folder: string,
    readonly emulator: Emulator,
    private readonly key: string,
    private readonly storeId: string,
    private readonly options: FloorOptions,
  ) {}

  /** @param hosts one loopback address for each model */
  static async open(
    models: readonly string[],
    hosts: readonly string[],
    seed: number,
    options: FloorOptions = {},
  ): Promise<CrashFloor> {
    const { ca = await emulatorCa(), adopt = true } = options;
    const folder = await mkdtemp(join(tmpdir(), 'printfarmd-crashes-'));
    const printers = models.map((model, at) => ({
      model,
      host: hosts[at] ?? '127.0.0.1',
      mqttPort: 0,
      ftpPort: 0,
    }));
    const emulator = new Emulator({
      ...{ printers, seed, ca, speed: SPEED, reportIntervalMs: 100 },
    });
    await emulator.start();
    await writeFile(join(folder, 'ca.pem'), emulator.caPem);
    const dataDir = join(folder, 'data');
    const { storeId, apiKey } = await initialise(dataDir);
    await createTlsMaterial(dataDir, machineNames(), new Date());
    const floor = new CrashFloor(folder, emulator, apiKey, storeId, options);
    await floor.boot();
    if (adopt) for (const printer of emulator.printers) await floor.adopt(printer);
    return floor;
  }

  get life(): DaemonLife {
    if (this.#life === null) throw new Error('No daemon was started');
    return this.#life;
  }

  async boot(): Promise<void> {
    this.#life = await DaemonLife.begin({
      dataDir: join(this.folder, 'data'),
      emulatorCa: join(this.folder, 'ca.pem'),
      crashAt: null,
      timing: TIMING,
      sessionTiming: { ...SESSION_TIMING, ...this.options.sessionTiming },
      ...(this.options.discoveryPort === undefined ? {} : { discoveryPort: this.options.discoveryPort }),
    });
  }

  async close(): Promise<void> {
    await this.#life?.kill('SIGKILL');
    await this.emulator.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  id({ serial }: EmulatedPrinter): string {
    return this.#ids.get(serial) ?? '';
  }

  /** @throws DaemonGone when it dies before it has answered */
  async call<T>(schema: z.ZodType<T>, method: string, path: string, body?: unknown): Promise<T> {
    const response = await fetch(this.life.url + path, {
      method,
      headers: {
        authorization: `ApiKey ${this.key}`,
        'x-printago-storeid': this.storeId,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }).catch((error: unknown) => {
      throw new DaemonGone(`${method} ${path}`, { cause: error });
    });
    const text = await response.text().catch((error: unknown) => {
      throw new DaemonGone(`${method} ${path}`, { cause: error });
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return schema.parse(JSON.parse(text));
  }

  /** Asks for one print on this printer. */
  async queue(printer: EmulatedPrinter): Promise<void> {
    const tags = { 'printer.id': this.id(printer) };
    const parts = [{ partId: this.#parts.get(printer.modelCode), tags }];
    await this.call(built, 'POST', '/v2/builds', { parts });
  }

  /** The newest jobs, the newest first. */
  newest(limit: number): Promise<readonly Job[]> {
    return this.call(jobs, 'GET', `/v1/print-jobs?sort=createdAt:desc&limit=${limit}`);
  }

  job(id: string): Promise<Job> {
    return this.call(job, 'GET', `/v1/print-jobs/${id}`);
  }

  row(printer: EmulatedPrinter) {
    return this.call(printerRow, 'GET', `/v1/printers/${this.id(printer)}`);
  }

  async cancel(id: string): Promise<void> {
    await this.call(z.unknown(), 'PATCH', '/v1/print-jobs/cancel', { printJobIds: [id] });
  }

  /** Ids of the dispatches of which the journal does not say yet what became of them. */
  undecided(): readonly string[] {
    const sqlite = new Sqlite(join(this.folder, 'data', 'printfarmd.db'), { readonly: true });
    try {
      const found = sqlite.prepare(`select id from dispatch where endedAt is null and phase <> 'printing'`);
      return z.array(z.string()).parse(found.pluck().all());
    } finally {
      sqlite.close();
    }
  }

  /** Everything as at the beginning of a shift: faults mended, beds cleared and confirmed, every printer free. */
  async tidy(): Promise<void> {
    this.emulator.setSpeed(SPEED);
    for (const printer of this.emulator.printers) {
      printer.clearFaults();
      printer.dismiss();
    }
    await until(
      async () => {
        for (const printer of this.emulator.printers) {
          const row = await this.row(printer);
          if (!row.isAvailable) return `${printer.serial} is not free: ${JSON.stringify(row)}`;
          if (!row.confirmedReady) await this.confirm(printer);
        }
        return null;
      },
      30_000,
      'every printer to be free',
    );
  }

  /** What happened at a printer since an entry of the emulator's log. */
  truth({ serial }: EmulatedPrinter, since: number, kind: string, event: string): readonly TruthEntry[] {
    const entries = this.emulator.log.entries.slice(since);
    return entries.filter((e) => e.serial === serial && e.kind === kind && e.event === event);
  }

  /** A person says that the bed is clear. */
  confirm(printer: EmulatedPrinter): Promise<unknown> {
    const body = { ready: true, ids: [this.id(printer)] };
    return this.call(z.unknown(), 'PATCH', '/v1/printers/confirm-ready', body);
  }

  /** Registers any printer. @returns its id */
  async register(given: Readonly<Record<string, unknown>>): Promise<string> {
    return (await this.call(entity, 'POST', '/v1/printers', { provider: 'Bambu', ...given })).id;
  }

  /** Registers a printer of the emulator, with a part for its model. */
  async adopt(printer: EmulatedPrinter, trust: 'ca' | 'tofu' = 'ca'): Promise<void> {
    const { serial, host, accessCode, mqttPort, ftpPort, cameraPort, modelCode } = printer;
    const given = { serial, host, accessCode, mqttPort, ftpPort, cameraPort, trust };
    this.#ids.set(serial, await this.register(given));
    if (this.#parts.has(modelCode)) return;
    const filenames = [`${modelCode}.gcode.3mf`];
    const { signedUrls } = await this.call(signed, 'POST', '/v1/storage/signed-upload-urls', { filenames });
    const file = await cube({ model: modelCode, plates: [{ seconds: 900 }] });
    await fetch(signedUrls[0]?.uploadUrl ?? '', { method: 'PUT', body: new Uint8Array(file) });
    const part = { name: modelCode, type: 'gcode3mf', fileUris: [signedUrls[0]?.path] };
    this.#parts.set(modelCode, (await this.call(entity, 'POST', '/v1/parts', part)).id);
  }
}

/** Virtual seconds a second. */
export const SPEED = 600;

const LOOK_AGAIN_MS = 30;

/**
 * Looks until there is nothing to wait for any more.
 *
 * @param missing what is still missing, null when nothing is
 */
export async function until(
  missing: () => Promise<string | null>,
  timeoutMs: number,
  what: string,
): Promise<void> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const still = await missing();
    if (still === null) return;
    if (performance.now() > end) throw new Error(`Waited ${timeoutMs} ms for ${what}; ${still}`);
    await delay(LOOK_AGAIN_MS);
  }
}
