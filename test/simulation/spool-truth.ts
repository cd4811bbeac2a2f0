import type { TruthEntry } from '../../drivers/emulator/index.js';
import { REPORT_MS } from './scale.js';

/** Faults under which a printer may say of its slots what is not so, or nothing. */
const BLURS = /^(report|ams)\.|^mqtt\.(silent|reorder|dropAfter|flap|full)$/;

/**
 * A change of a spool that the printer has told, or could have told, is known when a start is sent. One that comes with
 * the start crosses it: so long a report and the look before the start may be under way on a busy computer.
 */
const ON_ITS_WAY_MS = 2 * REPORT_MS;

interface Blur {
  readonly since: number;
  /** Null while the fault is in force. */
  readonly until: number | null;
}

/** What is known of spools that were changed at the printers, and of the starts that met them. Times in epoch ms. */
export class SpoolTruth {
  readonly #changedAt = new Map<string, number>();
  readonly #blurs = new Map<string, Blur>();
  readonly #wrong: string[] = [];

  static isBlur(fault: string): boolean {
    return BLURS.test(fault);
  }

  /** Starts that took a slot with something else in it, although the printer had told so in time. */
  get wrong(): readonly string[] {
    return this.#wrong;
  }

  changed(serial: string, at: number): void {
    this.#changedAt.set(serial, at);
  }

  blurred(serial: string, at: number): void {
    const before = this.#blurs.get(serial);
    this.#blurs.set(serial, { since: before?.until === null ? before.since : at, until: null });
  }

  clear(serial: string, at: number): void {
    const blur = this.#blurs.get(serial);
    // An AMS that is back on its bus tells what it holds.
    if (blur?.until === null) this.#blurs.set(serial, { ...blur, until: at });
  }

  /** A start was received whose mapping does not hold. */
  judge({ serial, time, reason }: TruthEntry, taskId: string): void {
    const at = Date.parse(time);
    const changedAt = this.#changedAt.get(serial) ?? 0;
    const blur = this.#blurs.get(serial);
    const hidden = blur && blur.since <= changedAt + ON_ITS_WAY_MS && (blur.until ?? at) >= changedAt;
    const knownSince = hidden ? (blur.until ?? at) : changedAt;
    if (at - knownSince > ON_ITS_WAY_MS)
      this.#wrong.push(
        `start ${taskId} on ${serial}, ${at - knownSince} ms after the change: ${String(reason)}`,
      );
  }
}
