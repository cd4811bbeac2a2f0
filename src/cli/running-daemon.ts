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
    if (!(error instanceof ControlError)) throw error;
    throw new CliError(error.code === 'not-found' ? EXIT.notFound : EXIT.failed, error.message, {
      cause: error,
    });
  } finally {
    client.close();
  }
}
