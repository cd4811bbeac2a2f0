import { expect } from 'vitest';
import type { EmulatedPrinter } from '../../drivers/emulator/index.js';
import { definition, problems } from '../contract/contract.js';
import { listAt, textAt, valueAt } from '../fixtures/farm.js';
import { buildSlicedFile, type SlicedFile } from '../fixtures/sliced-file.js';
import type { ShopFloor } from './shop-floor.js';

export interface Wanted {
  /** Of the file, default the model that the printer is. */
  readonly model?: string | null;
  readonly nozzle?: string;
  /** Filaments of the plate as type and colour, default one white PLA. */
  readonly filaments?: readonly (readonly [type: string, color: string])[];
  /** Logical extruder of the filaments. */
  readonly group?: number;
  readonly tags?: Readonly<Record<string, string>>;
  readonly materials?: object;
  readonly quantity?: number;
}

const REASON_OF: Readonly<Record<string, string>> = {
  'slots-loaded': 'no-slots',
  'tags-match': 'tag-mismatch',
  'material-match': 'material-mismatch',
};
const SHAPES: Readonly<Record<string, string>> = {
  'slots-loaded': 'DetailDataNoSlots',
  'tags-match': 'DetailDataTagMismatch',
  'material-match': 'DetailDataMaterialMismatch',
};

/** Queues jobs for one printer of a floor, and asks over REST, in both ways that there are, why they wait. */
export class Reasons {
  readonly #parts = new Map<string, Promise<string>>();

  constructor(private readonly floor: ShopFloor) {}

  /** Queues what is wanted for this printer alone, unless the tags name another. @returns ids of the jobs */
  async queue(printer: EmulatedPrinter, wanted: Wanted = {}): Promise<readonly string[]> {
    const { farm } = this.floor;
    const line = {
      partId: await this.#partOf(fileOf(printer, wanted)),
      quantity: wanted.quantity ?? 1,
      tags: { 'printer.id': this.floor.id(printer), ...wanted.tags },
      ...(wanted.materials === undefined ? {} : { materials: wanted.materials }),
    };
    const built = await farm.ok('POST', '/v2/builds', { parts: [line] });
    const whole = await farm.ok('GET', `/v1/part-builds/${textAt(built, 'partBuilds', 0, 'id')}`);
    return listAt(whole, 'printJobs').map((job) => textAt(job, 'id'));
  }

  async one(printer: EmulatedPrinter, wanted?: Wanted): Promise<string> {
    return (await this.queue(printer, wanted))[0] ?? '';
  }

  forget(...jobs: readonly string[]): Promise<unknown> {
    return this.floor.farm.ok('PATCH', '/v1/print-jobs/cancel', { printJobIds: jobs });
  }

  #partOf(file: SlicedFile): Promise<string> {
    const key = JSON.stringify(file);
    const made = this.#parts.get(key) ?? this.#makePart(`Part ${this.#parts.size + 1}`, file);
    this.#parts.set(key, made);
    return made;
  }

  async #makePart(name: string, file: SlicedFile): Promise<string> {
    const { farm } = this.floor;
    const fileUris = [await farm.upload(`${name}.gcode.3mf`, await buildSlicedFile(file))];
    return textAt(await farm.ok('POST', '/v1/parts', { name, type: 'gcode3mf', fileUris }), 'id');
  }

  /** What matching-troubleshoot says of one printer, its shape held against the contract. */
  async troubleshoot(job: string, printer: EmulatedPrinter): Promise<unknown> {
    const body = await this.floor.farm.ok('GET', `/v1/print-jobs/${job}/matching-troubleshoot`);
    expect(problems(definition('PrintJobMatchingTroubleshoot'), body)).toEqual([]);
    const found = this.#of(body, printer);
    const failing = listAt(found, 'checks').filter((check) => valueAt(check, 'passed') === false);
    expect(valueAt(found, 'firstFailedCheck')).toBe(valueAt(failing[0], 'code'));
    expect(valueAt(found, 'matched')).toBe(failing.length === 0);
    return found;
  }

  /** What matching-details says of it; undefined when the printer could not take any job. */
  async details(job: string, printer: EmulatedPrinter): Promise<unknown> {
    const body = await this.floor.farm.ok('GET', `/v1/print-jobs/${job}/matching-details`);
    if (body !== null) expect(problems(definition('PrintJobMatchingDetail'), body)).toEqual([]);
    return valueAt(body, 'details', this.floor.id(printer));
  }

  /** Waits until matching-details says something of a job and a printer. @returns it, with this reason if one is named */
  async detailed(job: string, printer: EmulatedPrinter, reason?: unknown): Promise<unknown> {
    const id = this.floor.id(printer);
    await this.floor.farm.until(`/v1/print-jobs/${job}/matching-details`, (body) => {
      const said = valueAt(body, 'details', id, 'reason');
      return reason === undefined ? said !== undefined : said === reason;
    });
    return this.details(job, printer);
  }

  /** Waits until the first check that a printer fails is this one, in these words. */
  async failsAt(job: string, printer: EmulatedPrinter, code: string, words: RegExp): Promise<unknown> {
    await this.floor.farm.until(`/v1/print-jobs/${job}/matching-troubleshoot`, (body) => {
      const found = this.#of(body, printer);
      return valueAt(found, 'firstFailedCheck') === code && words.test(String(explained(found, code)));
    });
    return this.troubleshoot(job, printer);
  }

  /** Waits until a printer fails this check, whatever else it fails. */
  async fails(job: string, printer: EmulatedPrinter, code: string): Promise<void> {
    await this.floor.farm.until(
      `/v1/print-jobs/${job}/matching-troubleshoot`,
      (body) => valueAt(checkOf(this.#of(body, printer), code), 'passed') === false,
    );
  }

  /** Job and printer do not fit: both answers say so, in the same words. */
  async doesNotFit(
    job: string,
    printer: EmulatedPrinter,
    code: string,
    words: RegExp,
  ): Promise<{ readonly check: unknown; readonly detail: unknown }> {
    const found = await this.failsAt(job, printer, code, words);
    expect(valueAt(found, 'compatible')).toBe(false);
    const detail = await this.detailed(job, printer, explained(found, code));
    expect(detail).toMatchObject({ matched: false, reasonCode: REASON_OF[code] });
    expect(problems(definition(SHAPES[code] ?? ''), valueAt(detail, 'data'))).toEqual([]);
    return { check: checkOf(found, code), detail };
  }

  /** Nothing but a passing circumstance of the printer: it is no candidate, so that the details leave it out. */
  async waitsFor(job: string, printer: EmulatedPrinter, code: string, words: RegExp): Promise<void> {
    const found = await this.failsAt(job, printer, code, words);
    const against = listAt(found, 'checks').filter((check) => valueAt(check, 'passed') === false);
    expect(valueAt(found, 'compatible'), JSON.stringify(against)).toBe(true);
    expect(await this.details(job, printer)).toBeUndefined();
  }

  #of(body: unknown, printer: EmulatedPrinter): unknown {
    // Of a job that has been taken meanwhile nothing is said.
    if (body === null) return undefined;
    return listAt(body, 'printers').find((one) => valueAt(one, 'printerId') === this.floor.id(printer));
  }
}

/** The check with this code. */
export const checkOf = (found: unknown, code: string): unknown =>
  found === undefined ? undefined : listAt(found, 'checks').find((check) => valueAt(check, 'code') === code);

const explained = (found: unknown, code: string) => valueAt(checkOf(found, code), 'explanation');

function fileOf(
  printer: EmulatedPrinter,
  { model, nozzle, group, filaments = [['PLA', '#FFFFFF']] }: Wanted,
): SlicedFile {
  const plate = {
    index: 1,
    predictionSeconds: 36_000,
    weightGrams: 5,
    filaments: filaments.map(([type, color], at) => ({
      id: at + 1,
      type,
      color,
      infoIdx: '',
      usedGrams: 5,
      usedMeters: 1.7,
      ...(group === undefined ? {} : { group }),
    })),
  };
  const file: SlicedFile = { model: model === undefined ? printer.modelCode : model, plates: [plate] };
  return nozzle === undefined ? file : { ...file, nozzle };
}
