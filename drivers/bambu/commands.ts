import { DriverError, type StartPrintRequest } from '../driver.js';
import { wireBedType } from './bed-types.js';
import { mapFilaments } from './filament-mapping.js';
import type { BambuModel } from './models.js';

/**
 * Every message this driver sends (docs/protocol.md §6), without its sequence id. `type` is the key it stands
 * under; an acknowledgement comes back under the same key with the same `command`.
 */
export interface BambuCommand {
  readonly type: 'info' | 'pushing' | 'print' | 'system';
  readonly fields: { readonly command: string; readonly [field: string]: unknown };
}

export const getVersion: BambuCommand = { type: 'info', fields: { command: 'get_version' } };

export const pushAll: BambuCommand = {
  type: 'pushing',
  fields: { command: 'pushall', version: 1, push_target: 1 },
};

/** Wakes a printer that has stopped reporting. */
export const startPushing: BambuCommand = { type: 'pushing', fields: { command: 'start' } };

export const pausePrint: BambuCommand = { type: 'print', fields: { command: 'pause', param: '' } };
export const resumePrint: BambuCommand = { type: 'print', fields: { command: 'resume', param: '' } };
export const stopPrint: BambuCommand = { type: 'print', fields: { command: 'stop', param: '' } };

/** The timing fields concern flashing only, but are always sent. */
export function switchLight(node: string, on: boolean): BambuCommand {
  return {
    type: 'system',
    fields: {
      command: 'ledctrl',
      led_node: node,
      led_mode: on ? 'on' : 'off',
      led_on_time: 500,
      led_off_time: 500,
      loop_times: 0,
      interval_time: 0,
    },
  };
}

const OFF = 0;
const ON = 1;

/** What starting a print takes from the model; without a known model the forms that every machine takes. */
const UNKNOWN_MODEL: Omit<BambuModel['start'], 'urlPrefixes'> = {
  vibrationCalibration: true,
  nozzleOffsetCalibration: OFF,
};

const LARGEST_TOKEN = 2_147_483_647;
/** Anything that a URL would escape makes some firmware stay idle without a word. */
const SAFE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

function requireSendable(request: StartPrintRequest): void {
  if (!Number.isInteger(request.token) || request.token < 1 || request.token > LARGEST_TOKEN) {
    throw new DriverError('rejected', `A print token must be 1 to ${LARGEST_TOKEN}, not ${request.token}.`);
  }
  if (!SAFE_NAME.test(request.remoteName)) {
    throw new DriverError(
      'rejected',
      `The printer cannot start a file named "${request.remoteName}": letters, digits, dot, hyphen and underscore only.`,
    );
  }
  if (!Number.isInteger(request.plate) || request.plate < 1) {
    throw new DriverError('rejected', `Plates count from 1, there is no plate ${request.plate}.`);
  }
}

/**
 * Starts a file of the root folder. The token goes into every id, because firmware differs in which one it reports
 * back, and a constant id would make a second print look like the first one going on.
 *
 * @param urlPrefix put before the file name, see `UrlForm`
 * @throws DriverError `rejected` when no filament is mapped, or a name or number is one no printer takes
 */
export function startPrint(
  request: StartPrintRequest,
  model: BambuModel | null,
  urlPrefix: string,
): BambuCommand {
  requireSendable(request);
  const start = model?.start ?? UNKNOWN_MODEL;
  const token = String(request.token);
  return {
    type: 'print',
    fields: {
      command: 'project_file',
      param: `Metadata/plate_${request.plate}.gcode`,
      url: `${urlPrefix}${request.remoteName}`,
      file: request.remoteName,
      // Which digest firmware expects is not known; empty skips the check, and the size was verified before.
      md5: '',
      subtask_name: request.name,
      project_id: token,
      profile_id: '0',
      task_id: token,
      subtask_id: token,
      bed_type: wireBedType(request.bedType),
      timelapse: request.timelapse,
      bed_leveling: request.bedLevelling,
      auto_bed_leveling: request.bedLevelling ? ON : OFF,
      flow_cali: request.flowCalibration,
      extrude_cali_flag: request.flowCalibration ? ON : OFF,
      extrude_cali_manual_mode: OFF,
      vibration_cali: start.vibrationCalibration,
      layer_inspect: false,
      nozzle_offset_cali: start.nozzleOffsetCalibration,
      cfg: '0',
      ...mapFilaments(request.filaments),
    },
  };
}
