import { isPrinting, type PrinterCommand, type PrinterState } from '../driver.js';
import type { Need } from './command-guard.js';
import {
  knownModel,
  type Plan,
  plan,
  rejected,
  type Situation,
  unsupported,
  within,
} from './command-plan.js';
import * as commands from './commands.js';
import {
  filamentMoves,
  isActive,
  loadFilament,
  readSpool,
  setFilament,
  showsFilament,
  unloadFilament,
} from './filament-commands.js';
import { extrude, home, move, requireExtruder, setFan, setTemperature } from './gcode-commands.js';

/** Every command of a person but `refresh`, which is a matter of policy (`full-report.ts`). */
export type ControlCommand = Exclude<PrinterCommand, { readonly kind: 'refresh' }>;
type Kind = ControlCommand['kind'];
type CommandOf<K extends Kind> = Extract<ControlCommand, { readonly kind: K }>;

/** The report field in which a command's effect shows, and how. */
interface Evidence<C> {
  /** In the printer's words (docs/protocol.md §5). */
  readonly field: string;
  readonly shows: (command: C, state: PrinterState) => boolean;
  /** The time in which it should show; `EFFECT_MS` where none is given. */
  readonly withinMs?: number;
  /** That something comes of it at all, long before it shows. */
  readonly begins?: (before: PrinterState, state: PrinterState) => boolean;
}

const EFFECT_MS = 10_000;
/** A printer ends the move it is at before it pauses or stops. */
const HALT_MS = 60_000;
const HOMING_MS = 120_000;
const FILAMENT_MS = 300_000;

/** One command: what it needs, what it becomes, where its effect shows. */
interface Row<C> {
  readonly needs: readonly Need[];
  /** Needs of this very command beside those of all of its kind. */
  readonly alsoNeeds?: (command: C) => readonly Need[];
  /** How long an answer may take. */
  readonly answer: 'soon' | 'slow';
  /** Null where no report tells. */
  readonly evidence: Evidence<C> | null;
  /** @throws DriverError `unsupported` or `rejected` for what this printer cannot do */
  readonly compose: (command: C, situation: Situation) => Plan;
}

const FREE: readonly Need[] = ['reported', 'unlocked', 'model', 'not-printing'];
const STILL: readonly Need[] = ['reported', 'unlocked', 'model', 'not-moving'];
const ANY_TIME: readonly Need[] = ['reported', 'unlocked', 'model'];

/** Fans report in fifteenths. */
const FAN_STEP_PERCENT = 7;

/**
 * The commands (docs/protocol.md §6.4). A stop goes out whatever the last report says: reports lag behind, and a person
 * who presses it knows more.
 */
export const COMMANDS: { readonly [K in Kind]: Row<CommandOf<K>> } = {
  pause: {
    needs: ['maybe-printing'],
    answer: 'soon',
    evidence: {
      field: 'gcode_state',
      shows: (_, { activity }) => activity === 'PAUSE',
      withinMs: HALT_MS,
    },
    compose: () => plan(commands.pausePrint),
  },
  resume: {
    needs: ['maybe-printing'],
    answer: 'soon',
    evidence: {
      field: 'gcode_state',
      shows: (_, { activity }) => activity === 'RUNNING',
      withinMs: HALT_MS,
    },
    compose: () => plan(commands.resumePrint),
  },
  stop: {
    needs: [],
    answer: 'soon',
    evidence: {
      field: 'gcode_state',
      shows: (_, { activity }) => activity !== null && !isPrinting(activity),
      withinMs: HALT_MS,
    },
    compose: () => plan(commands.stopPrint),
  },
  light: {
    needs: [],
    answer: 'soon',
    evidence: {
      field: 'lights_report',
      shows: ({ node, on }, { lights }) => lights[node] === (on ? 'on' : 'off'),
    },
    compose: ({ node, on }, { model, state }) => {
      const reported = Object.keys(state?.lights ?? {});
      const nodes = [...new Set([...reported, ...(model?.lightNodes ?? [node])])];
      // Two bars light some chambers: one switch is meant by either's first name.
      const pair = node === 'chamber_light' && nodes.includes('chamber_light2') ? ['chamber_light2'] : [];
      if (nodes.includes(node)) {
        return plan(commands.switchLight(node, on), {
          further: pair.map((other) => commands.switchLight(other, on)),
        });
      }
      throw unsupported(`This printer has no light "${node.slice(0, 40)}"; it has ${nodes.join(', ')}.`);
    },
  },
  'set-temperature': {
    needs: ANY_TIME,
    answer: 'soon',
    evidence: { field: 'nozzle_target_temper, bed_target_temper, device.ctc', shows: showsTarget },
    compose: setTemperature,
  },
  'set-fan': {
    needs: ANY_TIME,
    answer: 'soon',
    evidence: {
      field: 'cooling_fan_speed, big_fan1_speed, big_fan2_speed, device.airduct',
      shows: ({ fan, percent }, { fans }) => Math.abs((fans[fan] ?? -100) - percent) <= FAN_STEP_PERCENT,
    },
    compose: setFan,
  },
  home: {
    needs: FREE,
    answer: 'soon',
    evidence: {
      field: 'home_flag',
      shows: ({ axes }, { homed }) =>
        homed !== null && (!axes.x || homed.x) && (!axes.y || homed.y) && (!axes.z || homed.z),
      withinMs: HOMING_MS,
    },
    compose: home,
  },
  move: {
    needs: FREE,
    alsoNeeds: ({ e }) => (e === 0 ? [] : ['warm-nozzle']),
    answer: 'soon',
    evidence: null,
    compose: move,
  },
  extrude: { needs: [...STILL, 'warm-nozzle'], answer: 'soon', evidence: null, compose: extrude },
  'load-filament': {
    needs: STILL,
    answer: 'slow',
    evidence: {
      field: 'ams.tray_now, device.extruder',
      shows: ({ slot }, state) => isActive(slot, state),
      withinMs: FILAMENT_MS,
      begins: filamentMoves,
    },
    compose: loadFilament,
  },
  'unload-filament': {
    needs: STILL,
    answer: 'slow',
    evidence: {
      field: 'ams.tray_now, device.extruder',
      shows: (_, { activeTray }) => activeTray === null,
      withinMs: FILAMENT_MS,
    },
    compose: unloadFilament,
  },
  'select-extruder': {
    needs: FREE,
    answer: 'soon',
    evidence: {
      field: 'device.extruder.state',
      shows: ({ extruder }, { activeNozzle }) => activeNozzle === extruder,
    },
    compose: ({ extruder }, situation) => {
      const model = knownModel(situation);
      if (model.nozzles === 1)
        throw unsupported(`The ${model.name} has one extruder; there is nothing to select.`);
      requireExtruder(extruder, model.nozzles);
      return plan({ type: 'print', fields: { command: 'select_extruder', extruder_index: extruder } });
    },
  },
  calibrate: {
    needs: FREE,
    answer: 'soon',
    evidence: { field: 'stg_cur', shows: (_, { print }) => print.stage !== null, withinMs: 30_000 },
    compose: calibrate,
  },
  'read-spool': {
    needs: [...STILL, 'unloaded'],
    answer: 'slow',
    evidence: {
      field: 'ams.tray_reading_bits',
      shows: ({ slot }, { slots }) =>
        slots.some(
          (other) => other.unitId === slot.unitId && other.slotIndex === slot.slotIndex && other.reading,
        ),
    },
    compose: readSpool,
  },
  'set-filament': {
    needs: ANY_TIME,
    answer: 'slow',
    evidence: { field: 'ams.ams[].tray[], vt_tray, vir_slot', shows: showsFilament },
    compose: setFilament,
  },
  'skip-objects': {
    needs: ['reported', 'unlocked', 'printing'],
    answer: 'soon',
    evidence: {
      field: 's_obj',
      shows: ({ objectIds }, { print }) => objectIds.every((id) => print.skippedObjects.includes(id)),
    },
    compose: ({ objectIds }) => {
      const ids = [...new Set(objectIds)];
      if (ids.length > MOST_OBJECTS) {
        throw rejected(
          `Objects can be skipped on plates of up to ${MOST_OBJECTS}, not ${ids.length} at once.`,
        );
      }
      if (ids.length === 0 || !ids.every((id) => Number.isInteger(id) && id >= 0)) {
        throw rejected('Name the objects to skip by their numbers in the sliced file.');
      }
      return plan({ type: 'print', fields: { command: 'skip_objects', obj_list: ids } });
    },
  },
};

/** The vendor's own programs skip nothing on plates with more. */
const MOST_OBJECTS = 64;

const LIDAR = 1 << 0;
const NOZZLE_OFFSET = 1 << 4;
const ALL_CALIBRATIONS = 0b111_1111;

function calibrate({ options }: CommandOf<'calibrate'>, situation: Situation): Plan {
  const model = knownModel(situation);
  const missing = (model.control.hasLidar ? 0 : LIDAR) | (model.nozzles === 2 ? 0 : NOZZLE_OFFSET);
  const { value } = within(Math.trunc(options), 0, 0x7fff_ffff, 'Calibration', '');
  const option = value & ALL_CALIBRATIONS & ~missing;
  if (option === 0) {
    throw unsupported(
      `The ${model.name} has none of the calibrations ${options} asks for; see docs/protocol.md §6.4.`,
    );
  }
  const note = option === options ? null : `Calibrations this machine does not have were left out: ${option}`;
  return plan({ type: 'print', fields: { command: 'calibration', option } }, { note });
}

function showsTarget(
  { heater, celsius, extruder }: CommandOf<'set-temperature'>,
  state: PrinterState,
): boolean {
  const index = extruder ?? state.activeNozzle;
  const target = {
    nozzle: state.nozzles.find((nozzle) => nozzle.index === index)?.target ?? null,
    bed: state.bedTarget,
    chamber: state.chamberTarget,
  }[heater];
  return target !== null && Math.abs(target - celsius) < 1;
}

/** A row with the command it is for. */
export interface Prepared {
  readonly needs: readonly Need[];
  readonly answer: 'soon' | 'slow';
  /** Null where no report tells. */
  readonly shows: ((state: PrinterState) => boolean) | null;
  readonly showsWithinMs: number;
  /** Whether something comes of it at all; null where that is not looked for. */
  readonly begins: ((before: PrinterState, state: PrinterState) => boolean) | null;
  compose(situation: Situation): Plan;
}

/** Looks a command up. */
export function prepare<K extends Kind>(command: { readonly kind: K } & CommandOf<K>): Prepared {
  const row: Row<CommandOf<K>> = COMMANDS[command.kind];
  const { evidence } = row;
  return {
    needs: [...row.needs, ...(row.alsoNeeds?.(command) ?? [])],
    answer: row.answer,
    shows: evidence === null ? null : (state) => evidence.shows(command, state),
    showsWithinMs: evidence?.withinMs ?? EFFECT_MS,
    begins: evidence?.begins ?? null,
    compose: (situation) => row.compose(command, situation),
  };
}
