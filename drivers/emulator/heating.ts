/** Setpoints that a command gives heaters and fans (docs/protocol.md §6.4). */
import { type JsonObject, number, text } from './json.js';
import type { Machine } from './machine.js';

/** Follows the lines of a `gcode_line` that set a temperature; the others have no effect here. */
export function heatByGcode(machine: Machine, request: JsonObject): void {
  for (const line of text(request.param).split('\n')) {
    const words = line.trim().toUpperCase().split(/\s+/);
    const target = wordOf(words, 'S');
    if (target === null) continue;
    const now = machine.clock.now();
    if (words[0] === 'M104' || words[0] === 'M109') {
      const { feed } = machine;
      const active = feed === null ? machine.selectedExtruder : machine.extruderOf(feed.unitId);
      machine.nozzles[wordOf(words, 'T') ?? active]?.setTarget(target, now);
    }
    if (words[0] === 'M140' || words[0] === 'M190') machine.bed.setTarget(target, now);
    if (words[0] === 'M141' && machine.profile.hasChamberHeater) machine.chamber.setTarget(target, now);
  }
}

const FANS = { 1: 'part', 2: 'aux', 3: 'chamber' } as const;

/** Follows the lines that set a fan: `M106 P1 S255`. */
export function blowByGcode(machine: Machine, request: JsonObject): void {
  for (const line of text(request.param).split('\n')) {
    const words = line.trim().toUpperCase().split(/\s+/);
    const speed = wordOf(words, 'S');
    const fan = Object.entries(FANS).find(([port]) => Number(port) === wordOf(words, 'P'))?.[1];
    if (words[0] === 'M106' && speed !== null && fan !== undefined)
      machine.blown.set(fan, Math.round((speed / 255) * 100));
  }
}

/** Takes a `set_ctt`. @returns whether the machine has a heater for its chamber */
export function heatChamber(machine: Machine, request: JsonObject): boolean {
  const target = number(request.ctt_val);
  if (!machine.profile.hasChamberHeater || target === null) return false;
  machine.chamber.setTarget(target, machine.clock.now());
  return true;
}

function wordOf(words: readonly string[], letter: string): number | null {
  const word = words.find((candidate) => candidate.startsWith(letter));
  return word === undefined ? null : number(word.slice(1));
}
