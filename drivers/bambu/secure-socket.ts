import { connect, type TLSSocket } from 'node:tls';
import { DriverError, type PrinterTarget } from '../driver.js';
import { describeConnectError } from './connect-error.js';
import { checkPeer, secureContextOptions } from './trust.js';

export interface SecureSocket {
  readonly socket: TLSSocket;
  /** SHA-256 of the certificate shown, upper-case hex with colons. */
  readonly fingerprint: string;
}

/**
 * Opens a TLS connection and proves the printer's identity. When this resolves no byte of ours has been sent yet,
 * so that an access code never reaches a stranger.
 *
 * @throws DriverError `unreachable`, `certificate`, `unsupported`, `aborted`
 */
export async function openSecureSocket(
  target: PrinterTarget,
  port: number,
  options: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<SecureSocket> {
  if (options.signal.aborted) throw new DriverError('aborted', 'The connection was not wanted any more.');
  const socket = connect({ host: target.host, port, ...secureContextOptions(target) });
  // Later listeners speak for the connection's life; without this one a late error would end the process.
  socket.on('error', () => {});
  try {
    await handshake(socket, target, port, options);
    const fingerprint = checkPeer(target, socket.getPeerCertificate());
    socket.setNoDelay(true);
    socket.setKeepAlive(true, 30_000);
    return { socket, fingerprint };
  } catch (error) {
    socket.destroy();
    throw describeConnectError(error, target, port);
  }
}

function handshake(
  socket: TLSSocket,
  target: PrinterTarget,
  port: number,
  options: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (error: unknown): void => {
      clearTimeout(timer);
      options.signal.removeEventListener('abort', onAbort);
      socket.off('secureConnect', onSecure);
      socket.off('error', settle);
      socket.off('close', onClose);
      if (error === null) resolve();
      else reject(error);
    };
    const onSecure = (): void => settle(null);
    const onClose = (): void =>
      settle(
        new DriverError(
          'unreachable',
          `${target.host}:${port} closed the connection during the TLS handshake.`,
        ),
      );
    const onAbort = (): void => settle(new DriverError('aborted', 'The connection was not wanted any more.'));
    const timer = setTimeout(() => {
      const seconds = options.timeoutMs / 1000;
      settle(
        new DriverError(
          'unreachable',
          `No TCP connection and TLS handshake with ${target.host}:${port} in ${seconds} s.`,
        ),
      );
    }, options.timeoutMs);
    options.signal.addEventListener('abort', onAbort, { once: true });
    socket.once('secureConnect', onSecure);
    socket.once('error', settle);
    socket.once('close', onClose);
  });
}
