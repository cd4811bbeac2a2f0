import yargs, { type Argv } from 'yargs';
import { ConfigError } from '../config/problem.js';
import type { Command, CommandContext, CommonOptions } from './command.js';
import { CliError, EXIT, type ExitCode } from './exit-codes.js';
import { programVersion } from './version.js';

const EPILOGUE = `Exit codes: 0 done, 1 failed, 2 wrong command line or configuration, 3 data folder in use, 4 not found.
Every command knows --help and --json.`;

/** Runs one command line and answers the exit code. Never throws. */
export async function runCli(argv: readonly string[], context: CommandContext): Promise<ExitCode> {
  const { terminal } = context;
  try {
    return await dispatch(argv, context);
  } catch (error) {
    const exitCode = exitCodeOf(error);
    const message = error instanceof Error ? error.message : String(error);
    if (argv.includes('--json')) {
      const problems = error instanceof ConfigError ? { problems: error.problems } : {};
      terminal.json({ error: { exitCode, message, ...problems } });
    } else {
      terminal.note(`${terminal.style('red', 'printfarmd:')} ${message}`);
    }
    return exitCode;
  }
}

/** What became of a command: its exit code, or what it threw. */
type Outcome = { readonly exitCode: ExitCode } | { readonly error: unknown };

async function dispatch(argv: readonly string[], context: CommandContext): Promise<ExitCode> {
  let outcome: Outcome = { exitCode: EXIT.ok };
  const cli = yargs()
    .scriptName('printfarmd')
    .usage('$0 <command> [options]')
    .option('json', { type: 'boolean', default: false, describe: 'Answer in JSON, for machines' })
    .detectLocale(false)
    .version(await programVersion())
    .strict()
    .recommendCommands()
    .demandCommand(1, 'name a command')
    .wrap(Math.min(context.terminal.width, 110))
    .epilogue(EPILOGUE)
    .exitProcess(false)
    .fail(false);

  // Commands are loaded when they are named, so that --help is quick.
  const register = <Options>(usage: string, description: string, load: () => Promise<Command<Options>>) => {
    cli.command(
      usage,
      description,
      async (builder) => (await load()).options(builder),
      async (args) => {
        // Kept from yargs, which would take it for a mistake in the command line.
        outcome = await (await load()).run(args, context).then(
          (exitCode) => ({ exitCode }),
          (error: unknown) => ({ error }),
        );
      },
    );
  };

  register('init', 'Make a new installation', () => import('./init.js'));
  register('check-config', 'Tell what is wrong with a configuration', () => import('./check-config.js'));
  register(
    'certificate',
    'Show certificates and their fingerprints',
    () => import('./certificate-command.js'),
  );
  register('run', 'Run the farm', () => import('./run.js'));
  register('keys <action> [id]', 'Make, list and revoke API keys', () => import('./keys.js'));
  register('invite-owner', 'Invite the owner to sign up with a passkey', () => import('./invite-owner.js'));
  register('printers <action> <serial>', 'Tell what is wrong with a printer', () => import('./printers.js'));
  register('queue', 'Watch what is printed, and why the rest waits', () => import('./queue.js'));
  register('explain <job>', 'Tell why a job waits, or what became of it', () => import('./explain.js'));
  register(
    'notifications [action] [channel]',
    'Tell what was told to whom, and try a channel',
    () => import('./notifications.js'),
  );
  register('discover', 'List the printers that announce themselves', () => import('./discover.js'));
  register('inspect <file>', 'Tell what is in a .3mf file', () => import('./inspect.js'));
  register('emulate', 'Run emulated printers', () => import('./emulate.js'));
  register('demo', 'Watch a farm of emulated printers work', () => import('./demo.js'));

  const printed = await parse(cli, argv.length === 0 ? ['--help'] : argv);
  if (printed !== '') context.terminal.out(printed);
  if (argv.length === 0) return EXIT.usage;
  return settled(outcome);
}

/** Parses and runs; answers the help text if that was asked for. @throws CliError for a wrong command line */
async function parse(cli: Argv<CommonOptions>, argv: readonly string[]): Promise<string> {
  let printed = '';
  let wrong: Error | null | undefined = null;
  try {
    await cli.parseAsync([...argv], {}, (error: Error | null | undefined, _args: unknown, output: string) => {
      wrong = error;
      printed = output;
    });
  } catch (error) {
    wrong = error instanceof Error ? error : new Error(String(error));
  }
  if (wrong) throw new CliError(EXIT.usage, `${wrong.message} (--help tells more)`);
  return printed;
}

function settled(outcome: Outcome): ExitCode {
  if ('error' in outcome) throw outcome.error;
  return outcome.exitCode;
}

function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof CliError) return error.exitCode;
  return error instanceof ConfigError ? EXIT.usage : EXIT.failed;
}
