import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { createEmulatorCa, LeafIssuer } from '../../drivers/emulator/certificates.js';
import { createTlsMaterial, machineNames } from '../../src/cli/tls-material.js';

const run = promisify(execFile);
const HOST = '127.0.0.1';
const START_MS = 10_000;

export const USER = 'printfarmd';
export const PASSWORD = 'the password at mosquitto';

/**
 * Debian's mosquitto, started by the test on free ports of loopback, beside any that the machine runs itself: MQTT over
 * TLS, secure WebSocket, and MQTT over TLS for clients with a certificate. What is retained goes with the process.
 */
export class Mosquitto {
  private server: ChildProcess | null = null;

  private constructor(
    private readonly folder: string,
    private readonly ports: { readonly tls: number; readonly ws: number; readonly certificate: number },
  ) {}

  static async make(): Promise<Mosquitto> {
    const folder = await mkdtemp(join(tmpdir(), 'printfarmd-mosquitto-'));
    await createTlsMaterial(folder, machineNames(), new Date());
    const ca = await createEmulatorCa();
    const leaf = await new LeafIssuer(ca).issue({ commonName: 'farm' });
    await writeFile(join(folder, 'client-ca.pem'), ca.certificatePem);
    await writeFile(join(folder, 'client.pem'), leaf.certificatePem);
    await writeFile(join(folder, 'client-key.pem'), leaf.privateKeyPem, { mode: 0o600 });
    await run('mosquitto_passwd', ['-b', '-c', join(folder, 'passwords'), USER, PASSWORD]);
    const ports = { tls: await freePort(), ws: await freePort(), certificate: await freePort() };
    await writeFile(join(folder, 'mosquitto.conf'), settings(folder, ports));
    return new Mosquitto(folder, ports);
  }

  get url(): string {
    return `mqtts://${HOST}:${this.ports.tls}`;
  }

  get webSocketUrl(): string {
    return `wss://${HOST}:${this.ports.ws}/mqtt`;
  }

  /** Wants a certificate of the client, and no password. */
  get certificateUrl(): string {
    return `mqtts://${HOST}:${this.ports.certificate}`;
  }

  get caFile(): string {
    return join(this.folder, 'tls', 'ca.pem');
  }

  get certFile(): string {
    return join(this.folder, 'client.pem');
  }

  get keyFile(): string {
    return join(this.folder, 'client-key.pem');
  }

  /** Starts it, with nothing retained. */
  async start(): Promise<void> {
    const server = spawn('mosquitto', ['-c', join(this.folder, 'mosquitto.conf')], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.server = server;
    let said = '';
    server.stderr.on('data', (chunk) => {
      said += String(chunk);
    });
    for (const until = Date.now() + START_MS; ; await delay(20)) {
      const socket = connect(this.ports.tls, HOST);
      try {
        await once(socket, 'connect');
        return;
      } catch (error) {
        if (Date.now() < until && server.exitCode === null) continue;
        throw new Error(`mosquitto did not start: ${said}`, { cause: error });
      } finally {
        socket.destroy();
      }
    }
  }

  /** Ends it as a power cut would. */
  async kill(): Promise<void> {
    const { server } = this;
    this.server = null;
    if (server === null || server.exitCode !== null) return;
    const ended = once(server, 'exit');
    server.kill('SIGKILL');
    await ended;
  }

  /** mosquitto_sub on some topics; it has subscribed when this resolves. */
  async subscribe(...topics: string[]): Promise<Subscriber> {
    const subscriber = new Subscriber(this.ports.tls, this.caFile, topics);
    await subscriber.ready;
    return subscriber;
  }

  async stop(): Promise<void> {
    await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** What mosquitto_sub prints: topic, a space, payload; one line for each message. */
export class Subscriber {
  readonly messages: { readonly topic: string; readonly payload: string }[] = [];
  readonly ready: Promise<unknown>;
  private readonly child: ChildProcess;
  private readonly waiting = new Set<() => void>();

  constructor(port: number, caFile: string, topics: readonly string[]) {
    const child = spawn(
      // Line by line: into a pipe it says only with the next message that it has subscribed.
      'stdbuf',
      [
        ...['-oL', 'mosquitto_sub'],
        ...['-h', HOST, '-p', String(port), '--cafile', caFile, '-u', USER, '-P', PASSWORD, '-q', '1', '-d'],
        ...['-F', '>%t %p', ...topics.flatMap((topic) => ['-t', topic])],
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    this.child = child;
    let subscribed: (value: unknown) => void = () => {};
    this.ready = new Promise((resolve) => {
      subscribed = resolve;
    });
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.startsWith('Subscribed')) subscribed(line);
      const [, topic, payload] = /^>(\S+) (.*)$/.exec(line) ?? [];
      if (topic === undefined || payload === undefined) return;
      this.messages.push({ topic, payload });
      for (const go of [...this.waiting]) go();
    });
  }

  /** Waits for what was printed to fulfil the condition. */
  async until(condition: (messages: Subscriber['messages']) => boolean, withinMs = 20_000): Promise<void> {
    const limit = AbortSignal.timeout(withinMs);
    while (!condition(this.messages)) {
      await new Promise<void>((resolve, reject) => {
        const go = () => {
          this.waiting.delete(go);
          resolve();
        };
        this.waiting.add(go);
        const late = () =>
          reject(new Error(`only heard of ${this.messages.map(({ topic }) => topic).join(' ')}`));
        limit.addEventListener('abort', late, { once: true });
      });
    }
  }

  on(topic: string): string[] {
    return this.messages.filter((message) => message.topic === topic).map(({ payload }) => payload);
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    await ended;
  }
}

function settings(folder: string, ports: { tls: number; ws: number; certificate: number }): string {
  const certificate = `certfile ${folder}/tls/server.pem\nkeyfile ${folder}/tls/server-key.pem`;
  return `
user root
persistence false
per_listener_settings true
log_dest none

listener ${ports.tls} ${HOST}
${certificate}
allow_anonymous false
password_file ${folder}/passwords

listener ${ports.ws} ${HOST}
protocol websockets
${certificate}
allow_anonymous false
password_file ${folder}/passwords

listener ${ports.certificate} ${HOST}
${certificate}
cafile ${folder}/client-ca.pem
require_certificate true
use_identity_as_username true
`.trimStart();
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen({ host: HOST, port: 0 });
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (typeof address !== 'object' || address === null) throw new Error('no port is free');
  return address.port;
}
