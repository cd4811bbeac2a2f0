import type { Argv } from 'yargs';
import type { JobExplanation } from '../telemetry/control-methods.js';
import type { ArgumentsOf, CommandContext, CommonOptions } from './command.js';
import { remoteExplanation } from './control-client.js';
import { EXIT, type ExitCode } from './exit-codes.js';
import { withConfigFile } from './options.js';
import { withDaemon } from './running-daemon.js';
import { printable, type Terminal } from './terminal.js';

export function options(yargs: Argv<CommonOptions>) {
  return withConfigFile(yargs)
    .positional('job', {
      type: 'string',
      demandOption: true,
      describe: 'Its id, the beginning of it as `queue` shows it, or its label',
    })
    .option('printer', {
      type: 'string',
      requiresArg: true,
      describe: 'Name of a printer: tell every check that is made with it',
    })
    .example('$0 explain k3j9x0ab', 'Why does this job wait?')
    .example('$0 explain k3j9x0ab --printer P1S-1', 'Why not this printer?');
}

type Arguments = ArgumentsOf<typeof options>;

/** Tells of a job where it stands, what became of it, and what each printer says to it. */
export async function run(args: Arguments, context: CommandContext): Promise<ExitCode> {
  const { terminal } = context;
  return withDaemon(args.config, context, async (client) => {
    const found = await remoteExplanation(client, { job: String(args.job), printer: args.printer ?? null });
    if (args.json) terminal.json(found);
    else show(terminal, found);
    return EXIT.ok;
  });
}

function show(terminal: Terminal, job: JobExplanation): void {
  const tier = job.low ? ', low priority' : '';
  const place = job.place === null ? '' : `, place ${job.place}`;
  const on = job.printer === null ? '' : ` on ${printable(job.printer)}`;
  terminal.out(
    `${terminal.style('bold', printable(job.label))} (${job.id}) is ${job.status}${on}${place}${tier}.`,
  );
  if (job.why !== null && job.why !== '') terminal.out(printable(job.why));
  if (job.message !== null) terminal.out(`It was tried before: ${printable(job.message)}`);
  if (job.printers !== null && job.printers.length > 0) {
    terminal.out();
    for (const printer of job.printers) showPrinter(terminal, printer);
  }
  if (job.attempts.length === 0) return;
  terminal.out();
  terminal.table(
    [
      { title: 'TRIED', value: ({ at }) => at },
      { title: 'PRINTER', value: ({ printer }) => printer },
      { title: 'OUTCOME', value: ({ outcome }) => outcome },
      { title: 'MESSAGE', value: ({ message }) => message ?? '' },
    ],
    job.attempts,
  );
}

function showPrinter(terminal: Terminal, { name, matched, compatible, checks }: Printer): void {
  const word = matched ? 'fits' : compatible ? 'later' : 'no';
  const colour = matched ? 'green' : compatible ? 'yellow' : 'red';
  const [only, ...others] = checks;
  if (only === undefined) return;
  const head = `${terminal.style(colour, word.padEnd(5))}  ${printable(name)}`;
  if (others.length === 0) {
    terminal.out(`${head}: ${printable(only.explanation)}`);
    return;
  }
  terminal.out(head);
  for (const { label, passed, explanation } of checks) {
    const mark = terminal.style(passed ? 'green' : 'red', passed ? 'ok  ' : 'FAIL');
    terminal.out(`  ${mark}  ${printable(label.padEnd(28))}  ${printable(explanation)}`);
  }
}

type Printer = NonNullable<JobExplanation['printers']>[number];
