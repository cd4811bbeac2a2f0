/** What a printer does with the commands it receives (docs/protocol.md §6). */
import type { EmulatedSpool } from './api.js';
import { FAULTS } from './faults.js';
import type { TruthRecorder } from './ground-truth.js';
import { blowByGcode, heatByGcode, heatChamber } from './heating.js';
import { isObject, type JsonObject, number, parseObject, text } from './json.js';
import type { Machine } from './machine.js';
import { modules } from './modules.js';
import type { Outbox } from './outbox.js';
import { PRINT_ERROR } from './profiles.js';
import type { Random } from './random.js';
import type { Reporter } from './reporter.js';

export interface CommandParts {
  readonly machine: Machine;
  readonly reporter: Reporter;
  readonly outbox: Outbox;
  readonly random: Random;
  readonly record: TruthRecorder;
  /** Takes a start command; resolves with the fields that its acknowledgement adds, null for none at all. */
  readonly startPrint: (request: JsonObject) => Promise<JsonObject | null>;
}

const SUCCESS: JsonObject = { result: 'success', reason: '' };
const PUSHALL_WINDOW_MS = 60_000;
const CALIBRATION_MS = 600_000;
const TAG_MS = 120_000;
/** A signature check failed: mainboard, fatal (docs/protocol.md §10). */
const UNAUTHORISED_HMS = { attr: 0x0500_0500, code: 0x0001_0007 };

export class Commands {
  readonly #parts: CommandParts;
  #pushalls: number[] = [];

  constructor(parts: CommandParts) {
    this.#parts = parts;
  }

  /** Takes one published payload. */
  receive(payload: Buffer): void {
    const message = parseObject(payload);
    if (message === null) {
      this.#parts.record('mqtt', 'bad-json', { bytes: payload.length });
      return;
    }
    for (const [type, request] of Object.entries(message)) {
      // A signed client adds a `header` beside the command.
      if (isObject(request) && typeof request.command === 'string') this.#one(type, request.command, request);
    }
  }

  #one(type: string, command: string, request: JsonObject): void {
    const { machine, record } = this.#parts;
    const { faults } = machine;
    const fields = { command: `${type}.${command}`, sequenceId: text(request.sequence_id) };
    if (faults.take(FAULTS.mqttHalfOpen, (args) => fits(args.command, command)) !== null) {
      record('mqtt', 'command', { ...fields, ignored: true });
      return;
    }
    record('mqtt', 'command', fields);
    if (type === 'info' && command === 'get_version') this.#version(request);
    else if (type === 'pushing') this.#pushing(command);
    else if (type === 'print' && machine.refusal !== null) this.#refuse(request);
    else if (faults.take(FAULTS.mqttAckOnly, (args) => fits(args.command, command)) !== null)
      this.#acknowledge(type, request, SUCCESS);
    else if (type === 'print' && command === 'project_file') void this.#start(request);
    else if (type === 'print') this.#acknowledge(type, request, this.#print(command, request));
    else if (type === 'system' && command === 'ledctrl')
      this.#acknowledge(type, request, this.#light(request));
    else this.#acknowledge(type, request, SUCCESS);
  }

  #version(request: JsonObject): void {
    const reply = {
      info: {
        command: 'get_version',
        sequence_id: text(request.sequence_id),
        module: modules(this.#parts.machine),
        ...SUCCESS,
      },
    };
    this.#parts.outbox.publish(Buffer.from(JSON.stringify(reply), 'utf8'));
  }

  #pushing(command: string): void {
    const { machine, outbox, random, record, reporter } = this.#parts;
    for (const { id, args } of machine.faults.all(FAULTS.mqttSilent)) {
      if (command === 'start' && args.wakesOnStart === true) machine.faults.remove(id);
    }
    const limit = machine.profile.pushallLimit;
    const now = machine.clock.now();
    this.#pushalls = [...this.#pushalls.filter((at) => now - at < PUSHALL_WINDOW_MS), now];
    if (limit !== null && this.#pushalls.length > limit) {
      record('mqtt', 'overloaded', { pushalls: this.#pushalls.length });
      outbox.beQuiet(random.between(5_000, 20_000));
      return;
    }
    reporter.pushAll();
  }

  async #start(request: JsonObject): Promise<void> {
    try {
      const result = await this.#parts.startPrint(request);
      if (result !== null) this.#acknowledge('print', request, result);
    } catch (error) {
      // The emulator's own mistake: it must show in the ground truth, not end the process.
      this.#parts.record('mqtt', 'broken', { command: 'print.project_file', error: String(error) });
    }
  }

  /** Carries out a control command and returns what the acknowledgement adds. */
  #print(command: string, request: JsonObject): JsonObject {
    const { machine, reporter } = this.#parts;
    const { engine } = machine;
    switch (command) {
      case 'pause':
        engine.pause();
        return SUCCESS;
      case 'resume':
        engine.resume();
        return SUCCESS;
      case 'stop':
        engine.stop();
        return SUCCESS;
      case 'clean_print_error':
        engine.error.clear();
        return SUCCESS;
      case 'print_speed': {
        const level = number(request.param);
        if (level === null || level < 1 || level > 4) return failure('invalid speed level');
        engine.setSpeedLevel(level);
        return SUCCESS;
      }
      case 'gcode_line':
        heatByGcode(machine, request);
        blowByGcode(machine, request);
        break;
      case 'calibration':
        machine.calibrate(CALIBRATION_MS);
        break;
      case 'ams_get_rfid':
        // The tag passes the reader only while nothing is loaded.
        if (machine.feed !== null) return failure('filament is loaded');
        machine.readTag(number(request.ams_id) ?? -1, number(request.slot_id) ?? -1, TAG_MS);
        break;
      case 'select_extruder': {
        const index = number(request.extruder_index);
        if (index === null || machine.nozzles[index] === undefined) return failure('invalid extruder_index');
        machine.selectedExtruder = index;
        break;
      }
      case 'set_ctt':
        if (!heatChamber(machine, request)) return failure('no chamber heater');
        break;
      case 'skip_objects':
        machine.skipped = [...new Set([...machine.skipped, ...numbers(request.obj_list)])];
        break;
      case 'ams_filament_setting':
        return this.#setFilament(request);
      case 'ams_change_filament':
        machine.loaded = loadedPlace(request);
        break;
      case 'unload_filament':
        machine.loaded = null;
        break;
    }
    reporter.changed();
    return SUCCESS;
  }

  #setFilament(request: JsonObject): JsonObject {
    const { machine, reporter } = this.#parts;
    const unit = number(request.ams_id) ?? -1;
    const tray = number(request.tray_id);
    const external = unit === 255 || unit === 254;
    if (external && tray !== 254) return failure('invalid tray_id');
    const slot = external ? 0 : (number(request.slot_id) ?? tray ?? -1);
    const type = text(request.tray_type);
    const spool: EmulatedSpool | null =
      type === ''
        ? null
        : { type, color: text(request.tray_color), infoIdx: text(request.tray_info_idx), remain: -1 };
    try {
      machine.ams.setSpool(unit, slot, spool);
    } catch {
      // The only fault is a place that is not fitted.
      return failure('invalid tray_id');
    }
    reporter.changed();
    return SUCCESS;
  }

  #light(request: JsonObject): JsonObject {
    const { machine, reporter } = this.#parts;
    const node = text(request.led_node);
    const mode = text(request.led_mode);
    if (!machine.lights.has(node) || !['on', 'off', 'flashing'].includes(mode)) {
      return failure('invalid led_node or led_mode');
    }
    machine.lights.set(node, mode);
    reporter.changed();
    return SUCCESS;
  }

  #refuse(request: JsonObject): void {
    const { machine, record, reporter } = this.#parts;
    const shape = machine.refusal;
    const command = text(request.command);
    record('mqtt', 'unauthorised', { command: `print.${command}`, shape });
    if (command === 'project_file') {
      const { task_id, subtask_name } = request;
      record('project_file', 'received', {
        taskId: text(task_id),
        subtaskName: text(subtask_name),
        remoteName: '',
        plate: 0,
        mapping: [],
        verdict: 'unauthorised',
      });
    }
    if (machine.profile.refusalRaisesHms) {
      machine.raiseHms(UNAUTHORISED_HMS);
      reporter.changed();
    }
    if (shape === 'silent') this.#acknowledge('print', request, {});
    if (shape === 'bare') {
      const { sequence_id = '' } = request;
      this.#acknowledge('print', { command, sequence_id }, { err_code: PRINT_ERROR.unauthorised });
    }
    if (shape === 'verify-failed') {
      const reason = 'mqtt message verify failed';
      this.#acknowledge('print', request, { result: 'failed', reason, err_code: PRINT_ERROR.unauthorised });
    }
  }

  /** Answers under the same key with the request's own fields, a moment later. */
  #acknowledge(type: string, request: JsonObject, result: JsonObject): void {
    const { machine, outbox, random } = this.#parts;
    const { clock, faults } = machine;
    const command = text(request.command);
    const here = (args: { command?: string | undefined }): boolean => fits(args.command, command);
    if (faults.take(FAULTS.mqttNoAck, here) !== null) return;
    const bare = faults.take(FAULTS.mqttAckWithoutResult, here) !== null;
    const late = faults.take(FAULTS.mqttAckDelay, here);
    const reply = { [type]: { ...request, ...(bare ? {} : result) } };
    const delayMs = late === null ? random.between(70, 300) : late.seconds * 1000;
    clock.after(delayMs, () => outbox.publish(Buffer.from(JSON.stringify(reply), 'utf8')));
  }
}

/** True when a payload carries this command. */
export function namesCommand(payload: Buffer, command: string): boolean {
  const requests = Object.values(parseObject(payload) ?? {});
  return requests.some((request) => isObject(request) && request.command === command);
}

function fits(wanted: string | undefined, command: string): boolean {
  return wanted === undefined || wanted === command;
}

function failure(reason: string): JsonObject {
  return { result: 'fail', reason };
}

function numbers(value: unknown): number[] {
  return Array.isArray(value) ? value.map(number).filter((n) => n !== null) : [];
}

/** Slot 255 unloads. */
function loadedPlace(request: JsonObject): { unitId: number; slot: number } | null {
  const unitId = number(request.ams_id);
  const slot = number(request.slot_id);
  if (unitId === null || slot === null || slot === 255) return null;
  return { unitId, slot };
}
