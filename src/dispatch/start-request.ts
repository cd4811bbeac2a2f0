import type { StartPrintRequest } from '../../drivers/driver.js';
import type { DispatchRow } from './journal.js';

/** The part of a printer's configuration that goes into a start command. */
export interface PrinterConfigFlags {
  readonly do_bed_leveling?: boolean | undefined;
  readonly do_flow_cali?: boolean | undefined;
  readonly enable_timelapse?: boolean | undefined;
  readonly bed_type?: string | undefined;
}

export function startRequest(row: DispatchRow, config: PrinterConfigFlags | null): StartPrintRequest {
  return {
    token: row.token,
    name: row.name,
    remoteName: row.remoteName,
    plate: row.plate,
    filaments: row.filaments,
    bedLevelling: config?.do_bed_leveling ?? true,
    flowCalibration: config?.do_flow_cali ?? false,
    timelapse: config?.enable_timelapse ?? false,
    // A sliced file names its own plate; the printer takes it from there.
    bedType: null,
  };
}
