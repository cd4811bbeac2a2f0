import type { Argv } from 'yargs';
import { loadConfig } from '../config/load.js';
import { ConfigError } from '../config/problem.js';
import type { ArgumentsOf, CommandContext, CommonOptions } from './command.js';
import { EXIT, type ExitCode } from './exit-codes.js';
import { configFile, withConfigFile } from './options.js';

export function options(yargs: Argv<CommonOptions>) {
  return withConfigFile(yargs)
    .example('$0 check-config', 'Check ./printfarmd.yaml')
    .example('$0 check-config --config /etc/printfarmd/printfarmd.yaml --json', 'The same for machines');
}

/** Tells everything that is wrong or unwise in a configuration, as `run` would read it. */
export async function run(args: ArgumentsOf<typeof options>, context: CommandContext): Promise<ExitCode> {
  const { terminal, env } = context;
  const file = configFile(args.config, env);
  try {
    const { file: absolute, warnings, overrides, config } = await loadConfig(file, env);
    if (args.json) {
      terminal.json({
        ok: true,
        file: absolute,
        dataDir: config.dataDir,
        printers: config.printers.length,
        warnings,
        overrides,
      });
      return EXIT.ok;
    }
    for (const { key, message } of warnings)
      terminal.note(`${terminal.style('yellow', 'warning')} ${key}: ${message}`);
    for (const { variable, key } of overrides) terminal.note(`${key} comes from ${variable}`);
    terminal.out(`${absolute} is in order: ${config.printers.length} printers, data in ${config.dataDir}`);
    return EXIT.ok;
  } catch (error) {
    if (!(error instanceof ConfigError) || !args.json) throw error;
    terminal.json({ ok: false, problems: error.problems });
    return EXIT.usage;
  }
}
