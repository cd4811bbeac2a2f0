import type { EmulatedPrinter } from '../../drivers/emulator/index.js';
import { cube } from '../fixtures/cube.js';
import { listAt, type TestFarm, testFarm, textAt, valueAt } from '../fixtures/farm.js';
import { QUICK } from './crashing-farm.js';

/** A farm with one printer for each fault, so that none stands in another's way. */
export class FaultyFarm {
  private constructor(
    readonly farm: TestFarm,
    private readonly partId: string,
    /** Of the file that is printed. */
    readonly fileBytes: number,
    private readonly free: EmulatedPrinter[],
  ) {}

  static async start(printers: number): Promise<FaultyFarm> {
    const farm = await testFarm({
      printers: Array.from({ length: printers }, () => ({ model: 'X1C' })),
      // A start has time to show where ten printers of one process begin at once.
      timing: { ...QUICK, firstSignMs: 1_500, confirmMs: 4_000, transferBackoffMs: [50, 50] },
    });
    const file = await cube({ model: 'BL-P001', plates: [{ seconds: 1_200 }] });
    const path = await farm.upload('cube.gcode.3mf', file);
    const part = await farm.ok('POST', '/v1/parts', { name: 'Cube', type: 'gcode3mf', fileUris: [path] });
    return new FaultyFarm(farm, textAt(part, 'id'), file.length, [...farm.emulator.printers]);
  }

  nextPrinter(): EmulatedPrinter {
    const printer = this.free.shift();
    if (!printer) throw new Error('Every printer is taken');
    return printer;
  }

  /** Queues one print for this printer alone. @returns the job's id */
  async queueFor(printer: EmulatedPrinter): Promise<string> {
    const { farm, partId } = this;
    const tags = { 'printer.id': farm.printerId(printer.serial) };
    const built = await farm.ok('POST', '/v2/builds', { parts: [{ partId, tags }] });
    const whole = await farm.ok('GET', `/v1/part-builds/${textAt(built, 'partBuilds', 0, 'id')}`);
    return textAt(listAt(whole, 'printJobs')[0], 'id');
  }

  until(id: string, status: string) {
    return this.farm.until(`/v1/print-jobs/${id}`, (body) => valueAt(body, 'status') === status);
  }

  async ready({ serial }: EmulatedPrinter) {
    return valueAt(
      await this.farm.ok('GET', `/v1/printers/${this.farm.printerId(serial)}`),
      'confirmedReady',
    );
  }

  truth({ serial }: EmulatedPrinter, kind: string, event: string) {
    return this.farm.emulator.log.entries.filter(
      (entry) => entry.serial === serial && entry.kind === kind && entry.event === event,
    );
  }

  starts(printer: EmulatedPrinter) {
    return this.truth(printer, 'project_file', 'received');
  }

  begun(printer: EmulatedPrinter) {
    return this.truth(printer, 'print', 'begun');
  }
}
