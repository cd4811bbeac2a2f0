import { readFile } from 'node:fs/promises';
import { connect as connectTcp, isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { BridgeError, cutWhileSecuring, describeBridgeError } from './bridge-error.js';

/** Where an external broker is, and how each side proves itself. Files are PEM, read anew for each connection. */
export interface BridgeAddress {
  /** `mqtt:`, `mqtts:`, `ws:` or `wss:`. */
  readonly url: string;
  readonly caFile: string | null;
  readonly certFile: string | null;
  readonly keyFile: string | null;
}

/** Host and port of an address, for people. */
export function placeOf(url: string): string {
  return new URL(url).host;
}

/**
 * Opens the way to a broker. When this resolves, a broker that speaks TLS has proved itself, and nothing secret has been
 * sent yet.
 *
 * @throws BridgeError
 */
export async function reachBroker(address: BridgeAddress, signal: AbortSignal): Promise<Duplex> {
  const place = placeOf(address.url);
  try {
    const tls = await tlsOptions(address);
    signal.throwIfAborted();
    return await opened(address, tls, signal);
  } catch (error) {
    if (signal.aborted) throw new BridgeError('unreachable', `${place}: no answer`);
    throw (
      (isSecure(address.url) ? cutWhileSecuring(error, place) : null) ?? describeBridgeError(error, place)
    );
  }
}

function isSecure(url: string): boolean {
  return /^(mqtts|wss):/.test(url);
}

interface TlsOptions {
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
}

async function tlsOptions({ url, caFile, certFile, keyFile }: BridgeAddress): Promise<TlsOptions> {
  if (!isSecure(url)) return {};
  const [ca, cert, key] = await Promise.all(
    [caFile, certFile, keyFile].map((file) => (file === null ? undefined : readFile(file))),
  );
  return { ...(ca ? { ca } : {}), ...(cert && key ? { cert, key } : {}) };
}

function opened(address: BridgeAddress, tls: TlsOptions, signal: AbortSignal): Promise<Duplex> {
  const url = new URL(address.url);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  switch (url.protocol) {
    case 'ws:':
    case 'wss:':
      return openWebSocket(address.url, tls, signal);
    case 'mqtts:': {
      const port = Number(url.port || 8883);
      const names = isIP(host) === 0 ? { servername: host } : {};
      const socket = connectTls({ host, port, ...names, ...tls });
      return ready(socket, socket, 'secureConnect', signal);
    }
    default: {
      const socket = connectTcp({ host, port: Number(url.port || 1883) });
      return ready(socket, socket, 'connect', signal);
    }
  }
}

/** The library is loaded when the first such broker is configured. */
async function openWebSocket(url: string, tls: TlsOptions, signal: AbortSignal): Promise<Duplex> {
  const { createWebSocketStream, WebSocket } = await import('ws');
  signal.throwIfAborted();
  const socket = new WebSocket(url, ['mqtt'], { ...tls, perMessageDeflate: false });
  return ready(socket, createWebSocketStream(socket), 'open', signal);
}

class ConnectionCut extends Error {
  readonly code = 'ECONNRESET';
}

interface Opening {
  once(event: string, listener: (error?: unknown) => void): unknown;
  off(event: string, listener: (error?: unknown) => void): unknown;
}

function ready(opening: Opening, stream: Duplex, event: string, signal: AbortSignal): Promise<Duplex> {
  // Later listeners speak for the connection's life; without this one a late error would end the process.
  stream.on('error', () => {});
  return new Promise((resolve, reject) => {
    const settle = (act: () => void) => {
      opening.off(event, onOpen);
      stream.off('error', onError);
      stream.off('close', onClose);
      signal.removeEventListener('abort', onAbort);
      act();
    };
    const fail = (error: unknown) =>
      settle(() => {
        stream.destroy();
        reject(error);
      });
    const onOpen = () => settle(() => resolve(stream));
    const onError = (error: unknown) => fail(error);
    const onClose = () => fail(new ConnectionCut('the connection was cut'));
    const onAbort = () => fail(signal.reason);
    opening.once(event, onOpen);
    stream.once('error', onError);
    stream.once('close', onClose);
    signal.addEventListener('abort', onAbort, { once: true });
  });
}
