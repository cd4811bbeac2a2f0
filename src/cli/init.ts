import { lstat, mkdir, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Argv } from 'yargs';
import { isLoopback } from '../config/warnings.js';
import { reachableHost } from '../telemetry/reachable-host.js';
import { certificateFacts } from './certificate-command.js';
import type { ArgumentsOf, CommandContext, CommonOptions } from './command.js';
import { configTemplate } from './config-template.js';
import { CliError, EXIT, type ExitCode } from './exit-codes.js';
import { findListener, type Listener } from './listeners.js';
import { endpoint, endpointText } from './options.js';
import { signUpUrl } from './sign-in-url.js';
import type { Terminal } from './terminal.js';
import { createTlsMaterial, machineNames } from './tls-material.js';

/** A clock before this is not set; certificates made by it would be over when it is. */
const EARLIEST = Date.parse('2024-01-01T00:00:00Z');

export function options(yargs: Argv<CommonOptions>) {
  return yargs
    .option('dir', {
      type: 'string',
      demandOption: true,
      requiresArg: true,
      describe: 'Folder of the installation; made when missing',
    })
    .option('listen', {
      type: 'string',
      requiresArg: true,
      coerce: endpoint('listen'),
      defaultDescription: '127.0.0.1:3001',
      describe: 'Where REST listens, HOST:PORT; port 0 takes a free one. Beyond this machine it gets TLS',
    })
    .option('mqtt-listen', {
      type: 'string',
      requiresArg: true,
      coerce: endpoint('mqtt-listen'),
      defaultDescription: 'the host of --listen, port 8883',
      describe: 'Where the MQTT broker listens, HOST:PORT',
    })
    .option('wss-listen', {
      type: 'string',
      requiresArg: true,
      coerce: endpoint('wss-listen'),
      defaultDescription: 'the host of --mqtt-listen, port 9001',
      describe: 'Where MQTT over secure WebSocket listens, HOST:PORT',
    })
    .example('$0 init --dir farm', 'A farm for this machine alone')
    .example('$0 init --dir /srv/farm --listen 0.0.0.0:3001', 'A farm for the whole network, with TLS');
}

/** What `init` made, as `--json` prints it. */
export interface Installation {
  readonly configFile: string;
  readonly dataDir: string;
  readonly storeId: string;
  /** The owner's key, shown this once. */
  readonly apiKey: string;
  /** Where the owner signs up with a passkey, once. */
  readonly signUpUrl: string;
  readonly url: string;
  readonly mqttUrl: string;
  /** MQTT over WebSocket. */
  readonly wssUrl: string;
  readonly caFile: string;
  /** SHA-256 of the CA certificate, by which clients can know it again. */
  readonly caFingerprint256: string;
}

/** Makes a new installation. Overwrites nothing; what it had made is gone again when it fails. */
export async function run(args: ArgumentsOf<typeof options>, context: CommandContext): Promise<ExitCode> {
  const { terminal } = context;
  const folder = resolve(args.dir);
  const configFile = join(folder, 'printfarmd.yaml');
  const dataDir = join(folder, 'data');
  await refuseExisting([configFile, dataDir]);
  if (Date.now() < EARLIEST) {
    throw new CliError(
      EXIT.failed,
      `the clock says ${new Date().toISOString()}: set it first, certificates depend on it`,
    );
  }

  const http = await findListener('REST', 'listen', args.listen, { host: '127.0.0.1', port: 3001 });
  const mqttDefault = { host: http.endpoint.host, port: 8883 };
  const mqtt = await findListener('MQTT', 'mqtt-listen', args.mqttListen, mqttDefault);
  // Where the system was to choose one port, it chooses the other.
  const wssDefault = { host: mqtt.endpoint.host, port: args.mqttListen?.port === 0 ? 0 : 9001 };
  const wss = await findListener('MQTT over WebSocket', 'wss-listen', args.wssListen, wssDefault);

  const tls = !isLoopback(http.endpoint.host);
  const names = machineNames([http.endpoint.host, mqtt.endpoint.host, wss.endpoint.host]);
  const installation = await context.ports.installation();
  await mkdir(folder, { recursive: true });
  await mkdir(dataDir, { mode: 0o700 });
  try {
    const { caFile } = await createTlsMaterial(dataDir, names, new Date());
    const { storeId, apiKey, ownerInvitation } = await installation.initialise(dataDir);
    const text = configTemplate({ ...http.endpoint, tls }, mqtt.endpoint, wss.endpoint);
    await writeFile(configFile, text, { mode: 0o600, flag: 'wx' });
    const made: Installation = {
      configFile,
      dataDir,
      storeId,
      apiKey,
      signUpUrl: signUpUrl(
        { ...http.endpoint, tls: tls ? true : null, publicBaseUrl: null },
        ownerInvitation,
      ),
      url: `${tls ? 'https' : 'http'}://${reachable(http)}`,
      mqttUrl: `mqtts://${reachable(mqtt)}`,
      wssUrl: `wss://${reachable(wss)}/mqtt`,
      caFile,
      caFingerprint256: (await certificateFacts(caFile)).fingerprint256,
    };
    for (const { remark } of [http, mqtt, wss]) if (remark !== null) terminal.note(remark);
    if (args.json) terminal.json(made);
    else tell(terminal, made, tls);
    return EXIT.ok;
  } catch (error) {
    // The configuration is written last: whatever failed, it is not ours to remove.
    await rm(dataDir, { recursive: true, force: true });
    throw error;
  }
}

async function refuseExisting(paths: readonly string[]): Promise<void> {
  const existing: string[] = [];
  for (const path of paths) {
    try {
      await lstat(path);
      existing.push(path);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    }
  }
  if (existing.length === 0) return;
  const list = existing.join(' and ');
  throw new CliError(
    EXIT.failed,
    `init overwrites nothing, and there is ${list} already. Name another --dir, or remove what is there`,
  );
}

function reachable({ endpoint: { host, port } }: Listener): string {
  return endpointText({ host: reachableHost(host), port });
}

function tell(terminal: Terminal, made: Installation, tls: boolean): void {
  const line = (title: string, value: string) => terminal.out(`  ${title.padEnd(14)}${value}`);
  terminal.out(terminal.style('bold', 'A new farm:'));
  line('configuration', made.configFile);
  line('data', made.dataDir);
  line('REST', made.url);
  line('MQTT', made.mqttUrl);
  line('MQTT over WS', made.wssUrl);
  line('CA', made.caFile);
  line('CA SHA-256', made.caFingerprint256);
  line('store id', made.storeId);
  line('API key', terminal.style('green', made.apiKey));
  terminal.out();
  terminal.out('The API key is the owner’s and is shown this once. Keep it safe.');
  terminal.out(
    'To sign in as the owner in a browser, too, make a passkey within seven days, while the farm runs:',
  );
  terminal.out(`  ${made.signUpUrl}`);
  terminal.out();
  terminal.out(`Start it:  printfarmd run --config ${made.configFile}`);
  if (tls) {
    terminal.out(`It is open to the network, with TLS. Clients trust it by ${made.caFile}`);
    return;
  }
  terminal.out('It listens on this machine alone. To open it to the network, change in the configuration:');
  terminal.out('  http.host and mqtt.host to 0.0.0.0, and switch on the tls lines under http;');
  terminal.out(`  clients then use https and mqtts, and trust ${made.caFile}`);
}
