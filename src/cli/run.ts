import type { Argv } from 'yargs';
import { secretsOf } from '../config/config.js';
import { type LoadedConfig, loadConfig } from '../config/load.js';
import { LockedError } from '../telemetry/data-lock.js';
import { createLogger, type Logger } from '../telemetry/log.js';
import { LogLevel } from '../telemetry/log-level.js';
import { SdNotify, type Supervision, takeSupervision } from '../telemetry/sd-notify.js';
import { SecretGuard } from '../telemetry/secret-guard.js';
import { LogLines } from '../telemetry/tally.js';
import { Watchdog } from '../telemetry/watchdog.js';
import { CertificateWatch, renew } from './certificate-watch.js';
import type { ArgumentsOf, CommandContext, CommonOptions } from './command.js';
import { EXIT, type ExitCode } from './exit-codes.js';
import { ExitPath } from './exit-path.js';
import { LiveSignals } from './live-signals.js';
import { configFile, withConfigFile } from './options.js';
import type { RunningDaemon } from './ports.js';
import { Reload } from './reload.js';
import { programVersion } from './version.js';

export function options(yargs: Argv<CommonOptions>) {
  return withConfigFile(yargs)
    .example('$0 run', 'Run the farm of ./printfarmd.yaml')
    .example('$0 run --config /etc/printfarmd/printfarmd.yaml', 'Run another one');
}

/** Runs the daemon until a signal ends it. The log, on standard output, is all it prints. */
export async function run(args: ArgumentsOf<typeof options>, context: CommandContext): Promise<ExitCode> {
  const supervision = takeSupervision(context.env, process.pid);
  const read = () => loadConfig(configFile(args.config, context.env), context.env);
  const loaded = await read();
  const guard = new SecretGuard();
  for (const secret of secretsOf(loaded.config)) guard.hide(secret);
  const { level: configuredLevel, pretty } = loaded.config.log;
  const level = new LogLevel(configuredLevel);
  const lines = new LogLines();
  const log = createLogger({
    level: configuredLevel,
    pretty: args.json ? false : pretty,
    guard,
    follows: level,
    lines,
  });
  await announce(loaded, log);

  const exit = new ExitPath(process, log);
  exit.arm();
  const signals = new LiveSignals(process, () => level.toggle((to) => log.info({ to }, 'log level changed')));
  signals.arm();
  const notify = new SdNotify({ supervision, log });
  let watchdog: Watchdog | null = null;
  try {
    const { config, file } = loaded;
    const port = await context.ports.daemon(config.dataDir);
    const daemon = await port.run(config, log, file, {
      hideSecret: (secret) => guard.hide(secret),
      logLines: lines,
    });
    log.info({ url: daemon.url, mqttUrl: daemon.mqttUrl, wssUrl: daemon.wssUrl }, 'printfarmd is ready');
    const ready = notify.ready(`serving ${daemon.url} and ${daemon.mqttUrl}`);
    watchdog = watch(supervision, daemon, notify, log);
    watchdog?.start();
    const reload = new Reload({ config, read, daemon, level, guard, log });
    const certificates = new CertificateWatch({ config, daemon, log, now: () => new Date() });
    certificates.start();
    signals.started(() => {
      void reload.request();
      void certificates.look();
    });
    const code = await exit.requested;
    watchdog?.stop();
    const stopping = notify.stopping();
    await Promise.all([reload.stop(), certificates.stop()]);
    await daemon.stop();
    await Promise.all([ready, stopping]);
    log.info('stopped');
    return code;
  } catch (error) {
    log.fatal({ err: error }, error instanceof Error ? error.message : String(error));
    const code = error instanceof LockedError ? EXIT.locked : EXIT.failed;
    exit.request('failure', code);
    return code;
  } finally {
    watchdog?.stop();
    exit.finished();
  }
}

/** Feeds systemd's watchdog, if there is one, as long as the daemon gets on. */
function watch(
  supervision: Supervision | null,
  daemon: RunningDaemon,
  notify: SdNotify,
  log: Logger,
): Watchdog | null {
  const intervalMs = supervision?.watchdogMs ?? null;
  if (intervalMs === null) return null;
  return new Watchdog({ intervalMs, progress: () => daemon.progress(), feed: () => notify.watchdog(), log });
}

async function announce({ config, file, overrides, warnings }: LoadedConfig, log: Logger): Promise<void> {
  log.info(
    { version: await programVersion(), configFile: file, dataDir: config.dataDir },
    'printfarmd starts',
  );
  for (const { variable, key } of overrides)
    log.info({ variable, setting: key }, 'setting from the environment');
  for (const { key, message } of warnings) log.warn({ setting: key }, message);
  await renew(config, new Date(), log);
}
