import type { Argv } from 'yargs';
import { type LoadedConfig, loadConfig } from '../config/load.js';
import { LockedError } from '../telemetry/data-lock.js';
import { createLogger, type Logger } from '../telemetry/log.js';
import { SecretGuard } from '../telemetry/secret-guard.js';
import type { ArgumentsOf, CommandContext, CommonOptions } from './command.js';
import { EXIT, type ExitCode } from './exit-codes.js';
import { ExitPath } from './exit-path.js';
import { configFile, withConfigFile } from './options.js';
import { machineNames, renewServerCertificate } from './tls-material.js';
import { programVersion } from './version.js';

export function options(yargs: Argv<CommonOptions>) {
  return withConfigFile(yargs)
    .example('$0 run', 'Run the farm of ./printfarmd.yaml')
    .example('$0 run --config /etc/printfarmd/printfarmd.yaml', 'Run another one');
}

/** Runs the daemon until a signal ends it. The log, on standard output, is all it prints. */
export async function run(args: ArgumentsOf<typeof options>, context: CommandContext): Promise<ExitCode> {
  const loaded = await loadConfig(configFile(args.config, context.env), context.env);
  const guard = new SecretGuard();
  for (const printer of loaded.config.printers) guard.hide(printer.accessCode);
  const { level, pretty } = loaded.config.log;
  const log = createLogger({ level, pretty: args.json ? false : pretty, guard });
  await announce(loaded, log);

  const exit = new ExitPath(process, log);
  exit.arm();
  try {
    const { config, file } = loaded;
    const port = await context.ports.daemon();
    const daemon = await port.run(config, log, file, (secret) => guard.hide(secret));
    log.info({ url: daemon.url, mqttUrl: daemon.mqttUrl }, 'printfarmd is ready');
    const code = await exit.requested;
    await daemon.stop();
    log.info('stopped');
    return code;
  } catch (error) {
    log.fatal({ err: error }, error instanceof Error ? error.message : String(error));
    const code = error instanceof LockedError ? EXIT.locked : EXIT.failed;
    exit.request('failure', code);
    return code;
  } finally {
    exit.finished();
  }
}

async function announce({ config, file, overrides, warnings }: LoadedConfig, log: Logger): Promise<void> {
  log.info(
    { version: await programVersion(), configFile: file, dataDir: config.dataDir },
    'printfarmd starts',
  );
  for (const { variable, key } of overrides)
    log.info({ variable, setting: key }, 'setting from the environment');
  for (const { key, message } of warnings) log.warn({ setting: key }, message);
  const names = machineNames([config.http.host, config.mqtt.host]);
  if (await renewServerCertificate(config.dataDir, names, new Date())) {
    log.info({ dataDir: config.dataDir }, 'renewed the server certificate');
  }
}
