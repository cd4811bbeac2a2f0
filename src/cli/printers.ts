import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { Argv } from 'yargs';
import type { CheckResult, PrinterTarget } from '../../drivers/driver.js';
import { loadConfig } from '../config/load.js';
import { EXAMINE_MS, type ListedCheck } from '../telemetry/control-methods.js';
import { LockedError } from '../telemetry/data-lock.js';
import type { ArgumentsOf, CommandContext, CommonOptions } from './command.js';
import { ControlClient, remoteExamine } from './control-client.js';
import { CliError, EXIT, type ExitCode } from './exit-codes.js';
import { configFile, wholeNumber, withConfigFile } from './options.js';
import { asCliError } from './running-daemon.js';
import { printable, type Terminal } from './terminal.js';

export function options(yargs: Argv<CommonOptions>) {
  return withConfigFile(yargs)
    .positional('action', { choices: ['test'] as const, demandOption: true, describe: 'What to do' })
    .positional('serial', {
      type: 'string',
      demandOption: true,
      describe: 'Serial number, as the printer shows it',
      coerce: (serial: unknown) => String(serial).toUpperCase(),
    })
    .option('host', {
      type: 'string',
      requiresArg: true,
      implies: 'access-code-file',
      describe: 'Address of a printer that is not added, or to try another one',
    })
    .option('access-code-file', {
      type: 'string',
      requiresArg: true,
      implies: 'host',
      describe: 'File that holds nothing but its access code',
    })
    .option('trust', {
      choices: ['ca', 'tofu'] as const,
      default: 'ca' as const,
      describe: 'With --host: how it proves itself',
    })
    .option('ca-file', { type: 'string', requiresArg: true, describe: 'With --host: further CA, PEM' })
    .option('mqtt-port', { type: 'number', default: 8883, coerce: wholeNumber('mqtt-port', 1, 65_535) })
    .option('ftp-port', { type: 'number', default: 990, coerce: wholeNumber('ftp-port', 1, 65_535) })
    .example('$0 printers test 01P00A123456789', 'What is wrong with a printer of the farm')
    .example(
      '$0 printers test 01P00A123456789 --host 192.168.1.50 --access-code-file code',
      'The same before it is added',
    );
}

type Arguments = ArgumentsOf<typeof options>;

const NAMES: Readonly<Record<string, string>> = {
  'mqtt-port': 'MQTT port',
  'ftps-port': 'FTPS port',
  certificate: 'certificate',
  'access-code': 'access code',
  reports: 'MQTT reports',
  files: 'files (FTPS)',
  'free-space': 'free space',
  'developer-mode': 'Developer Mode',
};

/** Examines a printer: by the daemon that has it, or directly. Every check has a time limit; Ctrl-C ends it. */
export async function run(args: Arguments, context: CommandContext): Promise<ExitCode> {
  const { terminal } = context;
  const interrupted = context.interruption();
  const results: ListedCheck[] = [];
  const tell = (result: ListedCheck) => {
    results.push(result);
    if (!args.json) show(terminal, result);
  };
  await examine(args, context, interrupted, tell);
  const ok =
    results.length > 0 && results.every(({ outcome }) => outcome !== 'failed') && !interrupted.aborted;
  if (args.json) terminal.json({ serial: args.serial, ok, checks: results });
  else
    terminal.out(
      ok ? 'Nothing is wrong.' : interrupted.aborted ? 'Called off.' : 'Mend what failed, from above.',
    );
  return ok ? EXIT.ok : EXIT.failed;
}

async function examine(
  args: Arguments,
  context: CommandContext,
  interrupted: AbortSignal,
  tell: (result: ListedCheck) => void,
): Promise<void> {
  const { env, terminal, ports } = context;
  const direct = async (target: PrinterTarget) => {
    terminal.note(`A session of its own is made with ${target.serial}, and ended with the test.`);
    const onCheck = (result: CheckResult) => tell(result);
    await (await ports.examiner()).examine(target, { signal: interrupted, live: null, onCheck });
  };
  if (args.host !== undefined) return direct(await given(args, args.host));
  const { config } = await loadConfig(configFile(args.config, env), env);
  const client = await ControlClient.open(config.dataDir, EXAMINE_MS + 5_000);
  if (client !== null) {
    terminal.note('The daemon that runs examines it, with the session that it has.');
    return byDaemon(client, args.serial, interrupted, tell);
  }
  const target = await stored(await ports.examiner(), config, args.serial);
  if (target === null) {
    throw new CliError(
      EXIT.notFound,
      `there is no printer ${args.serial} in this farm; --host and --access-code-file test one that is not added`,
    );
  }
  return direct(target);
}

async function stored(
  examiner: Awaited<ReturnType<CommandContext['ports']['examiner']>>,
  ...[config, serial]: Parameters<typeof examiner.stored>
): Promise<PrinterTarget | null> {
  try {
    return await examiner.stored(config, serial);
  } catch (error) {
    if (!(error instanceof LockedError)) throw error;
    throw new CliError(EXIT.locked, `${error.message} It does not answer on its control socket (yet).`);
  }
}

async function byDaemon(
  client: ControlClient,
  serial: string,
  interrupted: AbortSignal,
  tell: (result: ListedCheck) => void,
): Promise<void> {
  try {
    const ended = interrupted.aborted ? Promise.resolve() : once(interrupted, 'abort');
    const results = await Promise.race([remoteExamine(client, serial), ended.then(() => [])]);
    for (const result of results) tell(result);
  } catch (error) {
    throw asCliError(error);
  } finally {
    // Ends it in the daemon, too.
    client.close();
  }
}

async function given(args: Arguments, host: string): Promise<PrinterTarget> {
  const read = async (file: string) => {
    try {
      return (await readFile(file, 'utf8')).trim();
    } catch (error) {
      throw new CliError(EXIT.notFound, `${file} cannot be read`, { cause: error });
    }
  };
  const accessCode = await read(args.accessCodeFile ?? '');
  if (!/^[\x21-\x7e]{1,64}$/.test(accessCode)) {
    throw new CliError(EXIT.usage, `${args.accessCodeFile} must hold the access code and nothing else`);
  }
  return {
    serial: args.serial,
    host,
    mqttPort: args.mqttPort,
    ftpPort: args.ftpPort,
    accessCode,
    trust: args.trust,
    extraCa: args.caFile === undefined ? [] : [await read(args.caFile)],
    pinnedFingerprint: null,
    modelCode: null,
  };
}

function show(terminal: Terminal, { check, outcome, detail, advice }: ListedCheck): void {
  const words = { ok: 'ok', failed: 'FAIL', skipped: 'skipped' } as const;
  const colours = { ok: 'green', failed: 'red', skipped: 'dim' } as const;
  const name = (NAMES[check] ?? check).padEnd(15);
  terminal.out(`${name} ${terminal.style(colours[outcome], words[outcome].padEnd(7))} ${printable(detail)}`);
  if (advice !== null) terminal.out(`${' '.repeat(24)}${printable(advice)}`);
}
