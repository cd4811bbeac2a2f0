import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Argv } from 'yargs';
import { readSlicedFile } from '../threemf/read-sliced-file.js';
import type { SlicedFile, SlicedPlate } from '../threemf/sliced-file.js';
import { SlicedFileError } from '../threemf/sliced-file-error.js';
import type { ArgumentsOf, CommandContext, CommonOptions } from './command.js';
import { CliError, EXIT, type ExitCode } from './exit-codes.js';
import { printable, type Terminal } from './terminal.js';

export function options(yargs: Argv<CommonOptions>) {
  return yargs
    .positional('file', { type: 'string', demandOption: true, describe: 'A .3mf or .gcode.3mf file' })
    .example('$0 inspect plate.gcode.3mf', 'Plates, times, weights, filaments, printer')
    .example('$0 inspect plate.gcode.3mf --json', 'Everything that is read from the file');
}

/** Tells what the daemon would make of a file. */
export async function run(args: ArgumentsOf<typeof options>, context: CommandContext): Promise<ExitCode> {
  const { terminal } = context;
  const file = resolve(args.file);
  const interrupted = context.interruption();
  try {
    const { size } = await stat(file);
    const sliced = await readSlicedFile(file, { signal: interrupted });
    if (args.json) terminal.json({ file, bytes: size, ...sliced });
    else show(terminal, file, size, sliced);
    return EXIT.ok;
  } catch (error) {
    if (error instanceof SlicedFileError)
      throw new CliError(EXIT.failed, `${file}: ${error.message}`, { cause: error });
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      throw new CliError(EXIT.notFound, `there is no file ${file}`);
    }
    throw error;
  }
}

const KINDS: Readonly<Record<SlicedFile['kind'], string>> = {
  sliced: 'sliced, ready to print',
  project: 'a project that was not sliced: nothing to print',
  'model-only': 'a model without plates: nothing to print',
};

function show(terminal: Terminal, file: string, bytes: number, sliced: SlicedFile): void {
  const line = (title: string, value: string) => terminal.out(`${title.padEnd(10)}${printable(value)}`);
  const { slicerVersion, printerModelId } = sliced;
  line('file', `${file} (${bytes} bytes)`);
  line('kind', KINDS[sliced.kind]);
  line(
    'printer',
    `${sliced.printerModel || 'not said'}${printerModelId === null ? '' : ` (${printerModelId})`}`,
  );
  line('nozzle', sliced.nozzleDiameters.map((diameter) => `${diameter} mm`).join(', ') || 'not said');
  line('slicer', slicerVersion === null ? 'not said' : `${slicerVersion.engine} ${slicerVersion.version}`);
  if (sliced.plates.length === 0) return;
  terminal.out();
  showPlates(terminal, sliced.plates);
  terminal.out();
  showFilaments(terminal, sliced.plates);
}

function showPlates(terminal: Terminal, plates: readonly SlicedPlate[]): void {
  terminal.table(
    [
      { title: 'PLATE', value: (plate) => plate.index, align: 'right' },
      { title: 'NAME', value: (plate) => plate.name || null },
      { title: 'TIME', value: (plate) => duration(plate.predictionSeconds), align: 'right' },
      { title: 'WEIGHT', value: (plate) => amount(plate.weightGrams, 'g'), align: 'right' },
      { title: 'LAYERS', value: (plate) => plate.layerCount, align: 'right' },
      { title: 'OBJECTS', value: (plate) => plate.objects.length, align: 'right' },
      { title: 'BED', value: (plate) => plate.bedType },
      { title: 'THUMBNAIL', value: (plate) => plate.thumbnailFile },
    ],
    plates,
  );
}

function showFilaments(terminal: Terminal, plates: readonly SlicedPlate[]): void {
  const rows = plates.flatMap((plate) =>
    plate.filaments.map((filament) => ({ plate: plate.index, ...filament })),
  );
  terminal.table(
    [
      { title: 'PLATE', value: (row) => row.plate, align: 'right' },
      { title: 'FILAMENT', value: (row) => row.index + 1, align: 'right' },
      { title: 'TYPE', value: (row) => row.type || null },
      { title: 'COLOUR', value: (row) => (row.color === '' ? null : `#${row.color}`) },
      { title: 'PRESET', value: (row) => row.infoIdx || null },
      { title: 'WEIGHT', value: (row) => amount(row.usedGrams, 'g'), align: 'right' },
      { title: 'LENGTH', value: (row) => amount(row.usedMeters, 'm'), align: 'right' },
    ],
    rows,
  );
}

function amount(value: number | null, unit: string): string | null {
  return value === null ? null : `${value.toFixed(2)} ${unit}`;
}

/** `1h 02m`, `2m 05s`. */
export function duration(seconds: number | null): string | null {
  if (seconds === null) return null;
  const whole = Math.round(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)];
  const two = (value: number) => String(value).padStart(2, '0');
  return hours > 0 ? `${hours}h ${two(minutes)}m` : `${minutes}m ${two(whole % 60)}s`;
}
