/** An FTPS server that answers by a script, for printers that the emulator does not play. */
import { createServer, type Server, type Socket } from 'node:net';
import { createSecureContext, type SecureContext, TLSSocket } from 'node:tls';
import type { PrinterTarget } from '../../../drivers/driver.js';
import { LeafIssuer } from '../../../drivers/emulator/certificates.js';
import { emulatorCa } from '../../fixtures/emulator-ca.js';

/** Replies to one command; null falls through to the default. Called with the verb and its argument. */
export type Script = (verb: string, argument: string) => string | null;

export class ScriptedFtps {
  readonly commands: string[] = [];
  readonly files = new Map<string, Buffer>();
  listing = '';
  /** Sends the first reply to STOR only when the data channel's TLS is done. */
  tlsBeforeReply = false;
  /** The newest TLS version it would speak. */
  newestTls: 'TLSv1.2' | 'TLSv1.3' = 'TLSv1.2';
  /** TLS version of each connection, control and data. */
  readonly spoken: (string | null)[] = [];
  private readonly sockets = new Set<Socket>();
  private server: Server | null = null;
  private data: Server | null = null;
  private caPem = '';
  private port = 0;
  private channel: Promise<TLSSocket> | null = null;

  constructor(
    private readonly host: string,
    private readonly script: Script,
    private readonly greeting = '220 ready',
  ) {}

  async start(): Promise<PrinterTarget> {
    const ca = await emulatorCa();
    const leaf = await new LeafIssuer(ca).issue({ commonName: '00M000000000001' });
    this.caPem = ca.certificatePem;
    const context = createSecureContext({
      cert: leaf.certificatePem,
      key: leaf.privateKeyPem,
      maxVersion: this.newestTls,
    });
    const server = createServer((raw) => this.serve(this.secure(raw, context), context));
    this.server = server;
    await new Promise<void>((resolve) => server.listen({ host: this.host, port: 0 }, resolve));
    this.port = portOf(server);
    return this.target();
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.data?.close();
    await new Promise((resolve) => this.server?.close(resolve));
  }

  private target(): PrinterTarget {
    return {
      serial: '00M000000000001',
      host: this.host,
      mqttPort: 0,
      ftpPort: this.port,
      accessCode: '12345678',
      trust: 'ca',
      extraCa: [this.caPem],
      pinnedFingerprint: null,
      modelCode: 'BL-P001',
    };
  }

  private serve(control: TLSSocket, context: SecureContext): void {
    control.write(`${this.greeting}\r\n`);
    let buffered = '';
    control.on('data', (chunk) => {
      const lines = (buffered + chunk.toString()).split('\r\n');
      buffered = lines.pop() ?? '';
      for (const line of lines) this.answer(control, context, line).catch(() => control.destroy());
    });
  }

  private async answer(control: TLSSocket, context: SecureContext, line: string): Promise<void> {
    const [verb = '', argument = ''] = line.split(/ (.*)/);
    this.commands.push(verb === 'PASS' ? 'PASS' : line);
    const scripted = this.script(verb, argument);
    if (scripted !== null) {
      control.write(`${scripted}\r\n`);
      return;
    }
    switch (verb) {
      case 'USER':
        control.write('331 password\r\n');
        return;
      case 'PASS':
        control.write('230 in\r\n');
        return;
      case 'PASV': {
        const port = await this.listen(context);
        control.write(`227 Entering Passive Mode (10,0,0,1,${port >> 8},${port & 255})\r\n`);
        return;
      }
      case 'SIZE': {
        const size = this.files.get(argument)?.length;
        control.write(size === undefined ? '550 none\r\n' : `213 ${size}\r\n`);
        return;
      }
      case 'LIST': {
        control.write('150 here\r\n');
        (await this.channel)?.end(this.listing);
        control.write('226 done\r\n');
        return;
      }
      case 'STOR': {
        const channel = await this.channel;
        if (channel && this.tlsBeforeReply) await new Promise((resolve) => channel.once('secure', resolve));
        control.write('150 go on\r\n');
        const chunks: Buffer[] = [];
        for await (const chunk of channel ?? []) chunks.push(chunk);
        this.files.set(argument, Buffer.concat(chunks));
        control.write('226 stored\r\n');
        return;
      }
      case 'QUIT':
        control.end('221 bye\r\n');
        return;
      default:
        control.write('200 ok\r\n');
    }
  }

  /** Opens a port for one data channel, encrypted with the context of the control channel. */
  private async listen(context: SecureContext): Promise<number> {
    this.data?.close();
    const data = createServer({ allowHalfOpen: true });
    this.data = data;
    this.channel = new Promise((resolve) => {
      data.once('connection', (raw) => {
        resolve(this.secure(raw, context));
      });
    });
    await new Promise<void>((resolve) => data.listen({ host: this.host, port: 0 }, resolve));
    return portOf(data);
  }

  private secure(raw: Socket, context: SecureContext): TLSSocket {
    const socket = new TLSSocket(raw, { isServer: true, secureContext: context });
    socket.once('secure', () => this.spoken.push(socket.getProtocol()));
    this.track(raw);
    this.track(socket);
    return socket;
  }

  private track(socket: Socket): void {
    this.sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => this.sockets.delete(socket));
  }
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
