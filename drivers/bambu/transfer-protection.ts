import { DriverError, type PrinterTarget } from '../driver.js';
import { findModel } from './models.js';
import type { Protection } from './transfer-session.js';

/** Replies by which a server refuses a clear data channel, at `PROT C` or at the transfer itself. */
const CLEAR_REFUSED: ReadonlySet<string> = new Set(['431', '504', '521', '522', '533', '534', '536']);

/**
 * Which printers take data only in the clear (docs/protocol.md §8.2). Learned once per printer and kept while the
 * daemon runs; firmware updates get a new chance with its next start.
 */
export class DataProtections {
  private readonly clear = new Set<string>();

  of(target: PrinterTarget): Protection {
    return this.clear.has(target.serial) ? 'C' : 'P';
  }

  /** Whether a stalled encrypted channel is a reason to try a clear one. */
  mayFallBack(target: PrinterTarget): boolean {
    const model = findModel(target.modelCode, target.serial);
    return !this.clear.has(target.serial) && (model?.ftps.clearDataFallback ?? false);
  }

  /**
   * A printer that will not have a clear channel any more, as after an update, gets an encrypted one again.
   * @returns whether that was why it failed: another try is worth while
   */
  unlearn(target: PrinterTarget, error: unknown): boolean {
    if (!(error instanceof DriverError) || !CLEAR_REFUSED.has(error.code ?? '')) return false;
    return this.clear.delete(target.serial);
  }

  remember(target: PrinterTarget, protection: Protection): void {
    if (protection === 'C') this.clear.add(target.serial);
  }
}
