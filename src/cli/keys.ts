import type { Argv } from 'yargs';
import { loadConfig } from '../config/load.js';
import { suggest } from '../config/suggest.js';
import { isPermission, PERMISSIONS } from '../contract/permissions.js';
import type { KeyRing, ListedKey } from '../telemetry/control-methods.js';
import { ControlError } from '../telemetry/control-protocol.js';
import { LockedError } from '../telemetry/data-lock.js';
import type { ArgumentsOf, CommandContext, CommonOptions } from './command.js';
import { ControlClient, remoteKeyRing } from './control-client.js';
import { CliError, EXIT, type ExitCode } from './exit-codes.js';
import { configFile, withConfigFile } from './options.js';
import type { Terminal } from './terminal.js';

export function options(yargs: Argv<CommonOptions>) {
  return withConfigFile(yargs)
    .positional('action', {
      choices: ['create', 'list', 'revoke'] as const,
      demandOption: true,
      describe: 'What to do',
    })
    .positional('id', {
      type: 'string',
      describe: 'Key to revoke: its id, the first 24 characters of the key',
    })
    .option('name', { type: 'string', requiresArg: true, describe: 'Name of the new key' })
    .option('full-access', {
      type: 'boolean',
      default: false,
      describe: 'The new key may do everything that the owner may',
    })
    .option('permission', {
      type: 'string',
      array: true,
      requiresArg: true,
      default: [],
      describe: 'What the new key may do, such as part.view',
    })
    .option('expires', {
      type: 'string',
      requiresArg: true,
      describe: 'When the new key ends, such as 2027-01-31 or 2027-01-31T12:00:00Z',
    })
    .example(
      '$0 keys create --name grafana --permission printer.view printer.stats',
      'A key that may only look',
    )
    .example('$0 keys create --name admin --full-access', 'A key that may do everything')
    .example('$0 keys list', 'Every key, without its secret')
    .example('$0 keys revoke tz4a98xxat96iws9zmbrgj3a', 'End a key and its connections at once');
}

/** API keys: through the running daemon, or directly while none runs. */
export async function run(args: ArgumentsOf<typeof options>, context: CommandContext): Promise<ExitCode> {
  const { terminal, env } = context;
  const request = readRequest(args);
  const { config } = await loadConfig(configFile(args.config, env), env);
  const { keys, close } = await openKeys(config.dataDir, context);
  try {
    return await perform(request, keys, terminal, args.json);
  } catch (error) {
    throw error instanceof ControlError ? told(error) : error;
  } finally {
    await close();
  }
}

type Request =
  | { readonly action: 'create'; readonly params: Parameters<KeyRing['create']>[0] }
  | { readonly action: 'list' }
  | { readonly action: 'revoke'; readonly id: string };

function readRequest(args: ArgumentsOf<typeof options>): Request {
  if (args.action === 'list') return { action: 'list' };
  if (args.action === 'revoke') {
    if (args.id === undefined) throw new CliError(EXIT.usage, 'name the key: printfarmd keys revoke ID');
    return { action: 'revoke', id: args.id };
  }
  if (args.name === undefined) throw new CliError(EXIT.usage, 'name the new key: --name NAME');
  const permissions = args.permission.flatMap((given) => given.split(','));
  for (const permission of permissions) {
    if (isPermission(permission)) continue;
    const nearest = suggest(permission, PERMISSIONS);
    const hint = nearest === null ? `there are ${PERMISSIONS.join(', ')}` : `did you mean ${nearest}?`;
    throw new CliError(EXIT.usage, `there is no permission ${permission}; ${hint}`);
  }
  if (args.fullAccess === permissions.length > 0) {
    throw new CliError(
      EXIT.usage,
      'say what the key may do: --full-access, or --permission with what it needs',
    );
  }
  const expiresAt = args.expires === undefined ? null : readTime(args.expires);
  return {
    action: 'create',
    params: { name: args.name, fullAccess: args.fullAccess, permissions, expiresAt },
  };
}

function readTime(text: string): string {
  const time = /^\d{4}-\d{2}-\d{2}(T[\d:.]+(Z|[+-]\d{2}:\d{2}))?$/.test(text)
    ? new Date(text)
    : new Date(Number.NaN);
  if (Number.isNaN(time.getTime())) {
    throw new CliError(
      EXIT.usage,
      '--expires must be a date such as 2027-01-31, or a time such as 2027-01-31T12:00:00Z',
    );
  }
  if (time.getTime() <= Date.now()) throw new CliError(EXIT.usage, `--expires ${text} is over already`);
  return time.toISOString();
}

async function openKeys(dataDir: string, context: CommandContext) {
  const client = await ControlClient.open(dataDir).catch((error: unknown) => {
    throw error instanceof ControlError ? told(error) : error;
  });
  if (client !== null) return { keys: remoteKeyRing(client), close: async () => client.close() };
  try {
    const keys = await (await context.ports.keys()).open(dataDir);
    return { keys, close: () => keys.close() };
  } catch (error) {
    if (!(error instanceof LockedError)) throw error;
    throw new CliError(EXIT.locked, `${error.message} It does not answer on its control socket (yet).`);
  }
}

/** The exit code of what a key ring refuses. */
function told(error: ControlError): CliError {
  const code =
    error.code === 'not-found' ? EXIT.notFound : error.code === 'invalid' ? EXIT.usage : EXIT.failed;
  return new CliError(code, error.message, { cause: error });
}

async function perform(
  request: Request,
  keys: KeyRing,
  terminal: Terminal,
  json: boolean,
): Promise<ExitCode> {
  if (request.action === 'create') {
    const created = await keys.create(request.params);
    if (json) terminal.json(created);
    else {
      terminal.out(created.key);
      terminal.note(
        `The key of ${created.name} (id ${created.id}, store ${created.storeId}) is shown this once.`,
      );
    }
  } else if (request.action === 'revoke') {
    const revoked = await keys.revoke({ id: request.id });
    if (json) terminal.json(revoked);
    else terminal.out(`${revoked.name} (${revoked.id}) is revoked.`);
  } else {
    const list = await keys.list();
    if (json) terminal.json(list);
    else showKeys(terminal, list);
  }
  return EXIT.ok;
}

function showKeys(terminal: Terminal, keys: readonly ListedKey[]): void {
  terminal.table(
    [
      { title: 'ID', value: (key) => key.id },
      { title: 'NAME', value: (key) => key.name },
      { title: 'STATE', value: (key) => (key.active ? 'active' : 'off') },
      { title: 'ACCESS', value: (key) => (key.fullAccess ? 'full' : 'limited') },
      { title: 'LAST USED', value: (key) => key.lastUsedAt ?? 'never' },
      { title: 'EXPIRES', value: (key) => key.expiresAt ?? 'never' },
    ],
    keys,
  );
}
