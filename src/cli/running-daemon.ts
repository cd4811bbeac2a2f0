import { loadConfig } from '../config/load.js';
import { ControlError } from '../telemetry/control-protocol.js';
import type { CommandContext } from './command.js';
import { ControlClient } from './control-client.js';
import { CliError, EXIT, type ExitCode } from './exit-codes.js';
import { configFile } from './options.js';

/**
 * Lets a command ask the daemon that runs on the data folder of a configuration.
 *
 * @throws CliError when none runs, or with what the daemon says
 */
export async function withDaemon(
  config: string | undefined,
  { env }: CommandContext,
  ask: (client: ControlClient) => Promise<ExitCode>,
): Promise<ExitCode> {
  const { dataDir } = (await loadConfig(configFile(config, env), env)).config;
  const client = await ControlClient.open(dataDir);
  if (client === null)
    throw new CliError(EXIT.failed, `no daemon runs on ${dataDir}: begin it with printfarmd run`);
  try {
    return await ask(client);
  } catch (error) {
    throw asCliError(error);
  } finally {
    client.close();
  }
}

/** What the daemon answered instead of what it was asked for, as the command ends with it; any other error as it is. */
export function asCliError(error: unknown): unknown {
  if (!(error instanceof ControlError)) return error;
  const exitCode = error.code === 'not-found' ? EXIT.notFound : EXIT.failed;
  return new CliError(exitCode, error.message, { cause: error });
}
