import { createServer } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { OnStream } from './doors.js';
import {
  type CertificateText,
  type ListenAddress,
  type Listener,
  type ListenerLimits,
  listenSecurely,
  PeerPlaces,
  tlsOptions,
} from './listener.js';
import { pathOf, refuseUpgrade, WEBSOCKET_PATHS, type WebSockets } from './websocket.js';

const MAX_HEADER_BYTES = 8 * 1024;
const NO_SUCH_PATH = `MQTT is at ${WEBSOCKET_PATHS.join(' and ')}`;

/**
 * MQTT over secure WebSocket on a port of its own. Pages of any origin may connect: who comes in is decided by the key
 * that the first packet carries, never by a cookie.
 *
 * @throws when the address cannot be bound or certificate and key do not fit.
 */
export function listenWebSocket(
  address: ListenAddress,
  certificate: CertificateText,
  limits: ListenerLimits,
  webSockets: WebSockets,
  onStream: OnStream,
): Promise<Listener> {
  const server = createServer({
    ...tlsOptions(certificate),
    handshakeTimeout: limits.handshakeMs,
    maxHeaderSize: MAX_HEADER_BYTES,
  });
  const places = new PeerPlaces();
  const waiting = new WeakMap<Duplex, NodeJS.Timeout>();
  server.on('secureConnection', (socket: Socket) => {
    const deadline = setTimeout(() => socket.destroy(), limits.handshakeMs);
    waiting.set(socket, deadline);
    socket.once('close', () => clearTimeout(deadline));
  });
  server.on('request', (request, response) => {
    const known = WEBSOCKET_PATHS.includes(pathOf(request));
    const headers = { 'content-type': 'text/plain; charset=utf-8', connection: 'close' };
    if (known) response.writeHead(426, { ...headers, upgrade: 'websocket' });
    else response.writeHead(404, headers);
    response.end(known ? 'MQTT is spoken here, over WebSocket\n' : `${NO_SUCH_PATH}\n`);
  });
  server.on('upgrade', (request, socket, head) => {
    clearTimeout(waiting.get(socket));
    if (!WEBSOCKET_PATHS.includes(pathOf(request))) {
      refuseUpgrade(socket, 404, NO_SUCH_PATH);
      return;
    }
    const peer = request.socket.remoteAddress ?? '';
    webSockets
      .upgrade(request, socket, head, (stream) => onStream(stream, peer, places.of(request.socket)))
      .catch(() => socket.destroy());
  });
  return listenSecurely(address, limits, server, places);
}
