import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Argv } from 'yargs';
import type { Config } from '../config/config.js';
import { loadConfig } from '../config/load.js';
import type { ArgumentsOf, CommandContext, CommonOptions } from './command.js';
import { CliError, EXIT, type ExitCode } from './exit-codes.js';
import { configFile, withConfigFile } from './options.js';

export function options(yargs: Argv<CommonOptions>) {
  return withConfigFile(yargs)
    .example('$0 certificate', 'What clients of ./printfarmd.yaml are to trust')
    .example('$0 certificate --json', 'The same for machines');
}

/** What a certificate file says, as `--json` prints it. */
export interface CertificateFacts {
  readonly file: string;
  readonly subject: string;
  /** Host names and addresses that it is for. */
  readonly names: readonly string[];
  /** SHA-256 of the certificate, as `AB:CD:…`. */
  readonly fingerprint256: string;
  readonly validFrom: string;
  readonly validTo: string;
}

/** Shows the certificates of the daemon's listeners, and the CA that clients are to trust. */
export async function run(args: ArgumentsOf<typeof options>, context: CommandContext): Promise<ExitCode> {
  const { terminal, env } = context;
  const { config } = await loadConfig(configFile(args.config, env), env);
  const shown = await all(config);
  if (args.json) {
    terminal.json(shown);
    return EXIT.ok;
  }
  const titles = { ca: 'CA, for clients to trust', mqtt: 'MQTT', rest: 'REST' } as const;
  for (const which of ['ca', 'mqtt', 'rest'] as const) {
    const facts = shown[which];
    if (facts === null) continue;
    terminal.out(terminal.style('bold', titles[which]));
    const line = (title: string, value: string) => terminal.out(`  ${title.padEnd(13)}${value}`);
    line('file', facts.file);
    line('SHA-256', facts.fingerprint256);
    line('holds', `${facts.validFrom.slice(0, 10)} to ${facts.validTo.slice(0, 10)}`);
    line('for', facts.names.length > 0 ? facts.names.join(', ') : facts.subject);
  }
  return EXIT.ok;
}

async function all({ http, mqtt }: Config): Promise<Record<'ca' | 'mqtt' | 'rest', CertificateFacts | null>> {
  return {
    ca: mqtt.enabled ? await certificateFacts(mqtt.tls.caFile) : null,
    mqtt: mqtt.enabled ? await certificateFacts(mqtt.tls.certFile) : null,
    rest: http.tls === null ? null : await certificateFacts(http.tls.certFile),
  };
}

/** Reads the first certificate of a PEM file. @throws CliError when there is none */
export async function certificateFacts(file: string): Promise<CertificateFacts> {
  try {
    const certificate = new X509Certificate(await readFile(file));
    const names = certificate.subjectAltName?.split(', ') ?? [];
    return {
      file,
      subject: certificate.subject.replaceAll('\n', ', '),
      names: names.map((name) => name.replace(/^(DNS|IP Address):/, '')),
      fingerprint256: certificate.fingerprint256,
      validFrom: new Date(certificate.validFrom).toISOString(),
      validTo: new Date(certificate.validTo).toISOString(),
    };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CliError(EXIT.failed, `cannot read a certificate from ${file}: ${reason}`);
  }
}
