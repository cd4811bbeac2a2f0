import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Argv } from 'yargs';
import type { EmulatedPrinterSpec, Emulator } from '../../drivers/emulator/index.js';
import type { ArgumentsOf, CommandContext, CommonOptions } from './command.js';
import { CliError, EXIT, type ExitCode } from './exit-codes.js';
import { portOrFree } from './listeners.js';
import { loopbackAddresses } from './loopback-addresses.js';
import { endpoint, wholeNumber } from './options.js';
import type { Terminal } from './terminal.js';

const MQTT_PORT = 8883;
const FTP_PORT = 990;

export function options(yargs: Argv<CommonOptions>) {
  return yargs
    .option('printers', {
      type: 'number',
      default: 5,
      coerce: wholeNumber('printers', 1, 500),
      describe: 'How many printers',
    })
    .option('models', {
      type: 'string',
      default: 'X1C,P1S,A1,A1M,H2D',
      requiresArg: true,
      describe: 'Their models, in turn; a comma between them',
    })
    .option('address', {
      type: 'string',
      default: '127.0.1.1',
      requiresArg: true,
      describe: 'Loopback address of the first printer; the others follow',
    })
    .option('speed', {
      type: 'number',
      default: 600,
      coerce: wholeNumber('speed', 1, 100_000),
      describe: 'Seconds of printing per second',
    })
    .option('seed', {
      type: 'number',
      default: 1,
      coerce: wholeNumber('seed', 0, 2 ** 31 - 1),
      describe: 'Serial numbers, access codes and chance follow from it',
    })
    .option('ca-file', {
      type: 'string',
      requiresArg: true,
      describe: 'Where to write the CA that the printers prove themselves by; a temporary file by default',
    })
    .option('ssdp', {
      type: 'boolean',
      default: true,
      describe: 'Announce the printers; --no-ssdp keeps them silent',
    })
    .option('ssdp-address', {
      type: 'string',
      default: '127.0.0.1',
      requiresArg: true,
      describe: 'Where announcements are sent',
    })
    .option('ssdp-port', {
      type: 'number',
      default: 2021,
      coerce: wholeNumber('ssdp-port', 1, 65_535),
      describe: 'UDP port that announcements are sent to',
    })
    .option('control', {
      type: 'string',
      requiresArg: true,
      coerce: endpoint('control'),
      describe:
        'Serve the control API on HOST:PORT of loopback: faults, power, the log of what really happened',
    })
    .option('follow-stdin', {
      type: 'boolean',
      default: false,
      describe: 'End when standard input ends, as it does when the program that started this one dies',
    })
    .example('$0 emulate --printers 3 --models X1C,A1M', 'Two models on 127.0.1.1 to 127.0.1.3, until Ctrl-C')
    .example('$0 emulate --speed 60 --json', 'One JSON line per printer, then it stays')
    .example('$0 emulate --control 127.0.0.1:8090', 'Also faults and the ground truth, over HTTP');
}

type Arguments = ArgumentsOf<typeof options>;

/** Runs emulated printers until it is told to end. */
export async function run(args: Arguments, context: CommandContext): Promise<ExitCode> {
  const { terminal } = context;
  const ended = context.interruption({ withInput: args.followStdin });
  const specs = await printerSpecs(args);
  const ca = await caPlace(args.caFile);
  const { Emulator } = await import('../../drivers/emulator/index.js');
  const emulator = new Emulator({
    printers: specs,
    seed: args.seed,
    speed: args.speed,
    ssdp: args.ssdp ? { address: args.ssdpAddress, port: args.ssdpPort } : null,
    control: args.control ?? null,
  });
  try {
    await emulator.start();
    await writeFile(ca.file, emulator.caPem);
    announce(terminal, emulator, specs, ca.file, args.json);
    if (!ended.aborted) await once(ended, 'abort');
    return EXIT.ok;
  } finally {
    await emulator.stop();
    await ca.remove();
  }
}

async function printerSpecs(args: Arguments): Promise<EmulatedPrinterSpec[]> {
  const { cameraPortOf } = await import('../../drivers/emulator/profiles.js');
  const models = await modelNames(args.models);
  return Promise.all(
    loopbackAddresses(args.address, args.printers).map(async (host, index) => ({
      model: models[index % models.length] ?? '',
      host,
      mqttPort: await portOrFree({ host, port: MQTT_PORT }),
      ftpPort: await portOrFree({ host, port: FTP_PORT }),
      cameraPort: await portOrFree({ host, port: cameraPortOf(models[index % models.length] ?? '') }),
    })),
  );
}

/** Short names of the models that are asked for. @throws CliError naming those that exist */
async function modelNames(list: string): Promise<string[]> {
  const { profileOf } = await import('../../drivers/emulator/profiles.js');
  const asked = list.split(',').filter((model) => model.trim() !== '');
  if (asked.length === 0) throw new CliError(EXIT.usage, '--models names no model');
  try {
    return asked.map((model) => profileOf(model.trim()).shortName);
  } catch (error) {
    throw new CliError(EXIT.usage, error instanceof Error ? error.message : String(error), { cause: error });
  }
}

/** The file that the CA goes to; a temporary one is removed at the end. */
async function caPlace(given: string | undefined): Promise<{ file: string; remove(): Promise<void> }> {
  if (given === undefined) {
    const folder = await mkdtemp(join(tmpdir(), 'printfarmd-emulator-'));
    return { file: join(folder, 'ca.pem'), remove: () => rm(folder, { recursive: true, force: true }) };
  }
  const file = resolve(given);
  if (!(await mayReplace(file))) {
    throw new CliError(EXIT.failed, `${file} is no certificate: --ca-file does not overwrite it`);
  }
  return { file, remove: async () => undefined };
}

async function mayReplace(file: string): Promise<boolean> {
  try {
    return (await readFile(file, 'utf8')).startsWith('-----BEGIN CERTIFICATE-----');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return true;
    throw error;
  }
}

function announce(
  terminal: Terminal,
  emulator: Emulator,
  specs: readonly EmulatedPrinterSpec[],
  caFile: string,
  json: boolean,
): void {
  const printers = emulator.printers.map((printer, index) => {
    const { serial, host, accessCode, mqttPort, ftpPort, cameraPort } = printer;
    const model = specs[index]?.model ?? '';
    return { serial, host, accessCode, model, mqttPort, ftpPort, cameraPort, caFile };
  });
  if (emulator.controlUrl !== null) terminal.note(`control API: ${emulator.controlUrl}`);
  if (json) {
    for (const printer of printers) terminal.json(printer);
    return;
  }
  terminal.table(
    [
      { title: 'SERIAL', value: (printer) => printer.serial },
      { title: 'MODEL', value: (printer) => printer.model },
      { title: 'ADDRESS', value: (printer) => printer.host },
      { title: 'MQTT', value: (printer) => printer.mqttPort, align: 'right' },
      { title: 'FTPS', value: (printer) => printer.ftpPort, align: 'right' },
      { title: 'CAMERA', value: (printer) => printer.cameraPort, align: 'right' },
      { title: 'ACCESS CODE', value: (printer) => printer.accessCode },
    ],
    printers,
  );
  terminal.out();
  terminal.out(`Trust them by ${caFile} (bambu.extraCaFiles in the configuration).`);
  terminal.note('Ctrl-C ends them.');
}
