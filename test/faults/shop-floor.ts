import { readFileSync } from 'node:fs';
import { connectAsync, type MqttClient } from 'mqtt';
import type { EmulatedPrinter, EmulatedPrinterSpec, TruthEntry } from '../../drivers/emulator/index.js';
import { cube } from '../fixtures/cube.js';
import { type FarmOptions, listAt, type TestFarm, testFarm, textAt, valueAt } from '../fixtures/farm.js';
import { QUICK } from './crashing-farm.js';

/** Short waits of a session, long enough for a busy machine. */
export const QUICK_SESSION = {
  backOffFirstMs: 20,
  backOffLastMs: 60,
  crowdedBackOffMs: 80,
  acknowledgementMs: 1_000,
  startAcknowledgementMs: 1_000,
  refreshFloorMs: 200,
};

/** A start has time to show on a busy machine too. */
const TIMING = {
  ...QUICK,
  firstSignMs: 3_000,
  confirmMs: 20_000,
  lastLookMs: 500,
  strangeMs: 2_500,
  transferBackoffMs: [50, 50],
};

/** A farm seen as its operator sees it, with one printer for each test, so that none stands in another's way. */
export class ShopFloor {
  readonly #parts = new Map<string, Promise<string>>();
  readonly #free: EmulatedPrinter[];
  readonly #stats = new Map<string, unknown>();
  #mqtt: Promise<MqttClient> | null = null;

  private constructor(readonly farm: TestFarm) {
    this.#free = [...farm.emulator.printers];
  }

  static async open(
    printers: readonly (string | (Partial<EmulatedPrinterSpec> & { readonly model: string }))[],
    options: Omit<FarmOptions, 'printers'> = {},
  ): Promise<ShopFloor> {
    const farm = await testFarm({
      timing: TIMING,
      sessionTiming: QUICK_SESSION,
      // A dozen of printers that tell everything ten times a second would be the test's main work.
      reportIntervalMs: 500,
      ...options,
      printers: printers.map((spec) => (typeof spec === 'string' ? { model: spec } : spec)),
    });
    return new ShopFloor(farm);
  }

  async close(): Promise<void> {
    await (await this.#mqtt)?.endAsync(true);
    await this.farm.stop();
  }

  /** A printer that no other test has. */
  next(modelCode = 'BL-P001'): EmulatedPrinter {
    const at = this.#free.findIndex((printer) => printer.modelCode === modelCode);
    const [printer] = at < 0 ? [] : this.#free.splice(at, 1);
    if (!printer) throw new Error(`Every ${modelCode} is taken`);
    return printer;
  }

  id({ serial }: EmulatedPrinter): string {
    return this.farm.printerId(serial);
  }

  /** Queues one print for this printer alone. @returns the job's id */
  async queue(printer: EmulatedPrinter, copies = 1): Promise<string> {
    const partId = await this.#partFor(printer.modelCode);
    const tags = { 'printer.id': this.id(printer) };
    const built = await this.farm.ok('POST', '/v2/builds', { parts: [{ partId, tags, quantity: copies }] });
    const whole = await this.farm.ok('GET', `/v1/part-builds/${textAt(built, 'partBuilds', 0, 'id')}`);
    return textAt(listAt(whole, 'printJobs')[0], 'id');
  }

  #partFor(model: string): Promise<string> {
    const made = this.#parts.get(model) ?? this.#makePart(model);
    this.#parts.set(model, made);
    return made;
  }

  async #makePart(model: string): Promise<string> {
    const file = await cube({ model, plates: [{ seconds: 1_200 }] });
    const path = await this.farm.upload(`${model}.gcode.3mf`, file);
    const part = await this.farm.ok('POST', '/v1/parts', {
      name: 'Cube',
      type: 'gcode3mf',
      fileUris: [path],
    });
    return textAt(part, 'id');
  }

  /** The job once it has this status. */
  job(id: string, ...statuses: readonly string[]): Promise<unknown> {
    return this.farm.until(`/v1/print-jobs/${id}`, (body) =>
      statuses.includes(String(valueAt(body, 'status'))),
    );
  }

  /** The printer by REST, once it is as wanted. */
  row(printer: EmulatedPrinter, wanted: (row: unknown) => boolean = () => true): Promise<unknown> {
    return this.farm.until(`/v1/printers/${this.id(printer)}`, wanted);
  }

  /** The printer's live side by REST, once it is as wanted. */
  live(printer: EmulatedPrinter, wanted: (live: unknown) => boolean = () => true): Promise<unknown> {
    return this.farm.until(`/local/printers/${this.id(printer)}`, wanted);
  }

  online(printer: EmulatedPrinter, online = true): Promise<unknown> {
    return this.row(printer, (row) => valueAt(row, 'isOnline') === online);
  }

  async ready(printer: EmulatedPrinter): Promise<unknown> {
    return valueAt(await this.row(printer), 'confirmedReady');
  }

  confirm(printer: EmulatedPrinter): Promise<unknown> {
    return this.farm.ok('PATCH', '/v1/printers/confirm-ready', { ready: true, ids: [this.id(printer)] });
  }

  /** Codes of what was noticed on a printer. */
  async notices(printer: EmulatedPrinter): Promise<readonly unknown[]> {
    return listAt(await this.live(printer), 'notices').map((notice) => valueAt(notice, 'code'));
  }

  /** Sends a printer command by REST. @returns whether the printer got it */
  async command(printer: EmulatedPrinter, command: object): Promise<boolean> {
    const ids = [this.id(printer)];
    return listAt(await this.farm.ok('POST', '/v1/printer-commands/send', { ids, command })).length === 1;
  }

  /** The newest message of the stats topic about a printer, once it is as wanted. */
  async stat(printer: EmulatedPrinter, wanted: (stat: unknown) => boolean): Promise<unknown> {
    this.#mqtt ??= this.#subscribe();
    const client = await this.#mqtt;
    const id = this.id(printer);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => settle(null), 15_000);
      const look = () => {
        const stat = this.#stats.get(id);
        if (stat !== undefined && wanted(stat)) settle(stat);
      };
      const settle = (stat: unknown) => {
        clearTimeout(timer);
        client.off('message', look);
        if (stat === null) reject(new Error(`The topic still says ${JSON.stringify(this.#stats.get(id))}`));
        else resolve(stat);
      };
      client.on('message', look);
      look();
    });
  }

  async #subscribe(): Promise<MqttClient> {
    const { farm } = this;
    const client = await connectAsync(farm.mqttUrl, {
      protocolVersion: 4,
      username: farm.storeId,
      password: farm.key,
      ca: readFileSync(farm.caFile),
      clientId: `apiclient_${farm.key.slice(0, 24)}_floor`,
    });
    client.on('message', (topic, payload) => {
      const message: unknown = JSON.parse(payload.toString('utf8'));
      this.#stats.set(topic.split('/').at(-1) ?? '', message);
    });
    await client.subscribeAsync(`stores/${farm.storeId}/printer-stats/+`);
    return client;
  }

  /** Lines of the daemon's log that tell of this printer and hold this text. */
  logged({ serial }: EmulatedPrinter, text: string): readonly string[] {
    return this.farm.logLines.filter((line) => line.includes(serial) && line.includes(text));
  }

  /** What really happened at a printer, by the emulator's own account. */
  truth({ serial }: EmulatedPrinter, kind: string, event: string): readonly TruthEntry[] {
    return this.farm.emulator.log.entries.filter(
      (entry) => entry.serial === serial && entry.kind === kind && entry.event === event,
    );
  }

  /** Waits until it happened so many times. */
  async happened(printer: EmulatedPrinter, kind: string, event: string, times = 1): Promise<void> {
    await this.farm.emulator.log.waitFor(
      () => this.truth(printer, kind, event).length >= times,
      15_000,
      `${kind} ${event} for the ${times}. time`,
    );
  }

  starts(printer: EmulatedPrinter): readonly TruthEntry[] {
    return this.truth(printer, 'project_file', 'received');
  }

  /** What the slots of a printer hold by REST, in their order. */
  async slots(printer: EmulatedPrinter): Promise<readonly unknown[]> {
    const slots = await this.farm.ok('GET', `/v1/printer-slots?printerId=${this.id(printer)}`);
    return listAt(slots).map((slot) => valueAt(slot, 'materialType'));
  }

  begun(printer: EmulatedPrinter): readonly TruthEntry[] {
    return this.truth(printer, 'print', 'begun');
  }
}
