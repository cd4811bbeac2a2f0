import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { WebSocket, WebSocketServer } from 'ws';
import { TokenBucket } from './token-bucket.js';

/** What MQTT is called among the protocols that a WebSocket may carry; the second is what older clients say. */
const PROTOCOLS: readonly string[] = ['mqtt', 'mqttv3.1'];
/** Paths that clients of MQTT use. */
export const WEBSOCKET_PATHS: readonly string[] = ['/', '/mqtt'];

/** A frame may hold several MQTT packets; what a packet may be is looked at behind this. */
const MAX_MESSAGE_BYTES = 256 * 1024;
const MAX_FRAGMENTS = 64;
/**
 * Frames, pings and empty ones too, that a client may send at once and every second: a packet may come in several, and
 * thousands of acknowledgements at once.
 */
const FRAMES = { atOnce: 20_000, perSecond: 5_000 } as const;
/** How long a client may take to answer that the connection is over, milliseconds. */
const GOODBYE_MS = 1_000;
/** Why a WebSocket is closed (RFC 6455, 7.4.1). */
const CLOSED = { goingAway: 1001, unsupportedData: 1003 } as const;

/** A client sends more frames than anybody needs. */
export class TooManyFrames extends Error {}

export type OnStream = (stream: Duplex) => void;

/** The path of a request, without its query. */
export function pathOf(request: IncomingMessage): string {
  return (request.url ?? '').split('?', 1)[0] ?? '';
}

/** Makes byte streams of WebSockets that carry MQTT. The library is loaded when the first one comes. */
export class WebSockets {
  private loaded: Promise<Loaded> | null = null;
  private readonly open = new Set<WebSocket>();

  /** @param now milliseconds */
  constructor(private readonly now: () => number) {}

  /** Tells all clients that there will be nothing more. */
  goAway(): void {
    for (const webSocket of this.open) webSocket.close(CLOSED.goingAway);
  }

  /**
   * Takes a connection that asks to become a WebSocket. A client that names no protocol is taken too: microcontrollers
   * leave it out, and what it speaks shows in its first packet.
   */
  async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, onStream: OnStream): Promise<void> {
    socket.on('error', ignore);
    const offered = request.headers['sec-websocket-protocol'];
    if (offered !== undefined && !offered.split(',').some((one) => PROTOCOLS.includes(one.trim()))) {
      refuseUpgrade(socket, 400, `the protocols of this WebSocket are ${PROTOCOLS.join(' and ')}`);
      return;
    }
    this.loaded ??= load();
    const { server, streamOf } = await this.loaded;
    socket.off('error', ignore);
    if (socket.destroyed) return;
    server.handleUpgrade(request, socket, head, (webSocket) => {
      this.open.add(webSocket);
      webSocket.once('close', () => this.open.delete(webSocket));
      onStream(streamOf(webSocket, new TokenBucket(FRAMES.atOnce, FRAMES.perSecond, this.now)));
    });
  }
}

/** Answers a request to upgrade with an error, and closes. */
export function refuseUpgrade(socket: Duplex, status: 400 | 404, message: string): void {
  const title = status === 400 ? 'Bad Request' : 'Not Found';
  const head = [
    `HTTP/1.1 ${status} ${title}`,
    'Connection: close',
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(message)}`,
  ];
  socket.on('error', ignore);
  socket.end(`${head.join('\r\n')}\r\n\r\n${message}`, () => socket.destroy());
}

interface Loaded {
  readonly server: WebSocketServer;
  readonly streamOf: (webSocket: WebSocket, frames: TokenBucket) => Duplex;
}

async function load(): Promise<Loaded> {
  const ws = await import('ws');
  const server = new ws.WebSocketServer({
    noServer: true,
    clientTracking: false,
    // What is told changes all the time and is small: compression costs more memory than it saves.
    perMessageDeflate: false,
    maxPayload: MAX_MESSAGE_BYTES,
    ...{ maxFragments: MAX_FRAGMENTS, maxBufferedChunks: MAX_FRAGMENTS * 64 },
    ...{ closeTimeout: GOODBYE_MS },
    autoPong: false,
    skipUTF8Validation: true,
    handleProtocols: (offered) => PROTOCOLS.find((one) => offered.has(one)) ?? false,
  });
  const streamOf = (webSocket: WebSocket, frames: TokenBucket) => {
    const takes = () => {
      if (stream.destroyed) return false;
      if (frames.take(1)) return true;
      stream.destroy(new TooManyFrames('sends too many WebSocket frames'));
      return false;
    };
    const answer = answersTo(webSocket);
    webSocket.on('ping', (data) => takes() && answer(data));
    webSocket.on('pong', takes);
    webSocket.on('message', (_data, isBinary) => {
      if (!takes() || isBinary) return;
      // MQTT is binary; text is an error (MQTT-6.0.0-1).
      webSocket.close(CLOSED.unsupportedData);
      stream.destroy();
    });
    const stream = ws.createWebSocketStream(webSocket, {
      // What gathered while the last write was under way goes out as one message.
      writev(chunks, done) {
        webSocket.send(Buffer.concat(chunks.map(({ chunk }): Buffer => chunk)), done);
      },
    });
    // Without it the stream would wait for somebody to read to its end.
    webSocket.once('close', () => stream.destroy());
    return stream;
  };
  return { server, streamOf };
}

/**
 * Answers pings. While an answer waits for the client to read, of those that come meanwhile only the newest is answered
 * (RFC 6455, 5.5.3), so that they fill no memory.
 */
function answersTo(webSocket: WebSocket): (ping: Buffer) => void {
  let underWay = false;
  let newest: Buffer | null = null;
  const answer = (ping: Buffer) => {
    if (underWay) {
      newest = ping;
      return;
    }
    underWay = true;
    webSocket.pong(ping, false, () => {
      underWay = false;
      const next = newest;
      newest = null;
      if (next !== null) answer(next);
    });
  };
  return answer;
}

function ignore(): void {
  // Whoever hung up has no more to be told.
}
