import type { ArgumentsCamelCase, Argv } from 'yargs';
import type { ExitCode } from './exit-codes.js';
import type { CliPorts } from './ports.js';
import type { Terminal } from './terminal.js';

/** What surrounds a command. */
export interface CommandContext {
  readonly terminal: Terminal;
  readonly env: NodeJS.ProcessEnv;
  readonly ports: CliPorts;
  /** Aborts at SIGTERM or SIGINT, or when standard input ends if that is asked for. Signals act from the call on. */
  interruption(options?: { readonly withInput?: boolean }): AbortSignal;
}

/** Options that every command has. */
export interface CommonOptions {
  json: boolean;
}

/** A command: its options, and what it does. */
export interface Command<Options> {
  options(yargs: Argv<CommonOptions>): Argv<Options>;
  run(args: ArgumentsCamelCase<Options>, context: CommandContext): Promise<ExitCode>;
}

/** The arguments that a command's `options` make. */
export type ArgumentsOf<OptionsFunction> = OptionsFunction extends (
  yargs: Argv<CommonOptions>,
) => Argv<infer Options>
  ? ArgumentsCamelCase<Options>
  : never;
