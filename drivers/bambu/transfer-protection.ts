import type { PrinterTarget } from '../driver.js';
import { findModel } from './models.js';
import type { Protection } from './transfer-session.js';

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

  remember(target: PrinterTarget, protection: Protection): void {
    if (protection === 'C') this.clear.add(target.serial);
  }
}
