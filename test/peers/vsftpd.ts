import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { chmod, chown, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { PrinterTarget } from '../../drivers/driver.js';
import { createEmulatorCa, LeafIssuer } from '../../drivers/emulator/certificates.js';

const run = promisify(execFile);

const SERIAL = '00M000000000001';
const USER = 'bblp';
const START_MS = 10_000;

/**
 * Debian's vsftpd as big printers run it: implicit TLS, and no data channel that does not resume the control channel's
 * session. Takes root, and the user that printers expect for as long as it runs.
 */
export class Vsftpd {
  private constructor(
    readonly target: PrinterTarget,
    private readonly folder: string,
    private readonly server: ChildProcess,
  ) {}

  static async start(host: string): Promise<Vsftpd> {
    if (process.getuid?.() !== 0) throw new Error('vsftpd can only be started by root');
    const folder = await mkdtemp(join(tmpdir(), 'printfarmd-vsftpd-'));
    const accessCode = randomBytes(4).toString('hex');
    const files = join(folder, 'files');
    await makeUser(files, accessCode);
    try {
      // The server's own processes look into it as that user.
      await chmod(folder, 0o755);
      const { stdout } = await run('id', ['-u', USER]);
      await mkdir(files);
      await chown(files, Number(stdout), Number(stdout));
      await mkdir(join(folder, 'empty'), { mode: 0o755 });
      const ca = await createEmulatorCa();
      const leaf = await new LeafIssuer(ca).issue({ commonName: SERIAL });
      await writeFile(join(folder, 'certificate.pem'), leaf.certificatePem);
      await writeFile(join(folder, 'key.pem'), leaf.privateKeyPem, { mode: 0o600 });
      await writeFile(join(folder, 'ca.pem'), ca.certificatePem);
      const port = await freePort(host);
      await writeFile(join(folder, 'vsftpd.conf'), settings(folder, host, port));
      const server = spawn('vsftpd', [join(folder, 'vsftpd.conf')], { stdio: ['ignore', 'pipe', 'pipe'] });
      const said = createWriteStream(join(folder, 'said.txt'));
      server.stdout.pipe(said, { end: false });
      server.stderr.pipe(said, { end: false });
      const target = {
        serial: SERIAL,
        host,
        mqttPort: 0,
        ftpPort: port,
        accessCode,
        trust: 'ca' as const,
        extraCa: [ca.certificatePem],
        pinnedFingerprint: null,
        modelCode: 'BL-P001',
      };
      const started = new Vsftpd(target, folder, server);
      await started.listening();
      return started;
    } catch (error) {
      await run('userdel', [USER]);
      throw error;
    }
  }

  /** Where a file of the printer's root folder lies. */
  path(name: string): string {
    return join(this.folder, 'files', name);
  }

  get caFile(): string {
    return join(this.folder, 'ca.pem');
  }

  /** What it did and said to its clients. */
  log(): Promise<string> {
    return readFile(join(this.folder, 'vsftpd.log'), 'utf8');
  }

  async stop(): Promise<void> {
    const ended = once(this.server, 'exit');
    if (this.server.exitCode === null && this.server.kill('SIGTERM')) await ended;
    await run('userdel', [USER]);
    await rm(this.folder, { recursive: true, force: true });
  }

  private async listening(): Promise<void> {
    const { host, ftpPort } = this.target;
    for (const until = Date.now() + START_MS; ; await delay(50)) {
      const socket = connect(ftpPort, host);
      try {
        await once(socket, 'connect');
        return;
      } catch (error) {
        if (Date.now() < until && this.server.exitCode === null) continue;
        const said = await readFile(join(this.folder, 'said.txt'), 'utf8');
        throw new Error(`vsftpd did not start: ${said}`, { cause: error });
      } finally {
        socket.destroy();
      }
    }
  }
}

/** Fails when there is such a user already: it is not ours to take away. */
async function makeUser(home: string, password: string): Promise<void> {
  // The login of the FTP server wants a shell that is one.
  await run('useradd', ['--no-create-home', '--home-dir', home, '--shell', '/bin/sh', USER]);
  const chpasswd = spawn('chpasswd', [], { stdio: ['pipe', 'ignore', 'inherit'] });
  chpasswd.stdin.end(`${USER}:${password}\n`);
  const [code] = await once(chpasswd, 'exit');
  if (code === 0) return;
  await run('userdel', [USER]);
  throw new Error(`chpasswd ended with ${code}`);
}

function settings(folder: string, host: string, port: number): string {
  return `
listen=YES
listen_ipv6=NO
listen_address=${host}
listen_port=${port}
background=NO
anonymous_enable=NO
local_enable=YES
write_enable=YES
local_root=${folder}/files
chroot_local_user=YES
allow_writeable_chroot=YES
secure_chroot_dir=${folder}/empty
pam_service_name=vsftpd
seccomp_sandbox=NO
ssl_enable=YES
implicit_ssl=YES
require_ssl_reuse=YES
force_local_logins_ssl=YES
force_local_data_ssl=YES
ssl_ciphers=HIGH
rsa_cert_file=${folder}/certificate.pem
rsa_private_key_file=${folder}/key.pem
debug_ssl=YES
xferlog_enable=YES
xferlog_std_format=NO
log_ftp_protocol=YES
vsftpd_log_file=${folder}/vsftpd.log
`.trimStart();
}

async function freePort(host: string): Promise<number> {
  const server = createServer();
  server.listen({ host, port: 0 });
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (typeof address !== 'object' || address === null) throw new Error('no port is free');
  return address.port;
}
