import type { PrinterCommand } from '../driver.js';
import {
  knownModel,
  type Plan,
  plan,
  rejected,
  type Situation,
  unsupported,
  within,
} from './command-plan.js';
import type { BambuCommand } from './commands.js';

/** Commands that are lines of G-code, or whose older form is (docs/protocol.md §6.4). */

type CommandOf<K extends PrinterCommand['kind']> = Extract<PrinterCommand, { readonly kind: K }>;

export function gcode(...lines: readonly string[]): BambuCommand {
  return { type: 'print', fields: { command: 'gcode_line', param: `${lines.join('\n')}\n` } };
}

/** Chamber heating begins here; the printer takes anything below as "off". */
const CHAMBER_HEATS_FROM_C = 40;

export function setTemperature(command: CommandOf<'set-temperature'>, situation: Situation): Plan {
  const model = knownModel(situation);
  switch (command.heater) {
    case 'nozzle': {
      const { value, note } = within(Math.round(command.celsius), 0, model.nozzleTempMaxC, 'Nozzle', '°C');
      const { extruder } = command;
      if (extruder !== null) requireExtruder(extruder, model.nozzles);
      const tool = extruder === null || model.nozzles === 1 ? '' : ` T${extruder}`;
      return plan(gcode(`M104 S${value}${tool}`), { note, limited: { ...command, celsius: value } });
    }
    case 'bed': {
      const limit = situation.bedTempMaxC ?? model.bedTempMaxC;
      const { value, note } = within(Math.round(command.celsius), 0, limit, 'Bed', '°C');
      return plan(gcode(`M140 S${value}`), { note, limited: { ...command, celsius: value } });
    }
    case 'chamber': {
      if (model.chamberTempMaxC === null) throw unsupported(`The ${model.name} has no chamber heater.`);
      const { value, note } = within(Math.round(command.celsius), 0, model.chamberTempMaxC, 'Chamber', '°C');
      const heats = value >= CHAMBER_HEATS_FROM_C;
      const target = heats ? value : 0;
      const tooLow = value > 0 && !heats ? `Chamber heating starts at ${CHAMBER_HEATS_FROM_C} °C: off` : null;
      const air = model.control.turnsAirForHeating;
      const before = air && heats ? ['M145 P1'] : [];
      const after = air && !heats ? ['M145 P0'] : [];
      return plan(
        { type: 'print', fields: { command: 'set_ctt', ctt_val: target } },
        {
          note: tooLow ?? note,
          limited: { ...command, celsius: target },
          fallback: gcode(...before, `M141 S${target}`, ...after),
        },
      );
    }
  }
}

const FAN_NUMBER = { part: 1, aux: 2, chamber: 3 } as const;
const FULL_SPEED = 255;

export function setFan(command: CommandOf<'set-fan'>, situation: Situation): Plan {
  const { model } = situation;
  if (model !== null && command.fan !== 'part' && model.fans[command.fan] === false) {
    throw unsupported(`The ${model.name} has no ${command.fan} fan.`);
  }
  const { value, note } = within(command.percent, 0, 100, 'Fan', '%');
  const speed = Math.round((value * FULL_SPEED) / 100);
  return plan(gcode(`M106 P${FAN_NUMBER[command.fan]} S${speed}`), {
    note,
    limited: { ...command, percent: value },
  });
}

/** Homing Z by itself can drive some machines into the bed: it is always the whole procedure. */
export function home({ axes }: CommandOf<'home'>): Plan {
  if (!axes.x && !axes.y && !axes.z) throw rejected('Name at least one axis to home.');
  const all = axes.x && axes.y && axes.z;
  return plan(gcode('G28'), {
    note: all ? null : 'All axes are homed: no machine homes one by itself without risk',
  });
}

/** Longest single move; millimetres. */
const MOVE_MAX_MM = 100;
/** Millimetres per minute. */
const LEVEL_FEED = 3000;
const HEIGHT_FEED = 600;
const FILAMENT_FEED = 300;

export function move(command: CommandOf<'move'>, situation: Situation): Plan {
  const { invertedAxes } = knownModel(situation).control;
  const notes: string[] = [];
  const word = (axis: 'x' | 'y' | 'z' | 'e'): string[] => {
    const letter = axis.toUpperCase();
    const { value, note } = within(command[axis], -MOVE_MAX_MM, MOVE_MAX_MM, letter, 'mm');
    if (note !== null) notes.push(note);
    const turned = invertedAxes.some((inverted) => inverted === axis);
    return value === 0 ? [] : [`${letter}${millimetres(turned ? -value : value)}`];
  };
  const [level, height, filament] = [[...word('x'), ...word('y')], word('z'), word('e')];
  if (level.length + height.length + filament.length === 0) throw rejected('Name at least one axis to move.');
  return plan(
    gcode(
      'G91',
      ...line(level, LEVEL_FEED),
      ...line(height, HEIGHT_FEED),
      'G90',
      ...(filament.length === 0 ? [] : ['M83', ...line(filament, FILAMENT_FEED)]),
    ),
    { note: notes.join('; ') || null },
  );
}

export function extrude(command: CommandOf<'extrude'>): Plan {
  const { value, note } = within(command.mm, -MOVE_MAX_MM, MOVE_MAX_MM, 'Filament', 'mm');
  if (value === 0) throw rejected('Say how many millimetres to extrude; negative ones retract.');
  return plan(gcode('M83', `G1 E${millimetres(value)} F${FILAMENT_FEED}`), { note });
}

/** @throws DriverError `unsupported` for an extruder the machine does not have */
export function requireExtruder(extruder: number, extruders: number): void {
  if (Number.isInteger(extruder) && extruder >= 0 && extruder < extruders) return;
  throw unsupported(
    extruders === 1
      ? `This printer has one extruder, number 0; there is no number ${extruder}.`
      : `Extruders are numbered 0 (right) and 1 (left); there is no number ${extruder}.`,
  );
}

function line(words: readonly string[], feed: number): string[] {
  return words.length === 0 ? [] : [`G1 ${words.join(' ')} F${feed}`];
}

function millimetres(value: number): string {
  return String(Number(value.toFixed(3)));
}
