/** The complete report of a printer, in the layout of its model (docs/protocol.md §5). */

import { SPEED_PERCENT } from './engine-parts.js';
import { FAULTS } from './faults.js';
import type { JsonObject } from './json.js';
import type { Machine } from './machine.js';
import { amsBlock, externalBlocks } from './report-ams.js';
import { deviceBlock } from './report-device.js';

/** `fun` with every support flag of a current machine and bit 29, signature required, clear. */
const FUN = 0x3ec1_8fff_9cffn;
const SIGNATURE_REQUIRED = 1n << 29n;
/** Mirror of gcode_state on newer firmware. */
const STATE_NUMBER: Readonly<Record<string, number>> = { IDLE: 0, FINISH: 6, FAILED: 7, PAUSE: 5 };
const HOME_FLAG = 0x0000_0c97;

/** Everything but `msg` and `sequence_id`, which belong to the sending. */
export function fullReport(machine: Machine): JsonObject {
  const { layout } = machine.profile;
  return {
    ...progress(machine),
    ...identity(machine),
    ...temperatures(machine),
    ...surroundings(machine),
    ...(layout === 'p1' ? smallMachine(machine) : largeMachine(machine)),
    ams: amsBlock(machine),
    ...externalBlocks(machine),
    command: 'push_status',
  };
}

function progress(machine: Machine): JsonObject {
  const { engine, profile } = machine;
  const stale = machine.faults.has(FAULTS.reportStaleFinish) && engine.activity !== 'RUNNING';
  const activity = stale ? 'FINISH' : engine.activity;
  const { plan, elapsedMs } = engine;
  const { cancelled } = engine;
  const percent = plan === null || cancelled ? 0 : plan.percent(elapsedMs);
  const layer = plan === null || cancelled ? 0 : plan.layer(elapsedMs);
  const layers = plan?.order.layers ?? 0;
  const totalLayers = profile.zeroesTotalLayers && activity === 'FINISH' ? 0 : layers;
  const remaining =
    plan === null || !engine.printing
      ? 0
      : Math.ceil((plan.remainingMinutes(elapsedMs) * 100) / (SPEED_PERCENT[engine.speedLevel] ?? 100));
  const prepared = plan === null ? 0 : Math.min(profile.preparePercentEnd, plan.preparePercent(elapsedMs));
  const ghost = machine.faults.peek(FAULTS.errorGhost);
  const printError = engine.printError === 0 && ghost !== null ? ghost.code : engine.printError;
  return {
    gcode_state: activity,
    gcode_file_prepare_percent: String(prepared),
    mc_percent: stale ? 100 : percent,
    mc_remaining_time: stale ? 0 : remaining,
    mc_print_stage: engine.printing ? '2' : '1',
    mc_print_sub_stage: 0,
    layer_num: layer,
    total_layer_num: totalLayers,
    stg: engine.printing ? [...profile.openingStages] : [],
    stg_cur: stale ? profile.idleStage : engine.printing ? engine.stage : (machine.ownStage ?? engine.stage),
    print_error: printError,
    spd_lvl: engine.speedLevel,
    spd_mag: SPEED_PERCENT[engine.speedLevel] ?? 100,
    s_obj: machine.skipped,
    ...(profile.keepsFailReason ? { fail_reason: String(engine.failReason) } : {}),
    ...(profile.layout === 'p1'
      ? {}
      : {
          state: STATE_NUMBER[activity] ?? 4,
          percent: stale ? 100 : percent,
          remain_time: stale ? 0 : remaining,
          prepare_per: prepared,
          mc_print_error_code: '0',
          mc_err: 0,
          ap_err: 0,
          err: '0',
          mc_action: 0,
          mc_stage: engine.printing ? 2 : 1,
          print_gcode_action: engine.printing ? 0 : 255,
          print_real_action: 0,
        }),
    ...(profile.layout === 'h2' ? { '3D': { layer_num: layer, total_layer_num: totalLayers } } : {}),
  };
}

/** Ids and names; a printer that has printed nothing since boot says '0' and ''. */
function identity(machine: Machine): JsonObject {
  const { engine, profile } = machine;
  const { order } = engine;
  const early = profile.echoesIdEarly ? engine.waitingOrder : null;
  const plateFile = order === null ? '' : `/data/Metadata/plate_${order.plate}.gcode`;
  const nameFile = engine.printing ? (order?.remoteName ?? '') : '';
  return {
    project_id: order?.projectId ?? '0',
    profile_id: order?.profileId ?? '0',
    task_id: order?.taskId ?? '0',
    subtask_id: early?.subtaskId ?? order?.subtaskId ?? '0',
    subtask_name: order?.subtaskName ?? '',
    gcode_file: profile.gcodeFile === 'path' ? plateFile : nameFile,
    print_type: engine.printing ? (order?.printType ?? 'local') : profile.layout === 'p1' ? 'idle' : '',
    ...(profile.layout === 'p1'
      ? {}
      : {
          file: profile.gcodeFile === 'path' ? plateFile : nameFile,
          job_id: order?.taskId ?? '0',
          lan_task_id: '0',
          plate_idx: order?.plate ?? 0,
          plate_id: order?.plate ?? 0,
          plate_cnt: order === null ? 0 : 1,
          model_id: '',
          design_id: '',
          mapping: order === null ? [] : order.feeds.map((f) => (f.unitId << 8) | f.slot),
          gcode_start_time: '0',
        }),
  };
}

function temperatures(machine: Machine): JsonObject {
  const { bed, nozzles, chamber, clock, profile, fans } = machine;
  const now = clock.now();
  const nozzle = nozzles[0];
  const gear = (percent: number): string => String(Math.round((percent / 100) * 15));
  // P1 and A1 machines have no sensor and send a constant; newer firmware dropped the key.
  const chamberTemper = profile.layout === 'p1' ? { chamber_temper: 5 } : {};
  const info =
    profile.layout !== 'p1' && profile.hasChamberSensor
      ? { info: { temp: Math.round(chamber.read(now)) } }
      : {};
  return {
    bed_temper: rounded(bed.read(now)),
    bed_target_temper: bed.target,
    nozzle_temper: rounded(nozzle?.read(now) ?? 0),
    nozzle_target_temper: nozzle?.target ?? 0,
    ...chamberTemper,
    ...info,
    cooling_fan_speed: gear(fans.part),
    big_fan1_speed: gear(fans.aux),
    big_fan2_speed: gear(fans.chamber),
    heatbreak_fan_speed: gear(fans.heatbreak),
    fan_gear: 0,
  };
}

function surroundings(machine: Machine): JsonObject {
  const { profile, hasCard } = machine;
  const skew = machine.faults.peek(FAULTS.reportClockSkew);
  const required = machine.refusal === null ? 0n : SIGNATURE_REQUIRED;
  return {
    wifi_signal: `${machine.wifiDbm}dBm`,
    lights_report: [...machine.lights].map(([node, mode]) => ({ node, mode })),
    hms: machine.hms.map(({ attr, code }) => ({ attr, code })),
    sdcard: hasCard,
    home_flag: hasCard ? HOME_FLAG | (1 << 8) : HOME_FLAG,
    nozzle_diameter: machine.nozzleDiameter,
    nozzle_type: profile.nozzleType,
    net: { conf: 0, info: [{ ip: littleEndianIp(machine.host), mask: 0x0000_00ff }] },
    ams_status: machine.feed === null ? 0 : 768,
    ams_rfid_status: 0,
    hw_switch_state: machine.feed === null ? 0 : 1,
    lifecycle: 'product',
    force_upgrade: false,
    ...(skew === null ? {} : { t_utc: Math.round(Date.now() + skew.seconds * 1000) }),
    ...(profile.sendsFun ? { fun: (FUN | required).toString(16).toUpperCase() } : {}),
  };
}

/** What only the small machines say. */
function smallMachine(machine: Machine): JsonObject {
  return {
    upgrade_state: {
      sequence_id: 0,
      progress: '',
      status: updateStatus(machine),
      consistency_request: false,
      dis_state: 0,
      err_code: 0,
      force_upgrade: false,
      message: '0%, 0B/s',
      module: '',
      new_version_state: 2,
      new_ver_list: [],
    },
    ipcam: {
      ipcam_dev: '1',
      ipcam_record: 'enable',
      timelapse: 'disable',
      resolution: '',
      tutk_server: 'disable',
      mode_bits: 3,
    },
    upload: { status: 'idle', progress: 0, message: '' },
    queue_number: 0,
    queue_total: 0,
    queue_est: 0,
    queue_sts: 0,
    mc_print_line_number: '0',
    mess_production_state: 'active',
    filam_bak: [],
    cali_version: 0,
    k: '0.0000',
    flag3: 31,
    online: { ahb: false, rfid: false, version: 1849067821 },
  };
}

/** docs/protocol.md §5.5 */
function updateStatus({ faults }: Machine): string {
  return faults.has(FAULTS.firmwareUpdate) ? 'UPGRADING' : 'IDLE';
}

function liveViewAddress({ faults, host }: Machine): string {
  return faults.has(FAULTS.cameraLiveviewOff) ? 'disable' : `rtsps://${host}:322/streaming/live/1`;
}

/** What the machines with a bigger processor say. */
function largeMachine(machine: Machine): JsonObject {
  return {
    device: deviceBlock(machine),
    upgrade_state: {
      ahb_new_version_number: '',
      ams_new_version_number: '',
      consistency_request: false,
      dis_state: 0,
      err_code: 0,
      ext_new_version_number: '',
      force_upgrade: false,
      idx: 10,
      lower_limit: '00.00.00.00',
      message: '',
      module: '',
      new_version_state: 2,
      ota_new_version_number: '',
      progress: '0',
      sequence_id: 0,
      sn: machine.serial,
      status: updateStatus(machine),
    },
    ipcam: {
      agora_service: 'disable',
      brtc_service: 'enable',
      bs_state: 0,
      ipcam_dev: '1',
      ipcam_record: 'enable',
      laser_preview_res: 7,
      mode_bits: 2,
      resolution: '1080p',
      rtsp_url: liveViewAddress(machine),
      timelapse: 'disable',
      tutk_server: 'disable',
    },
    upload: {
      file_size: 0,
      finish_size: 0,
      message: 'Good',
      oss_url: '',
      progress: 0,
      sequence_id: '0903',
      speed: 0,
      status: 'idle',
      task_id: '',
      time_remaining: 0,
      trouble_id: '',
    },
    xcam: {
      allow_skip_parts: false,
      buildplate_marker_detector: true,
      cfg: 374487,
      first_layer_inspector: true,
      halt_print_sensitivity: 'medium',
      print_halt: true,
      printing_monitor: true,
      spaghetti_detector: true,
    },
    xcam_status: '0',
    // Bit 23 would be an open door.
    stat: '46258008',
    cfg: 'FB299',
    aux: '280100C',
    aux_part_fan: machine.profile.hasAuxFan,
    batch_id: 0,
    canvas_id: 0,
    cali_version: 0,
    care: [
      { id: 'cr', info: '20631064' },
      { id: 'ls', info: '247991B' },
    ],
    job: { cur_stage: { idx: 0, state: machine.engine.printing ? 2 : 0 } },
    job_attr: 3,
    online: { ahb: true, ext: false, version: 10 },
    queue: 0,
    queue_est: 0,
    queue_number: 0,
    queue_sts: 0,
    queue_total: 0,
    ver: '20010',
  };
}

function rounded(celsius: number): number {
  return Math.round(celsius * 32) / 32;
}

function littleEndianIp(host: string): number {
  const [a = 0, b = 0, c = 0, d = 0] = host.split('.').map(Number);
  return ((d << 24) | (c << 16) | (b << 8) | a) >>> 0;
}
