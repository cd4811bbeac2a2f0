import type { EmulatedPrinter, EmulatedSpool, Emulator } from '../../drivers/emulator/index.js';
import type { DaemonControl } from './daemon-control.js';
import type { Draw } from './draw.js';
import type { Library } from './library.js';
import type { Person } from './person.js';
import type { PlannedPart } from './plan.js';
import type { Referee } from './referee.js';
import type { Snapshot } from './snapshot.js';
import type { Truth } from './truth.js';

/** What the daemon was told about where a printer is and how it is entered. */
export interface Told {
  readonly host: string;
  readonly mqttPort: number;
  readonly ftpPort: number;
  readonly accessCode: string;
}

/** One printer, as a person in the farm knows it. */
export interface Machine {
  readonly printer: EmulatedPrinter;
  /** Id in the daemon. */
  readonly id: string;
  /** Of the files it prints. */
  readonly code: string;
  told: Told;
}

/** A printer that the daemon does not know, or not any more. */
export type Stranger = Pick<Machine, 'printer' | 'code'>;

export interface UploadedPart extends PlannedPart {
  readonly id: string;
}

/** Everything that a step may act upon. */
export interface World {
  readonly emulator: Emulator;
  /** The printers that people count on; some that were removed may still be registered, or not any more. */
  machines: readonly Machine[];
  strangers: readonly Stranger[];
  readonly parts: readonly UploadedPart[];
  readonly library: Library;
  readonly daemon: DaemonControl;
  readonly truth: Truth;
  readonly referee: Referee;
  /** Jobs that may still be asked for. */
  jobsLeft: number;
  /** Faults injected so far, by name. */
  readonly injected: Map<string, number>;
  /** What the last look has found. */
  view: Snapshot;
}

/** Something that happens in one step. */
export interface Action {
  readonly name: string;
  readonly weight: number;
  /** Whether the daemon has to run for it, or must not. */
  readonly when: 'running' | 'down' | 'always';
  /** @returns what was done, in words */
  run(world: World, draw: Draw, person: Person): Promise<string> | string;
}

/** Up to so many printers, most often of those that a job is on: what befalls an idle one seldom matters. */
export function afflicted({ machines, view }: World, draw: Draw, most: number): readonly Machine[] {
  const holding = new Set(view.printers.filter((row) => row.printingJobId !== null).map(({ id }) => id));
  const working = machines.filter(({ id }) => holding.has(id));
  return draw.some(working.length > 0 && draw.chance(75) ? working : machines, most);
}

/** What a freshly filled AMS holds. */
export const SPOOLS: readonly EmulatedSpool[] = [
  { type: 'PLA', color: 'FFFFFFFF' },
  { type: 'PLA', color: '000000FF' },
  { type: 'PETG', color: 'FF0000FF' },
  { type: 'PLA', color: '00AE42FF' },
];

/** What people may put into a slot instead: other colours and types, and a spool that carries a tag. */
export const OTHER_SPOOLS: readonly EmulatedSpool[] = [
  ...SPOOLS,
  { type: 'ABS', color: '000000FF' },
  { type: 'PETG', color: '000000FF' },
  {
    type: 'PLA',
    color: 'FFFFFFFF',
    tagUid: '0123456789ABCDEF',
    trayUuid: '0123456789ABCDEF0123456789ABCDEF',
  },
];

/** The A2L counts its units from 16. */
export function unitsOf({ modelCode }: EmulatedPrinter): readonly number[] {
  return modelCode === 'N9' ? [16] : [0];
}

/** Somebody puts a spool into a slot, or takes out what is there. */
export function changeSpool(
  { truth }: World,
  { printer }: Stranger,
  slot: number,
  spool: EmulatedSpool | null,
): void {
  for (const unit of unitsOf(printer)) printer.setSpool(unit, slot, spool);
  truth.spoolChanged(printer.serial);
}
