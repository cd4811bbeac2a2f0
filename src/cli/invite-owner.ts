import type { Argv } from 'yargs';
import { loadConfig } from '../config/load.js';
import type { OwnerInvitation } from '../telemetry/control-methods.js';
import { ControlError } from '../telemetry/control-protocol.js';
import { LockedError } from '../telemetry/data-lock.js';
import type { ArgumentsOf, CommandContext, CommonOptions } from './command.js';
import { ControlClient, remoteOwnerInvitation } from './control-client.js';
import { CliError, EXIT, type ExitCode } from './exit-codes.js';
import { configFile, withConfigFile } from './options.js';
import { signUpUrl } from './sign-in-url.js';

export function options(yargs: Argv<CommonOptions>) {
  return withConfigFile(yargs).example(
    '$0 invite-owner',
    'When the first invitation, or the last passkey, is lost',
  );
}

/** A new invitation for the owner: through the running daemon, or directly while none runs. */
export async function run(args: ArgumentsOf<typeof options>, context: CommandContext): Promise<ExitCode> {
  const { terminal, env } = context;
  const { config } = await loadConfig(configFile(args.config, env), env);
  const { invitation, expiresAt } = await invited(config.dataDir, context);
  const url = signUpUrl(config.http, invitation);
  if (args.json) {
    terminal.json({ invitation, expiresAt, url });
    return EXIT.ok;
  }
  terminal.out(url);
  terminal.note(`Open it in a browser, once, before ${expiresAt}: whoever signs up with it is the owner.`);
  terminal.note('Earlier invitations of the owner are worthless now.');
  return EXIT.ok;
}

async function invited(dataDir: string, { ports }: CommandContext): Promise<OwnerInvitation> {
  try {
    const client = await ControlClient.open(dataDir);
    if (client !== null) {
      try {
        return await remoteOwnerInvitation(client);
      } finally {
        client.close();
      }
    }
    return await (await ports.invitations()).inviteOwner(dataDir);
  } catch (error) {
    if (error instanceof ControlError) throw new CliError(EXIT.failed, error.message, { cause: error });
    if (!(error instanceof LockedError)) throw error;
    throw new CliError(EXIT.locked, `${error.message} It does not answer on its control socket (yet).`);
  }
}
