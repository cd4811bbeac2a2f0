import { setTimeout as delay } from 'node:timers/promises';
import type { Argv } from 'yargs';
import type { DiscoveredPrinter } from '../../drivers/driver.js';
import { settingsSchema } from '../config/schema.js';
import { createLogger } from '../telemetry/log.js';
import type { ArgumentsOf, CommandContext, CommonOptions } from './command.js';
import { EXIT, type ExitCode } from './exit-codes.js';
import { wholeNumber } from './options.js';
import type { Terminal } from './terminal.js';

export function options(yargs: Argv<CommonOptions>) {
  const { address, ports } = settingsSchema.parse({}).discovery;
  return yargs
    .option('timeout', {
      type: 'number',
      default: 10,
      coerce: wholeNumber('timeout', 1, 600),
      describe: 'How long to listen, seconds; printers announce themselves every few seconds',
    })
    .option('address', {
      type: 'string',
      default: address,
      requiresArg: true,
      describe: 'IPv4 address to listen on',
    })
    .option('port', {
      type: 'number',
      array: true,
      default: ports,
      requiresArg: true,
      describe: 'UDP ports to listen on',
    })
    .example('$0 discover', 'Printers heard within ten seconds')
    .example('$0 discover --timeout 30 --json', 'The same for machines, with more patience');
}

/** Listens for printers that announce themselves and tells which. */
export async function run(args: ArgumentsOf<typeof options>, context: CommandContext): Promise<ExitCode> {
  const { terminal } = context;
  const seconds = args.timeout;
  const interrupted = context.interruption();
  const port = await context.ports.discovery();
  const log = createLogger({
    level: 'warn',
    pretty: false,
    stream: { write: (line) => terminal.note(warning(line)) },
  });
  const heard = new Map<string, DiscoveredPrinter>();
  const settings = { address: args.address, ports: args.port, expiryMs: (seconds + 1) * 1000 };
  const discovery = port.createDiscovery(settings, (printer) => heard.set(printer.serial, printer), log);
  await discovery.start();
  try {
    discovery.search();
    for (let left = seconds; left > 0 && !interrupted.aborted; left--) {
      terminal.status(`listening, ${left} s left, ${heard.size} printers heard`);
      // Ended early, what was heard so far is shown.
      await delay(1000, undefined, { signal: interrupted }).catch(() => undefined);
    }
  } finally {
    terminal.status(null);
    await discovery.stop();
  }
  const printers = [...heard.values()].sort((a, b) => a.serial.localeCompare(b.serial));
  if (args.json) terminal.json(printers);
  else show(terminal, printers, seconds);
  return EXIT.ok;
}

/** What the driver warns of, without the rest of the log line. */
function warning(line: string): string {
  const entry: unknown = JSON.parse(line);
  return typeof entry === 'object' && entry !== null && 'msg' in entry
    ? `warning: ${String(entry.msg)}`
    : line.trim();
}

function show(terminal: Terminal, printers: readonly DiscoveredPrinter[], seconds: number): void {
  if (printers.length === 0) {
    terminal.note(
      `No printer was heard within ${seconds} s. Announcements do not cross subnets, and firewalls stop them ` +
        '(UDP 2021 and 1990). A printer can also be added by its address, serial number and access code.',
    );
    return;
  }
  terminal.table(
    [
      { title: 'SERIAL', value: (printer) => printer.serial },
      { title: 'NAME', value: (printer) => printer.name },
      { title: 'MODEL', value: (printer) => printer.modelName ?? printer.modelCode },
      { title: 'ADDRESS', value: (printer) => printer.host },
      { title: 'PORT', value: (printer) => printer.mqttPort ?? 8883, align: 'right' },
      { title: 'MODE', value: (printer) => printer.connect },
      { title: 'FIRMWARE', value: (printer) => printer.firmware },
      {
        title: 'SIGNAL',
        value: (printer) => (printer.signalDbm === null ? null : `${printer.signalDbm} dBm`),
      },
    ],
    printers,
  );
}
