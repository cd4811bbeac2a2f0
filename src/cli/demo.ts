import type { Argv } from 'yargs';
import type { ArgumentsOf, CommandContext, CommonOptions } from './command.js';
import { runDemo } from './demo-farm.js';
import { CliError, EXIT, type ExitCode } from './exit-codes.js';
import { wholeNumber } from './options.js';

export function options(yargs: Argv<CommonOptions>) {
  return yargs
    .option('printers', {
      type: 'number',
      default: 5,
      coerce: wholeNumber('printers', 1, 200),
      describe: 'How many emulated printers: X1C, P1S, A1, A1 mini and H2D in turn',
    })
    .option('file', {
      type: 'string',
      requiresArg: true,
      describe: 'A sliced .gcode.3mf to print; files for every model are made up when left out',
    })
    .option('copies', {
      type: 'number',
      default: 10,
      coerce: wholeNumber('copies', 1, 500),
      describe: 'How many copies to print',
    })
    .option('speed', {
      type: 'number',
      default: 240,
      coerce: wholeNumber('speed', 1, 10_000),
      describe: 'Seconds of printing per second',
    })
    .option('once', {
      type: 'boolean',
      default: false,
      describe: 'End when all copies are printed; otherwise the farm stays up to be tried',
    })
    .option('keep', {
      type: 'boolean',
      default: false,
      describe: 'Keep the data folder afterwards',
    })
    .example('$0 demo', 'A farm of five printers prints ten parts, then stays up')
    .example('$0 demo --printers 30 --copies 90 --once', 'A bigger one, which ends by itself')
    .example('$0 demo --file part.gcode.3mf --once', 'Print a file of yours on the printers that suit it');
}

/** Shows a whole farm at work on this machine: emulated printers, the real daemon, the public API. */
export async function run(args: ArgumentsOf<typeof options>, context: CommandContext): Promise<ExitCode> {
  const ended = context.interruption();
  try {
    await runDemo(args, context.terminal, ended);
    return EXIT.ok;
  } catch (error) {
    if (ended.aborted) return EXIT.ok;
    if (error instanceof CliError) throw error;
    throw new CliError(EXIT.failed, error instanceof Error ? error.message : String(error), { cause: error });
  }
}
