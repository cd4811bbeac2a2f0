import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import { DriverError, type PrinterTarget } from '../driver.js';
import { describeConnectError } from './connect-error.js';
import { checkPeer, secureContextOptions } from './trust.js';

export interface SecureSocket {
  readonly socket: TLSSocket;
  /** SHA-256 of the certificate shown, upper-case hex with colons. */
  readonly fingerprint: string;
}

export interface SocketLimits {
  /** For TCP, and again for the TLS handshake. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * Waits until something answers at the address. Costs next to nothing however long it takes.
 *
 * @throws DriverError `unreachable`, `aborted`
 */
export async function reach(
  target: PrinterTarget,
  port: number,
  { timeoutMs, signal }: SocketLimits,
): Promise<Socket> {
  if (signal.aborted) throw notWanted();
  const socket = createConnection({ host: target.host, port });
  // Later listeners speak for the connection's life; without this one a late error would end the process.
  socket.on('error', () => {});
  const limit = AbortSignal.timeout(timeoutMs);
  try {
    await once(socket, 'connect', { signal: AbortSignal.any([signal, limit]) });
    return socket;
  } catch (error) {
    socket.destroy();
    if (signal.aborted) throw notWanted();
    if (limit.aborted) {
      throw new DriverError(
        'unreachable',
        `No TCP connection to ${target.host}:${port} in ${timeoutMs / 1000} s; is the printer on and its address right?`,
      );
    }
    throw describeConnectError(error, target, port);
  }
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
  options: SocketLimits,
): Promise<SecureSocket> {
  return secure(await reach(target, port, options), target, port, options);
}

/** The same on a connection that stands; it is destroyed when this fails. */
export async function secure(
  raw: Socket,
  target: PrinterTarget,
  port: number,
  options: SocketLimits,
): Promise<SecureSocket> {
  if (raw.destroyed) {
    const text = `${target.host}:${port} closed the connection.`;
    throw new DriverError('unreachable', text, { code: CLOSED_IN_HANDSHAKE });
  }
  const socket = connect({ socket: raw, ...secureContextOptions(target) });
  socket.on('error', () => {});
  try {
    await handshake(socket, target, port, options);
    const fingerprint = checkPeer(target, socket.getPeerCertificate());
    socket.setNoDelay(true);
    socket.setKeepAlive(true, 30_000);
    return { socket, fingerprint };
  } catch (error) {
    socket.destroy();
    raw.destroy();
    throw describeConnectError(error, target, port);
  }
}

/** Code of an error of ours: the socket was closed without a word before it was secure. */
export const CLOSED_IN_HANDSHAKE = 'closed-in-handshake';

function handshake(
  socket: TLSSocket,
  target: PrinterTarget,
  port: number,
  options: SocketLimits,
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
          { code: CLOSED_IN_HANDSHAKE },
        ),
      );
    const onAbort = (): void => settle(notWanted());
    const timer = setTimeout(() => {
      const seconds = options.timeoutMs / 1000;
      settle(new DriverError('unreachable', `No TLS handshake with ${target.host}:${port} in ${seconds} s.`));
    }, options.timeoutMs);
    if (options.signal.aborted) onAbort();
    options.signal.addEventListener('abort', onAbort, { once: true });
    socket.once('secureConnect', onSecure);
    socket.once('error', settle);
    socket.once('close', onClose);
  });
}

function notWanted(): DriverError {
  return new DriverError('aborted', 'The connection was not wanted any more.');
}
