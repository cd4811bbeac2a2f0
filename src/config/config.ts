import { join, resolve } from 'node:path';
import type { Settings } from './schema.js';

type SettingsPrinter = Settings['printers'][number];
type SettingsBridge = NonNullable<Settings['realtime']['bridge']>;

/** A printer that the configuration owns, its access code read from wherever it stands. */
export interface ConfigPrinter extends Omit<SettingsPrinter, 'accessCode' | 'accessCodeFile'> {
  readonly accessCode: string;
}

/** The external broker, its password read from wherever it stands. */
export interface ConfigBridge extends Omit<SettingsBridge, 'password' | 'passwordFile'> {
  readonly password: string | null;
}

export interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
  readonly caFile: string;
}

/** The whole configuration: defaults applied, paths absolute, secrets read. */
export interface Config extends Omit<Settings, 'mqtt' | 'realtime' | 'printers'> {
  readonly mqtt: Omit<Settings['mqtt'], 'tls'> & { readonly tls: TlsFiles };
  readonly realtime: Omit<Settings['realtime'], 'bridge'> & { readonly bridge: ConfigBridge | null };
  readonly printers: readonly ConfigPrinter[];
}

/** What must never appear in a log. */
export function secretsOf({ printers, realtime }: Config): string[] {
  const { password = null } = realtime.bridge ?? {};
  return [...printers.map((printer) => printer.accessCode), ...(password === null ? [] : [password])];
}

/** The folder that holds the TLS material which `init` makes. */
export function tlsFolder(dataDir: string): string {
  return join(dataDir, 'tls');
}

/** The TLS material which `init` makes in a data folder. */
export function defaultTlsFiles(dataDir: string): TlsFiles {
  const folder = tlsFolder(dataDir);
  return {
    certFile: join(folder, 'server.pem'),
    keyFile: join(folder, 'server-key.pem'),
    caFile: join(folder, 'ca.pem'),
  };
}

/**
 * Puts the last things in place that validation leaves open.
 * `codes` holds the access codes read from files, by position of the printer in the list; `bridgePassword` that of the
 * external broker, where a file holds it.
 */
export function completeConfig(
  settings: Settings,
  folder: string,
  codes: ReadonlyMap<number, string>,
  bridgePassword: string | null = null,
): Config {
  const dataDir = resolve(folder, settings.dataDir);
  return {
    ...settings,
    dataDir,
    rateLimit: limitsOf(settings.rateLimit),
    mqtt: { ...settings.mqtt, tls: settings.mqtt.tls ?? defaultTlsFiles(dataDir) },
    realtime: { ...settings.realtime, bridge: bridgeOf(settings.realtime.bridge, bridgePassword) },
    printers: settings.printers.map(({ accessCode, accessCodeFile, ...printer }, index) => {
      const code = accessCode ?? codes.get(index);
      // Both absent is a problem that was reported before, so that nobody comes here with it.
      if (code === undefined)
        throw new Error(`no access code for ${printer.serial} in ${accessCodeFile ?? '-'}`);
      return { ...printer, accessCode: code };
    }),
  };
}

function bridgeOf(bridge: SettingsBridge | null, fromFile: string | null): ConfigBridge | null {
  if (bridge === null) return null;
  const { password, passwordFile: _file, ...rest } = bridge;
  return { ...rest, password: password ?? fromFile };
}

/** What the cloud service allows, for clients that are to be tried against its limits. */
const COMPAT = { perMinute: 60, perHour: 600 };

function limitsOf(limits: Settings['rateLimit']): Settings['rateLimit'] {
  return limits.profile === 'compat' ? { ...limits, ...COMPAT } : limits;
}
